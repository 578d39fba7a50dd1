/**
 * Requests that wait for their answer, by xid. An answer is a reply of the same xid, a multipart reply's last part, or an
 * error; a barrier's reply means that whatever was to be said about earlier messages has been said.
 */

import type { Message, MessageInput } from '../message.js';
import { OpenFlowError, SessionClosedError } from './errors.js';

/** Who waits for the answer to one request. */
export interface Waiting {
  readonly request: MessageInput | Buffer;
  /** True when the message was the last of the answer. */
  readonly take: (message: Message) => boolean;
  readonly reject: (error: Error) => void;
  /** Wants the octets of multipart replies, not decoded: true when they were the last of the answer. */
  readonly takeOctets?: (octets: Buffer) => boolean;
}

/** A run of consecutive xids whose errors are collected: messages of a bundle, or of a batch before a barrier. */
export interface Batch {
  readonly first: number;
  /** Xids of the run, all of them taken for it alone. */
  readonly count: number;
  /** Index of the first message of the run. */
  readonly base: number;
  readonly errors: { readonly index: number; readonly error: OpenFlowError }[];
  readonly requestAt: (index: number) => MessageInput | Buffer | undefined;
}

export class Pending {
  readonly #waiting = new Map<number, Waiting>();
  readonly #batches = new Set<Batch>();

  add(xid: number, waiting: Waiting): void {
    this.#waiting.set(xid, waiting);
  }

  forget(xid: number): void {
    this.#waiting.delete(xid);
  }

  openBatch(batch: Batch): void {
    this.#batches.add(batch);
  }

  closeBatch(batch: Batch): void {
    this.#batches.delete(batch);
  }

  /** Gives the octets of a multipart reply to whoever wants them as they are; false when nobody does. */
  settleOctets(octets: Buffer): boolean {
    const xid = octets.readUInt32BE(4);
    const waiting = this.#waiting.get(xid);
    if (waiting?.takeOctets === undefined) return false;
    if (waiting.takeOctets(octets)) this.#waiting.delete(xid);
    return true;
  }

  /** Gives a message to whoever waits for it; false when nobody does. */
  settle(message: Message): boolean {
    const waiting = this.#waiting.get(message.xid);
    if (waiting !== undefined) {
      if (message.kind === 'Error') {
        this.#waiting.delete(message.xid);
        waiting.reject(new OpenFlowError(message, waiting.request));
      } else if (waiting.take(message)) this.#waiting.delete(message.xid);
      return true;
    }
    return message.kind === 'Error' && this.#settleBatch(message);
  }

  #settleBatch(message: Extract<Message, { kind: 'Error' }>): boolean {
    for (const batch of this.#batches) {
      const place = message.xid - batch.first;
      if (place < 0 || place >= batch.count) continue;
      const index = batch.base + place;
      batch.errors.push({ index, error: new OpenFlowError(message, batch.requestAt(index)) });
      return true;
    }
    return false;
  }

  /** Ends one wait, if there is one: its answer came and could not be understood. */
  fail(xid: number, error: Error): void {
    const waiting = this.#waiting.get(xid);
    this.#waiting.delete(xid);
    waiting?.reject(error);
  }

  /** Ends every wait. */
  rejectAll(reason: string): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#batches.clear();
    for (const { reject } of all) reject(new SessionClosedError(reason));
  }
}
