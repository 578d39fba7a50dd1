/**
 * JSON-RPC 1.0 over one connected stream: requests paired with answers, notifications handed on in the order of arrival,
 * echo answered. Ends once: then every request still open is rejected with outcome `unknown`.
 *
 * Reading never waits for writing, so a server that stops reading until its answers are read cannot hang it; what waits to
 * be written is bounded by `maxQueuedBytes`. What is sent within one turn of the event loop leaves in few writes.
 */
import type { Duplex } from 'node:stream';
import { errorFromReply, OvsdbError } from '../errors.js';
import { Framer } from '../json/framing.js';
import { writeJson } from '../json/text.js';
import { BigAnswer, type BigAnswerEvents, type ReadBig } from './big-answer.js';
import { Deadlines } from './deadlines.js';
import { type Message, parseMessage, wholeMessage } from './message.js';
import { Outbox } from './outbox.js';
import { Pace } from './pace.js';
import { type RequestOptions, RPC_OPTIONS, type RpcOptions } from './rpc-options.js';
import { Vigil } from './vigil.js';

export interface RpcEvents {
  /** Octets came. */
  readonly onActivity: () => void;
  readonly onNotification: (method: string, params: readonly unknown[]) => void;
  /** The stream has ended; nothing follows. */
  readonly onClose: (reason: OvsdbError) => void;
}

/** A piece of the stream up to so many octets may be one message, which is then parsed as it is. */
const SMALL = 1000;
const MONITOR_REQUEST = /^monitor(_cond(_since)?)?$/;
interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: OvsdbError) => void;
  readonly method: string;
  readonly readBig: ReadBig | undefined;
  readonly timeoutMs: number;
  /** When it times out, in performance.now()'s milliseconds; infinite for never. */
  readonly deadline: number;
}
export class RpcConnection {
  readonly #stream: Duplex;
  readonly #events: RpcEvents;
  readonly #options: RpcOptions;
  readonly #framer: Framer;
  readonly #pending = new Map<number, Pending>();
  /** Requests whose answer is to be read while it comes. */
  #big = 0;
  #incoming: BigAnswer | undefined;
  #nextId = 1;
  #closed: OvsdbError | undefined;
  readonly #deadlines = new Deadlines((now) => this.#expire(now));
  readonly #outbox: Outbox;
  readonly #pace: Pace;
  readonly #vigil: Vigil;
  /** A piece this short is nested no deeper, and is no longer, than is allowed. */
  readonly #small: number;

  constructor(stream: Duplex, events: RpcEvents, options: Partial<RpcOptions> = {}) {
    this.#stream = stream;
    this.#outbox = new Outbox(stream);
    this.#pace = new Pace(stream);
    this.#events = events;
    this.#options = { ...RPC_OPTIONS, ...options };
    this.#framer = new Framer(this.#options);
    this.#vigil = new Vigil(this.#options.awakeMs);
    this.#small = Math.min(SMALL, this.#options.maxDepth * 2, this.#options.maxMessageBytes);
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('end', () => this.close(new OvsdbError('connection lost', { details: 'closed by the peer' })));
    stream.on('close', () => this.close(new OvsdbError('connection lost', { details: 'closed' })));
    stream.on('error', (cause: Error) =>
      this.close(new OvsdbError('connection lost', { details: cause.message, cause })),
    );
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Requests without an answer yet. */
  get outstanding(): number {
    return this.#pending.size;
  }

  /** Sends a request; rejects with the server's error, or with one of the client's. */
  request(method: string, params: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new OvsdbError('not connected', { details: this.#closed.message }));
      if (this.#outbox.waiting > this.#options.maxQueuedBytes)
        return reject(
          new OvsdbError('overloaded', { details: `${this.#options.maxQueuedBytes} octets wait to be sent` }),
        );
      // ovsdb-server 3.1 dies of a monitor without its three arguments.
      if (params.length < 3 && MONITOR_REQUEST.test(method))
        return reject(new OvsdbError('bad value', { details: `${method} needs database, id and requests` }));
      if (options.signal?.aborted) return reject(new OvsdbError('canceled', { details: 'before it was sent' }));
      const id = this.#nextId++;
      try {
        this.#send({ method, params, id });
      } catch (error) {
        return reject(error);
      }
      const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs;
      const deadline = timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
      this.#pending.set(id, { resolve, reject, method, timeoutMs, deadline, readBig: options.readBig });
      if (options.readBig) this.#big++;
      this.#vigil.asked(this.#pending.size);
      this.#deadlines.add(deadline);
      options.signal?.addEventListener('abort', () => this.#cancel(id), { once: true });
    });
  }

  notify(method: string, params: readonly unknown[]): void {
    if (!this.#closed) this.#send({ method, params, id: null });
  }

  /** Ends the connection; the first reason given stands. */
  close(reason: OvsdbError): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#outbox.flush();
    this.#stream.destroy();
    this.#deadlines.clear();
    for (const { reject } of this.#pending.values())
      reject(new OvsdbError('connection lost', { details: reason.message, outcome: 'unknown', cause: reason }));
    this.#pending.clear();
    this.#vigil.answered(0);
    this.#events.onClose(reason);
  }

  /** Rejects what is overdue, in the order of the deadlines also after a stall; gives the next deadline. */
  #expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    const overdue: [number, Pending][] = [];
    for (const [id, pending] of this.#pending) {
      if (pending.deadline <= now) overdue.push([id, pending]);
      else next = Math.min(next, pending.deadline);
    }
    overdue.sort(([, a], [, b]) => a.deadline - b.deadline);
    for (const [id, pending] of overdue) this.#timeOut(id, pending);
    return next;
  }

  #forget(id: number, pending: Pending): void {
    this.#pending.delete(id);
    this.#vigil.answered(this.#pending.size);
    if (pending.readBig) this.#big--;
  }

  #timeOut(id: number, pending: Pending): void {
    this.#forget(id, pending);
    const details = `${pending.method} had no answer for ${pending.timeoutMs} ms`;
    pending.reject(new OvsdbError('request timed out', { details, outcome: 'unknown' }));
    // A `wait` may hold the transaction at the server for ever: withdraw it.
    if (pending.method === 'transact') this.notify('cancel', [id]);
  }

  #cancel(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (pending.method === 'transact') {
      this.notify('cancel', [id]); // answered with "canceled", or with its result
      return;
    }
    this.#forget(id, pending);
    pending.reject(new OvsdbError('canceled', { details: pending.method, outcome: 'unknown' }));
  }

  #send(message: object): void {
    this.#outbox.add(writeJson(message));
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#events.onActivity();
    const before = this.#pending.size;
    this.#guarded(() => this.#take(chunk));
    if (!this.#incoming && !this.#closed) this.#pace.taken(before, this.#pending.size);
  }

  /** Any error while messages are read ends the connection. */
  #guarded(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.close(
        error instanceof OvsdbError ? error : new OvsdbError('bad reply', { details: String(error), cause: error }),
      );
    }
  }

  #take(chunk: Buffer): void {
    if (this.#incoming) {
      this.#incoming.feed(chunk);
      return;
    }
    const short = chunk.length <= this.#small && this.#framer.pendingBytes === 0 && this.#big === 0;
    const whole = short ? wholeMessage(chunk) : undefined;
    if (whole !== undefined) {
      this.#framer.skip(chunk.length);
      this.#dispatch(whole);
      return;
    }
    const messages = this.#framer.push(chunk, this.#big > 0 ? this.#claims : undefined);
    const rest = this.#framer.claimed;
    for (const message of messages) {
      if (this.#closed) return;
      this.#dispatch(parseMessage(message));
    }
    if (rest && !this.#closed) this.#begin(rest);
  }

  /** Whether the message is the answer to a request that reads it while it comes. */
  readonly #claims = (chunk: Buffer, at: number) => this.#bigRequest(chunk, at) !== undefined;

  #bigRequest(chunk: Buffer, at: number): { readonly id: number; readonly read: ReadBig } | undefined {
    const id = Number(/^\{"id":(\d+),"result":/.exec(chunk.toString('latin1', at, at + 40))?.[1]);
    const read = this.#pending.get(id)?.readBig;
    return read && { id, read };
  }

  /** A message begins that is read while it comes. */
  #begin(chunk: Buffer): void {
    const request = this.#bigRequest(chunk, 0);
    if (!request) {
      this.#take(chunk); // given up meanwhile: a message like any other
      return;
    }
    const { id, read } = request;
    const events: BigAnswerEvents = {
      guarded: (work) => this.#guarded(work),
      onTurn: () => {
        if (!this.#closed) this.#events.onActivity();
        return !this.#closed;
      },
      onResult: (result, octets, rest) => {
        this.#incoming = undefined;
        this.#framer.skip(octets);
        this.#answered(id, result, null);
        if (rest.length > 0 && !this.#closed) this.#take(rest);
      },
      onFailed: (pieces) => this.#takeInstead(id, pieces),
    };
    this.#incoming = new BigAnswer(read, this.#stream, events, this.#options.maxMessageBytes);
    this.#incoming.feed(chunk);
  }

  /** The octets of an answer that could not be read while it came: gathered and parsed as a whole. */
  #takeInstead(id: number, pieces: readonly Buffer[]): void {
    this.#incoming = undefined;
    const pending = this.#pending.get(id);
    if (pending) {
      this.#forget(id, pending);
      this.#pending.set(id, { ...pending, readBig: undefined });
    }
    for (const piece of pieces) if (!this.#closed) this.#take(piece);
  }

  #dispatch({ method, params, id, result, error }: Message): void {
    if (typeof method === 'string') this.#called(method, params, id ?? null);
    else if (typeof id === 'number') this.#answered(id, result, error);
    else if (error !== undefined && error !== null)
      throw errorFromReply(error); // the server could not read us at all
    else throw new OvsdbError('malformed stream', { details: 'neither a request nor an answer' });
  }

  #called(method: string, params: unknown, id: unknown): void {
    const list = Array.isArray(params) ? params : [];
    if (id === null) this.#events.onNotification(method, list);
    else if (method === 'echo') this.#send({ id, result: list, error: null });
    else this.#send({ id, result: null, error: { error: 'unknown method', details: method } });
  }

  #answered(id: number, result: unknown, error: unknown): void {
    const pending = this.#pending.get(id);
    if (!pending) return; // timed out or cancelled before
    this.#forget(id, pending);
    if (error === undefined || error === null) pending.resolve(result);
    else
      pending.reject(
        errorFromReply(error, { ...(error === 'canceled' ? { details: 'withdrawn by the caller' } : {}) }),
      );
  }
}
