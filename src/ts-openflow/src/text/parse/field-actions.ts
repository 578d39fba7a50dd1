/** Actions on fields: set_field, load, move, push, pop, and the mod_… actions that OpenFlow 1.2 turned into set_field. */
import type { FieldRef } from '../../actions/fieldref.js';
import type { Action } from '../../actions/types.js';
import { TextError } from '../../errors.js';
import { FIELDS, type Field, type FieldName } from '../../fields.js';
import { ipv4, mac } from '../address.js';
import { flowTypes } from '../flow-fields.js';
import { type Context, hasVlan, inconsistent, isIp, needPrerequisite, needWritable, setFlow } from './context.js';
import { metadataOctets } from './match.js';
import { parseInteger, parseNumber } from './numbers.js';
import type { Item } from './scan.js';
import { fieldByName, parseSubfield, withOldHeader } from './subfield.js';
import { parseValue } from './value.js';

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** The two sides of `a->b`. */
export function arrow(text: string, column: number): readonly [left: string, right: string, rightColumn: number] {
  const at = text.indexOf('->');
  if (at < 0) throw new TextError(`"${text}": -> expected`, column);
  return [text.slice(0, at), text.slice(at + 2), column + at + 2];
}

const inMemory = (field: Field, v: bigint): number | bigint => (field.kind === 'bigint' ? v : Number(v));

/** The runs of ones in a mask, as loads of at most 64 bits each, lowest first. */
function loads(cx: Context, name: FieldName, value: bigint, mask: bigint): Action[] {
  const found: Action[] = [];
  let start = 0;
  while (mask >> BigInt(start) !== 0n) {
    if (((mask >> BigInt(start)) & 1n) === 0n) {
      start++;
      continue;
    }
    let bits = 0;
    while (bits < 64 && ((mask >> BigInt(start + bits)) & 1n) === 1n) bits++;
    found.push({
      kind: 'load',
      dst: withOldHeader({ field: name, start, bits }, cx.version),
      value: (value >> BigInt(start)) & ones(bits),
    });
    start += bits;
  }
  return found;
}

/** A set_field of some bits, in the words of the version. `load` says that it was written as a load. */
function setBits(
  cx: Context,
  name: FieldName,
  value: bigint,
  mask: bigint,
  load: boolean,
  octets: number | undefined,
): Action[] {
  const field: Field = FIELDS[name];
  const size = field.octets === 0 ? (octets ?? 0) : field.octets;
  const whole = mask === ones(size * 8);
  const variable = field.octets === 0 ? { octets: size } : {};
  const set = {
    kind: 'set_field' as const,
    field: name,
    value: inMemory(field, value),
    ...(whole ? {} : { mask: inMemory(field, mask) }),
    ...variable,
  };
  if (cx.version >= 6 || (!load && whole)) return [set];
  if (field.octets === 0 || field.headers.every((h) => h.experimenter !== undefined))
    return [load && whole ? { ...set, wire: 'reg_load2' } : set];
  return loads(cx, name, value, mask);
}

function checkTarget(cx: Context, name: string, column: number): void {
  needWritable(name, column);
  needPrerequisite(cx, name, column);
  const isCt = name === 'ct_mark' || name === 'ct_label';
  if (isCt && cx.inside !== 'ct') throw new TextError(`${name} may be set only inside ct(exec(…))`, column);
  if (name === 'vlan_vid' && !hasVlan(cx)) throw inconsistent(name, column);
  if (cx.inside === 'ct' && !isCt)
    throw new TextError(`ct(exec(…)) may only set ct_mark and ct_label, not ${name}`, column);
}

export function parseSetField(cx: Context, item: Item): void {
  const [text, target, column] = arrow(item.value ?? '', item.valueColumn);
  const name = fieldByName(target.trim());
  if (name === undefined || /^[A-Z]/.test(target.trim())) throw new TextError(`"${target}": a field expected`, column);
  checkTarget(cx, name, column);
  const field: Field = FIELDS[name];
  const { value, mask, exact } = parseValue(
    name,
    field.maskable ? field : { ...field, maskable: true },
    text,
    cx.names,
    item.valueColumn,
  );
  // A load of a whole field is printed so in 1.5: a mask of all the bits the field has.
  if (!exact && !field.maskable && mask !== ones(field.bits))
    throw new TextError(`field ${name} does not support masks`, item.valueColumn);
  if (field.octets === 0) {
    const octets = metadataOctets(exact ? value : mask | value);
    cx.actions.push(...setBits(cx, name, value, exact ? ones(octets * 8) : mask, false, octets));
    return;
  }
  const all = ones(field.octets * 8);
  cx.actions.push(...setBits(cx, name, value, exact ? all : mask, false, undefined));
  if (name === 'vlan_tci' && (value & 0x1000n) !== 0n) setFlow(cx, 'vlan_tci', value, 16);
}

export function parseLoad(cx: Context, item: Item): void {
  const [text, target, column] = arrow(item.value ?? '', item.valueColumn);
  const ref = parseSubfield(target, column);
  checkTarget(cx, ref.field, column);
  const value = parseInteger(text, Math.max(ref.bits, 64), item.valueColumn);
  if (value >> BigInt(ref.bits) !== 0n)
    throw new TextError(`${text}: value does not fit into ${ref.bits} bits`, item.valueColumn);
  const name = ref.field as FieldName;
  const octets = FIELDS[name].octets === 0 ? Math.ceil((ref.start + ref.bits) / 8) : undefined;
  const shift = BigInt(ref.start);
  cx.actions.push(...setBits(cx, name, value << shift, ones(ref.bits) << shift, true, octets));
}

/** A part with the header of the version: 1.5's copy_field has canonical ones, Nicira's actions the oldest. */
function refFor(cx: Context, ref: FieldRef): FieldRef {
  return cx.version >= 6 ? ref : withOldHeader(ref, cx.version);
}

export function parseMove(cx: Context, item: Item): void {
  const [from, to, column] = arrow(item.value ?? '', item.valueColumn);
  const src = parseSubfield(from, item.valueColumn);
  const dst = parseSubfield(to, column);
  if (src.bits !== dst.bits)
    throw new TextError(`${item.value}: source is ${src.bits} bits wide, destination ${dst.bits}`, column);
  needPrerequisite(cx, src.field, item.valueColumn);
  checkTarget(cx, dst.field, column);
  cx.actions.push({ kind: 'move', src: refFor(cx, src), dst: refFor(cx, dst) });
}

export function parseStack(kind: 'push' | 'pop') {
  return (cx: Context, item: Item): void => {
    const ref = parseSubfield(item.value ?? '', item.valueColumn);
    if (kind === 'pop') needWritable(ref.field, item.valueColumn);
    needPrerequisite(cx, ref.field, item.valueColumn);
    cx.actions.push({ kind, ref: withOldHeader(ref, cx.version) });
  };
}

function set(cx: Context, field: FieldName, value: number | bigint): void {
  cx.actions.push({ kind: 'set_field', field, value });
}

/** mod_vlan_vid and mod_vlan_pcp push a tag where there is none; set_vlan_… refuse that. */
export function parseVlan(field: 'vlan_vid' | 'vlan_pcp', pushes: boolean) {
  return (cx: Context, item: Item): void => {
    const value = parseNumber(item.value ?? '', field === 'vlan_vid' ? 12 : 3, item.valueColumn);
    if (!hasVlan(cx)) {
      if (!pushes) throw inconsistent(item.key, item.column);
      cx.actions.push({ kind: 'push_vlan', ethertype: 0x8100 });
    }
    set(cx, field, field === 'vlan_vid' ? value | 0x1000 : value);
    setFlow(cx, 'vlan_tci', 0x1000n, 16);
  };
}

export function parseMac(field: 'eth_src' | 'eth_dst') {
  return (cx: Context, item: Item): void => {
    needPrerequisite(cx, field, item.column);
    set(cx, field, mac((item.value ?? '').trim()));
  };
}

export function parseIpv4(field: 'ip_src' | 'ip_dst') {
  return (cx: Context, item: Item): void => {
    if (flowTypes(cx.flow).dlType !== 0x800) throw inconsistent(item.key, item.column);
    set(cx, field, ipv4((item.value ?? '').trim()));
  };
}

export function parseTos(cx: Context, item: Item): void {
  if (!isIp(cx)) throw inconsistent(item.key, item.column);
  const tos = parseNumber(item.value ?? '', 8, item.valueColumn);
  if ((tos & 3) !== 0) throw new TextError(`${tos}: a value without the ECN bits expected`, item.valueColumn);
  set(cx, 'ip_dscp', tos >>> 2);
}

export function parseEcn(cx: Context, item: Item): void {
  if (!isIp(cx)) throw inconsistent(item.key, item.column);
  set(cx, 'ip_ecn', parseNumber(item.value ?? '', 2, item.valueColumn));
}

export function parseTtl(cx: Context, item: Item): void {
  if (!isIp(cx)) throw inconsistent(item.key, item.column);
  cx.actions.push({ kind: 'set_nw_ttl', nw_ttl: parseNumber(item.value ?? '', 8, item.valueColumn) });
}

const TRANSPORT: Readonly<Record<number, 'tcp' | 'udp' | 'sctp'>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

export function parseTransport(side: 'src' | 'dst') {
  return (cx: Context, item: Item): void => {
    const protocol = TRANSPORT[flowTypes(cx.flow).nwProto ?? 0];
    if (protocol === undefined || !isIp(cx)) throw inconsistent(item.key, item.column);
    needPrerequisite(cx, `${protocol}_${side}`, item.column);
    set(cx, `${protocol}_${side}`, parseNumber(item.value ?? '', 16, item.valueColumn));
  };
}
