/**
 * Matches as ovs-ofctl prints them: `priority=100,tcp,reg0=0x1,in_port=1,nw_src=10.0.0.0/8,tp_dst=80`.
 *
 * The order is ovs-ofctl's, not the wire's. A field we do not know cannot be printed; it stands as its header's name.
 */
import type { LooseMatch, Match } from '../match.js';
import { fieldEntry } from '../oxm.js';
import { CT_STATE, formatFlagsMasked, TCP_FLAGS, TUN_FLAGS } from './flags.js';
import { type Bits, type FlowFields, flowFieldsOf, flowTypes } from './flow-fields.js';
import { formatPort, type Names } from './names.js';
import { formatFrag, formatIpv4Masked, formatIpv6Masked, formatMacMasked, formatPacketType, hex } from './value.js';

/** The default priority, which is not printed. */
export const DEFAULT_PRIORITY = 0x8000;

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** Collects `name=value` for the fields that are there. */
class Printer {
  readonly parts: string[] = [];
  readonly flow: FlowFields;
  readonly names: Names | undefined;

  constructor(flow: FlowFields, names: Names | undefined) {
    this.flow = flow;
    this.names = names;
  }

  /** Prints `field` as `name` with a format for value and mask. */
  put(field: string, format: (v: bigint, m: bigint) => string, name = field): void {
    const bits = this.flow.get(field);
    if (bits !== undefined && bits.mask !== 0n) this.parts.push(`${name}=${format(bits.value, bits.mask)}`);
  }

  hex(field: string, bits: number, name = field): void {
    this.put(field, (v, m) => (m === ones(bits) ? hex(v) : `${hex(v)}/${hex(m)}`), name);
  }

  /** Decimal where exact, else both in hexadecimal. */
  decimal(field: string, bits: number, name = field): void {
    this.put(field, (v, m) => (m === ones(bits) ? v.toString() : `0x${v.toString(16)}/0x${m.toString(16)}`), name);
  }

  mac(field: string, name = field): void {
    this.put(field, formatMacMasked, name);
  }

  ipv4(field: string, name = field): void {
    this.put(field, formatIpv4Masked, name);
  }

  ipv6(field: string, name = field): void {
    this.put(field, formatIpv6Masked, name);
  }
}

const IP_PROTOCOLS: Readonly<Record<number, readonly [v4: string, v6: string | undefined]>> = {
  1: ['icmp', undefined],
  6: ['tcp', 'tcp6'],
  17: ['udp', 'udp6'],
  58: ['', 'icmp6'],
  132: ['sctp', 'sctp6'],
};

const ETHERTYPES: Readonly<Record<number, string>> = { 2054: 'arp', 32821: 'rarp', 34887: 'mpls', 34888: 'mplsm' };

/** The word for Ethernet type and protocol, and which of the two it says. */
function protocolWord(
  dlType: number,
  nwProto: number | undefined,
): { readonly word: string | undefined; readonly saysProto: boolean } {
  if (dlType === 0x800 || dlType === 0x86dd) {
    const six = dlType === 0x86dd;
    const word = nwProto === undefined ? undefined : IP_PROTOCOLS[nwProto]?.[six ? 1 : 0];
    return word ? { word, saysProto: true } : { word: six ? 'ipv6' : 'ip', saysProto: false };
  }
  return { word: ETHERTYPES[dlType], saysProto: false };
}

function putMetadata(p: Printer): void {
  p.hex('pkt_mark', 32);
  p.hex('recirc_id', 32);
  p.hex('dp_hash', 32);
  p.put('conj_id', (v) => v.toString());
  p.put('skb_priority', (v) => hex(v));
  p.put('actset_output', (v) => formatPort(Number(v), p.names));
  p.put('ct_state', (v, m) => formatFlagsMasked(CT_STATE, Number(v), Number(m) & 0xff, 0xff));
  p.decimal('ct_zone', 16);
  p.hex('ct_mark', 32);
  p.hex('ct_label', 128);
  p.ipv4('ct_nw_src');
  p.ipv6('ct_ipv6_src');
  p.ipv4('ct_nw_dst');
  p.ipv6('ct_ipv6_dst');
  p.put('ct_nw_proto', (v) => v.toString());
  p.decimal('ct_tp_src', 16);
  p.decimal('ct_tp_dst', 16);
}

function putTunnel(p: Printer): void {
  p.hex('tun_id', 64);
  p.ipv4('tun_src');
  p.ipv4('tun_dst');
  p.ipv6('tun_ipv6_src');
  p.ipv6('tun_ipv6_dst');
  p.decimal('tun_gbp_id', 16);
  p.put('tun_gbp_flags', (v) => hex(v));
  p.put('tun_erspan_ver', (v) => v.toString());
  p.hex('tun_erspan_idx', 20);
  // Direction and hardware id exist in version 2 of ERSPAN, and ovs-ofctl prints them only there.
  if (p.flow.get('tun_erspan_ver')?.value === 2n) {
    p.put('tun_erspan_dir', (v) => v.toString());
    p.put('tun_erspan_hwid', (v) => hex(v));
  }
  p.put('tun_gtpu_flags', (v) => hex(v), 'gtpu_flags');
  p.put('tun_gtpu_msgtype', (v) => v.toString(), 'gtpu_msgtype');
  p.put('tun_flags', (v, m) => formatFlagsMasked(TUN_FLAGS, Number(v), Number(m) & 1, 0xffff));
  for (let i = 0; i < 64; i++) putTunMetadata(p, i);
}

function putTunMetadata(p: Printer, i: number): void {
  const bits = p.flow.get(`tun_metadata${i}`);
  if (bits === undefined) return;
  if (bits.masked === true && bits.mask === 0n) {
    p.parts.push(`tun_metadata${i}`);
    return;
  }
  const all = ones((bits.octets ?? 124) * 8);
  p.parts.push(
    bits.mask === all ? `tun_metadata${i}=${hex(bits.value)}` : `tun_metadata${i}=${hex(bits.value)}/${hex(bits.mask)}`,
  );
}

/** `level` is 1 for the second tag of a packet. */
function putVlan(p: Printer, { value, mask }: Bits, level: '' | '1'): void {
  const vid = mask & 0xfffn;
  const pcp = mask & 0xe000n;
  const plain = (vid === 0n || vid === 0xfffn) && (pcp === 0n || pcp === 0xe000n) && (vid !== 0n || pcp !== 0n);
  const hex4 = (v: bigint): string => `0x${v.toString(16).padStart(4, '0')}`;
  if ((mask & value & 0x1000n) !== 0n && plain) {
    if (vid !== 0n) p.parts.push(`dl_vlan${level}=${value & 0xfffn}`);
    if (pcp !== 0n) p.parts.push(`dl_vlan_pcp${level}=${value >> 13n}`);
  } else
    p.parts.push(
      mask === 0xffffn ? `vlan_tci${level}=${hex4(value)}` : `vlan_tci${level}=${hex4(value)}/${hex4(mask)}`,
    );
}

function putNetwork(p: Printer, dlType: number | undefined, saysProto: boolean): void {
  const isArp = dlType === 0x806 || dlType === 0x8035;
  if (dlType === 0x86dd) {
    p.ipv6('ipv6_src');
    p.ipv6('ipv6_dst');
    const hex5 = (v: bigint): string => `0x${v.toString(16).padStart(5, '0')}`;
    p.put('ipv6_label', (v, m) => (m === ones(20) ? hex5(v) : `${hex5(v)}/${hex5(m)}`));
  } else if (isArp) {
    p.ipv4('arp_spa');
    p.ipv4('arp_tpa');
  } else if (dlType === 0x894f) putNsh(p);
  else {
    p.ipv4('ip_src', 'nw_src');
    p.ipv4('ip_dst', 'nw_dst');
  }
  if (!saysProto) p.put('ip_proto', (v) => v.toString(), isArp ? 'arp_op' : 'nw_proto');
  if (isArp) {
    p.mac('arp_sha');
    p.mac('arp_tha');
  }
  const tos = p.flow.get('nw_tos');
  if (tos !== undefined && (tos.mask & 0xfcn) !== 0n) p.parts.push(`nw_tos=${tos.value & 0xfcn}`);
  if (tos !== undefined && (tos.mask & 3n) !== 0n) p.parts.push(`nw_ecn=${tos.value & 3n}`);
  for (const name of ['nw_ttl', 'mpls_label', 'mpls_tc', 'mpls_ttl', 'mpls_bos']) p.put(name, (v) => v.toString());
  p.put('ip_frag', (v, m) => formatFrag(Number(v), Number(m)), 'nw_frag');
}

function putNsh(p: Printer): void {
  const hex2 = (v: bigint): string => `0x${v.toString(16).padStart(2, '0')}`;
  p.put('nsh_flags', (v, m) => (m === ones(8) ? v.toString() : `${hex2(v)}/${hex2(m)}`));
  for (const name of ['nsh_ttl', 'nsh_mdtype', 'nsh_np']) p.put(name, (v) => v.toString());
  p.put('nsh_spi', (v) => `0x${v.toString(16)}`);
  p.put('nsh_si', (v) => v.toString());
  for (const name of ['nsh_c1', 'nsh_c2', 'nsh_c3', 'nsh_c4'])
    p.put(name, (v, m) => (m === ones(32) ? `0x${v.toString(16)}` : `0x${v.toString(16)}/0x${m.toString(16)}`));
}

function putTransport(p: Printer): void {
  p.decimal('icmp_type', 8);
  p.decimal('icmp_code', 8);
  p.decimal('icmpv6_type', 8, 'icmp_type');
  p.decimal('icmpv6_code', 8, 'icmp_code');
  p.ipv6('nd_target');
  p.mac('nd_sll');
  p.mac('nd_tll');
  p.put('nd_reserved', (v) => v.toString());
  p.put('nd_options_type', (v) => v.toString());
  for (const protocol of ['tcp', 'udp', 'sctp']) {
    p.decimal(`${protocol}_src`, 16, 'tp_src');
    p.decimal(`${protocol}_dst`, 16, 'tp_dst');
  }
  p.put('tcp_flags', (v, m) => formatFlagsMasked(TCP_FLAGS, Number(v), Number(m) & 0xfff, 0xfff));
}

/** Fields of the specification that Open vSwitch does not have. */
function putOthers(p: Printer): void {
  p.decimal('in_phy_port', 32);
  p.hex('pbb_isid', 24);
  p.decimal('pbb_uca', 1);
  p.hex('ipv6_exthdr', 9);
}

/** The parts of a flow, as ovs-ofctl prints them. */
export function formatFlowFields(flow: FlowFields, names?: Names, priority = DEFAULT_PRIORITY): string {
  const p = new Printer(flow, names);
  if (priority !== DEFAULT_PRIORITY) p.parts.push(`priority=${priority}`);
  const { dlType, nwProto } = flowTypes(flow);
  const hasType = flow.has('eth_type');
  const { word, saysProto } =
    hasType && dlType !== undefined ? protocolWord(dlType, nwProto) : { word: undefined, saysProto: false };
  putMetadata(p);
  const packetType = flow.get('packet_type');
  if (packetType !== undefined && packetType.value !== 0n)
    p.parts.push(`packet_type=${formatPacketType(Number(packetType.value))}`);
  if (word !== undefined) p.parts.push(word);
  for (let i = 0; i < 16; i++) p.hex(`reg${i}`, 32);
  putTunnel(p);
  p.hex('metadata', 64);
  p.put('in_port', (v) => formatPort(Number(v), names));
  const vlan = flow.get('vlan_tci');
  if (vlan !== undefined && vlan.mask !== 0n) putVlan(p, vlan, '');
  const second = flow.get('vlan_tci1');
  if (second !== undefined) putVlan(p, second, '1');
  p.mac('eth_src', 'dl_src');
  p.mac('eth_dst', 'dl_dst');
  if (word === undefined) p.put('eth_type', (v) => `0x${v.toString(16).padStart(4, '0')}`, 'dl_type');
  putNetwork(p, dlType, saysProto);
  putTransport(p);
  putOthers(p);
  return p.parts.join(',');
}

/** A match as ovs-ofctl prints it. */
export function formatMatch(match: Match, names?: Names, priority = DEFAULT_PRIORITY): string {
  const known = formatFlowFields(flowFieldsOf(match), names, priority);
  const unknown = Object.keys(match as unknown as LooseMatch).filter(
    (name) => fieldEntry(name) === undefined && name !== 'oxm_00000000',
  );
  return [known, ...unknown].filter((part) => part !== '').join(',');
}
