/**
 * The arguments of the actions that are not plain structs: set_field, load, move, controller, learn, ct, nat and encap.
 *
 * Layouts: OpenFlow 1.5.1, 7.2.6, and the Nicira extensions of ovs-actions(7). Each codec reads up to the padding at
 * the end of its action, which the caller reads.
 */

import { EncodeError } from '../errors.js';
import type { FieldName, UnknownFieldName } from '../fields.js';
import { exceeds } from '../match.js';
import {
  fieldEntry,
  headerOf,
  readExactHeader,
  readHeader,
  readValue,
  writeCanonical,
  writeHeader,
  writeUnknownHeader,
  writeValue,
} from '../oxm.js';
import { type Codec, opt, pad, rest, struct, u8, u16, u32, u64, u128 } from '../wire/codec.js';
import { always, either, fieldPart, known, listOf, maybe, members, oneOf, settled } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import {
  type FieldHeader,
  type FieldRef,
  fieldHeader,
  narrowHeader,
  ofsNbitsRef,
  readOfsNbits,
  writeOfsNbits,
} from './fieldref.js';

/** What set_field sets. An unknown field has its octets instead of a value. */
export interface SetField {
  readonly field: FieldName | UnknownFieldName;
  readonly value: number | bigint;
  readonly mask?: number | bigint | undefined;
  readonly header?: string | undefined;
  /** Octets of the value of a tun_metadata field. */
  readonly octets?: number | undefined;
  /** Of an unknown field: value and mask as they came. */
  readonly unknown?: Buffer | undefined;
}

/** An OXM field with value and mask, as in OFPAT_SET_FIELD and NXAST_REG_LOAD2. */
export const setField: Codec<SetField> = {
  outline: known('field value'),
  read: (r) => {
    const at = r.at;
    const exact = readExactHeader(r);
    if (exact !== undefined) {
      return { field: exact.name, value: readValue(r, exact.field, exact.field.octets) };
    }
    const h = readHeader(r);
    const entry = h.entry;
    if (entry === undefined) return { field: h.name, value: 0, unknown: r.bytes(h.length) };
    const wide = h.hasMask ? h.length / 2 : h.length;
    if (entry.field.octets === 0 ? wide > 124 || !Number.isInteger(wide) : wide !== entry.field.octets)
      throw r.error('OFPBAC_BAD_SET_LEN', at);
    const value = readValue(r, entry.field, wide);
    const mask = h.hasMask ? readValue(r, entry.field, wide) : undefined;
    if (mask !== undefined && exceeds(value, mask)) throw r.error('OFPBAC_BAD_SET_MASK', at);
    return {
      field: h.name,
      value,
      ...(mask === undefined ? {} : { mask }),
      ...(h.alternate === undefined ? {} : { header: h.alternate }),
      ...(entry.field.octets === 0 ? { octets: wide } : {}),
    };
  },
  write: (w, { field, value, mask, header, octets, unknown }) => {
    const entry = fieldEntry(field);
    if (entry === undefined) {
      writeUnknownHeader(w, field);
      w.bytes(unknown ?? Buffer.alloc(0));
      return;
    }
    if (header === undefined && entry.field.octets !== 0) {
      if (!writeCanonical(w, entry, value, mask)) throw new EncodeError(`${field}: value has bits outside its mask`);
      return;
    }
    if (mask !== undefined && exceeds(value, mask)) throw new EncodeError(`${field}: value has bits outside its mask`);
    const wide =
      entry.field.octets === 0 ? (octets ?? Math.max(1, Math.ceil(value.toString(16).length / 2))) : entry.field.octets;
    writeHeader(w, headerOf(entry, w.version, header), mask !== undefined, mask === undefined ? wide : wide * 2);
    writeValue(w, entry.field, wide, value);
    if (mask !== undefined) writeValue(w, entry.field, wide, mask);
  },
};

/** What load loads: a value into a part of a field. */
export interface Load {
  readonly dst: FieldRef;
  readonly value: bigint;
}

/** NXAST_REG_LOAD. */
export const regLoad: Codec<Load> = struct({ dst: ofsNbitsRef, value: u64 });

/** A load as the masked set_field that OpenFlow 1.5 has instead. */
export const loadAsSetField: Codec<Load> = {
  read: (r) => {
    throw r.error('OFPBAC_BAD_TYPE');
  },
  write: (w, { dst, value }) => {
    const entry = fieldEntry(dst.field);
    if (entry === undefined) throw new EncodeError(`load: unknown field ${dst.field}`);
    const octets = entry.field.octets === 0 ? Math.max(1, Math.ceil((dst.start + dst.bits) / 8)) : entry.field.octets;
    const as = (v: bigint): number | bigint => (entry.field.kind === 'bigint' ? v : Number(v));
    const whole = dst.start === 0 && dst.bits === octets * 8;
    const shift = BigInt(dst.start);
    setField.write(w, {
      field: dst.field,
      value: as(value << shift),
      ...(whole ? {} : { mask: as(((1n << BigInt(dst.bits)) - 1n) << shift) }),
      ...(dst.header === undefined ? {} : { header: dst.header }),
      octets,
    });
  },
};

/** What move copies. Both parts have the same width. */
export interface Move {
  readonly src: FieldRef;
  readonly dst: FieldRef;
}

function sameWidth({ src, dst }: Record<string, unknown>): Move {
  const bits = Math.min((src as FieldRef).bits, (dst as FieldRef).bits);
  return { src: { ...(src as FieldRef), bits }, dst: { ...(dst as FieldRef), bits } };
}

/** n_bits, the two offsets, `gap` octets of padding, and the two headers. */
export function move(before: number, gap: number): Codec<Move> {
  return {
    outline: settled(members({ src: { outline: fieldPart(0xffff) }, dst: { outline: fieldPart(0xffff) } }), sameWidth),
    read: (r) => {
      if (before > 0) r.pad(before);
      const bits = r.u16();
      const srcStart = r.u16();
      const dstStart = r.u16();
      if (gap > 0) r.pad(gap);
      const src = fieldHeader.read(r);
      const dst = fieldHeader.read(r);
      return { src: { ...src, start: srcStart, bits }, dst: { ...dst, start: dstStart, bits } };
    },
    write: (w, { src, dst }) => {
      if (src.bits !== dst.bits) throw new EncodeError('move: the two parts differ in width');
      if (before > 0) w.pad(before);
      w.u16(src.bits);
      w.u16(src.start);
      w.u16(dst.start);
      if (gap > 0) w.pad(gap);
      fieldHeader.write(w, src);
      fieldHeader.write(w, dst);
    },
  };
}

/** Offset, header, width: NXAST_STACK_PUSH and NXAST_STACK_POP. */
export const stackRef: Codec<{ readonly ref: FieldRef }> = {
  outline: { is: 'members', members: { ref: { outline: fieldPart(0xffff) } } },
  read: (r) => {
    const start = r.u16();
    const header = fieldHeader.read(r);
    const bits = r.u16();
    r.pad(r.left);
    return { ref: { ...header, start, bits } };
  },
  write: (w, { ref }) => {
    const from = w.at;
    w.u16(ref.start);
    fieldHeader.write(w, ref);
    w.u16(ref.bits);
    w.pad(14 - (w.at - from));
  },
};

/** What the controller action sends along. */
export interface Controller {
  readonly max_len: number;
  readonly controller_id: number;
  /** 0 no match, 1 action, 2 invalid TTL, … (ofp_packet_in_reason). */
  readonly reason: number;
  readonly userdata?: Buffer | undefined;
  readonly pause?: boolean | undefined;
  readonly meter_id?: number | undefined;
  /** Properties we do not know. */
  readonly unknown?: readonly { readonly type: number; readonly octets: Buffer }[] | undefined;
}
/** The members of Controller may all be left out. */
export type ControllerInput = { readonly [K in keyof Controller]?: Controller[K] | undefined };

const plainController = struct({
  max_len: opt(u16, 0xffff),
  controller_id: opt(u16, 0),
  reason: opt(u8, 1),
  _1: pad(1),
});

/** NXAST_CONTROLLER. */
export const controller: Codec<Controller, ControllerInput> = plainController;

function property(w: Writer, type: number, write: () => void): void {
  const at = w.at;
  w.u16(type);
  w.reserve(2);
  write();
  w.patchU16(at + 2, w.at - at);
  w.padTo8(at);
}

/** Types 0 to 5 are those of Controller. */
const unknownProperty = members({ type: { outline: { is: 'number', least: 6, most: 0xffff } }, octets: rest });

/** NXAST_CONTROLLER2: only what differs from the default is sent. */
export const controller2: Codec<Controller, ControllerInput> = {
  outline: {
    is: 'members',
    members: {
      max_len: u16,
      controller_id: u16,
      reason: u8,
      userdata: maybe(rest),
      pause: maybe(always(true)),
      meter_id: maybe(u32),
      unknown: maybe(listOf(unknownProperty, 1)),
    },
  },
  read: (r) => {
    r.pad(6);
    const c: Record<string, unknown> = { max_len: 0xffff, controller_id: 0, reason: 1 };
    const unknown: { type: number; octets: Buffer }[] = [];
    while (r.at < r.end) readController2Property(r, c, unknown);
    if (unknown.length > 0) c.unknown = unknown;
    return c as unknown as Controller;
  },
  write: (w, c) => {
    w.pad(6);
    const { max_len = 0xffff, controller_id = 0, reason = 1, userdata, meter_id } = c;
    if (max_len !== 0xffff) property(w, 0, () => w.u32(max_len * 0x10000));
    if (controller_id !== 0) property(w, 1, () => w.u32(controller_id * 0x10000));
    if (reason !== 1) property(w, 2, () => w.u8(reason));
    if (userdata !== undefined) property(w, 3, () => w.bytes(userdata));
    if (c.pause === true) property(w, 4, () => undefined);
    if (meter_id !== undefined) property(w, 5, () => w.u32(meter_id));
    for (const { type, octets } of c.unknown ?? []) property(w, type, () => w.bytes(octets));
  },
};

/** 16 bits and the padding that properties of 16 bits have. */
function short(r: Reader): number {
  const value = r.u16();
  r.pad(2);
  return value;
}

function readController2Property(
  r: Reader,
  c: Record<string, unknown>,
  unknown: { type: number; octets: Buffer }[],
): void {
  const at = r.at;
  const type = r.u16();
  const length = r.u16();
  if (length < 4) throw r.error('OFPBPC_BAD_LEN', at);
  const outer = r.enter(length - 4, 'OFPBPC_BAD_LEN');
  if (type === 0 && length === 8) c.max_len = short(r);
  else if (type === 1 && length === 8) c.controller_id = short(r);
  else if (type === 2) c.reason = r.u8();
  else if (type === 3) c.userdata = r.rest();
  else if (type === 4) c.pause = true;
  else if (type === 5) c.meter_id = r.u32();
  else unknown.push({ type, octets: r.rest() });
  r.leave(outer, 'OFPBPC_BAD_LEN');
  r.pad(Math.min(r.left, (8 - (length & 7)) & 7));
}

/** One part of the flow that learn makes. `value` or `src` is where the bits come from. */
export interface LearnSpec {
  /** match: becomes part of the match; load: an action that loads; output: an action that outputs. */
  readonly dst: 'match' | 'load' | 'output';
  readonly bits: number;
  readonly src?: FieldRef | undefined;
  readonly value?: bigint | undefined;
  readonly field?: FieldRef | undefined;
}

const DST = ['match', 'load', 'output'] as const;

function readSpecField(r: Reader, bits: number): FieldRef {
  const header = narrowHeader.read(r);
  return { ...header, start: r.u16(), bits };
}

function writeSpecField(w: Writer, ref: FieldRef | undefined): void {
  if (ref === undefined) throw new EncodeError('learn: field is missing');
  narrowHeader.write(w, ref);
  w.u16(ref.start);
}

const part = { outline: fieldPart(64, true) };
/** A spec's parts are as wide as the spec, and a value is no wider. */
const specOutline = settled(
  {
    outline: either(
      members({ dst: oneOf('match', 'load'), src: part, field: part }),
      members({ dst: oneOf('match', 'load'), value: u64, field: part }),
      members({ dst: always('output'), src: part }),
    ),
  },
  ({ dst, src, value, field }) => {
    const parts = [src, field].filter((ref) => ref !== undefined) as FieldRef[];
    const bits = Math.min(...parts.map((ref) => ref.bits));
    return {
      dst,
      bits,
      ...(value === undefined ? {} : { value: BigInt.asUintN(bits, value as bigint) }),
      ...(src === undefined ? {} : { src: { ...src, bits } }),
      ...(field === undefined ? {} : { field: { ...field, bits } }),
    };
  },
);

/** The specs of learn, up to a zero or the end. */
export const learnSpecs: Codec<readonly LearnSpec[]> = {
  outline: { is: 'list', item: { outline: specOutline }, least: 0 },
  read: (r) => {
    const specs: LearnSpec[] = [];
    while (r.left >= 2) {
      const at = r.at;
      const header = r.u16();
      if (header === 0) {
        r.at = at;
        break;
      }
      const bits = header & 0x7ff;
      const dst = DST[(header >>> 11) & 3];
      if (dst === undefined || header >>> 14 !== 0 || bits === 0) throw r.error('OFPBAC_BAD_ARGUMENT', at);
      const from = header & 0x2000 ? { value: r.big(2 * Math.ceil(bits / 16)) } : { src: readSpecField(r, bits) };
      specs.push({ dst, bits, ...from, ...(dst === 'output' ? {} : { field: readSpecField(r, bits) }) });
    }
    return specs;
  },
  write: (w, specs) => {
    for (const spec of specs) {
      const immediate = spec.value !== undefined;
      w.u16((immediate ? 0x2000 : 0) | (DST.indexOf(spec.dst) << 11) | spec.bits);
      if (spec.value !== undefined) w.big(spec.value, 2 * Math.ceil(spec.bits / 16));
      else writeSpecField(w, spec.src);
      if (spec.dst !== 'output') writeSpecField(w, spec.field);
    }
  },
};

/** Flags of learn: 1 send_flow_rem, 2 delete_learned, 4 write the result. */
export const LEARN_WRITE_RESULT = 4;

/** The zone of ct: a number, or a part of a field. */
export const zone: Codec<number | FieldRef> = {
  outline: either(u16, { outline: fieldPart(16, true) }),
  read: (r) => {
    const at = r.at;
    if (r.u32() === 0) return r.u16();
    r.at = at;
    const header: FieldHeader = narrowHeader.read(r);
    return { ...header, ...readOfsNbits(r) };
  },
  write: (w, v) => {
    if (typeof v === 'number') {
      w.u32(0);
      w.u16(v);
      return;
    }
    narrowHeader.write(w, v);
    writeOfsNbits(w, v.start, v.bits);
  },
};

/** The range that nat translates to; absent members are not sent. */
export interface Nat {
  /** 1 src, 2 dst, 4 persistent, 8 hash, 16 random. */
  readonly flags: number;
  readonly ipv4_min?: number | undefined;
  readonly ipv4_max?: number | undefined;
  readonly ipv6_min?: bigint | undefined;
  readonly ipv6_max?: bigint | undefined;
  readonly proto_min?: number | undefined;
  readonly proto_max?: number | undefined;
}

/** NXAST_NAT. */
export const nat: Codec<Nat, Partial<Nat>> = {
  outline: {
    is: 'members',
    members: {
      flags: u16,
      ipv4_min: maybe(u32),
      ipv4_max: maybe(u32),
      ipv6_min: maybe(u128),
      ipv6_max: maybe(u128),
      proto_min: maybe(u16),
      proto_max: maybe(u16),
    },
  },
  read: (r) => {
    r.pad(2);
    const flags = r.u16();
    const at = r.at;
    const present = r.u16();
    if (present > 63) throw r.error('OFPBAC_BAD_ARGUMENT', at);
    return {
      flags,
      ...(present & 1 ? { ipv4_min: r.u32() } : {}),
      ...(present & 2 ? { ipv4_max: r.u32() } : {}),
      ...(present & 4 ? { ipv6_min: r.big(16) } : {}),
      ...(present & 8 ? { ipv6_max: r.big(16) } : {}),
      ...(present & 16 ? { proto_min: r.u16() } : {}),
      ...(present & 32 ? { proto_max: r.u16() } : {}),
    };
  },
  write: (w, n) => {
    w.pad(2);
    w.u16(n.flags ?? 0);
    const values = [n.ipv4_min, n.ipv4_max, n.ipv6_min, n.ipv6_max, n.proto_min, n.proto_max];
    w.u16(values.reduce<number>((bits, v, i) => (v === undefined ? bits : bits | (1 << i)), 0));
    if (n.ipv4_min !== undefined) w.u32(n.ipv4_min);
    if (n.ipv4_max !== undefined) w.u32(n.ipv4_max);
    if (n.ipv6_min !== undefined) w.big(n.ipv6_min, 16);
    if (n.ipv6_max !== undefined) w.big(n.ipv6_max, 16);
    if (n.proto_min !== undefined) w.u16(n.proto_min);
    if (n.proto_max !== undefined) w.u16(n.proto_max);
  },
};

/** A property of encap: class, type and what follows. */
export interface EncapProperty {
  readonly class: number;
  readonly type: number;
  readonly octets: Buffer;
}

/** The properties of encap, each padded to 8 octets. */
export const encapProperties: Codec<readonly EncapProperty[]> = {
  outline: { is: 'list', item: members({ class: u16, type: u8, octets: rest }), least: 0 },
  read: (r) => {
    const properties: EncapProperty[] = [];
    while (r.left >= 4) {
      const at = r.at;
      const cls = r.u16();
      const type = r.u8();
      const length = r.u8();
      if (length < 4 || length - 4 > r.left) throw r.error('OFPBAC_BAD_LEN', at);
      properties.push({ class: cls, type, octets: r.bytes(length - 4) });
      r.pad(Math.min(r.left, (8 - (length & 7)) & 7));
    }
    return properties;
  },
  write: (w, properties) => {
    for (const p of properties) {
      const at = w.at;
      w.u16(p.class);
      w.u8(p.type);
      w.u8(p.octets.length + 4);
      w.bytes(p.octets);
      w.padTo8(at);
    }
  },
};
