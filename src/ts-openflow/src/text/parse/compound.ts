/** Actions with arguments in parentheses: controller, ct, nat, clone, sample, bundle, multipath, encap, … */
import type { EncapProperty, Nat } from '../../actions/layouts.js';
import type { Action } from '../../actions/types.js';
import { OFPP } from '../../constants.js';
import { TextError } from '../../errors.js';
import { BUNDLE_ALGORITHMS, HASH_FIELDS, MULTIPATH_ALGORITHMS, PACKET_IN_REASONS } from '../action-words.js';
import { ipv4, ipv6 } from '../address.js';
import { flowTypes } from '../flow-fields.js';
import { type Context, inconsistent, isIp, needPrerequisite, needWritable, setFlow } from './context.js';
import { parseInteger, parseNumber, parsePort, parseTable } from './numbers.js';
import { type Item, scan } from './scan.js';
import { fieldByName, parseSubfield, withOldHeader } from './subfield.js';

/** Parses a nested list of actions; given by the table of actions, which also has these. */
export type Nested = (cx: Context, text: string, column: number, inside: Context['inside']) => readonly Action[];

const args = (item: Item): readonly Item[] => scan(item.value ?? '', item.valueColumn - 1);
const unknownArgument = (part: Item, of: string): TextError =>
  new TextError(`${of}: unknown argument "${part.key}"`, part.column);

function dotted(text: string, column: number): Buffer {
  const digits = text.replace(/\./g, '').trim();
  if (!/^([0-9a-fA-F]{2})*$/.test(digits))
    throw new TextError(`"${text}": pairs of hexadecimal digits expected`, column);
  return Buffer.from(digits, 'hex');
}

export function parseController(cx: Context, item: Item): void {
  const text = item.value;
  if (text === undefined || text === '') {
    cx.actions.push({ kind: 'output', port: OFPP.CONTROLLER, max_len: 0xffff });
    return;
  }
  if (/^\d\w*$/.test(text)) {
    cx.actions.push({ kind: 'output', port: OFPP.CONTROLLER, max_len: parseNumber(text, 16, item.valueColumn) });
    return;
  }
  const c: Record<string, unknown> = {};
  for (const part of args(item)) controllerArgument(c, part);
  const onlyLength = Object.keys(c).every((k) => k === 'max_len');
  if (onlyLength)
    cx.actions.push({ kind: 'output', port: OFPP.CONTROLLER, max_len: (c.max_len as number | undefined) ?? 0xffff });
  else cx.actions.push({ kind: 'controller', ...c } as Action);
}

function controllerArgument(c: Record<string, unknown>, part: Item): void {
  const value = part.value ?? '';
  if (part.key === 'reason') {
    const reason = (PACKET_IN_REASONS as readonly string[]).indexOf(value);
    if (reason < 0) throw new TextError(`controller: unknown reason "${value}"`, part.valueColumn);
    if (reason !== 1) c.reason = reason;
  } else if (part.key === 'max_len') c.max_len = parseNumber(value, 16, part.valueColumn);
  else if (part.key === 'id') {
    const id = parseNumber(value, 16, part.valueColumn);
    if (id !== 0) c.controller_id = id;
  } else if (part.key === 'userdata') {
    const octets = dotted(value, part.valueColumn);
    if (octets.length > 0) c.userdata = octets;
  } else if (part.key === 'pause') c.pause = true;
  else if (part.key === 'meter_id') c.meter_id = parseNumber(value, 32, part.valueColumn);
  else throw unknownArgument(part, 'controller');
}

export function parseOutput(cx: Context, item: Item): void {
  const text = (item.value ?? '').trim();
  if (/[[_]/.test(text) && fieldByName(text.replace(/\[.*$/, '')) !== undefined && cx.names?.ports === undefined) {
    const src = parseSubfield(text, item.valueColumn);
    needPrerequisite(cx, src.field, item.valueColumn);
    cx.actions.push({ kind: 'output_reg', src: withOldHeader(src, cx.version), max_len: 0xffff });
    return;
  }
  if (text.includes('port=')) {
    outputTrunc(cx, item);
    return;
  }
  const port = parsePort(text, cx.names, item.valueColumn);
  if (port === OFPP.ANY)
    throw new TextError('output: a port to output to expected (OFPBAC_BAD_OUT_PORT)', item.valueColumn);
  cx.actions.push({ kind: 'output', port, max_len: port === OFPP.CONTROLLER ? 0xffff : 0 });
}

function outputTrunc(cx: Context, item: Item): void {
  let port: number | undefined;
  let max_len: number | undefined;
  for (const part of args(item)) {
    if (part.key === 'port') port = parsePort(part.value ?? '', cx.names, part.valueColumn);
    else if (part.key === 'max_len') max_len = parseNumber(part.value ?? '', 32, part.valueColumn);
    else throw unknownArgument(part, 'output');
  }
  if (port === undefined || max_len === undefined)
    throw new TextError('output(port=…,max_len=…) expected', item.valueColumn);
  if (max_len < 14) throw new TextError('output: max_len of at least 14 expected', item.valueColumn);
  const fits = port < 0xff00 || port === OFPP.LOCAL || port === OFPP.IN_PORT;
  if (!fits) throw new TextError('output: a port that can be truncated expected', item.valueColumn);
  cx.actions.push({ kind: 'output_trunc', port, max_len });
}

export function parseResubmit(cx: Context, item: Item): void {
  const [port = '', table = '', ct] = (item.value ?? '').split(',').map((s) => s.trim());
  if (port === '' && table === '')
    throw new TextError('resubmit: at least one of port and table expected', item.valueColumn);
  if (ct !== undefined && ct !== 'ct') throw new TextError(`resubmit: unknown argument "${ct}"`, item.valueColumn);
  const in_port = port === '' ? OFPP.IN_PORT : parsePort(port, cx.names, item.valueColumn);
  if (ct !== undefined && table === '') throw new TextError('resubmit: a table expected before ct', item.valueColumn);
  const state = cx.flow.get('ct_state');
  if (ct !== undefined && (state === undefined || (state.value & state.mask & 0x20n) === 0n))
    throw inconsistent('resubmit with ct', item.column);
  cx.actions.push({
    kind: ct === undefined ? 'resubmit' : 'resubmit_ct',
    in_port,
    table: table === '' ? 255 : parseTable(table, cx.names, item.valueColumn),
  });
}

export function parseNote(cx: Context, item: Item): void {
  const octets = dotted(item.value ?? '', item.valueColumn);
  const size = octets.length <= 6 ? 6 : 6 + 8 * Math.ceil((octets.length - 6) / 8);
  cx.actions.push({ kind: 'note', note: Buffer.concat([octets, Buffer.alloc(size - octets.length)]) });
}

export function parseDecTtl(cx: Context, item: Item): void {
  if (!isIp(cx)) throw inconsistent('dec_ttl', item.column);
  if (item.value === undefined || item.value === '') {
    cx.actions.push({ kind: 'dec_ttl' });
    return;
  }
  const controllers = item.value.split(',').map((id) => parseNumber(id, 16, item.valueColumn));
  cx.actions.push({ kind: 'dec_ttl_cnt_ids', controllers });
}

export function parseFinTimeout(cx: Context, item: Item): void {
  if (flowTypes(cx.flow).nwProto !== 6 || !isIp(cx)) throw inconsistent('fin_timeout', item.column);
  let idle = 0;
  let hard = 0;
  for (const part of args(item)) {
    const value = parseNumber(part.value ?? '', 16, part.valueColumn);
    if (part.key === 'idle_timeout') idle = value;
    else if (part.key === 'hard_timeout') hard = value;
    else throw unknownArgument(part, 'fin_timeout');
  }
  cx.actions.push({ kind: 'fin_timeout', fin_idle_timeout: idle, fin_hard_timeout: hard });
}

export function parseConjunction(cx: Context, item: Item): void {
  const m = /^\s*(\w+)\s*,\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(item.value ?? '');
  if (m === null) throw new TextError('conjunction(ID,K/N) expected', item.valueColumn);
  const [k, n] = [Number(m[2]), Number(m[3])];
  if (n < 2 || n > 64 || k < 1 || k > n)
    throw new TextError('conjunction: 1 ≤ K ≤ N and 2 ≤ N ≤ 64 expected', item.valueColumn);
  cx.actions.push({
    kind: 'conjunction',
    id: parseNumber(m[1] as string, 32, item.valueColumn),
    clause: k - 1,
    n_clauses: n,
  });
}

export function parseSample(cx: Context, item: Item): void {
  const s: Record<string, number> = { probability: 0, collector_set_id: 0, obs_domain_id: 0, obs_point_id: 0 };
  for (const part of args(item)) {
    if (part.key === 'sampling_port') s.sampling_port = parsePort(part.value ?? '', cx.names, part.valueColumn);
    else if (part.key === 'ingress') s.direction = 1;
    else if (part.key === 'egress') s.direction = 2;
    else if (part.key in s)
      s[part.key] = parseNumber(part.value ?? '', part.key === 'probability' ? 16 : 32, part.valueColumn);
    else throw unknownArgument(part, 'sample');
  }
  if (s.probability === 0) throw new TextError('sample: a probability above 0 expected', item.valueColumn);
  cx.actions.push({ kind: 'sample', ...s } as Action);
}

export function parseMultipath(cx: Context, item: Item): void {
  const [fields = '', basis = '', algorithm = '', links = '', arg = '', dst = '', ...more] = (item.value ?? '').split(
    /\s*,\s*/,
  );
  if (dst === '' || more.length > 0)
    throw new TextError('multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARG,DST) expected', item.valueColumn);
  const max = parseNumber(links, 32, item.valueColumn);
  const ref = parseSubfield(dst, item.valueColumn);
  needWritable(ref.field, item.valueColumn);
  needPrerequisite(cx, ref.field, item.valueColumn);
  if (max < 1 || max > 65536 || (ref.bits < 16 && max > 2 ** ref.bits))
    throw new TextError(`multipath: ${links} links do not fit`, item.valueColumn);
  cx.actions.push({
    kind: 'multipath',
    fields: word(HASH_FIELDS, fields, item),
    basis: parseNumber(basis, 16, item.valueColumn),
    algorithm: word(MULTIPATH_ALGORITHMS, algorithm, item),
    max_link: max - 1,
    arg: parseNumber(arg, 32, item.valueColumn),
    dst: withOldHeader(ref, cx.version),
  });
}

function word(words: readonly string[], text: string, item: Item): number {
  const at = words.indexOf(text.trim());
  if (at < 0) throw new TextError(`${item.key}: one of ${words.join(', ')} expected, not "${text}"`, item.valueColumn);
  return at;
}

export function parseBundle(loads: boolean) {
  return (cx: Context, item: Item): void => {
    const m = /^(.*?),?\s*(?:members|slaves):(.*)$/.exec(item.value ?? '');
    if (m === null)
      throw new TextError(`${item.key}(FIELDS,BASIS,ALGORITHM,ofport,…,members:…) expected`, item.valueColumn);
    const [fields = '', basis = '', algorithm = '', type = '', dst] = (m[1] as string).split(/\s*,\s*/);
    if (type !== 'ofport') throw new TextError(`${item.key}: ofport expected, not "${type}"`, item.valueColumn);
    const ref = loads ? parseSubfield(dst ?? '', item.valueColumn) : undefined;
    if (ref !== undefined) {
      needWritable(ref.field, item.valueColumn);
      needPrerequisite(cx, ref.field, item.valueColumn);
      if (ref.bits < 16) throw new TextError('bundle_load: at least 16 bits expected', item.valueColumn);
    }
    const members = (m[2] as string).split(',').filter((p) => p.trim() !== '');
    cx.actions.push({
      kind: loads ? 'bundle_load' : 'bundle',
      fields: word(HASH_FIELDS, fields, item),
      basis: parseNumber(basis, 16, item.valueColumn),
      algorithm: word(BUNDLE_ALGORITHMS, algorithm, item),
      members: members.map((p) => parsePort(p, cx.names, item.valueColumn)),
      ...(ref === undefined ? {} : { dst: withOldHeader(ref, cx.version) }),
    } as Action);
  };
}

export function parseNat(cx: Context, item: Item): void {
  if (!isIp(cx)) throw inconsistent('nat', item.column);
  const nat: { -readonly [K in keyof Nat]?: Nat[K] } = { flags: 0 };
  let flags = 0;
  for (const part of args(item)) {
    if (part.key === 'src' || part.key === 'dst') {
      flags |= part.key === 'src' ? 1 : 2;
      if (part.value !== undefined && part.value !== '') natRange(cx, nat, part);
    } else if (part.key === 'persistent') flags |= 4;
    else if (part.key === 'hash') flags |= 8;
    else if (part.key === 'random') flags |= 16;
    else throw unknownArgument(part, 'nat');
  }
  if ((flags & 3) === 3) throw new TextError('nat: one of src and dst expected', item.valueColumn);
  if ((flags & 3) === 0 && flags !== 0) throw new TextError('nat: src or dst expected', item.valueColumn);
  if ((flags & 24) === 24) throw new TextError('nat: one of hash and random expected', item.valueColumn);
  cx.actions.push({ kind: 'nat', ...nat, flags });
}

type Range = { -readonly [K in keyof Nat]?: Nat[K] };

function natRange(cx: Context, nat: Range, part: Item): void {
  const given = part.value ?? '';
  // An IPv6 address that ports may follow stands in brackets; without brackets all of it is address.
  const text =
    given.includes('[') || given.split(':').length < 3
      ? given
      : given
          .split('-')
          .map((a) => `[${a}]`)
          .join('-');
  const m =
    /^(?:\[([^\]]*)\](?:-\[([^\]]*)\])?|([^-:]+(?:-[^-:]+)?)|([0-9a-fA-F:.]+?)(?:-([0-9a-fA-F:.]+))?)(?::(\d+)(?:-(\d+))?)?$/.exec(
      text,
    );
  if (m === null) throw new TextError(`nat: "${text}": a range of addresses expected`, part.valueColumn);
  const { dlType } = flowTypes(cx.flow);
  if (m[3] !== undefined) {
    const [low = '', high] = m[3].split('-');
    if (dlType !== 0x800) throw inconsistent('nat', part.column);
    nat.ipv4_min = ipv4(low);
    if (high !== undefined && ipv4(high) < nat.ipv4_min)
      throw new TextError('nat: the range ends before it starts', part.valueColumn);
    if (high !== undefined && ipv4(high) !== nat.ipv4_min) nat.ipv4_max = ipv4(high);
  } else {
    if (dlType !== 0x86dd) throw inconsistent('nat', part.column);
    const high = m[2] ?? m[5];
    nat.ipv6_min = ipv6(m[1] ?? m[4] ?? '');
    if (high !== undefined && ipv6(high) < nat.ipv6_min)
      throw new TextError('nat: the range ends before it starts', part.valueColumn);
    if (high !== undefined && ipv6(high) !== nat.ipv6_min) nat.ipv6_max = ipv6(high);
  }
  if (m[6] !== undefined) nat.proto_min = parseNumber(m[6], 16, part.valueColumn);
  if (m[7] !== undefined) nat.proto_max = parseNumber(m[7], 16, part.valueColumn);
  if (nat.proto_max !== undefined && nat.proto_min !== undefined && nat.proto_max < nat.proto_min)
    throw new TextError('nat: the range of ports ends before it starts', part.valueColumn);
}

export function parseCt(nested: Nested) {
  return (cx: Context, item: Item): void => {
    if (!isIp(cx)) throw inconsistent('ct', item.column);
    const ct: Record<string, unknown> = {};
    let flags = 0;
    const actions: Action[] = [];
    for (const part of args(item)) {
      if (part.key === 'commit') flags |= 1;
      else if (part.key === 'force') flags |= 2;
      else if (part.key === 'nat')
        actions.unshift(
          ...nested(cx, `nat${part.value === undefined ? '' : `(${part.value})`}`, part.column - 1, 'ct'),
        );
      else if (part.key === 'exec') actions.push(...nested(cx, part.value ?? '', part.valueColumn - 1, 'ct'));
      else ctArgument(cx, ct, part);
    }
    if ((flags & 2) !== 0 && (flags & 1) === 0) throw new TextError('ct: force needs commit', item.column);
    cx.actions.push({ kind: 'ct', ...ct, flags, actions } as Action);
  };
}

function ctArgument(cx: Context, ct: Record<string, unknown>, part: Item): void {
  const value = part.value ?? '';
  if (part.key === 'table') {
    ct.table = parseTable(value, cx.names, part.valueColumn);
    if (ct.table === 255) throw new TextError('ct: table 255 is not valid', part.valueColumn);
  } else if (part.key === 'zone') {
    if (/^\d/.test(value)) ct.zone = parseNumber(value, 16, part.valueColumn);
    else {
      const ref = parseSubfield(value, part.valueColumn);
      if (ref.bits !== 16) throw new TextError('ct: zone of 16 bits expected', part.valueColumn);
      needPrerequisite(cx, ref.field, part.valueColumn);
      ct.zone = withOldHeader(ref, cx.version);
    }
  } else if (part.key === 'alg') {
    const alg = value === 'ftp' ? 21 : value === 'tftp' ? 69 : undefined;
    const { nwProto } = flowTypes(cx.flow);
    if ((alg === 21 && nwProto !== 6) || (alg === 69 && nwProto !== 17)) throw inconsistent('alg', part.column);
    ct.alg = alg ?? parseNumber(value, 16, part.valueColumn, 'ftp or tftp');
  } else throw unknownArgument(part, 'ct');
}

const ENCAP_TYPES: Readonly<Record<string, number>> = { nsh: 0x1894f, ethernet: 0, mpls: 0x18847, mplsm: 0x18848 };

export function parseEncap(cx: Context, item: Item): void {
  const m = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/.exec(item.value ?? '');
  const name = m?.[1] ?? '';
  const packet_type = ENCAP_TYPES[name];
  if (m === null || packet_type === undefined)
    throw new TextError(`encap: one of ${Object.keys(ENCAP_TYPES).join(', ')} expected`, item.valueColumn);
  const properties: EncapProperty[] = [];
  for (const part of scan(m[2] ?? '', item.valueColumn)) {
    properties.push(encapProperty(name, part));
  }
  cx.actions.push({ kind: 'encap', packet_type, properties });
  cx.flow.delete('eth_type');
  setFlow(cx, 'packet_type', BigInt(packet_type), 32);
  if (packet_type !== 0) setFlow(cx, 'eth_type', BigInt(packet_type & 0xffff), 16);
}

function encapProperty(name: string, part: Item): EncapProperty {
  if (name === 'nsh' && part.key === 'md_type') {
    const type = parseNumber(part.value ?? '', 8, part.valueColumn);
    if (type !== 1 && type !== 2) throw new TextError('encap: md_type 1 or 2 expected', part.valueColumn);
    return { class: 4, type: 1, octets: Buffer.from([type]) };
  }
  const m = /^\s*(\w+)\s*,\s*(\w+)\s*,\s*0x([0-9a-fA-F]+)\s*$/.exec(part.value ?? '');
  if (name !== 'nsh' || part.key !== 'tlv' || m === null) throw unknownArgument(part, 'encap');
  const data = Buffer.from((m[3] as string).length % 2 === 0 ? (m[3] as string) : `0${m[3]}`, 'hex');
  const head = Buffer.alloc(4);
  head.writeUInt16BE(parseNumber(m[1] as string, 16, part.valueColumn));
  head[2] = parseNumber(m[2] as string, 8, part.valueColumn);
  head[3] = data.length;
  return { class: 4, type: 2, octets: Buffer.concat([head, data, Buffer.alloc((8 - (data.length & 7)) & 7)]) };
}

export function parseDecap(cx: Context, item: Item): void {
  const text = item.value ?? '';
  const m = /^\s*packet_type\(\s*ns\s*=\s*(\w+)\s*,\s*(?:type|id)\s*=\s*(\w+)\s*\)\s*$/.exec(text);
  if (text.trim() !== '' && m === null)
    throw new TextError('decap() or decap(packet_type(ns=…,type=…)) expected', item.valueColumn);
  const packet_type =
    m === null
      ? 0xfffe
      : Number(
          (parseInteger(m[1] as string, 16, item.valueColumn) << 16n) |
            parseInteger(m[2] as string, 16, item.valueColumn),
        );
  cx.actions.push({ kind: 'decap', packet_type });
  const before = cx.flow.get('packet_type')?.value ?? 0n;
  const { dlType } = flowTypes(cx.flow);
  // Behind an Ethernet header stands what its type says; what stands behind anything else only the packet knows.
  if (before === 0n) setFlow(cx, 'packet_type', dlType === undefined ? 0xfffen : 0x10000n | BigInt(dlType), 32);
  else {
    setFlow(cx, 'packet_type', 0xfffen, 32);
    cx.flow.delete('eth_type');
  }
}

export function parseCheckPktLarger(cx: Context, item: Item): void {
  if (item.value2 === undefined) throw new TextError('check_pkt_larger(LENGTH)->BIT expected', item.valueColumn);
  const ref = parseSubfield(item.value2, item.valueColumn);
  if (ref.bits !== 1) throw new TextError('check_pkt_larger: a single bit expected', item.valueColumn);
  needWritable(ref.field, item.valueColumn);
  cx.actions.push({
    kind: 'check_pkt_larger',
    pkt_len: parseNumber(item.value ?? '', 16, item.valueColumn),
    dst: withOldHeader(ref, cx.version),
  });
}

export function parseDeleteField(cx: Context, item: Item): void {
  const name = fieldByName((item.value ?? '').trim());
  if (name === undefined || !name.startsWith('tun_metadata'))
    throw new TextError('delete_field: a tun_metadata field expected', item.valueColumn);
  cx.actions.push({ kind: 'delete_field', field: name });
}
