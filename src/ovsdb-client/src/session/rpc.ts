/**
 * JSON-RPC 1.0 over one connected stream: requests paired with answers, notifications handed on in the order of arrival,
 * echo answered. Ends once: then every request still open is rejected with outcome `unknown`.
 *
 * Reading never waits for writing, so a server that stops reading until its answers are read cannot hang it; what waits to
 * be written is bounded by `maxQueuedBytes`. What is sent within one turn of the event loop leaves in few writes.
 */
import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { errorFromReply, OvsdbError } from '../errors.js';
import { FRAMING_LIMITS, Framer, type FramingLimits } from '../json/framing.js';
import { parseJson, writeJson } from '../json/text.js';

export interface RpcOptions extends FramingLimits {
  /** A request without an answer for so long is rejected; 0 waits for ever. */
  readonly requestTimeoutMs: number;
  /** Most octets that may wait to be sent before further requests are refused. */
  readonly maxQueuedBytes: number;
}
export const RPC_OPTIONS: RpcOptions = { ...FRAMING_LIMITS, requestTimeoutMs: 60_000, maxQueuedBytes: 256 << 20 };

export interface RpcEvents {
  /** Octets came. */
  readonly onActivity: () => void;
  readonly onNotification: (method: string, params: readonly unknown[]) => void;
  /** The stream has ended; nothing follows. */
  readonly onClose: (reason: OvsdbError) => void;
}

/** Octets from which an answer is read piece by piece. */
const BIG = 64 << 10;
/** Octets that are written without waiting for the end of the turn. */
const WRITE_AT_ONCE = 16 << 10;
/** How long one turn of that may take. */
const TURN_MS = 8;

/** Goes on with a reading for about so long. */
function runFor(reading: Iterator<undefined, unknown>, ms: number): 'more' | 'failed' | { readonly value: unknown } {
  const end = performance.now() + ms;
  try {
    for (;;) {
      const { done, value } = reading.next();
      if (done) return { value };
      if (performance.now() > end) return 'more';
    }
  } catch {
    return 'failed'; // the ordinary parser finds out whether the message is wrong
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: OvsdbError) => void;
  readonly method: string;
  readonly readBig: ReadBig | undefined;
  readonly timer: NodeJS.Timeout | undefined;
}
/**
 * Reads a whole message piece by piece to the request's result, giving way at each `yield`. Whatever it throws, the message is
 * then parsed in the ordinary way.
 */
export type ReadBig = (octets: Buffer) => Generator<undefined, unknown, undefined>;

export interface RequestOptions {
  /** How to read the answer if it is big. */
  readonly readBig?: ReadBig;
  readonly timeoutMs?: number;
  /** Withdraws the request: a transact is cancelled at the server (RFC 7047 4.1.4), anything else only forgotten. */
  readonly signal?: AbortSignal;
}

export class RpcConnection {
  readonly #stream: Duplex;
  readonly #events: RpcEvents;
  readonly #options: RpcOptions;
  readonly #framer: Framer;
  readonly #pending = new Map<number, Pending>();
  /** Whole messages not yet dispatched. */
  readonly #inbox: Buffer[] = [];
  /** A big answer is being read. */
  #reading = false;
  #nextId = 1;
  #outbox: string[] = [];
  #outboxLength = 0;
  #closed: OvsdbError | undefined;

  constructor(stream: Duplex, events: RpcEvents, options: Partial<RpcOptions> = {}) {
    this.#stream = stream;
    this.#events = events;
    this.#options = { ...RPC_OPTIONS, ...options };
    this.#framer = new Framer(this.#options);
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
      if (this.#outboxLength + this.#stream.writableLength > this.#options.maxQueuedBytes)
        return reject(
          new OvsdbError('overloaded', { details: `${this.#options.maxQueuedBytes} octets wait to be sent` }),
        );
      // ovsdb-server 3.1 dies of a monitor without its three arguments.
      if (/^monitor(_cond(_since)?)?$/.test(method) && params.length < 3)
        return reject(new OvsdbError('bad value', { details: `${method} needs database, id and requests` }));
      if (options.signal?.aborted) return reject(new OvsdbError('canceled', { details: 'before it was sent' }));
      const id = this.#nextId++;
      try {
        this.#send({ method, params, id });
      } catch (error) {
        return reject(error);
      }
      const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs;
      const timer = timeoutMs === 0 ? undefined : setTimeout(() => this.#timeOut(id, timeoutMs), timeoutMs);
      this.#pending.set(id, { resolve, reject, method, timer, readBig: options.readBig });
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
    this.#flush();
    this.#stream.destroy();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new OvsdbError('connection lost', { details: reason.message, outcome: 'unknown', cause: reason }));
    }
    this.#pending.clear();
    this.#events.onClose(reason);
  }

  #timeOut(id: number, timeoutMs: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    const details = `${pending.method} had no answer for ${timeoutMs} ms`;
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
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.reject(new OvsdbError('canceled', { details: pending.method, outcome: 'unknown' }));
  }

  #send(message: object): void {
    const text = writeJson(message);
    if (this.#outbox.length === 0) process.nextTick(() => this.#flush());
    this.#outbox.push(text);
    this.#outboxLength += text.length;
    // Many in one turn: the server may begin with the first while the others are written.
    if (this.#outboxLength >= WRITE_AT_ONCE) this.#flush();
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const text = this.#outbox.join('');
    this.#outbox = [];
    this.#outboxLength = 0;
    if (this.#stream.writable) this.#stream.write(text);
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#events.onActivity();
    this.#guarded(() => {
      for (const message of this.#framer.push(chunk)) this.#inbox.push(message);
      this.#drain();
    });
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

  /** Dispatches what has come, up to a big answer that takes several turns. */
  #drain(): void {
    let taken = 0;
    try {
      while (taken < this.#inbox.length && !this.#reading && !this.#closed)
        this.#dispatch(this.#inbox[taken++] as Buffer);
    } finally {
      this.#inbox.splice(0, taken);
    }
  }

  /** The request a big message answers, if it is to be read piece by piece. */
  #bigAnswer(octets: Buffer): { readonly id: number; readonly readBig: ReadBig } | undefined {
    if (octets.length < BIG) return undefined;
    const found =
      /^\{(?:"error":null,)?"id":(\d+),/.exec(octets.toString('latin1', 0, 64)) ??
      /,"id":(\d+)(?:,"error":null)?\}$/.exec(octets.toString('latin1', octets.length - 64));
    const id = Number(found?.[1]);
    const readBig = this.#pending.get(id)?.readBig;
    return readBig ? { id, readBig } : undefined;
  }

  /** Reads a big answer a few milliseconds a turn; nothing else of this connection is taken in meanwhile. */
  #readBig(octets: Buffer, id: number, reading: Iterator<undefined, unknown>): void {
    this.#reading = true;
    this.#stream.pause();
    const turn = () => {
      if (this.#closed) return;
      this.#events.onActivity();
      this.#guarded(() => {
        const result = runFor(reading, TURN_MS);
        if (result === 'more') {
          setImmediate(turn);
          return;
        }
        this.#reading = false;
        if (result === 'failed') this.#parse(octets);
        else this.#answered(id, result.value, null);
        this.#drain();
        if (!this.#reading) this.#stream.resume();
      });
    };
    turn();
  }

  #dispatch(octets: Buffer): void {
    const big = this.#bigAnswer(octets);
    if (big) this.#readBig(octets, big.id, big.readBig(octets));
    else this.#parse(octets);
  }

  #parse(octets: Buffer): void {
    if (!isUtf8(octets))
      throw new OvsdbError('malformed stream', { details: `no UTF-8: ${octets.subarray(0, 100).toString('latin1')}` });
    let message: unknown;
    try {
      message = parseJson(octets.toString());
    } catch (cause) {
      const details = `${(cause as Error).message}: ${octets.subarray(0, 100).toString('latin1')}`;
      throw new OvsdbError('malformed stream', { details, cause });
    }
    const { method, params, id, result, error } = message as { [member: string]: unknown };
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
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (error === undefined || error === null) pending.resolve(result);
    else
      pending.reject(
        errorFromReply(error, { ...(error === 'canceled' ? { details: 'withdrawn by the caller' } : {}) }),
      );
  }
}
