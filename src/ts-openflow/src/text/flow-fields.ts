/**
 * A match as Open vSwitch itself holds it: one value and mask for each part of a flow, whatever fields said so.
 *
 * xreg0 and reg0 are the same bits, as are vlan_vid, vlan_pcp and vlan_tci, or ip_dscp, ip_ecn and nw_tos. Text is
 * printed from this form, and parsed to it; `toMatch` gives the fields that ovs-ofctl would send.
 */
import { FIELDS, type Field, type FieldName } from '../fields.js';
import type { LooseMatch, Masked, Match } from '../match.js';
import { fieldEntry } from '../oxm.js';
import type { OpenFlowVersion } from '../version.js';

/** A value and the bits of it that count. */
export interface Bits {
  readonly value: bigint;
  readonly mask: bigint;
  /** Octets on the wire, for tun_metadata. */
  readonly octets?: number | undefined;
  /** Whether the mask is sent even where it has all bits (tun_metadata). */
  readonly masked?: boolean | undefined;
}

/** The parts of a flow that are matched, by the name of the field that covers each. */
export type FlowFields = Map<string, Bits>;

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** OVS 3.1 sets the mask of these to the value (match_set_tun_erspan_ver_masked and its like). */
const MASK_IS_VALUE: readonly string[] = [
  'tun_erspan_ver',
  'tun_erspan_dir',
  'tun_erspan_hwid',
  'tun_gtpu_flags',
  'tun_gtpu_msgtype',
];

function merge(flow: FlowFields, name: string, value: bigint, mask: bigint, octets?: number): void {
  const before = flow.get(name) ?? { value: 0n, mask: 0n };
  const kept = before.value & ~mask;
  flow.set(name, {
    value: kept | (value & mask),
    mask: before.mask | mask,
    ...(octets === undefined ? {} : { octets }),
  });
}

/** Sets one field, with everything that it implies. */
export function setFlowField(
  flow: FlowFields,
  name: FieldName,
  v: bigint,
  mask: bigint | undefined,
  octets?: number,
): void {
  const field: Field = FIELDS[name];
  const width = field.octets === 0 ? (octets ?? 124) * 8 : field.octets * 8;
  const m = mask ?? ones(width);
  const register = /^(x{1,2})reg(\d+)$/.exec(name);
  if (register !== null) {
    const words = register[1] === 'x' ? 2 : 4;
    for (let i = 0; i < words; i++) {
      const shift = BigInt(32 * (words - 1 - i));
      merge(flow, `reg${Number(register[2]) * words + i}`, (v >> shift) & ones(32), (m >> shift) & ones(32));
    }
  } else if (name === 'in_port_nxm') merge(flow, 'in_port', v >= 0xff00n ? v + 0xffff0000n : v, ones(32));
  else if (name === 'vlan_vid') merge(flow, 'vlan_tci', v & 0x1fffn, m & 0x1fffn);
  else if (name === 'vlan_pcp') merge(flow, 'vlan_tci', (v << 13n) | 0x1000n, 0xf000n);
  else if (name === 'nw_tos') merge(flow, 'nw_tos', v & 0xfcn, 0xfcn);
  else if (name === 'ip_dscp') merge(flow, 'nw_tos', v << 2n, 0xfcn);
  else if (name === 'ip_ecn') merge(flow, 'nw_tos', v, 3n);
  else if (name === 'arp_op') merge(flow, 'ip_proto', v & 0xffn, 0xffn);
  else if (MASK_IS_VALUE.includes(name)) merge(flow, name, v & m, v & m & ones(field.bits));
  else
    merge(
      flow,
      name,
      v,
      m & ones(field.octets === 0 ? width : name === 'ct_state' || name === 'tcp_flags' ? width : field.bits),
      octets,
    );
}

/** The parts that a match covers; fields that are not known are left out. */
export function flowFieldsOf(match: Match): FlowFields {
  const flow: FlowFields = new Map();
  for (const [name, masked] of Object.entries(match as unknown as LooseMatch)) {
    const entry = fieldEntry(name);
    if (entry === undefined || masked === undefined) continue;
    const { value, mask, octets } = masked as Masked<number | bigint>;
    setFlowField(flow, entry.name, BigInt(value), mask === undefined ? undefined : BigInt(mask), octets);
    const bits = flow.get(name);
    if (octets !== undefined && mask !== undefined && bits !== undefined) flow.set(name, { ...bits, masked: true });
  }
  for (const [name, { mask }] of flow) if (mask === 0n && !name.startsWith('tun_metadata')) flow.delete(name);
  return flow;
}

/** What a flow is: its Ethernet type (from packet_type too) and IP protocol, where they are matched exactly. */
export function flowTypes(flow: FlowFields): {
  readonly dlType: number | undefined;
  readonly nwProto: number | undefined;
} {
  const packetType = flow.get('packet_type');
  const fromPacket =
    packetType !== undefined && packetType.value >> 16n === 1n ? Number(packetType.value & 0xffffn) : undefined;
  const dlType = flow.get('eth_type')?.value;
  const proto = flow.get('ip_proto')?.value;
  return {
    dlType: fromPacket ?? (dlType === undefined ? undefined : Number(dlType)),
    nwProto: proto === undefined ? undefined : Number(proto),
  };
}

type Loose = Record<string, { value: number | bigint; mask?: number | bigint; octets?: number }>;

function put(match: Loose, name: FieldName, value: bigint, mask: bigint, exact: bigint, octets?: number): void {
  const big = FIELDS[name].kind === 'bigint';
  const as = (v: bigint): number | bigint => (big ? v : Number(v));
  match[name] = {
    value: as(value),
    ...(mask === exact ? {} : { mask: as(mask) }),
    ...(octets === undefined ? {} : { octets }),
  };
}

function putVlan(match: Loose, { value, mask }: Bits): void {
  if ((mask & 0x1fffn) !== 0n) put(match, 'vlan_vid', value & 0x1fffn & mask, mask & 0x1fffn, 0x1fffn);
  if ((value & mask & 0x1fffn) !== 0n && mask >> 13n !== 0n) put(match, 'vlan_pcp', value >> 13n, 7n, 7n);
}

function putRegisters(match: Loose, flow: FlowFields, version: OpenFlowVersion): void {
  for (let i = 0; i < 16; i += 2) {
    const high = flow.get(`reg${i}`);
    const low = flow.get(`reg${i + 1}`);
    if ((high?.mask ?? 0n) === 0n && (low?.mask ?? 0n) === 0n) continue;
    if (version >= 6) {
      const join = (a: bigint | undefined, b: bigint | undefined): bigint => ((a ?? 0n) << 32n) | (b ?? 0n);
      put(match, `xreg${i / 2}` as FieldName, join(high?.value, low?.value), join(high?.mask, low?.mask), ones(64));
      continue;
    }
    if (high !== undefined && high.mask !== 0n) put(match, `reg${i}` as FieldName, high.value, high.mask, ones(32));
    if (low !== undefined && low.mask !== 0n) put(match, `reg${i + 1}` as FieldName, low.value, low.mask, ones(32));
  }
}

/** The match that ovs-ofctl sends for these parts in a version. */
export function toMatch(flow: FlowFields, version: OpenFlowVersion): Match {
  const match: Loose = {};
  const { dlType } = flowTypes(flow);
  const isArp = dlType === 0x806 || dlType === 0x8035;
  putRegisters(match, flow, version);
  for (const [name, bits] of flow) {
    if (bits.mask === 0n && fieldEntry(name)?.field.octets !== 0) continue;
    if (/^reg\d+$/.test(name)) continue;
    if (name === 'vlan_tci') putVlan(match, bits);
    else if (name === 'nw_tos') {
      if ((bits.mask & 0xfcn) !== 0n) put(match, 'ip_dscp', bits.value >> 2n, 0x3fn, 0x3fn);
      if ((bits.mask & 3n) !== 0n) put(match, 'ip_ecn', bits.value & 3n, 3n, 3n);
    } else if (name === 'ip_proto' && isArp) put(match, 'arp_op', bits.value, 0xffn, 0xffn);
    else if (name === 'packet_type' && bits.value === 0n && flow.has('eth_type')) continue;
    else {
      const field: Field = FIELDS[name as FieldName];
      const width = field.octets === 0 ? (bits.octets ?? 124) * 8 : field.octets * 8;
      // A mask of all the bits a field has counts as exact only where OVS keeps it so.
      const exact =
        name === 'ipv6_label' ||
        name === 'ipv6_exthdr' ||
        name === 'ip_frag' ||
        name === 'tun_erspan_idx' ||
        !field.maskable
          ? ones(field.bits)
          : ones(width);
      put(match, name as FieldName, bits.value, bits.mask, bits.masked === true ? -1n : exact, bits.octets);
    }
  }
  return match as unknown as Match;
}
