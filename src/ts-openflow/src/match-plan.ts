/**
 * Plans for reading matches: what a sequence of OXM headers fixes, as a function.
 *
 * A switch's flows have few combinations of fields, however many flows there are. Once a combination has come a few
 * times, a function for it is compiled: it compares the headers with those it was made for, takes every value from its
 * known place and makes the match as one object of one shape. What a plan cannot read (other headers, a value outside
 * its mask) it leaves to the reader of single fields, whose result is always the same: plans only save time. Their
 * number is bounded, so that odd messages cost neither memory nor compilations without end; only names and places of
 * the table of fields become code.
 */
import type { Match } from './match.js';
import { type ReadHeader, readHeader } from './oxm.js';
import type { OpenFlowVersion } from './version.js';
import { Reader } from './wire/reader.js';
import { uintSource } from './wire/struct.js';
import { joinU64 } from './wire/uint64.js';

/** Reads the fields that start at `at`; undefined, and nothing has happened, where they are not those of the plan. */
type Plan = (b: Uint8Array, at: number) => Match | undefined;

const MOST_PLANS = 256;
/** Times that a combination comes before it gets a plan. */
const SIGHTS = 4;
const MOST_SIGHTED = 1024;

/** Knows the plans of one version. */
export interface MatchPlans {
  /** Reads the fields up to the end of the structure; undefined, and nothing is read, where there is no plan for them. */
  read(r: Reader): Match | undefined;
  /** Fields from `start` to `end` were read one by one, and came in order. */
  sighted(octets: Buffer, start: number, end: number): void;
}

const word = (b: Uint8Array, at: number): number =>
  ((b[at] as number) << 24) | ((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number);

/** A number that fields of the same headers share; undefined where lengths do not add up. */
function fingerprint(b: Uint8Array, start: number, end: number): number | undefined {
  let print = end - start;
  let at = start;
  while (at < end) {
    if (end - at < 4) return undefined;
    const bits = word(b, at);
    print = (Math.imul(print, 0x01000193) ^ bits) | 0;
    at += 4 + (bits & 0xff);
  }
  return at === end ? print : undefined;
}

/** A field of a plan: its header, and where its header and its value start. */
interface Place {
  readonly header: ReadHeader;
  readonly at: number;
  readonly valueAt: number;
  readonly octets: number;
}

const WIDTHS: Readonly<Record<string, readonly number[]>> = { number: [1, 2, 3, 4, 6], bigint: [8, 16] };

/** Where the fields stand; undefined where one is not known or not of fixed width. */
function placesOf(octets: Buffer, version: OpenFlowVersion): readonly Place[] | undefined {
  const r = new Reader(octets, version);
  const places: Place[] = [];
  while (r.left > 0) {
    const at = r.at;
    const header = readHeader(r);
    const field = header.entry?.field;
    if (field === undefined || !WIDTHS[field.kind]?.includes(field.octets)) return undefined;
    if (places.some((p) => p.header.name === header.name)) return undefined;
    if (header.length !== field.octets * (header.hasMask ? 2 : 1)) return undefined;
    places.push({ header, at, valueAt: r.at, octets: field.octets });
    r.take(header.length);
  }
  return places;
}

function valueSource(at: number, octets: number): string {
  return octets === 16 ? `((${uintSource(at, 8)} << 64n) | ${uintSource(at + 8, 8)})` : uintSource(at, octets);
}

function conditions({ header, at, valueAt, octets }: Place): readonly string[] {
  const same = (from: number, bits: number): string => `(${uintSource(from, 4)} === ${bits >>> 0})`;
  const isIn = Array.from({ length: octets }, (_, i) => `(b[at + ${valueAt + i}] & ~b[at + ${valueAt + octets + i}])`);
  return [
    same(at, header.bits),
    ...(valueAt - at === 8 ? [same(at + 4, header.experimenter)] : []),
    ...(header.hasMask ? [`((${isIn.join(' | ')}) === 0)`] : []),
  ];
}

function memberSource({ header, valueAt, octets }: Place): string {
  const members = [
    `value: ${valueSource(valueAt, octets)}`,
    ...(header.hasMask ? [`mask: ${valueSource(valueAt + octets, octets)}`] : []),
    ...(header.alternate === undefined ? [] : [`header: ${JSON.stringify(header.alternate)}`]),
  ];
  return `${JSON.stringify(header.name)}: { ${members.join(', ')} }`;
}

function compile(places: readonly Place[]): Plan {
  const fits = places.flatMap(conditions).join(' && ');
  const literal = places.map(memberSource).join(', ');
  return new Function('u64', `return (b, at) => ${fits} ? { ${literal} } : undefined;`)(joinU64) as Plan;
}

/** Plans of a version, none yet. */
export function matchPlans(version: OpenFlowVersion): MatchPlans {
  const plans = new Map<number, Plan>();
  const sights = new Map<number, number>();
  return {
    read: (r) => {
      const print = fingerprint(r.octets, r.at, r.end);
      const plan = print === undefined ? undefined : plans.get(print);
      const match = plan?.(r.octets, r.at);
      if (match !== undefined) r.at = r.end;
      return match;
    },
    sighted: (octets, start, end) => {
      const print = fingerprint(octets, start, end);
      if (print === undefined || plans.size >= MOST_PLANS || plans.has(print)) return;
      const times = (sights.get(print) ?? 0) + 1;
      if (sights.size >= MOST_SIGHTED) sights.clear();
      sights.set(print, times);
      if (times !== SIGHTS) return;
      const places = placesOf(octets.subarray(start, end), version);
      if (places !== undefined) plans.set(print, compile(places));
    },
  };
}
