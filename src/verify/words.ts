/**
 * A packet as 32-bit words: what every match, action and proof here works on. Each field of ts-openflow is a list of
 * pieces of words; fields that are views of one thing (`xreg0` and `reg0`, `vlan_vid` and `vlan_tci`) share words, so
 * that a write by one name is seen by the other.
 *
 * The first `TRACKED` words are what a pipeline steers by: in_port, registers, metadata, the tunnel's fields and the tags. After
 * them come the packet's own fields, prerequisites before what needs them (eth_type before arp_op): subtracting cubes
 * word by word in this order never asks for a field of a packet that has no such field.
 */
import { FIELD_NAMES, FIELDS, type FieldName } from 'ts-openflow';

/** `width` bits of a field from bit `lo` on, standing in `word` from bit `shift` on. */
export interface Piece {
  readonly word: number;
  readonly shift: number;
  readonly lo: number;
  readonly width: number;
}

/** What is tracked, in word order: name and width in bits. `vlan_tci1` is the tag below the outer one, which no field names. */
const TRACKED_PARTS: readonly (readonly [string, number])[] = [
  ['in_port', 32],
  ...Array.from({ length: 16 }, (_, i) => [`reg${i}`, 32] as const),
  ['metadata', 64],
  ['tun_id', 64],
  ['tun_src', 32],
  ['tun_dst', 32],
  ['tun_ipv6_src', 128],
  ['tun_ipv6_dst', 128],
  ['vlan_tci', 16],
  ['vlan_tci1', 16],
];
/** Those that others need. */
const FIRST_PARTS: readonly (readonly [string, number])[] = [
  ['eth_type', 16],
  ['ip_proto', 8],
  ['ip_frag', 2],
  ['icmpv6_type', 8],
  ['icmp_type', 8],
  ['arp_op', 16],
  ['nw_tos', 8],
];
/** Fields that are views of other parts. */
const VIEWS: Readonly<Record<string, readonly (readonly [part: string, at: number, lo: number, width: number])[]>> = {
  in_port_nxm: [['in_port', 0, 0, 16]],
  vlan_vid: [['vlan_tci', 0, 0, 13]],
  vlan_pcp: [['vlan_tci', 13, 0, 3]],
  ip_dscp: [['nw_tos', 2, 0, 6]],
  ip_ecn: [['nw_tos', 0, 0, 2]],
  nw_tos: [['nw_tos', 2, 2, 6]],
};
/** Octets of Geneve options are followed up to here; what uses more is not proved. */
const METADATA_FIELDS = 8;
const METADATA_BITS = 128;

const isView = (name: string): boolean => name in VIEWS || /^x+reg\d+$/.test(name);

function widthOf(name: FieldName): number {
  const option = /^tun_metadata(\d+)$/.exec(name);
  if (option !== null) return Number(option[1]) < METADATA_FIELDS ? METADATA_BITS : 0;
  return FIELDS[name].bits;
}

function restParts(): (readonly [string, number])[] {
  const placed = new Set([...TRACKED_PARTS, ...FIRST_PARTS].map(([name]) => name));
  return FIELD_NAMES.filter((name) => !placed.has(name) && !isView(name))
    .map((name) => [name, widthOf(name)] as const)
    .filter(([, width]) => width > 0);
}

interface Layout {
  readonly first: ReadonlyMap<string, number>;
  readonly widths: ReadonlyMap<string, number>;
  readonly words: number;
}

function layOut(): Layout {
  const first = new Map<string, number>();
  const widths = new Map<string, number>();
  let words = 0;
  for (const [name, width] of [...TRACKED_PARTS, ...FIRST_PARTS, ...restParts()]) {
    first.set(name, words);
    widths.set(name, width);
    words += Math.ceil(width / 32);
  }
  return { first, widths, words };
}

const LAYOUT = layOut();

/** Number of words of a packet. */
export const WORDS = LAYOUT.words;
/** Number of words that a pipeline steers by; they come first. */
export const TRACKED = LAYOUT.first.get('eth_type') as number;

/** The first word of a part, its lowest 32 bits. */
export function wordOf(part: string): number {
  const word = LAYOUT.first.get(part);
  if (word === undefined) throw new RangeError(`no part ${part}`);
  return word;
}

const partPieces = (part: string, width: number, at = 0): Piece[] =>
  Array.from({ length: Math.ceil(width / 32) }, (_, i) => ({
    word: wordOf(part) + i,
    shift: at,
    lo: 32 * i,
    width: Math.min(32, width - 32 * i),
  }));

function piecesOf(name: string): readonly Piece[] {
  const view = VIEWS[name];
  if (view !== undefined) return view.map(([part, shift, lo, width]) => ({ word: wordOf(part), shift, lo, width }));
  const wide = /^(x+)reg(\d+)$/.exec(name);
  if (wide === null) return partPieces(name, LAYOUT.widths.get(name) ?? 0);
  const count = wide[1] === 'x' ? 2 : 4;
  const from = Number(wide[2]) * count;
  return Array.from({ length: count }, (_, i) => ({
    word: wordOf(`reg${from + count - 1 - i}`),
    shift: 0,
    lo: 32 * i,
    width: 32,
  }));
}

const PIECES: ReadonlyMap<string, readonly Piece[]> = new Map(
  FIELD_NAMES.filter((name) => isView(name) || LAYOUT.first.has(name)).map((name) => [name, piecesOf(name)]),
);

/** Where a field stands; undefined for one that is not followed. Lowest bits first. */
export const pieces = (field: string): readonly Piece[] | undefined => PIECES.get(field);

/** The pieces of `bits` bits of a field from bit `start` on. */
export function subPieces(field: string, start: number, bits: number): readonly Piece[] | undefined {
  return PIECES.get(field)?.flatMap((piece) => {
    const lo = Math.max(piece.lo, start);
    const end = Math.min(piece.lo + piece.width, start + bits);
    if (lo >= end) return [];
    return [{ word: piece.word, shift: piece.shift + lo - piece.lo, lo: lo - start, width: end - lo }];
  });
}

/** `width` ones, as a signed 32-bit number; 32 gives all. */
export const ones32 = (width: number): number => (width >= 32 ? -1 : (1 << width) - 1);

/** The field of a word, for people: the field whose pieces start there. */
export function fieldAt(word: number): string {
  let found = '';
  for (const [name, first] of LAYOUT.first) if (first <= word) found = name;
  return found;
}

/** A field's value out of a packet's words. */
export function readField(words: Int32Array, field: string): bigint {
  let value = 0n;
  for (const { word, shift, lo, width } of PIECES.get(field) ?? []) {
    const bits = ((words[word] as number) >>> shift) & ones32(width);
    value |= BigInt(bits >>> 0) << BigInt(lo);
  }
  return value;
}

/** Writes a field into a packet's words. */
export function writeField(words: Int32Array, field: string, value: number | bigint): void {
  const all = BigInt(value);
  for (const { word, shift, lo, width } of PIECES.get(field) ?? []) {
    const mask = ones32(width) << shift;
    const bits = Number(BigInt.asIntN(32, all >> BigInt(lo))) << shift;
    words[word] = ((words[word] as number) & ~mask) | (bits & mask);
  }
}

/** Writes `width` bits into a word of a packet, from bit `shift` on. */
export function moveBits(words: Int32Array, word: number, shift: number, bits: number, width: number): void {
  const mask = ones32(width) << shift;
  words[word] = ((words[word] as number) & ~mask) | ((bits << shift) & mask);
}
