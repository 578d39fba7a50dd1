/** Actions with arguments in parentheses: controller, output, resubmit, sample, bundle, multipath, … */
import type { Action } from '../../actions/types.js';
import { OFPP } from '../../constants.js';
import { TextError } from '../../errors.js';
import { BUNDLE_ALGORITHMS, HASH_FIELDS, MULTIPATH_ALGORITHMS, PACKET_IN_REASONS } from '../action-words.js';
import { flowTypes } from '../flow-fields.js';
import { args, unknownArgument } from './arguments.js';
import { type Context, inconsistent, isIp, needPrerequisite, needWritable } from './context.js';
import { parseNumber, parsePort, parseTable } from './numbers.js';
import type { Item } from './scan.js';
import { fieldByName, parseSubfield, withOldHeader } from './subfield.js';

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
