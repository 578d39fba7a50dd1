/**
 * Where each bit of a packet in flight comes from: a bit of the packet as it came in, 0, 1, or unknown. With it a match
 * deep in the pipeline is a match on the packet as it came in, whatever was copied and loaded in between; and a packet
 * that is found there is found as it must be sent.
 */
import type { Terms } from './cube.js';

/** One number a bit: 0… is a bit of the packet as it came in (word · 32 + bit). */
export type Provenance = Int16Array;
export const ZERO = -1;
export const ONE = -2;
export const UNKNOWN_BIT = -3;

/** Every bit is its own. */
export const identity = (words: number): Provenance => Int16Array.from({ length: words * 32 }, (_, i) => i);

/** A match at this place as a match on the packet as it came in; undefined: it never matches. */
export interface Mapped {
  readonly terms: Terms;
  /** False: it depends on an unknown bit as well. */
  readonly exact: boolean;
}

export function mapTerms(from: Provenance, terms: Int32Array, at: number, end: number): Mapped | undefined {
  const words = new Map<number, [number, number]>();
  let exact = true;
  for (let i = at; i < end; i += 3) {
    const word = terms[i] as number;
    const value = terms[i + 1] as number;
    for (let open = terms[i + 2] as number; open !== 0; open &= open - 1) {
      const bit = 31 - Math.clz32(open & -open);
      const want = (value >>> bit) & 1;
      const source = from[word * 32 + bit] as number;
      if (source === UNKNOWN_BIT) exact = false;
      else if (source < 0) {
        if ((source === ONE ? 1 : 0) !== want) return undefined;
      } else if (!wish(words, source, want)) return undefined;
    }
  }
  const sorted = [...words].sort(([a], [b]) => a - b);
  return { terms: sorted.flatMap(([word, [value, mask]]) => [word, value, mask]), exact };
}

/** Notes that a bit must be so; false where it must be otherwise already. */
function wish(words: Map<number, [number, number]>, source: number, want: number): boolean {
  const bit = source & 31;
  const entry = words.get(source >> 5);
  if (entry === undefined) {
    words.set(source >> 5, [want << bit, 1 << bit]);
    return true;
  }
  if ((entry[1] >>> bit) & 1) return ((entry[0] >>> bit) & 1) === want;
  entry[0] |= want << bit;
  entry[1] |= 1 << bit;
  return true;
}

export function setBits(to: Provenance, word: number, value: number, mask: number): void {
  for (let open = mask; open !== 0; open &= open - 1) {
    const bit = 31 - Math.clz32(open & -open);
    to[word * 32 + bit] = (value >>> bit) & 1 ? ONE : ZERO;
  }
}

export function forgetBits(to: Provenance, word: number, mask: number): void {
  for (let open = mask; open !== 0; open &= open - 1) to[word * 32 + 31 - Math.clz32(open & -open)] = UNKNOWN_BIT;
}

export function copyBits(
  to: Provenance,
  word: number,
  shift: number,
  from: Provenance,
  at: number,
  width: number,
): void {
  const bits = from.slice(at, at + width);
  to.set(bits, word * 32 + shift);
}
