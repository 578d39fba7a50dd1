/**
 * A cursor over the octets of one message.
 *
 * Every read is checked against the end of the innermost structure, so no decoder reads beyond its buffer; nothing is
 * allocated by a length that was not checked first. Padding that is not zero is remembered by its ordinal, so that a
 * message can be written again exactly as it came.
 */
import { DecodeError } from '../errors.js';
import type { OpenFlowVersion } from '../version.js';
import { joinU64 } from './uint64.js';

/** Padding that was not zero: the ordinal of the pad within the message, and its octets. */
export type OddPadding = ReadonlyMap<number, Buffer>;

/** Reads big-endian values; throws DecodeError at the end of the structure. */
export class Reader {
  at: number;
  end: number;
  readonly octets: Buffer;
  readonly version: OpenFlowVersion;
  /** Paddings passed so far; compiled readers count for themselves. */
  pads = 0;
  private odd: Map<number, Buffer> | undefined;

  constructor(octets: Buffer, version: OpenFlowVersion, at = 0) {
    this.octets = octets;
    this.version = version;
    this.at = at;
    this.end = octets.length;
  }

  /** Octets left in the innermost structure. */
  get left(): number {
    return this.end - this.at;
  }

  /** The padding that was not zero, if there was any. */
  get oddPadding(): OddPadding | undefined {
    return this.odd === undefined || this.odd.size === 0 ? undefined : this.odd;
  }

  error(what: string, at = this.at): DecodeError {
    return new DecodeError(what, at, this.octets);
  }

  /** Moves over `n` octets and returns where they start. */
  take(n: number): number {
    const at = this.at;
    if (n > this.end - at) throw this.error('truncated structure');
    this.at = at + n;
    return at;
  }

  u8(): number {
    return this.octets[this.take(1)] as number;
  }

  u16(): number {
    const at = this.take(2);
    const b = this.octets;
    return ((b[at] as number) << 8) | (b[at + 1] as number);
  }

  u24(): number {
    const high = this.u8();
    return (high << 16) | this.u16();
  }

  u32(): number {
    const at = this.take(4);
    const b = this.octets;
    return (
      (((b[at] as number) << 24) |
        ((b[at + 1] as number) << 16) |
        ((b[at + 2] as number) << 8) |
        (b[at + 3] as number)) >>>
      0
    );
  }

  u48(): number {
    const high = this.u16();
    return high * 0x100000000 + this.u32();
  }

  u64(): bigint {
    const at = this.take(8);
    const b = this.octets;
    return joinU64(
      ((b[at] as number) << 24) | ((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number),
      ((b[at + 4] as number) << 24) |
        ((b[at + 5] as number) << 16) |
        ((b[at + 6] as number) << 8) |
        (b[at + 7] as number),
    );
  }

  /** An unsigned integer of any width. */
  big(octets: number): bigint {
    if (octets === 8) return this.u64();
    if (octets === 0) return 0n;
    if (octets === 16) return (this.u64() << 64n) | this.u64();
    const at = this.take(octets);
    return BigInt(`0x${this.octets.toString('hex', at, at + octets)}`);
  }

  /** A view of the next `n` octets; nothing is copied. */
  bytes(n: number): Buffer {
    const at = this.take(n);
    return this.octets.subarray(at, at + n);
  }

  /** A view of what is left of the innermost structure. */
  rest(): Buffer {
    return this.bytes(this.left);
  }

  /** Passes over `n` octets of padding, keeping them when they are not zero. */
  pad(n: number): void {
    this.padAt(this.take(n), n);
  }

  /** As `pad`, for octets that were taken already. */
  padAt(at: number, n: number): void {
    const b = this.octets;
    for (let i = at; i < at + n; i++) {
      if (b[i] !== 0) {
        this.keepPadding(at, n);
        break;
      }
    }
    this.pads++;
  }

  /** Remembers the padding that comes next, which is not zero. */
  keepPadding(at: number, n: number): void {
    this.odd ??= new Map();
    this.odd.set(this.pads, this.octets.subarray(at, at + n));
  }

  /** The ordinal of the next padding, for `forgetPadding`. */
  get nextPadding(): number {
    return this.pads;
  }

  /** Counts as if the padding since `ordinal` had not been there: its octets are kept by other means. */
  forgetPadding(ordinal: number): void {
    for (let i = ordinal; i < this.pads; i++) this.odd?.delete(i);
    this.pads = ordinal;
  }

  /** Narrows the reader to the next `n` octets; returns the end to give back to `leave`. */
  enter(n: number, what: string): number {
    if (n < 0 || n > this.end - this.at) throw this.error(what);
    const outer = this.end;
    this.end = this.at + n;
    return outer;
  }

  /** Ends a structure: everything in it must have been read. */
  leave(outer: number, what: string): void {
    if (this.at !== this.end) throw this.error(what);
    this.end = outer;
  }
}
