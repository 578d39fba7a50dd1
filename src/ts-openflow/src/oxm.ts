/**
 * OXM headers and values (OpenFlow 1.5.1, 7.2.3): which field a header names, and the header of a field.
 *
 * A header that we do not know becomes a name made of it, so that whatever holds fields by name holds it as well.
 */
import { EncodeError } from './errors.js';
import { FIELD_NAMES, FIELDS, type Field, type FieldName, type OxmHeader, type UnknownFieldName } from './fields.js';
import type { OpenFlowVersion } from './version.js';
import type { Reader } from './wire/reader.js';
import type { Writer } from './wire/writer.js';

/** A field with what encoding it needs at hand. */
export interface FieldEntry {
  readonly name: FieldName;
  readonly field: Field;
  /** Its place in the canonical order. */
  readonly rank: number;
  /** By version, from 1.3: the header written. */
  readonly canonical: readonly OxmHeader[];
  /** By version, from 1.3: the canonical header as octets. */
  readonly headers: readonly CanonicalBits[];
}

/** A canonical header: its 32 bits for a value without and with a mask, and the experimenter after it, if octets are 8. */
interface CanonicalBits {
  readonly exact: number;
  readonly masked: number;
  readonly octets: 4 | 8;
  readonly experimenter: number;
}

function canonicalHeader(field: Field, version: OpenFlowVersion): OxmHeader {
  let best = field.headers[0] as OxmHeader;
  for (const header of field.headers) if (header.since <= version && header.since > best.since) best = header;
  return best;
}

function bitsOf(header: OxmHeader, octets: number): CanonicalBits {
  const head = header.experimenter === undefined ? 4 : 8;
  const bits = (hasMask: boolean): number =>
    header.class * 0x10000 + header.field * 0x200 + (hasMask ? 0x100 + octets * 2 : octets) + head - 4;
  return { exact: bits(false), masked: bits(true), octets: head, experimenter: header.experimenter ?? 0 };
}

const ENTRIES: readonly FieldEntry[] = FIELD_NAMES.map((name, rank) => {
  const field: Field = FIELDS[name];
  const canonical = ([4, 5, 6] as const).map((version) => canonicalHeader(field, version));
  return { name, field, rank, canonical, headers: canonical.map((header) => bitsOf(header, field.octets)) };
});

const BY_NAME: ReadonlyMap<string, FieldEntry> = new Map(ENTRIES.map((entry) => [entry.name, entry]));

const key = (cls: number, field: number, experimenter: number): number =>
  cls === 0xffff ? 0x1000000 + experimenter * 128 + field : cls * 128 + field;

const BY_HEADER: ReadonlyMap<number, { readonly entry: FieldEntry; readonly header: OxmHeader }> = new Map(
  ENTRIES.flatMap((entry) =>
    entry.field.headers.map(
      (header) => [key(header.class, header.field, header.experimenter ?? 0), { entry, header }] as const,
    ),
  ),
);

/** The entry of a field by name; undefined for a name that is not in FIELDS. */
export function fieldEntry(name: string): FieldEntry | undefined {
  return BY_NAME.get(name);
}

/** By version: the field of a canonical header for a value without mask, where no experimenter follows. */
const EXACT: readonly ReadonlyMap<number, FieldEntry>[] = ([4, 5, 6] as const).map(
  (version) =>
    new Map(
      ENTRIES.filter(
        (e) => e.field.octets !== 0 && (e.canonical[version - 4] as OxmHeader).experimenter === undefined,
      ).map((e) => [(e.headers[version - 4]?.exact ?? 0) | 0, e]),
    ),
);

/** The field that comes next, if it comes as nearly all do: by its canonical header, without a mask. The header is read then. */
export function readExactHeader(r: Reader): FieldEntry | undefined {
  const at = r.at;
  if (r.end - at < 4) return undefined;
  const b = r.octets;
  // A signed number, because those of 32 bits need no allocation.
  const bits =
    ((b[at] as number) << 24) | ((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number);
  const entry = (EXACT[r.version - 4] as ReadonlyMap<number, FieldEntry>).get(bits);
  if (entry !== undefined) r.at = at + 4;
  return entry;
}

/** A header as read: the 32 bits, the experimenter if there is one, and the field if it is known. */
export interface ReadHeader {
  readonly bits: number;
  readonly experimenter: number;
  readonly hasMask: boolean;
  /** Octets of value and mask together; of the structure's payload, experimenter not counted. */
  readonly length: number;
  readonly name: FieldName | UnknownFieldName;
  readonly entry: FieldEntry | undefined;
  /** The header's name, as in OXM_OF_ETH_SRC, when it is not the canonical one. */
  readonly alternate: string | undefined;
}

/** Reads a header and, if its class says so, the experimenter after it. */
export function readHeader(r: Reader): ReadHeader {
  const at = r.at;
  const bits = r.u32();
  const cls = bits >>> 16;
  const isExperimenter = cls === 0xffff;
  const wire = bits & 0xff;
  if (isExperimenter && wire < 4) throw r.error('OFPBMC_BAD_LEN', at);
  const experimenter = isExperimenter ? r.u32() : 0;
  // Four zeros are no header: some senders count a match's padding to its length.
  const found = bits === 0 ? undefined : BY_HEADER.get(key(cls, (bits >>> 9) & 0x7f, experimenter));
  const canonical = found?.entry.canonical[r.version - 4];
  return {
    bits,
    experimenter,
    hasMask: (bits & 0x100) !== 0,
    length: isExperimenter ? wire - 4 : wire,
    name: found?.entry.name ?? unknownName(bits, experimenter),
    entry: found?.entry,
    alternate: found === undefined || found.header === canonical ? undefined : found.header.name,
  };
}

/** The name of a field that only its header tells. */
export function unknownName(bits: number, experimenter: number): UnknownFieldName {
  const hex = (v: number): string => v.toString(16).padStart(8, '0');
  return `oxm_${hex(bits)}${bits >>> 16 === 0xffff ? hex(experimenter) : ''}`;
}

/** The header of an entry: the canonical one, or the one of that name. */
export function headerOf(entry: FieldEntry, version: OpenFlowVersion, alternate: string | undefined): OxmHeader {
  if (alternate === undefined) return entry.canonical[version - 4] as OxmHeader;
  const header = entry.field.headers.find((h) => h.name === alternate);
  if (header === undefined) throw new EncodeError(`${entry.name} has no header ${alternate}`);
  return header;
}

/** Writes a header for a payload of `length` octets. */
export function writeHeader(w: Writer, header: OxmHeader, hasMask: boolean, length: number): void {
  const experimenter = header.experimenter;
  const wire = experimenter === undefined ? length : length + 4;
  if (wire > 0xff) throw new EncodeError(`${header.name}: ${wire} octets are too many`);
  w.u16(header.class);
  w.u16((header.field << 9) | (hasMask ? 0x100 : 0) | wire);
  if (experimenter !== undefined) w.u32(experimenter);
}

/**
 * Writes a field of fixed width with its canonical header: value, and mask if there is one. False where the value has
 * bits outside its mask.
 */
export function writeCanonical(
  w: Writer,
  entry: FieldEntry,
  value: number | bigint,
  mask: number | bigint | undefined,
): boolean {
  const { octets } = entry.field;
  const head = entry.headers[w.version - 4] as CanonicalBits;
  const length = head.octets + (mask === undefined ? octets : octets * 2);
  const at = w.reserve(length);
  putU32(w, at, mask === undefined ? head.exact : head.masked);
  if (head.octets === 8) putU32(w, at + 4, head.experimenter);
  const valueAt = at + head.octets;
  putValue(w, valueAt, octets, value);
  if (mask === undefined) return true;
  putValue(w, valueAt + octets, octets, mask);
  const b = w.octets;
  for (let i = valueAt; i < valueAt + octets; i++)
    if (((b[i] as number) & ~(b[i + octets] as number)) !== 0) return false;
  return true;
}

function putU32(w: Writer, at: number, v: number): void {
  const b = w.octets;
  b[at] = v >>> 24;
  b[at + 1] = v >>> 16;
  b[at + 2] = v >>> 8;
  b[at + 3] = v;
}

/** Writes a value at a place that is reserved. */
function putValue(w: Writer, at: number, octets: number, value: number | bigint): void {
  if (octets === 8) {
    w.u64At(at, value as bigint);
    return;
  }
  if (octets === 16) {
    w.u128At(at, value as bigint);
    return;
  }
  if (octets === 6) {
    w.u48At(at, value as number);
    return;
  }
  const v = value as number;
  if (octets === 4) {
    if (v >>> 0 !== v) w.refuse(v, 32);
    putU32(w, at, v);
    return;
  }
  if ((v & ((1 << (octets * 8)) - 1)) !== v) w.refuse(v, octets * 8);
  const b = w.octets;
  for (let i = octets - 1, left = v; i >= 0; i--, left >>>= 8) b[at + i] = left;
}

/** Writes the header that an unknown field's name holds. */
export function writeUnknownHeader(w: Writer, name: string): void {
  if (!/^oxm_([0-9a-f]{8}|ffff[0-9a-f]{12})$/.test(name)) throw new EncodeError(`unknown field ${name}`);
  w.bytes(Buffer.from(name.slice(4), 'hex'));
}

/** Reads a value of `octets` octets. */
export function readValue(r: Reader, field: Field, octets: number): number | bigint {
  if (field.kind === 'bigint') return r.big(octets);
  switch (octets) {
    case 1:
      return r.u8();
    case 2:
      return r.u16();
    case 3:
      return r.u24();
    case 4:
      return r.u32();
    default:
      return r.u48();
  }
}

/** Writes a value of `octets` octets. */
export function writeValue(w: Writer, field: Field, octets: number, value: number | bigint): void {
  if (field.kind === 'bigint') {
    w.big(value as bigint, octets);
    return;
  }
  switch (octets) {
    case 1:
      w.u8(value as number);
      return;
    case 2:
      w.u16(value as number);
      return;
    case 3:
      w.u24(value as number);
      return;
    case 4:
      w.u32(value as number);
      return;
    default:
      w.u48(value as number);
  }
}
