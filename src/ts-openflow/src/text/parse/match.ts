/**
 * Matches from ovs-ofctl's text. A match whose prerequisite is missing is an error, never silently widened.
 */
import { TextError } from '../../errors.js';
import { FIELDS, type Field, type FieldName } from '../../fields.js';
import type { Match } from '../../match.js';
import type { OpenFlowVersion } from '../../version.js';
import { type FlowFields, flowTypes, setFlowField, toMatch } from '../flow-fields.js';
import type { Names } from '../names.js';
import { parseInteger } from './numbers.js';
import { type Item, scan } from './scan.js';
import { fieldByName } from './subfield.js';
import { parseValue } from './value.js';

/** Words that stand for an Ethernet type and a protocol. */
const PROTOCOLS: Readonly<Record<string, readonly [dlType: number, nwProto?: number]>> = {
  ip: [0x800],
  ipv4: [0x800],
  ip4: [0x800],
  icmp: [0x800, 1],
  igmp: [0x800, 2],
  tcp: [0x800, 6],
  udp: [0x800, 17],
  sctp: [0x800, 132],
  ipv6: [0x86dd],
  ip6: [0x86dd],
  icmp6: [0x86dd, 58],
  tcp6: [0x86dd, 6],
  udp6: [0x86dd, 17],
  sctp6: [0x86dd, 132],
  arp: [0x806],
  rarp: [0x8035],
  mpls: [0x8847],
  mplsm: [0x8848],
};

/** Fields that share a place in a flow, by their place; which one it is follows from type and protocol. */
const SHARED: Readonly<Record<string, string>> = {
  tcp_src: 'tp_src',
  udp_src: 'tp_src',
  sctp_src: 'tp_src',
  icmp_type: 'tp_src',
  icmpv6_type: 'tp_src',
  tcp_dst: 'tp_dst',
  udp_dst: 'tp_dst',
  sctp_dst: 'tp_dst',
  icmp_code: 'tp_dst',
  icmpv6_code: 'tp_dst',
  arp_spa: 'ip_src',
  arp_tpa: 'ip_dst',
};

/** A match under construction. */
export interface Draft {
  readonly flow: FlowFields;
  /** Where each field was given, for errors about prerequisites. */
  readonly columns: Map<string, readonly [name: FieldName, column: number]>;
}

export function newDraft(): Draft {
  return { flow: new Map(), columns: new Map() };
}

function setVlan(draft: Draft, item: Item): boolean {
  const text = item.value ?? '';
  if (item.key === 'dl_vlan') {
    const [value = '', mask] = text.split('/');
    if (mask !== undefined) throw new TextError('dl_vlan does not support masks', item.valueColumn);
    const vid = parseInteger(value, 16, item.valueColumn);
    if (vid !== 0xffffn && vid > 0xfffn) throw new TextError(`${value} is not a valid VLAN id`, item.valueColumn);
    if (vid === 0xffffn) setFlowField(draft.flow, 'vlan_tci', 0n, 0xffffn);
    else setFlowField(draft.flow, 'vlan_vid', vid | 0x1000n, 0x1fffn);
    return true;
  }
  if (item.key !== 'dl_vlan_pcp') return false;
  setFlowField(draft.flow, 'vlan_pcp', parseInteger(text, 3, item.valueColumn), undefined);
  return true;
}

/** Octets a tun_metadata value takes on the wire: as many as its digits say, none for zero. */
export function metadataOctets(value: bigint): number {
  return value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
}

const METADATA_SPACE = 256;

/** Tunnel metadata is given out in words of four octets, 256 octets in all. */
function checkMetadata(flow: FlowFields, item: Item): void {
  let used = 0;
  for (const [name, { octets }] of flow)
    if (name.startsWith('tun_metadata')) used += 4 * Math.ceil((octets ?? 124) / 4);
  if (used > METADATA_SPACE)
    throw new TextError(
      `field ${item.key} exceeds the space for tunnel metadata (used ${used}, max ${METADATA_SPACE})`,
      item.column,
    );
}

function setField(draft: Draft, name: FieldName, item: Item, names: Names | undefined): void {
  const field: Field = FIELDS[name];
  const { value, mask, exact } = parseValue(item.key, field, item.value ?? '', names, item.valueColumn);
  if (field.octets === 0) {
    const octets = metadataOctets(exact ? value : mask > value ? mask : value);
    const masked = (item.value ?? '').includes('/');
    draft.flow.set(name, { value, mask: exact ? (1n << BigInt(8 * octets)) - 1n : mask, octets, masked });
    checkMetadata(draft.flow, item);
    return;
  }
  const place = SHARED[name] ?? name;
  draft.columns.set(place, [name, item.column]);
  if (place === name) setFlowField(draft.flow, name, value, mask);
  else draft.flow.set(place, { value, mask: exact ? (1n << BigInt(field.octets * 8)) - 1n : mask });
}

/** Sets what one item says; false when it is not of the match. */
export function setMatchItem(draft: Draft, item: Item, names: Names | undefined): boolean {
  const protocol = PROTOCOLS[item.key];
  if (protocol !== undefined && item.value === undefined) {
    setFlowField(draft.flow, 'eth_type', BigInt(protocol[0]), undefined);
    if (protocol[1] !== undefined) setFlowField(draft.flow, 'ip_proto', BigInt(protocol[1]), undefined);
    return true;
  }
  if (item.key === 'eth' && item.value === undefined) {
    setFlowField(draft.flow, 'packet_type', 0n, undefined);
    return true;
  }
  if (setVlan(draft, item)) return true;
  if (setBits(draft, item)) return true;
  const name = item.key === 'in_port' ? 'in_port' : /^[a-z]/.test(item.key) ? fieldByName(item.key) : undefined;
  if (item.key === 'skb_priority') throw new TextError('skb_priority cannot be matched in OpenFlow', item.column);
  if (name === undefined) return false;
  if (item.value === undefined && name.startsWith('tun_metadata')) {
    draft.flow.set(name, { value: 0n, mask: 0n, octets: 0, masked: true });
    return true;
  }
  if (item.value === undefined) throw new TextError(`field ${item.key}: a value expected`, item.column);
  setField(draft, name, item, names);
  return true;
}

/** `reg0[0..15]=5`: a part of a field. */
function setBits(draft: Draft, item: Item): boolean {
  const m = /^([a-z]\w*)\[(\d*)(?:\.\.(\d+))?\]$/.exec(item.key);
  const name = m === null ? undefined : m[1] === 'in_port' ? 'in_port' : fieldByName(m[1] as string);
  if (m === null || name === undefined) return false;
  const field: Field = FIELDS[name];
  const start = m[2] === '' ? 0 : Number(m[2]);
  const end = m[2] === '' ? field.bits - 1 : m[3] === undefined ? start : Number(m[3]);
  if (end < start || end >= field.bits)
    throw new TextError(`${item.key}: bits within 0..${field.bits - 1} expected`, item.column);
  const [value = '', mask] = (item.value ?? '').split('/');
  const width = end - start + 1;
  const bits = parseInteger(value, width, item.valueColumn);
  const all = (1n << BigInt(width)) - 1n;
  const m2 = mask === undefined ? all : parseInteger(mask, width, item.valueColumn);
  setFlowField(draft.flow, name, (bits & m2) << BigInt(start), m2 << BigInt(start));
  return true;
}

const IP_TYPES: readonly (number | undefined)[] = [0x800, 0x86dd];
const ARP_TYPES: readonly (number | undefined)[] = [0x806, 0x8035];
const MPLS_TYPES: readonly (number | undefined)[] = [0x8847, 0x8848];

/** The name of a shared place in a flow of that type and protocol; undefined where there is none. */
export function placeName(
  place: string,
  dlType: number | undefined,
  nwProto: number | undefined,
): FieldName | undefined {
  if (place === 'ip_src' || place === 'ip_dst') {
    const side = place === 'ip_src' ? 'src' : 'dst';
    if (dlType === 0x800) return `ip_${side}`;
    return ARP_TYPES.includes(dlType) ? (side === 'src' ? 'arp_spa' : 'arp_tpa') : undefined;
  }
  if (!IP_TYPES.includes(dlType)) return undefined;
  const side = place === 'tp_src' ? 'src' : 'dst';
  const transport = nwProto === 6 ? 'tcp' : nwProto === 17 ? 'udp' : nwProto === 132 ? 'sctp' : undefined;
  if (transport !== undefined) return `${transport}_${side}`;
  const icmp = nwProto === 1 && dlType === 0x800 ? 'icmp' : nwProto === 58 && dlType === 0x86dd ? 'icmpv6' : undefined;
  return icmp === undefined ? undefined : `${icmp}_${side === 'src' ? 'type' : 'code'}`;
}

/** Whether a flow satisfies what a field needs. */
export function satisfies(field: Field, flow: FlowFields): boolean {
  const { dlType, nwProto } = flowTypes(flow);
  const icmpType = flow.get('icmpv6_type') ?? flow.get('tp_src');
  const vlan = flow.get('vlan_tci');
  switch (field.prerequisite) {
    case 'none':
      return true;
    case 'eth':
      return (flow.get('packet_type')?.value ?? 0n) === 0n;
    case 'vlan':
      return vlan !== undefined && (vlan.mask & vlan.value & 0x1000n) !== 0n;
    case 'mpls':
      return MPLS_TYPES.includes(dlType);
    case 'ipv4':
      return dlType === 0x800;
    case 'ipv6':
      return dlType === 0x86dd;
    case 'ip':
      return IP_TYPES.includes(dlType);
    case 'arp':
      return ARP_TYPES.includes(dlType);
    case 'nsh':
      return dlType === 0x894f;
    case 'ct':
      return true;
    case 'tcp':
    case 'udp':
    case 'sctp':
      return (
        IP_TYPES.includes(dlType) &&
        nwProto === { tcp: 6, udp: 17, sctp: 132 }[field.prerequisite] &&
        !isLaterFragment(flow)
      );
    case 'icmpv4':
      return dlType === 0x800 && nwProto === 1;
    case 'icmpv6':
      return dlType === 0x86dd && nwProto === 58;
    default: {
      const nd = dlType === 0x86dd && nwProto === 58 && icmpType !== undefined;
      if (field.prerequisite === 'nd_ns') return nd && icmpType.value === 135n;
      if (field.prerequisite === 'nd_na') return nd && icmpType.value === 136n;
      return nd && (icmpType.value === 135n || icmpType.value === 136n);
    }
  }
}

function isLaterFragment(flow: FlowFields): boolean {
  const frag = flow.get('ip_frag');
  return frag !== undefined && (frag.value & frag.mask & 2n) !== 0n;
}

/** Gives shared places their names; a field without its prerequisite is an error. */
export function finishDraft(draft: Draft): FlowFields {
  const { flow, columns } = draft;
  const { dlType, nwProto } = flowTypes(flow);
  for (const place of ['ip_src', 'ip_dst', 'tp_src', 'tp_dst']) {
    const bits = flow.get(place);
    if (bits === undefined || bits.mask === 0n) continue;
    const name = placeName(place, dlType, nwProto);
    const [given, column] = columns.get(place) ?? ['ip_src', 1];
    if (name === undefined)
      throw new TextError(`${given} needs its protocol, as in "tcp" or "arp", in the match`, column);
    const octets = (FIELDS[name] as Field).octets;
    const all = (1n << BigInt(8 * octets)) - 1n;
    flow.delete(place);
    flow.set(name, { value: bits.value & all, mask: bits.mask & all });
  }
  for (const [place, [name, column]] of columns) {
    if (SHARED[name] !== undefined || place === 'ip_src' || place === 'ip_dst') continue;
    if (name === 'ip_proto' && ARP_TYPES.includes(dlType)) continue;
    const field: Field = FIELDS[name];
    if (field.prerequisite !== 'vlan' && flow.get(name)?.mask !== 0n && !satisfies(field, flow)) {
      throw new TextError(`field ${name} needs ${field.prerequisite} in the match`, column);
    }
  }
  return flow;
}

/** A match, as in `tcp,reg0=1,nw_src=10.0.0.0/8`. The version decides how registers are written. Throws TextError. */
export function parseMatch(
  text: string,
  options: { readonly version?: OpenFlowVersion; readonly names?: Names } = {},
): Match {
  const draft = newDraft();
  for (const item of scan(text)) {
    if (!setMatchItem(draft, item, options.names)) throw new TextError(`unknown field "${item.key}"`, item.column);
  }
  return toMatch(finishDraft(draft), options.version ?? 5);
}
