/**
 * Finds the ends of JSON-RPC messages in a stream of octets. Any chunking will do: brackets, quotes and backslashes are
 * ASCII, so an octet of a UTF-8 sequence is never taken for one. Bounds the size of a message and the depth of nesting.
 * Nothing is parsed here, but what would hide the end of a message is refused at once, lest all that follows be taken for its rest:
 * brackets that do not match, a value right behind another, octets that JSON has in strings only.
 *
 *   octet stream ──► push(chunk) ──► [message, message, …]   (Buffers, each one JSON object or array)
 */
import { OvsdbError } from '../errors.js';

export interface FramingLimits {
  /** Most octets in one message. */
  readonly maxMessageBytes: number;
  /** Most brackets open at once. ovsdb-server itself stops at 1,000. */
  readonly maxDepth: number;
}
export const FRAMING_LIMITS: FramingLimits = { maxMessageBytes: 256 << 20, maxDepth: 1000 };

/** Whether somebody else reads the message that begins here. */
export type Claims = (chunk: Buffer, at: number) => boolean;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The octets of numbers, true, false, null, commas, colons and white space. */
const PLAIN = new Uint8Array(256);
for (const octet of Buffer.from('0123456789+-.eEtrufalsn,: \t\r\n')) PLAIN[octet] = 1;
const isSpace = (octet: number) => octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09;

export class Framer {
  readonly #limits: FramingLimits;
  #parts: Buffer[] = [];
  #size = 0;
  #depth = 0;
  /** The brackets open, as the octets that will close them. */
  #closers = new Uint8Array(64);
  /** The last octet but white space of the chunk before. */
  #last = 0;
  #inString = false;
  #escaped = false;
  /** Octets of the stream before the chunk in hand. */
  #offset = 0;
  #claimed: Buffer | undefined;

  constructor(limits: FramingLimits = FRAMING_LIMITS) {
    this.#limits = limits;
  }

  /** Octets of an unfinished message held back. */
  get pendingBytes(): number {
    return this.#size;
  }

  /** What of the last chunk begins with a message that was claimed; whoever did reads on from there, and says how far (`skip`). */
  get claimed(): Buffer | undefined {
    return this.#claimed;
  }

  /** So many octets were read by somebody else. */
  skip(octets: number): void {
    this.#offset += octets;
  }

  /**
   * Takes the next octets, gives the messages they complete. Throws OvsdbError `malformed stream`, with the offset in the
   * stream and the octets there; the framer is then of no further use. A message that is claimed ends it: see `claimed`.
   */
  push(chunk: Buffer, claims?: Claims): Buffer[] {
    const messages: Buffer[] = [];
    this.#claimed = undefined;
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#depth === 0) {
        start = this.#skipSpace(chunk, at);
        if (start === chunk.length) break;
        at = start;
        if (claims?.(chunk, at)) {
          this.#claimed = chunk.subarray(at);
          this.#offset += at;
          return messages;
        }
      }
      at = this.#scan(chunk, at, start);
      if (this.#depth === 0) {
        messages.push(this.#finish(chunk.subarray(start, at)));
        start = at;
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start));
    this.#offset += chunk.length;
    return messages;
  }

  #skipSpace(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && isSpace(chunk[at] as number)) at++;
    if (at < chunk.length && chunk[at] !== 0x7b && chunk[at] !== 0x5b) throw this.#malformed(chunk, at, 'expected "{"');
    return at;
  }

  /**
   * Goes on until the message ends or the chunk does; gives the index after the last octet taken. The state is held in local
   * variables: this loop sees every octet.
   */
  #scan(chunk: Buffer, from: number, start: number): number {
    let at = this.#inString ? this.#skipString(chunk, from) : from;
    let depth = this.#depth;
    const { length } = chunk;
    while (at < length) {
      const octet = chunk[at++] as number;
      if (octet === QUOTE) {
        if (!this.#mayBegin(chunk, at - 1)) throw this.#malformed(chunk, at - 1, 'a string right behind a value');
        // Most strings are short, end in this chunk and hold no escape.
        let c = 0;
        while (at < length) {
          c = chunk[at] as number;
          if (c === QUOTE || c === BACKSLASH) break;
          at++;
        }
        if (at < length && c === QUOTE) at++;
        else at = this.#skipString(chunk, at);
        continue;
      }
      // `{` and `[` are 0x7b and 0x5b, `}` and `]` 0x7d and 0x5d: they differ from one another in bit 5 only.
      if ((octet | 0x20) === 0x7b) {
        if (depth > 0 && !this.#mayBegin(chunk, at - 1))
          throw this.#malformed(chunk, at - 1, 'a value right behind another');
        if (depth === this.#limits.maxDepth)
          throw this.#malformed(chunk, at - 1, `nested deeper than ${this.#limits.maxDepth}`);
        this.#open(depth++, octet + 2);
      } else if ((octet | 0x20) === 0x7d) {
        if (this.#closers[--depth] !== octet) throw this.#malformed(chunk, at - 1, 'the other bracket is open');
        if (depth === 0) break;
      } else if (PLAIN[octet] === 0) throw this.#malformed(chunk, at - 1, 'an octet that JSON has in strings only');
    }
    this.#depth = depth;
    this.#remember(chunk, at, start);
    if (this.#size + at - start > this.#limits.maxMessageBytes) throw this.#malformed(chunk, at - 1, this.#tooLong());
    return at;
  }

  #open(depth: number, closer: number): void {
    if (depth === this.#closers.length) {
      const more = new Uint8Array(depth * 2);
      more.set(this.#closers);
      this.#closers = more;
    }
    this.#closers[depth] = closer;
  }

  /** Whether a value or a name may begin here, by the octet before it: behind `{`, `[`, `,` or `:`. */
  #mayBegin(chunk: Buffer, index: number): boolean {
    let at = index - 1;
    while (at >= 0 && isSpace(chunk[at] as number)) at--;
    const octet = at >= 0 ? (chunk[at] as number) : this.#last;
    return octet === 0x2c || octet === 0x3a || (octet | 0x20) === 0x7b;
  }

  /** Keeps the last octet of the chunk that is no white space, for what the next begins with. */
  #remember(chunk: Buffer, end: number, start: number): void {
    let at = end - 1;
    while (at >= start && isSpace(chunk[at] as number)) at--;
    if (at >= start) this.#last = chunk[at] as number;
  }

  /** In a string: goes on after its closing quote, or to the end of the chunk. */
  #skipString(chunk: Buffer, from: number): number {
    this.#inString = true;
    let at = from;
    if (this.#escaped && at < chunk.length) {
      this.#escaped = false;
      at++;
    }
    for (; at < chunk.length; at++) {
      const octet = chunk[at];
      if (octet === QUOTE) {
        this.#inString = false;
        return at + 1;
      }
      if (octet === BACKSLASH && ++at === chunk.length) this.#escaped = true;
    }
    return chunk.length;
  }

  #tooLong(): string {
    return `message longer than ${this.#limits.maxMessageBytes} octets`;
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#size += part.length;
  }

  #finish(last: Buffer): Buffer {
    if (this.#parts.length === 0) return last;
    this.#parts.push(last);
    const message = Buffer.concat(this.#parts, this.#size + last.length);
    this.#parts = [];
    this.#size = 0;
    return message;
  }

  #malformed(chunk: Buffer, at: number, why: string): OvsdbError {
    const octets = chunk.subarray(Math.max(0, at - 16), at + 16).toString('latin1');
    return new OvsdbError('malformed stream', {
      details: `at octet ${this.#offset + at}: ${why}, near ${JSON.stringify(octets)}`,
    });
  }
}
