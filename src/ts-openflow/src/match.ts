/**
 * Matches (ofp_match, OpenFlow 1.5.1, 7.2.3): a plain object from field name to value and mask.
 *
 * A match made by hand is written in canonical order, prerequisites first. A decoded match that came in another order
 * says so under the symbol WIRE_ORDER, and is written again in that order; a field that came by another header than
 * the canonical one names it in `header`; a field that is not known is kept under a name made of its header. Equal
 * matches therefore have equal octets, and what was decoded has the octets it had.
 */

import { EncodeError } from './errors.js';
import type { FieldName, UnknownFieldName, ValueOf } from './fields.js';
import { type MatchPlans, matchPlans } from './match-plan.js';
import {
  type FieldEntry,
  fieldEntry,
  headerOf,
  type ReadHeader,
  readExactHeader,
  readHeader,
  readValue,
  writeCanonical,
  writeHeader,
  writeUnknownHeader,
  writeValue,
} from './oxm.js';
import type { Defaulted } from './wire/codec.js';
import { known } from './wire/outline.js';
import type { Reader } from './wire/reader.js';
import type { Writer } from './wire/writer.js';

/** A value and the bits of it that count; without a mask, all. */
export interface Masked<V> {
  readonly value: V;
  readonly mask?: V | undefined;
  /** The name of the OXM header, where it is not the canonical one (NXM_OF_IP_SRC for ip_src). */
  readonly header?: string | undefined;
  /** Octets of the value, for fields of variable length (tun_metadataN); as many as needed when absent. */
  readonly octets?: number | undefined;
}

/** A field we do not know: value and mask as they came. */
export interface UnknownField {
  readonly octets: Buffer;
}

/** The order a decoded match came in, where that is not the canonical one. */
export const WIRE_ORDER: unique symbol = Symbol('OXM order');

/** What packets to match: the type of every value follows from FIELDS. */
export type Match = { readonly [N in FieldName]?: Masked<ValueOf<N>> | undefined } & {
  readonly [name: UnknownFieldName]: UnknownField;
} & { readonly [WIRE_ORDER]?: readonly string[] };

/** A match field by field, when the names are not known beforehand. */
export type LooseMatch = Readonly<Record<string, Masked<number | bigint> | UnknownField | undefined>>;

function readField(r: Reader, h: ReadHeader): Masked<number | bigint> | UnknownField {
  const entry = h.entry;
  if (entry === undefined) return { octets: r.bytes(h.length) };
  const at = r.at;
  const octets = entry.field.octets === 0 ? (h.hasMask ? h.length / 2 : h.length) : entry.field.octets;
  if (octets * (h.hasMask ? 2 : 1) !== h.length || octets > 124 || !Number.isInteger(octets))
    throw r.error('OFPBMC_BAD_LEN', at);
  const value = readValue(r, entry.field, octets);
  const mask = h.hasMask ? readValue(r, entry.field, octets) : undefined;
  if (mask !== undefined && exceeds(value, mask)) throw r.error('OFPBMC_BAD_WILDCARDS', at);
  if (h.alternate === undefined && entry.field.octets !== 0) return mask === undefined ? { value } : { value, mask };
  return {
    value,
    ...(mask === undefined ? {} : { mask }),
    ...(h.alternate === undefined ? {} : { header: h.alternate }),
    ...(entry.field.octets === 0 ? { octets } : {}),
  };
}

/** Whether a value has bits outside its mask. */
export function exceeds(value: number | bigint, mask: number | bigint): boolean {
  if (typeof value === 'number' && value <= 0xffffffff) return (value & ~(mask as number)) !== 0;
  const v = BigInt(value);
  return (v & BigInt(mask)) !== v;
}

const PLANS: readonly MatchPlans[] = [matchPlans(4), matchPlans(5), matchPlans(6)];

/** Reads fields up to the end of the structure. */
export function readOxmFields(r: Reader): Match {
  if (r.at >= r.end) return {};
  return PLANS[r.version - 4]?.read(r) ?? readEachField(r);
}

function readEachField(r: Reader): Match {
  const start = r.at;
  const match: Record<string | symbol, unknown> = {};
  let rank = -1;
  let ordered = true;
  while (r.at < r.end) {
    const at = r.at;
    const exact = readExactHeader(r);
    if (exact !== undefined) {
      if (match[exact.name] !== undefined) throw r.error('OFPBMC_DUP_FIELD', at);
      match[exact.name] = { value: readValue(r, exact.field, exact.field.octets) };
      if (exact.rank < rank) ordered = false;
      rank = exact.rank;
      continue;
    }
    const h = readHeader(r);
    if (Object.hasOwn(match, h.name)) throw r.error('OFPBMC_DUP_FIELD', at);
    match[h.name] = readField(r, h);
    const here = h.entry?.rank ?? Number.POSITIVE_INFINITY;
    if (here < rank || (h.entry === undefined && rank === here)) ordered = false;
    rank = here;
  }
  if (ordered) PLANS[r.version - 4]?.sighted(r.octets, start, r.at);
  else match[WIRE_ORDER] = Object.keys(match);
  return match as unknown as Match;
}

/** Octets a value of variable length needs: at least one. */
function neededOctets(field: Masked<number | bigint>): number {
  if (field.octets !== undefined) return field.octets;
  const widest = field.mask === undefined || field.value > field.mask ? field.value : field.mask;
  return Math.max(1, Math.ceil(widest.toString(16).length / 2));
}

function writeField(
  w: Writer,
  name: string,
  masked: Masked<number | bigint> | UnknownField,
  entry: FieldEntry | undefined,
): void {
  if (entry === undefined) {
    writeUnknownHeader(w, name);
    w.bytes((masked as UnknownField).octets);
    return;
  }
  const { value, mask, header } = masked as Masked<number | bigint>;
  if (header === undefined && entry.field.octets !== 0) {
    if (!writeCanonical(w, entry, value, mask)) throw new EncodeError(`${name}: value has bits outside its mask`);
    return;
  }
  const octets = entry.field.octets === 0 ? neededOctets(masked as Masked<number | bigint>) : entry.field.octets;
  writeHeader(w, headerOf(entry, w.version, header), mask !== undefined, mask === undefined ? octets : octets * 2);
  writeValue(w, entry.field, octets, value);
  if (mask === undefined) return;
  if (exceeds(value, mask)) throw new EncodeError(`${name}: value has bits outside its mask`);
  writeValue(w, entry.field, octets, mask);
}

/** The names of a match's fields, in the order they are written: as they came, then in canonical order. */
export function fieldOrder(match: Match): readonly string[] {
  if (match[WIRE_ORDER] === undefined) return canonicalOrder(match);
  const place = new Map((match[WIRE_ORDER] ?? []).map((name, i) => [name, i]));
  const before = (a: string, b: string): number => {
    const [x, y] = [place.get(a), place.get(b)];
    if (x !== undefined && y !== undefined) return x - y;
    if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
    return rankOf(a) === rankOf(b) ? (a < b ? -1 : 1) : rankOf(a) - rankOf(b);
  };
  return Object.keys(match).sort(before);
}

const rankOf = (name: string): number => fieldEntry(name)?.rank ?? Number.POSITIVE_INFINITY;

/** The same of a match made by hand: few fields, sorted as they are inserted. */
function canonicalOrder(match: Match): readonly string[] {
  const names: string[] = [];
  const ranks: number[] = [];
  for (const name of Object.keys(match)) {
    const rank = rankOf(name);
    let at = names.length;
    while (at > 0) {
      const before = ranks[at - 1] as number;
      if (before < rank || (before === rank && (names[at - 1] as string) < name)) break;
      at -= 1;
    }
    names.splice(at, 0, name);
    ranks.splice(at, 0, rank);
  }
  return names;
}

/** Writes the fields of a match, without its header. */
export function writeOxmFields(w: Writer, match: Match): void {
  const loose = match as unknown as LooseMatch;
  if (match[WIRE_ORDER] !== undefined) {
    for (const name of fieldOrder(match)) writeNamed(w, loose, name);
    return;
  }
  // Fields are written as they stand while they are in order; the first that is not makes it all start again, sorted.
  const start = w.at;
  let rank = -1;
  for (const name in loose) {
    const masked = loose[name];
    const entry = fieldEntry(name);
    if (entry === undefined || entry.rank < rank) {
      w.at = start;
      for (const sorted of fieldOrder(match)) writeNamed(w, loose, sorted);
      return;
    }
    rank = entry.rank;
    if (masked !== undefined) writeField(w, name, masked, entry);
  }
}

function writeNamed(w: Writer, loose: LooseMatch, name: string): void {
  const masked = loose[name];
  if (masked !== undefined) writeField(w, name, masked, fieldEntry(name));
}

/** An ofp_match: type OXM, length, fields, padding to 8 octets. */
export const matchCodec: Defaulted<Match> = {
  outline: known('match'),
  fallback: {},
  read: (r) => {
    const at = r.take(4);
    const b = r.octets;
    if (b[at] !== 0 || b[at + 1] !== 1) throw r.error('OFPBMC_BAD_TYPE', at);
    const length = ((b[at + 2] as number) << 8) | (b[at + 3] as number);
    if (length < 4) throw r.error('OFPBMC_BAD_LEN', at + 2);
    const outer = r.enter(length - 4, 'OFPBMC_BAD_LEN');
    const match = readOxmFields(r);
    r.leave(outer, 'OFPBMC_BAD_LEN');
    r.pad((8 - (length & 7)) & 7);
    return match;
  },
  write: (w, match) => {
    const at = w.reserve(4);
    w.patchU16(at, 1);
    writeOxmFields(w, match);
    w.patchU16(at + 2, w.at - at);
    w.padTo8(at);
  },
};
