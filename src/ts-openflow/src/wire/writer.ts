/**
 * A growing buffer that messages are written straight into.
 *
 * Values are checked for their width: what does not fit is an EncodeError, never cut. A writer may be kept and
 * `clear`ed; the octets of `take` stay valid, because a taken buffer is not written again.
 */
import { EncodeError } from '../errors.js';
import type { OpenFlowVersion } from '../version.js';
import type { OddPadding } from './reader.js';
import { putU64 } from './uint64.js';

/** Writes big-endian values; throws EncodeError for a value that does not fit. */
export class Writer {
  at = 0;
  version: OpenFlowVersion;
  /** What is written into; another buffer after `reserve`. Only compiled codecs write here themselves. */
  octets: Buffer;
  /** Padding of the message being written that is not zero. */
  odd: OddPadding | undefined;
  private pads = 0;

  constructor(version: OpenFlowVersion, capacity = 256) {
    this.version = version;
    this.octets = Buffer.allocUnsafe(capacity);
  }

  /** Writes a message whose padding is taken from `odd`, by ordinal, where that is not zero. */
  withPadding(odd: OddPadding | undefined, write: () => void): void {
    const [outer, pads] = [this.odd, this.pads];
    this.odd = odd;
    this.pads = 0;
    write();
    this.odd = outer;
    this.pads = pads;
  }

  /** The octets written so far; the writer starts again with an empty buffer. */
  take(): Buffer {
    const octets = this.octets.subarray(0, this.at);
    this.octets = this.octets.subarray(this.at);
    this.at = 0;
    return octets;
  }

  /** Starts again in the same buffer: what was written is lost, and views of it change. */
  clear(): void {
    this.at = 0;
  }

  /** The octets written so far. The writer must not be used again. */
  finish(): Buffer {
    return this.octets.subarray(0, this.at);
  }

  private grow(n: number): void {
    const bigger = Buffer.allocUnsafe(Math.max(this.octets.length * 2, this.at + n, 256));
    this.octets.copy(bigger, 0, 0, this.at);
    this.octets = bigger;
  }

  /** Makes room for `n` octets and returns where they start; their content is undefined. */
  reserve(n: number): number {
    const at = this.at;
    if (at + n > this.octets.length) this.grow(n);
    this.at = at + n;
    return at;
  }

  u8(v: number): void {
    if ((v & 0xff) !== v) throw outOfRange(v, 8);
    const at = this.reserve(1);
    this.octets[at] = v;
  }

  u16(v: number): void {
    if ((v & 0xffff) !== v) throw outOfRange(v, 16);
    const at = this.reserve(2);
    const b = this.octets;
    b[at] = v >>> 8;
    b[at + 1] = v;
  }

  u24(v: number): void {
    if ((v & 0xffffff) !== v) throw outOfRange(v, 24);
    this.u8(v >>> 16);
    this.u16(v & 0xffff);
  }

  u32(v: number): void {
    if (v >>> 0 !== v) throw outOfRange(v, 32);
    const at = this.reserve(4);
    const b = this.octets;
    b[at] = v >>> 24;
    b[at + 1] = v >>> 16;
    b[at + 2] = v >>> 8;
    b[at + 3] = v;
  }

  u48(v: number): void {
    this.u48At(this.reserve(6), v);
  }

  u64(v: bigint): void {
    this.u64At(this.reserve(8), v);
  }

  /** An unsigned integer of any width. */
  big(v: bigint, octets: number): void {
    if (octets === 8) {
      this.u64(v);
      return;
    }
    if (typeof v !== 'bigint' || v < 0n || v >> BigInt(octets * 8) !== 0n) throw outOfRange(v, octets * 8);
    if (octets === 0) return;
    if (octets === 16) {
      this.u128At(this.reserve(16), v);
      return;
    }
    const at = this.reserve(octets);
    this.octets.write(v.toString(16).padStart(octets * 2, '0'), at, octets, 'hex');
  }

  bytes(octets: Uint8Array): void {
    const at = this.reserve(octets.length);
    this.octets.set(octets, at);
  }

  /** Refuses a value that does not fit. */
  refuse(v: unknown, bits: number): never {
    throw outOfRange(v, bits);
  }

  /** 64 bits at a place that is reserved. */
  u64At(at: number, v: bigint): void {
    if (!putU64(this.octets, at, v)) throw outOfRange(v, 64);
  }

  /** 128 bits at a place that is reserved. */
  u128At(at: number, v: bigint): void {
    if (typeof v !== 'bigint' || !putU64(this.octets, at, v >> 64n)) throw outOfRange(v, 128);
    this.u64At(at + 8, BigInt.asUintN(64, v));
  }

  /** 48 bits at a place that is reserved. */
  u48At(at: number, v: number): void {
    if (!(v >= 0 && v <= 0xffffffffffff) || !Number.isInteger(v)) throw outOfRange(v, 48);
    const high = Math.floor(v / 0x100000000);
    const low = v - high * 0x100000000;
    const b = this.octets;
    b[at] = high >>> 8;
    b[at + 1] = high;
    b[at + 2] = low >>> 24;
    b[at + 3] = low >>> 16;
    b[at + 4] = low >>> 8;
    b[at + 5] = low;
  }

  /** Padding at a place that is reserved. */
  padAt(at: number, n: number): void {
    const b = this.octets;
    for (let i = at; i < at + n; i++) b[i] = 0;
    if (this.odd === undefined) return;
    const odd = this.odd.get(this.pads++);
    if (odd !== undefined && odd.length === n) this.octets.set(odd, at);
  }

  /** `n` octets of padding: zero, unless the message was decoded with other octets there. */
  pad(n: number): void {
    this.padAt(this.reserve(n), n);
  }

  /** Pads what started at `start` to a multiple of 8 octets. */
  padTo8(start: number): void {
    this.pad((8 - ((this.at - start) & 7)) & 7);
  }

  /** Two octets written before. */
  peekU16(at: number): number {
    return this.octets.readUInt16BE(at);
  }

  /** Overwrites two octets written before, as for lengths known only at the end. */
  patchU16(at: number, v: number): void {
    if ((v & 0xffff) !== v) throw new EncodeError(`length ${v} does not fit 16 bits`);
    const b = this.octets;
    b[at] = v >>> 8;
    b[at + 1] = v;
  }

  patchU32(at: number, v: number): void {
    this.patchU16(at, v >>> 16);
    this.patchU16(at + 2, v & 0xffff);
  }
}

function outOfRange(v: unknown, bits: number): EncodeError {
  return new EncodeError(`${String(v)} is not an unsigned integer of ${bits} bits`);
}
