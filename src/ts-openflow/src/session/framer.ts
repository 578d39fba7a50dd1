/**
 * From a stream of octets to whole messages, by the length in each header (OpenFlow 1.5.1 clause 7.1.1). Any chunking gives
 * the same messages. A message inside one chunk is a view of it, not a copy; the 16-bit length bounds what is held back.
 */
import { DecodeError } from '../errors.js';

const HEADER = 8;

export class Framer {
  /** The beginning of a message that is not here whole. */
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole with this chunk. Throws DecodeError for a length below 8: the stream is lost then. */
  push(chunk: Buffer): readonly Buffer[] {
    const octets = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    let at = 0;
    while (octets.length - at >= 4) {
      const length = octets.readUInt16BE(at + 2);
      if (length < HEADER) throw new DecodeError('ofp_header length', 2, octets.subarray(at, at + HEADER));
      if (octets.length - at < length) break;
      messages.push(octets.subarray(at, at + length));
      at += length;
    }
    this.#rest = octets.subarray(at);
    return messages;
  }

  /** Octets held back. */
  get pending(): number {
    return this.#rest.length;
  }
}
