/**
 * One connection to one switch, from HELLO to its end. Requests are answered by promises, what a switch says by itself goes
 * to listeners, echo requests are answered before anything else, and silence is probed.
 *
 * Nothing is thrown out of a socket's callback: octets without meaning and listeners that throw go to `onProblem`, lost
 * message boundaries end the session.
 */
import type { Duplex } from 'node:stream';
import { DecodeError } from '../errors.js';
import { decodeMessage, encodeMessage, type Message, type MessageInput } from '../message.js';
import type { MultipartType } from '../multipart/table.js';
import type { OpenFlowVersion } from '../version.js';
import { type BundleOptions, type BundleResult, sendBundle } from './bundle.js';
import { OpenFlowError, SessionClosedError, SessionTimeoutError } from './errors.js';
import type { Framer } from './framer.js';
import { Keepalive } from './keepalive.js';
import {
  allEntries,
  allParts,
  hasMoreParts,
  type MultipartBody,
  type MultipartEntry,
  type MultipartOptions,
} from './multipart.js';
import { MOST, Output } from './output.js';
import { type Batch, Pending, type Waiting } from './pending.js';

/** The times of a session, and who hears of problems. */
export interface SessionOptions {
  /** Silence after which the switch is probed; the same again without an answer ends the session. Milliseconds, 0: never. */
  readonly probeMs: number;
  /** An answer later than this is a failure. Milliseconds. */
  readonly timeoutMs: number;
  /** A message that could not be decoded (with its octets), or what a listener threw. Default: the first of them ends the session. */
  readonly onProblem?: ((error: Error, octets?: Buffer) => void) | undefined;
}

/** What a switch says of itself. */
export type FeaturesReply = Extract<Message, { kind: 'FeaturesReply' }>;
/** The role that a switch granted, and the newest generation id it knows. */
export type RoleReply = Extract<Message, { kind: 'RoleReply' }>;

const OFPT_ECHO_REQUEST = 2;
const OFPT_ECHO_REPLY = 3;
const OFPT_MULTIPART_REPLY = 19;
/** How long a closing connection may take to hand over what was sent, milliseconds. */
const CLOSING_MS = 1000;

/** One connection to one switch, from HELLO to its end. */
export class Session {
  readonly version: OpenFlowVersion;
  readonly remote: string;
  /** Resolves once, with the reason in words. */
  readonly closed: Promise<{ readonly reason: string }>;
  readonly #socket: Duplex;
  readonly #output: Output;
  readonly #pending = new Pending();
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #options: SessionOptions;
  readonly #framer: Framer;
  readonly #keepalive: Keepalive;
  #features: FeaturesReply | undefined;
  #xid = 1;
  #bundle = 1;
  #reason: string | undefined;

  /** After the HELLOs. */
  constructor(socket: Duplex, remote: string, version: OpenFlowVersion, framer: Framer, options: SessionOptions) {
    this.#socket = socket;
    this.#output = new Output(socket, () => this.#end(`more than ${MOST} octets wait for a switch that does not read`));
    this.#framer = framer;
    this.#options = options;
    this.remote = remote;
    this.version = version;
    this.#keepalive = new Keepalive(options.probeMs, {
      probe: () => this.send({ kind: 'EchoRequest' }),
      giveUp: () => this.#end(`no answer to an echo request within ${options.probeMs} ms`),
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#reason ??= 'closed by the switch';
        this.#keepalive.stop();
        this.#pending.rejectAll(this.#reason);
        resolve({ reason: this.#reason });
      });
    });
    socket.on('error', (error) => {
      this.#reason ??= error.message;
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** What the switch said of itself (FEATURES_REPLY). */
  get features(): FeaturesReply {
    if (this.#features === undefined) throw new Error('the features are not here yet');
    return this.#features;
  }

  /** Why the session ended or is ending; undefined while it lives. */
  get ended(): string | undefined {
    return this.#reason;
  }

  /** Takes the messages that came with the HELLO and asks for the features; the session is ready then. */
  async begin(early: readonly Buffer[]): Promise<this> {
    this.#takeAll(early);
    this.#features = (await this.request({ kind: 'FeaturesRequest' })) as FeaturesReply;
    return this;
  }

  /** Octets not yet taken by the kernel: what a slow switch holds up. */
  get octetsQueued(): number {
    return this.#output.octetsQueued;
  }

  /** Resolves when more may be sent without memory growing, and when the session has ended. */
  drained(): Promise<void> {
    return this.#output.room();
  }

  /** A fresh xid, never 0. */
  nextXid(): number {
    return this.takeXids(1);
  }

  /** A run of fresh xids, none of them 0; returns the first. */
  takeXids(count: number): number {
    if (this.#xid + count > 0xffffffff) this.#xid = 1;
    const first = this.#xid;
    this.#xid += count;
    return first;
  }

  /** A fresh bundle id: one is never used twice. */
  nextBundleId(): number {
    return this.#bundle++;
  }

  /** Sends; returns its xid. An error that answers it goes to listeners. Throws EncodeError. */
  send(message: MessageInput): number {
    const xid = message.xid ?? this.nextXid();
    this.#output.write(encodeMessage({ ...message, xid }, this.version));
    return xid;
  }

  /** Sends octets that are one or more whole messages already; they are not copied, so they must not change. */
  sendEncoded(octets: Buffer): void {
    this.#output.write(octets);
  }

  /** Collects the errors that answer a run of xids. */
  openBatch(batch: Batch): () => void {
    this.#pending.openBatch(batch);
    return () => this.#pending.closeBatch(batch);
  }

  /** Sends and waits for the reply of the same xid. Rejects with OpenFlowError, SessionClosedError, SessionTimeoutError, DecodeError. */
  request(message: MessageInput, options: { readonly timeoutMs?: number } = {}): Promise<Message> {
    return this.ask(message, () => true, options.timeoutMs);
  }

  /** As `request`, but `take` sees every message of the xid and says which is the last. */
  ask(message: MessageInput, take: (reply: Message) => boolean, timeoutMs = this.#options.timeoutMs): Promise<Message> {
    return this.#ask<Message>(message, timeoutMs, (answer, reject) => ({
      take: (reply) => answer(reply, take(reply)),
      reject,
    }));
  }

  /** Sends under a fresh xid, and waits as `waiting` says; each answer gives the switch time for the next. */
  #ask<T>(
    message: MessageInput,
    timeoutMs: number,
    waiting: (
      answer: (value: T, isLast: boolean) => boolean,
      reject: (error: Error) => void,
    ) => Pick<Waiting, 'take' | 'takeOctets' | 'reject'>,
  ): Promise<T> {
    const xid = this.nextXid();
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) throw new SessionClosedError(this.#reason);
      const octets = encodeMessage({ ...message, xid }, this.version);
      const timer = setTimeout(() => {
        this.#pending.forget(xid);
        reject(new SessionTimeoutError(message.kind, timeoutMs));
      }, timeoutMs);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      const answer = (value: T, isLast: boolean): boolean => {
        timer.refresh();
        if (!isLast) return false;
        clearTimeout(timer);
        resolve(value);
        return true;
      };
      this.#pending.add(xid, { request: message, ...waiting(answer, fail) });
      this.#output.write(octets);
    });
  }

  /** All entries of a multipart reply, over all its parts. */
  multipart<K extends MultipartType>(
    type: K,
    body?: MultipartBody<K>,
    options?: MultipartOptions,
  ): Promise<MultipartEntry<K>[]> {
    return allEntries(this, type, body, options);
  }

  /** The entries of a multipart reply, part by part as they come. */
  multipartParts<K extends MultipartType>(
    type: K,
    body?: MultipartBody<K>,
    options?: MultipartOptions,
  ): AsyncGenerator<MultipartEntry<K>[], void, undefined> {
    return allParts(this, type, body, options);
  }

  /**
   * A multipart reply as the octets of its parts, not decoded: for who compares octets, and may decode them later (views of
   * what was read, 64 KiB and more each, so not to be kept). Rejects as `request` does.
   */
  multipartOctets<K extends MultipartType>(
    type: K,
    body?: MultipartBody<K>,
    { timeoutMs = this.#options.timeoutMs }: Pick<MultipartOptions, 'timeoutMs'> = {},
  ): Promise<readonly Buffer[]> {
    const request = { kind: 'MultipartRequest', type, ...(body === undefined ? {} : { body }) } as MessageInput;
    const parts: Buffer[] = [];
    return this.#ask<readonly Buffer[]>(request, timeoutMs, (answer, reject) => ({
      take: (reply) => {
        reject(new Error(`multipart ${type} was answered by ${reply.kind}`));
        return true;
      },
      takeOctets: (octets) => {
        parts.push(octets);
        return answer(parts, !hasMoreParts(octets));
      },
      reject,
    }));
  }

  /** Resolves when the switch has processed everything sent before. */
  async barrier(): Promise<void> {
    await this.request({ kind: 'BarrierRequest' });
  }

  /** Sends a message that has no reply, and a barrier; rejects with the error that answers it. */
  async command(message: MessageInput): Promise<void> {
    const [refused] = await this.commands([message]);
    if (refused !== undefined) throw refused.error;
  }

  /**
   * Sends messages that have no reply, and one barrier; gives the errors that answer them, with their places. Octets are one
   * whole message each, whose xid is written into them.
   */
  async commands(messages: readonly (MessageInput | Buffer)[]): Promise<Batch['errors']> {
    const [first, count] = [this.takeXids(messages.length), messages.length];
    const batch: Batch = { first, count, base: 0, errors: [], requestAt: (at) => messages[at] };
    const close = this.openBatch(batch);
    try {
      for (const [at, message] of messages.entries())
        if (Buffer.isBuffer(message)) {
          message.writeUInt32BE(first + at, 4);
          this.sendEncoded(message);
        } else this.send({ ...message, xid: first + at } as MessageInput);
      await this.barrier();
    } finally {
      close();
    }
    return batch.errors;
  }

  /** Sends all messages, or octets of whole messages, in one bundle: all of them take effect, or none. */
  bundle(messages: Iterable<MessageInput | Buffer>, options?: BundleOptions): Promise<BundleResult> {
    return sendBundle(this, messages, options);
  }

  /** Asks for a role. The switch refuses (OFPRRFC_STALE) a generation id older than the newest it has seen. */
  async role(role: RoleReply['role'], generation_id = 0n): Promise<RoleReply> {
    const reply = await this.request({ kind: 'RoleRequest', role, generation_id });
    if (reply.kind !== 'RoleReply') throw new Error(`a role request was answered by ${reply.kind}`);
    return reply;
  }

  /** Calls back for each message nobody asked for (PACKET_IN, PORT_STATUS, …); the function returned ends that. */
  onMessage(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the connection after what was sent is handed over, or a second later. Idempotent. */
  close(): void {
    this.#end('closed here');
  }

  #read(chunk: Buffer): void {
    this.#keepalive.heard();
    const messages: Buffer[] = [];
    try {
      this.#framer.push(chunk, (octets) => messages.push(octets));
      this.#takeAll(messages);
    } catch (error) {
      // Only the framer throws here: where the next message begins is lost.
      this.#takeAll(messages);
      this.#end((error as Error).message);
    }
  }

  /** Answers all echo requests of a chunk before any listener works on it. */
  #takeAll(messages: readonly Buffer[]): void {
    for (const octets of messages) {
      if (octets[1] !== OFPT_ECHO_REQUEST) continue;
      const reply = Buffer.from(octets);
      reply[1] = OFPT_ECHO_REPLY;
      this.#output.write(reply);
    }
    this.#output.flush();
    for (const octets of messages) if (octets[1] !== OFPT_ECHO_REQUEST) this.#take(octets);
  }

  #take(octets: Buffer): void {
    try {
      if (octets[1] === OFPT_MULTIPART_REPLY && this.#pending.settleOctets(octets)) return;
      const message = decodeMessage(octets);
      if (this.#pending.settle(message) || message.kind === 'EchoReply') return;
      for (const listener of this.#listeners) listener(message);
    } catch (error) {
      if (error instanceof DecodeError) this.#pending.fail(octets.readUInt32BE(4), error);
      this.#problem(error as Error, octets);
    }
  }

  #problem(error: Error, octets: Buffer): void {
    if (this.#options.onProblem === undefined) this.#end(error.message);
    else this.#options.onProblem(error, octets);
  }

  #end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#keepalive.stop();
    this.#output.flush();
    this.#pending.rejectAll(reason);
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSING_MS);
    this.#socket.once('finish', () => this.#socket.destroy());
    this.#socket.once('close', () => clearTimeout(timer));
  }
}

export { OpenFlowError };
