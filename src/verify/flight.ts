/**
 * Packets in flight through the exact pass: which packets they are as they came in, where each of their bits comes from,
 * and the stack, as far as it is known.
 */

import type { Cube, Terms } from './cube.js';
import { OP, portOf16 } from './ops.js';
import { forgetBits, ONE, type Provenance, setBits, ZERO } from './provenance.js';
import { ones32, wordOf } from './words.js';

const IN_PORT = wordOf('in_port');

/** Packets in flight. */
export interface Flight {
  /** As they came in. */
  readonly region: readonly Cube[];
  /** What is still to be taken away from them. */
  readonly taken: readonly Terms[];
  /** What they are now. */
  from: Provenance;
  /** Undefined: it may be any. */
  stack: Int16Array[] | undefined;
  readonly depth: number;
}

/** The packets once more, for what is not to change them. */
export const copyOf = (flight: Flight, deeper: number): Flight => ({
  region: flight.region,
  taken: flight.taken,
  from: flight.from.slice(),
  stack: flight.stack === undefined ? undefined : [...flight.stack],
  depth: flight.depth + deeper,
});

/** The packets as a table's flows are looked up for them under another in_port. */
export function withPort(flight: Flight, port: number): Flight {
  const other = copyOf(flight, 0);
  setBits(other.from, IN_PORT, port, -1);
  return other;
}

/** Bits of a field onto the stack, or out of the entry on top. */
export function stacked(flight: Flight, code: Int32Array, at: number): void {
  const [word, shift, width, lo, last] = code.subarray(at + 1, at + 6) as unknown as [
    ...[number, number, number, number, number],
  ];
  const { from, stack } = flight;
  const place = word * 32 + shift;
  if (code[at] === OP.push) {
    const bits = [...from.subarray(place, place + width)];
    if (lo === 0) stack?.push(Int16Array.from(bits));
    else stack?.push(Int16Array.from([...(stack.pop() ?? []), ...bits]));
    return;
  }
  const entry = stack?.at(-1);
  if (stack === undefined) forgetBits(from, word, ones32(width) << shift);
  else if (entry !== undefined) for (let bit = 0; bit < width; bit++) from[place + bit] = entry[lo + bit] ?? ZERO;
  if (last === 1) stack?.pop();
}

/** The upper half of in_port follows from the lower one: that of the packet as it came, or of a port that is written. */
export function widenPort(from: Provenance): void {
  const at = IN_PORT * 32;
  const low = from.subarray(at, at + 16);
  if (low.every((source, bit) => source === at + bit)) {
    for (let bit = 16; bit < 32; bit++) from[at + bit] = at + bit;
  } else if (low.every((source) => source === ZERO || source === ONE)) {
    const value = low.reduce((sum, source, bit) => sum | (source === ONE ? 1 << bit : 0), 0);
    setBits(from, IN_PORT, portOf16(value), -1);
  } else forgetBits(from, IN_PORT, ~0xffff);
}
