/**
 * From a stream of octets, cut anywhere, to whole messages, by the length in each header (OpenFlow 1.5.1 clause 7.1.1).
 *
 * A message that lies in one chunk is a view of that chunk (no copy); only one that spans chunks is put together, in a
 * buffer of its own. What is held back never exceeds one message, so 65,535 octets, and each octet is copied once at most.
 */
import { DecodeError } from '../errors.js';

const HEADER = 8;
const NONE = Buffer.alloc(0);

/** Cuts a stream of octets into messages; one that lies in a chunk is a view of it, not a copy. */
export class Framer {
  /** The message begun and not ended, in a buffer of its whole length once that is known. */
  #partial: Buffer = NONE;
  #filled = 0;

  /** Octets held back. */
  get pending(): number {
    return this.#filled;
  }

  /**
   * Calls `each` with every message that is whole with this chunk, in order. Throws DecodeError for a length below 8,
   * after the messages before it: the stream is lost then.
   */
  push(chunk: Buffer, each: (message: Buffer) => void): void {
    let at = this.#filled === 0 ? 0 : this.#complete(chunk, each);
    while (chunk.length - at >= HEADER) {
      const length = lengthOf(chunk, at);
      if (chunk.length - at < length) break;
      each(chunk.subarray(at, at + length));
      at += length;
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at));
  }

  /** Fills up the message begun; returns how much of the chunk that took. */
  #complete(chunk: Buffer, each: (message: Buffer) => void): number {
    let at = 0;
    if (this.#filled < HEADER) {
      at = this.#fill(chunk, 0, HEADER);
      if (this.#filled < HEADER) return at;
    }
    const length = lengthOf(this.#partial, 0);
    if (this.#partial.length < length) {
      const whole = Buffer.allocUnsafe(length);
      this.#partial.copy(whole, 0, 0, this.#filled);
      this.#partial = whole;
    }
    at = this.#fill(chunk, at, length);
    if (this.#filled === length) {
      const message = this.#partial;
      this.#partial = NONE;
      this.#filled = 0;
      each(message);
    }
    return at;
  }

  #fill(chunk: Buffer, at: number, upTo: number): number {
    const end = Math.min(chunk.length, at + upTo - this.#filled);
    chunk.copy(this.#partial, this.#filled, at, end);
    this.#filled += end - at;
    return end;
  }

  /** Copies the tail: a view would hold the whole chunk in memory. */
  #keep(tail: Buffer): void {
    this.#partial = Buffer.allocUnsafe(tail.length >= HEADER ? lengthOf(tail, 0) : HEADER);
    this.#filled = tail.copy(this.#partial);
  }
}

function lengthOf(octets: Buffer, at: number): number {
  const length = octets.readUInt16BE(at + 2);
  if (length < HEADER) throw new DecodeError('ofp_header length', 2, octets.subarray(at, at + HEADER));
  return length;
}
