/** Matches as sets of packets: the same set, one within another, or with packets in common (OpenFlow 1.3.5 clause 6.4). */
import type { Match } from '../match.js';

/** Value and mask of one field; the mask is -1 (all bits) where none was given. */
interface Bits {
  readonly value: bigint;
  readonly mask: bigint;
}
export type MatchBits = ReadonlyMap<string, Bits>;

/** The match by fields. An unknown field counts as its octets. */
export function matchBits(match: Match): MatchBits {
  const bits = new Map<string, Bits>();
  for (const [name, field] of Object.entries(match as Readonly<Record<string, unknown>>)) {
    if (field === undefined) continue;
    const { value, mask, octets } = field as { value?: number | bigint; mask?: number | bigint; octets?: Buffer };
    if (value === undefined) bits.set(name, { value: BigInt(`0x${octets?.toString('hex') ?? '0'}`), mask: -1n });
    else if (mask === undefined) bits.set(name, { value: BigInt(value), mask: -1n });
    else if (BigInt(mask) !== 0n) bits.set(name, { value: BigInt(value), mask: BigInt(mask) });
  }
  return bits;
}

/** Whether every packet of `narrow` is one of `wide`. */
export function covers(wide: MatchBits, narrow: MatchBits): boolean {
  for (const [name, w] of wide) {
    const n = narrow.get(name);
    if (n === undefined || (n.mask & w.mask) !== w.mask || (n.value & w.mask) !== (w.value & w.mask)) return false;
  }
  return true;
}

/** Whether a packet may be in both. */
export function overlap(a: MatchBits, b: MatchBits): boolean {
  for (const [name, x] of a) {
    const y = b.get(name);
    if (y !== undefined && ((x.value ^ y.value) & x.mask & y.mask) !== 0n) return false;
  }
  return true;
}

/** Whether both are the same set, field by field. */
export const same = (a: MatchBits, b: MatchBits): boolean => a.size === b.size && covers(a, b) && covers(b, a);

/** Equal for equal matches, for use as a key. */
export const matchKey = (bits: MatchBits): string =>
  [...bits]
    .map(([name, { value, mask }]) => `${name}=${value}/${mask}`)
    .sort()
    .join();
