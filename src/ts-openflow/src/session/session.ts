/**
 * One connection to one switch, from HELLO to its end. Requests are answered by promises, what a switch says by itself goes
 * to listeners, echo requests are answered before anything else, and silence is probed.
 */
import type { Socket } from 'node:net';
import { OFPMPF_MORE } from '../constants.js';
import { DecodeError } from '../errors.js';
import { decodeMessage, encodeMessage, type Message, type MessageInput } from '../message.js';
import type { MultipartType, ReplyBody } from '../multipart/table.js';
import type { OpenFlowVersion } from '../version.js';
import { type BundleResult, sendBundle } from './bundle.js';
import { OpenFlowError, SessionTimeoutError } from './errors.js';
import type { Framer } from './framer.js';
import { Output } from './output.js';
import { type Batch, Pending } from './pending.js';

export interface SessionOptions {
  /** Silence after which the switch is probed; the same again without an answer ends the session. Milliseconds. */
  readonly probeMs: number;
  /** An answer later than this is a failure. Milliseconds. */
  readonly timeoutMs: number;
}

export type FeaturesReply = Extract<Message, { kind: 'FeaturesReply' }>;
/** The body of a multipart request of this type. */
export type MultipartBody<K extends MultipartType> = NonNullable<
  Extract<MessageInput, { readonly kind: 'MultipartRequest'; readonly type: K }>['body']
>;
/** One entry of a multipart reply of this type; the whole body where it is no list. */
export type MultipartEntry<K extends MultipartType> = ReplyBody<K> extends readonly (infer E)[] ? E : ReplyBody<K>;

/** Most entries a multipart answer may have. */
const MAX_ENTRIES = 10_000_000;

export class Session {
  readonly version: OpenFlowVersion;
  readonly remote: string;
  /** Resolves once, with the reason in words. */
  readonly closed: Promise<{ readonly reason: string }>;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #pending = new Pending();
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #options: SessionOptions;
  readonly #framer: Framer;
  #features: FeaturesReply | undefined;
  #xid = 1;
  #bundle = 1;
  #probe: NodeJS.Timeout | undefined;
  #probing = false;
  #reason: string | undefined;

  /** After the HELLOs. */
  constructor(socket: Socket, remote: string, version: OpenFlowVersion, framer: Framer, options: SessionOptions) {
    this.#socket = socket;
    this.#output = new Output(socket);
    this.#framer = framer;
    this.#options = options;
    this.remote = remote;
    this.version = version;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#probe);
        const reason = this.#reason ?? 'closed by the switch';
        this.#pending.rejectAll(reason);
        resolve({ reason });
      });
    });
    socket.on('error', (error) => {
      this.#reason ??= error.message;
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#rearm(false);
  }

  /** What the switch said of itself (FEATURES_REPLY). */
  get features(): FeaturesReply {
    if (this.#features === undefined) throw new Error('the features are not here yet');
    return this.#features;
  }

  /** Takes the messages that came with the HELLO and asks for the features; the session is ready then. */
  async begin(early: readonly Buffer[]): Promise<this> {
    for (const octets of early) this.#take(octets);
    this.#features = (await this.request({ kind: 'FeaturesRequest' })) as FeaturesReply;
    return this;
  }

  /** Octets not yet taken by the kernel: what a slow switch holds up. */
  get octetsQueued(): number {
    return this.#output.octetsQueued;
  }

  /** Resolves when more may be sent without memory growing. */
  drained(): Promise<void> {
    return this.#output.room();
  }

  /** A fresh xid, never 0. */
  nextXid(): number {
    const xid = this.#xid;
    this.#xid = xid === 0xffffffff ? 1 : xid + 1;
    return xid;
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

  /** Sends octets that are a whole message already. */
  sendEncoded(octets: Buffer): void {
    this.#output.write(octets);
  }

  /** Collects the errors that answer a run of xids. */
  openBatch(batch: Batch): () => void {
    this.#pending.openBatch(batch);
    return () => this.#pending.closeBatch(batch);
  }

  /** Sends and waits for the reply of the same xid. Rejects with OpenFlowError, SessionClosedError, SessionTimeoutError. */
  request(message: MessageInput): Promise<Message> {
    return this.#ask(message, () => true);
  }

  /** All entries of a multipart reply, over all its parts. */
  async multipart<K extends MultipartType>(type: K, body?: MultipartBody<K>): Promise<MultipartEntry<K>[]> {
    const entries: unknown[] = [];
    const request = { kind: 'MultipartRequest', type, ...(body === undefined ? {} : { body }) } as MessageInput;
    await this.#ask(request, (message) => {
      if (message.kind !== 'MultipartReply') return true;
      const part = message.body as unknown;
      if (Array.isArray(part)) for (const entry of part) entries.push(entry);
      else entries.push(part);
      if (entries.length > MAX_ENTRIES) this.#end('a multipart reply without end');
      return (message.flags & OFPMPF_MORE) === 0;
    });
    return entries as MultipartEntry<K>[];
  }

  /** Resolves when the switch has processed everything sent before. */
  async barrier(): Promise<void> {
    await this.request({ kind: 'BarrierRequest' });
  }

  /** Sends a message that has no reply, and a barrier; rejects with the error that answers it. */
  async command(message: MessageInput): Promise<void> {
    const batch: Batch = { first: this.nextXid(), count: 1, errors: [], requestAt: () => message };
    const close = this.openBatch(batch);
    try {
      this.send({ ...message, xid: batch.first } as MessageInput);
      await this.barrier();
    } finally {
      close();
    }
    const [first] = batch.errors;
    if (first !== undefined) throw first.error;
  }

  /** Sends all messages in one bundle: all of them take effect, or none. */
  bundle(messages: Iterable<MessageInput>): Promise<BundleResult> {
    return sendBundle(this, messages);
  }

  /** Calls back for each message nobody asked for (PACKET_IN, PORT_STATUS, …); the function returned ends that. */
  onMessage(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the connection. Idempotent. */
  close(): void {
    this.#end('closed here');
  }

  #ask(message: MessageInput, take: (message: Message) => boolean): Promise<Message> {
    const xid = this.nextXid();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.forget(xid);
        reject(new SessionTimeoutError(message.kind, this.#options.timeoutMs));
      }, this.#options.timeoutMs);
      this.#pending.add(xid, {
        request: message,
        take: (reply) => {
          timer.refresh();
          if (!take(reply)) return false;
          clearTimeout(timer);
          resolve(reply);
          return true;
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (this.#socket.destroyed) this.#pending.rejectAll(this.#reason ?? 'closed by the switch');
      else this.send({ ...message, xid } as MessageInput);
    });
  }

  #read(chunk: Buffer): void {
    this.#rearm(false);
    try {
      for (const octets of this.#framer.push(chunk)) this.#take(octets);
    } catch (error) {
      // Framing or meaning is lost: what comes next cannot be trusted either.
      this.#end(error instanceof DecodeError ? `undecodable message: ${error.message}` : (error as Error).message);
    }
  }

  #take(octets: Buffer): void {
    const message = decodeMessage(octets);
    if (message.kind === 'EchoRequest')
      this.send({ kind: 'EchoReply', xid: message.xid, data: message.data } as MessageInput);
    else if (!this.#pending.settle(message) && message.kind !== 'EchoReply')
      for (const listener of this.#listeners) listener(message);
  }

  /** Anything heard begins the silence anew. */
  #rearm(probing: boolean): void {
    clearTimeout(this.#probe);
    this.#probing = probing;
    if (this.#options.probeMs > 0) this.#probe = setTimeout(() => this.#silent(), this.#options.probeMs);
  }

  #silent(): void {
    if (this.#probing) this.#end(`no answer to an echo request within ${this.#options.probeMs} ms`);
    else {
      this.send({ kind: 'EchoRequest' });
      this.#rearm(true);
    }
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#output.flush();
    this.#socket.destroy();
  }
}

export { OpenFlowError };
