/**
 * Writes to fields as numbers: set, copied, pushed and popped, whole or in part, piece by piece of the words where they
 * stand (words.ts). What cannot be modelled is an `unknown` operation with its reason.
 */
import { OP, portOf16, UNKNOWN } from './ops.js';
import { ones32, pieces, subPieces } from './words.js';

type Value = number | bigint;
export type Masked = { readonly value: Value; readonly mask?: Value };

/** `in_port` in 16 bits, which is a view of its lower half; a write goes on with OP.port. */
const PORT16 = 'in_port_nxm';
const ALL16 = 0xffffn;

/** `in_port_nxm` as a whole is `in_port`; everything else is itself. */
const whole = (field: string, { value, mask }: Masked): readonly [string, bigint, bigint] =>
  field === PORT16 && BigInt(mask ?? ALL16) === ALL16
    ? ['in_port', BigInt(portOf16(Number(value))), -1n]
    : [field, BigInt(value), BigInt(mask ?? -1n)];

/** word → [value, mask] of a field, or undefined where the field is not followed. */
export function placed(field: string, given: Masked): [number, number, number][] | undefined {
  const [name, value, mask] = whole(field, given);
  const found = pieces(name);
  if (found === undefined) return undefined;
  return found.map(({ word, shift, lo, width }) => {
    const cut = (v: bigint): number => (Number(BigInt.asIntN(32, v >> BigInt(lo))) & ones32(width)) << shift;
    return [word, cut(value & mask), cut(mask)];
  });
}

/** An operation that says what is not modelled. */
export const unknown = (reason: (typeof UNKNOWN)[number]): readonly number[] => [OP.unknown, UNKNOWN.indexOf(reason)];
export const NOT_FOLLOWED = unknown('a field that is not followed');

/** A field written, whole or under a mask. */
export function setField(field: string, given: Masked): readonly number[] {
  const at = placed(field, given);
  if (at === undefined) return NOT_FOLLOWED;
  const code = at.flatMap(([word, value, mask]) => (mask === 0 ? [] : [OP.set, word, value, mask]));
  return whole(field, given)[0] === PORT16 ? [...code, OP.port] : code;
}

/** What follows a write of some bits of a field. */
const portAfter = (field: string): readonly number[] => (field === PORT16 ? [OP.port] : []);

interface Ref {
  readonly field: string;
  readonly start: number;
  readonly bits: number;
}

/** Copies bit ranges so that each piece lies in one word of both sides. */
export function move(src: Ref, dst: Ref): readonly number[] {
  const from = subPieces(src.field, src.start, src.bits);
  const to = subPieces(dst.field, dst.start, dst.bits);
  if (from === undefined || to === undefined) return NOT_FOLLOWED;
  const copies: Copy[] = [];
  for (const a of from)
    for (const b of to) {
      const lo = Math.max(a.lo, b.lo);
      const end = Math.min(a.lo + a.width, b.lo + b.width);
      if (lo < end) copies.push([b.word, b.shift + lo - b.lo, a.word, a.shift + lo - a.lo, end - lo]);
    }
  const ordered = [copies, copies.toReversed()].find(keepsSources);
  if (ordered === undefined) return NOT_FOLLOWED;
  return [...ordered.flatMap((copy) => [OP.move, ...copy]), ...portAfter(dst.field)];
}

/** Operands of OP.move: word, shift, from word, from shift, width. */
type Copy = readonly [number, number, number, number, number];

/** False when a copy reads what one before it has written: the switch reads everything first. */
const keepsSources = (copies: readonly Copy[]): boolean =>
  copies.every(([, , word, shift, width], i) =>
    copies.slice(0, i).every(([to, at, , , wide]) => to !== word || at + wide <= shift || shift + width <= at),
  );

/** A field put onto the stack, as one entry whatever its width. */
export const push = (ref: Ref): readonly number[] =>
  subPieces(ref.field, ref.start, ref.bits)?.flatMap(({ word, shift, width, lo }) => [
    ...[OP.push, word, shift, width, lo],
  ]) ?? NOT_FOLLOWED;

/** The entry on top, as far as the field is wide. */
export const pop = (ref: Ref): readonly number[] => {
  const at = subPieces(ref.field, ref.start, ref.bits);
  const code = at?.flatMap(({ word, shift, width, lo }, i) => {
    return [OP.pop, word, shift, width, lo, i === at.length - 1 ? 1 : 0];
  });
  return code === undefined ? NOT_FOLLOWED : [...code, ...portAfter(ref.field)];
};

/** Bits that become anything. */
export const havoc = (ref: Ref): readonly number[] =>
  subPieces(ref.field, ref.start, ref.bits)?.flatMap(({ word, shift, width }) => [
    OP.havoc,
    word,
    // Of in_port's 16 bits, what they say in 32.
    ref.field === PORT16 ? -1 : ones32(width) << shift,
  ]) ?? NOT_FOLLOWED;
