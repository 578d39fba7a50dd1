/**
 * Actions and instructions as ovs-ofctl prints them (ovs-actions(7)).
 *
 * One row for each action; the type of the table makes a row compulsory for every action of the library.
 */
import type { FieldRef } from '../actions/fieldref.js';
import type { EncapProperty, LearnSpec, Nat } from '../actions/layouts.js';
import type { Action, ActionKind, ActionOf } from '../actions/types.js';
import { OFPP } from '../constants.js';
import { FIELDS, type Field, type FieldName } from '../fields.js';
import type { Instruction } from '../instructions.js';
import { fieldEntry } from '../oxm.js';
import { BUNDLE_ALGORITHMS, formatDotted, formatReason, HASH_FIELDS, MULTIPATH_ALGORITHMS } from './action-words.js';
import { formatIpv4, formatIpv6, formatMac } from './address.js';
import { formatPort, formatTable, isReservedPort, type Names } from './names.js';
import { fieldBits, fieldName, formatSubfield } from './subfield.js';
import { formatValue, hex } from './value.js';

type Formats = { readonly [K in ActionKind]: (action: ActionOf<K>, names: Names | undefined) => string };

const hex4 = (v: number): string => `0x${v.toString(16).padStart(4, '0')}`;

function output({ port, max_len = 0 }: ActionOf<'output'>, names: Names | undefined): string {
  if (port === OFPP.CONTROLLER) return `CONTROLLER:${max_len}`;
  return isReservedPort(port) ? formatPort(port) : `output:${formatPort(port, names)}`;
}

function controller(c: ActionOf<'controller'>): string {
  const { max_len = 0xffff, controller_id = 0, reason = 1, userdata, pause, meter_id } = c;
  if (reason === 1 && controller_id === 0 && !userdata?.length && pause !== true && meter_id === undefined)
    return `CONTROLLER:${max_len}`;
  const parts = [
    ...(reason === 1 ? [] : [`reason=${formatReason(reason)}`]),
    ...(max_len === 0xffff ? [] : [`max_len=${max_len}`]),
    ...(controller_id === 0 ? [] : [`id=${controller_id}`]),
    ...(userdata?.length ? [`userdata=${formatDotted(userdata)}`] : []),
    ...(pause === true ? ['pause'] : []),
    ...(meter_id === undefined ? [] : [`meter_id=${meter_id}`]),
  ];
  return `controller(${parts.join(',')})`;
}

function resubmit(
  {
    in_port = OFPP.IN_PORT,
    table = 255,
  }: { readonly in_port?: number | undefined; readonly table?: number | undefined },
  ct: boolean,
  names: Names | undefined,
): string {
  const port = in_port === OFPP.IN_PORT ? '' : formatPort(in_port, names);
  if (port !== '' && table === 255 && !ct) return `resubmit:${port}`;
  return `resubmit(${port},${table === 255 ? '' : formatTable(table, names)}${ct ? ',ct' : ''})`;
}

function setField(a: ActionOf<'set_field'>, names: Names | undefined): string {
  const field: Field | undefined = fieldEntry(a.field)?.field;
  if (field === undefined) return `set_field:${a.unknown?.toString('hex') ?? ''}->${a.field}`;
  const sized = field.octets === 0 ? { ...field, octets: a.octets ?? 124 } : field;
  const whole =
    a.mask !== undefined &&
    BigInt(a.mask) === (1n << BigInt(8 * (field.octets === 0 ? (a.octets ?? 124) : field.octets))) - 1n;
  return `set_field:${formatValue(sized, a.value, whole ? undefined : a.mask, names)}->${fieldName(a.field)}`;
}

function multipath(m: ActionOf<'multipath'>): string {
  const { fields, basis, algorithm, max_link, arg = 0, dst } = m;
  return `multipath(${HASH_FIELDS[fields] ?? '<unknown>'},${basis},${MULTIPATH_ALGORITHMS[algorithm] ?? '<unknown>'},${max_link + 1},${arg},${formatSubfield(dst)})`;
}

function bundle(b: ActionOf<'bundle'>, name: string, names: Names | undefined): string {
  const head = [HASH_FIELDS[b.fields] ?? '<unknown>', b.basis, BUNDLE_ALGORITHMS[b.algorithm] ?? '<unknown>', 'ofport'];
  const dst = b.dst === undefined ? [] : [formatSubfield(b.dst)];
  return `${name}(${[...head, ...dst].join(',')},members:${b.members.map((m) => formatPort(m, names)).join(',')})`;
}

const LEARN_FLAGS = ['send_flow_rem', 'delete_learned'] as const;

function learn(l: ActionOf<'learn'>, names: Names | undefined): string {
  const flags = l.flags ?? 0;
  const parts = [
    `table=${formatTable(l.table ?? 1, names)}`,
    ...(l.idle_timeout ? [`idle_timeout=${l.idle_timeout}`] : []),
    ...(l.hard_timeout ? [`hard_timeout=${l.hard_timeout}`] : []),
    ...(l.fin_idle_timeout ? [`fin_idle_timeout=${l.fin_idle_timeout}`] : []),
    ...(l.fin_hard_timeout ? [`fin_hard_timeout=${l.fin_hard_timeout}`] : []),
    ...((l.priority ?? 0x8000) === 0x8000 ? [] : [`priority=${l.priority}`]),
    ...LEARN_FLAGS.filter((_, bit) => (flags >>> bit) & 1),
    ...(l.cookie ? [`cookie=${hex(l.cookie)}`] : []),
    ...(l.limit ? [`limit=${l.limit}`] : []),
    ...(l.result === undefined ? [] : [`result_dst=${formatSubfield(l.result)}`]),
    ...l.specs.map((spec) => learnSpec(spec, names)),
  ];
  return `learn(${parts.join(',')})`;
}

function learnSpec(spec: LearnSpec, names: Names | undefined): string {
  const { dst, field, src, value, bits } = spec;
  if (dst === 'output') return `output:${src === undefined ? '' : formatSubfield(src)}`;
  if (field === undefined) return '';
  if (dst === 'load')
    return `load:${src === undefined ? hex(value ?? 0n) : formatSubfield(src)}->${formatSubfield(field)}`;
  if (src !== undefined)
    return sameRef(src, field) ? formatSubfield(field) : `${formatSubfield(field)}=${formatSubfield(src)}`;
  const known = fieldEntry(field.field)?.field;
  if (known !== undefined && field.start === 0 && bits === fieldBits(known))
    return `${fieldName(field.field)}=${formatValue(known, value ?? 0n, undefined, names)}`;
  return `${formatSubfield(field)}=${hex(value ?? 0n)}`;
}

function sameRef(a: FieldRef, b: FieldRef): boolean {
  return a.field === b.field && a.start === b.start && a.bits === b.bits;
}

function nat(n: Partial<Nat>): string {
  const flags = n.flags ?? 0;
  if ((flags & 3) === 0) return 'nat';
  const port =
    n.proto_min === undefined || n.proto_min === 0
      ? ''
      : `:${n.proto_min}${n.proto_max !== undefined && n.proto_max > n.proto_min ? `-${n.proto_max}` : ''}`;
  const parts = [
    `${flags & 1 ? 'src' : 'dst'}${natAddress(n, port !== '')}${port}`,
    ...['persistent', 'hash', 'random'].filter((_, i) => flags & (4 << i)),
  ];
  return `nat(${parts.join(',')})`;
}

function natAddress(n: Partial<Nat>, hasPort: boolean): string {
  if (n.ipv4_min !== undefined)
    return `=${formatIpv4(n.ipv4_min)}${n.ipv4_max !== undefined && n.ipv4_max > n.ipv4_min ? `-${formatIpv4(n.ipv4_max)}` : ''}`;
  if (n.ipv6_min === undefined) return '';
  const bracket = (v: bigint): string => (hasPort ? `[${formatIpv6(v)}]` : formatIpv6(v));
  return `=${bracket(n.ipv6_min)}${n.ipv6_max !== undefined && n.ipv6_max > 0n ? `-${bracket(n.ipv6_max)}` : ''}`;
}

function ct(c: ActionOf<'ct'>, names: Names | undefined): string {
  const { flags = 0, zone = 0, table = 255, alg = 0, actions = [] } = c;
  const first = actions[0];
  const outside = first?.kind === 'nat' ? [nat(first)] : [];
  const inside = actions.slice(outside.length);
  const parts = [
    ...(flags & 1 ? ['commit'] : []),
    ...(flags & 2 ? ['force'] : []),
    ...(table === 255 ? [] : [`table=${formatTable(table, names)}`]),
    ...(typeof zone !== 'number' ? [`zone=${formatSubfield(zone)}`] : zone === 0 ? [] : [`zone=${zone}`]),
    ...outside,
    ...(inside.length === 0 ? [] : [`exec(${formatActions(inside, names)})`]),
    ...(alg === 0 ? [] : [`alg=${alg === 21 ? 'ftp' : alg === 69 ? 'tftp' : alg}`]),
  ];
  return `ct(${parts.join(',')})`;
}

function sample(s: ActionOf<'sample'>, names: Names | undefined): string {
  const { sampling_port: port = OFPP.ANY, direction = 0 } = s;
  const tail = [
    ...(port === OFPP.ANY || port === 0xffff ? [] : [`sampling_port=${formatPort(port, names)}`]),
    ...(direction === 1 ? ['ingress'] : direction === 2 ? ['egress'] : []),
  ];
  const head = `probability=${s.probability},collector_set_id=${s.collector_set_id ?? 0},obs_domain_id=${s.obs_domain_id ?? 0},obs_point_id=${s.obs_point_id ?? 0}`;
  return `sample(${[head, ...tail].join(',')})`;
}

const PACKET_TYPES: Readonly<Record<number, string>> = { 0: 'ethernet', 100687: 'nsh', 100423: 'mpls', 100424: 'mpls' };

function encap({ packet_type, properties = [] }: ActionOf<'encap'>): string {
  const name = PACKET_TYPES[packet_type] ?? `<packet_type=${hex(packet_type)}>`;
  if (name === 'mpls') return `encap(mpls(ether_type=${hex4(packet_type & 0xffff)}))`;
  const shown = properties.map(encapProperty);
  return `encap(${name}${shown.length === 0 ? '' : `(${shown.join(',')})`})`;
}

function encapProperty({ class: cls, type, octets }: EncapProperty): string {
  if (cls === 4 && type === 1) return `md_type=${octets[0]}`;
  if (cls === 4 && type === 2)
    return `tlv(${hex4(octets.readUInt16BE(0))},${octets[2]},0x${octets.subarray(4, 4 + (octets[3] ?? 0)).toString('hex')})`;
  return `<class=${cls},type=${type}>`;
}

const decap = ({ packet_type = 0xfffe }: ActionOf<'decap'>): string =>
  packet_type === 0xfffe ? 'decap()' : `decap(packet_type(ns=${packet_type >>> 16},type=${hex(packet_type & 0xffff)}))`;

function writeMetadata(metadata: bigint, mask = 0xffffffffffffffffn): string {
  return `write_metadata:${hex(metadata)}${mask === 0xffffffffffffffffn ? '' : `/${hex(mask)}`}`;
}

const FORMATS: Formats = {
  output,
  set_vlan_vid: (a) => `set_vlan_vid:${a.vlan_vid}`,
  set_vlan_pcp: (a) => `set_vlan_pcp:${a.vlan_pcp}`,
  set_eth_src: (a) => `mod_dl_src:${formatMac(a.eth_src)}`,
  set_eth_dst: (a) => `mod_dl_dst:${formatMac(a.eth_dst)}`,
  set_ip_src: (a) => `mod_nw_src:${formatIpv4(a.ip_src)}`,
  set_ip_dst: (a) => `mod_nw_dst:${formatIpv4(a.ip_dst)}`,
  set_nw_tos: (a) => `mod_nw_tos:${a.nw_tos}`,
  set_nw_ecn: (a) => `mod_nw_ecn:${a.nw_ecn}`,
  set_tp_src: (a) => `mod_tp_src:${a.tp_src}`,
  set_tp_dst: (a) => `mod_tp_dst:${a.tp_dst}`,
  copy_ttl_out: () => 'copy_ttl_out',
  copy_ttl_in: () => 'copy_ttl_in',
  set_mpls_label: (a) => `set_mpls_label(${a.mpls_label})`,
  set_mpls_tc: (a) => `set_mpls_tc(${a.mpls_tc})`,
  set_mpls_ttl: (a) => `set_mpls_ttl(${a.mpls_ttl})`,
  dec_mpls_ttl: () => 'dec_mpls_ttl',
  push_vlan: (a) => `push_vlan:${hex(a.ethertype)}`,
  pop_vlan: () => 'pop_vlan',
  push_mpls: (a) => `push_mpls:${hex4(a.ethertype)}`,
  pop_mpls: (a) => `pop_mpls:${hex4(a.ethertype)}`,
  set_queue: (a) => `set_queue:${a.queue_id}`,
  group: (a) => `group:${a.group_id}`,
  set_nw_ttl: (a) => `mod_nw_ttl:${a.nw_ttl}`,
  dec_ttl: () => 'dec_ttl',
  dec_ttl_cnt_ids: (a) => `dec_ttl(${a.controllers.join(',')})`,
  set_field: setField,
  load: (a) => `load:${hex(a.value)}->${formatSubfield(a.dst)}`,
  move: (a) => `move:${formatSubfield(a.src)}->${formatSubfield(a.dst)}`,
  push_pbb: (a) => `push_pbb:${hex4(a.ethertype)}`,
  pop_pbb: () => 'pop_pbb',
  meter: (a) => `meter:${a.meter_id}`,
  resubmit: (a, names) => resubmit(a, false, names),
  resubmit_ct: (a, names) => resubmit(a, true, names),
  set_tunnel: (a) => `set_tunnel${a.tun_id > 0xffffffffn || a.wire === 'set_tunnel64' ? '64' : ''}:${hex(a.tun_id)}`,
  pop_queue: () => 'pop_queue',
  note: (a) => `note:${formatDotted(a.note)}`,
  multipath,
  bundle: (a, names) => bundle(a, 'bundle', names),
  bundle_load: (a, names) => bundle({ ...a, kind: 'bundle' }, 'bundle_load', names),
  output_reg: (a) => `output:${formatSubfield(a.src)}`,
  learn,
  exit: () => 'exit',
  fin_timeout: (a) =>
    `fin_timeout(${[...(a.fin_idle_timeout ? [`idle_timeout=${a.fin_idle_timeout}`] : []), ...(a.fin_hard_timeout ? [`hard_timeout=${a.fin_hard_timeout}`] : [])].join(',')})`,
  controller,
  write_metadata: (a) => writeMetadata(a.metadata, a.metadata_mask),
  push: (a) => `push:${formatSubfield(a.ref)}`,
  pop: (a) => `pop:${formatSubfield(a.ref)}`,
  sample,
  conjunction: (a) => `conjunction(${a.id},${a.clause + 1}/${a.n_clauses})`,
  ct,
  nat,
  output_trunc: (a, names) => `output(port=${formatPort(a.port, names)},max_len=${a.max_len})`,
  clone: (a, names) => `clone(${formatActions(a.actions, names)})`,
  ct_clear: () => 'ct_clear',
  encap,
  decap,
  dec_nsh_ttl: () => 'dec_nsh_ttl',
  check_pkt_larger: (a) => `check_pkt_larger(${a.pkt_len})->${formatSubfield(a.dst)}`,
  delete_field: (a) => `delete_field:${FIELDS[a.field as FieldName] === undefined ? a.field : fieldName(a.field)}`,
  debug_slow: () => 'debug_slow',
  debug_recirc: () => 'debug_recirc',
};

// The row and the action belong together by `kind`, which the compiler cannot follow through the lookup.
const LOOSE = FORMATS as Readonly<Record<string, (action: Action, names: Names | undefined) => string>>;

/** One action. */
export function formatAction(action: Action, names?: Names): string {
  const format = action.kind === 'unknown' ? undefined : LOOSE[action.kind];
  if (format !== undefined) return format(action, names);
  return action.kind === 'unknown' ? `unknown(type=${action.type},${action.octets.toString('hex')})` : action.kind;
}

function one(instruction: Instruction, names: Names | undefined): string {
  switch (instruction.kind) {
    case 'apply_actions':
      return (instruction.actions ?? []).map((a) => formatAction(a, names)).join(',');
    case 'write_actions':
      return `write_actions(${formatActions(instruction.actions ?? [], names)})`;
    case 'clear_actions':
      return 'clear_actions';
    case 'goto_table':
      return `goto_table:${formatTable(instruction.table_id, names)}`;
    case 'write_metadata':
      return writeMetadata(instruction.metadata, instruction.metadata_mask);
    case 'meter':
      return `meter:${instruction.meter_id}`;
    case 'stat_trigger':
      return `stat_trigger:${instruction.flags}`;
    case 'unknown':
      return `unknown_instruction(type=${instruction.type},${instruction.octets.toString('hex')})`;
    default:
      return instruction satisfies never;
  }
}

/** The order in which instructions take effect, which is the order ovs-ofctl prints. */
const EFFECT: readonly Instruction['kind'][] = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'stat_trigger',
  'goto_table',
  'unknown',
];

/** Actions as they stand after `actions=`; none is "drop". */
export function formatActions(actions: readonly Action[], names?: Names): string {
  return actions.length === 0 ? 'drop' : actions.map((a) => formatAction(a, names)).join(',');
}

/** Instructions as they stand after `actions=`, in the order they take effect; none is "drop". */
export function formatInstructions(instructions: readonly Instruction[], names?: Names): string {
  const sorted = [...instructions].sort((a, b) => EFFECT.indexOf(a.kind) - EFFECT.indexOf(b.kind));
  const text = sorted
    .map((i) => one(i, names))
    .filter((t) => t !== '')
    .join(',');
  return text === '' ? 'drop' : text;
}
