/**
 * Packets as ovs-ofctl prints them below PACKET_IN and PACKET_OUT: the flow that Open vSwitch extracts, and a checksum.
 *
 * A packet cut short yields the fields up to the cut; nothing here throws for any octets.
 */
import type { FlowFields } from './flow-fields.js';
import { formatFlowFields } from './match.js';

const ETH_IP = 0x800;
const ETH_IPV6 = 0x86dd;
const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** What is known of a packet so far, and the cursor over it. */
class Dissector {
  readonly flow: FlowFields = new Map();
  readonly octets: Buffer;
  at = 0;

  constructor(octets: Buffer) {
    this.octets = octets;
  }

  get left(): number {
    return this.octets.length - this.at;
  }

  set(name: string, value: number | bigint, bits: number): void {
    this.flow.set(name, { value: BigInt(value), mask: ones(bits) });
  }

  u16(offset: number): number {
    return this.octets.readUInt16BE(this.at + offset);
  }

  big(offset: number, octets: number): bigint {
    return BigInt(`0x${this.octets.toString('hex', this.at + offset, this.at + offset + octets)}`);
  }
}

function ethernet(d: Dissector): number {
  if (d.left < 14) {
    d.set('eth_src', 0, 48);
    d.set('eth_dst', 0, 48);
    d.set('vlan_tci', 0, 16);
    return 0;
  }
  d.set('eth_dst', d.big(0, 6), 48);
  d.set('eth_src', d.big(6, 6), 48);
  d.at = 12;
  vlans(d);
  if (d.left < 2) return 0x5ff;
  const type = d.u16(0);
  d.at += 2;
  if (type >= 0x600) return type;
  if (d.left >= 8 && d.big(0, 6) === 0xaaaa03000000n && d.u16(6) >= 0x600) {
    const snap = d.u16(6);
    d.at += 8;
    return snap;
  }
  return 0x5ff;
}

/** Up to two VLAN tags; a packet with one shows that there is no second. */
function vlans(d: Dissector): void {
  let count = 0;
  while (count < 2 && d.left >= 6 && (d.u16(0) === 0x8100 || d.u16(0) === 0x88a8)) {
    d.set(count === 0 ? 'vlan_tci' : 'vlan_tci1', d.u16(2) | 0x1000, 16);
    d.at += 4;
    count++;
  }
  if (count < 2) d.set(count === 0 ? 'vlan_tci' : 'vlan_tci1', 0, 16);
}

function noIp(d: Dissector): void {
  d.set('ip_src', 0, 32);
  d.set('ip_dst', 0, 32);
  if (d.flow.get('eth_type')?.value === BigInt(ETH_IPV6)) {
    d.set('ipv6_src', 0, 128);
    d.set('ipv6_dst', 0, 128);
    d.set('ipv6_label', 0, 20);
  }
  ipCommon(d, 0, 0, 0, 0);
}

function ipCommon(d: Dissector, proto: number, tos: number, ttl: number, frag: number): void {
  d.set('ip_proto', proto, 8);
  d.set('nw_tos', tos, 8);
  d.set('nw_ttl', ttl, 8);
  d.set('ip_frag', frag, 2);
}

/** The IPv4 header; returns the protocol whose header follows, if there is one to read. */
function ip(d: Dissector): number | undefined {
  const length = d.left < 20 ? 0 : ((d.octets[d.at] ?? 0) & 15) * 4;
  const total = d.left < 20 ? 0 : d.u16(2);
  if (length < 20 || length > d.left || total > d.left || total < length || d.left - total > 255) {
    noIp(d);
    return undefined;
  }
  const fragment = d.u16(6);
  const frag = (fragment & 0x3fff) === 0 ? 0 : (fragment & 0x1fff) === 0 ? 1 : 3;
  const proto = d.octets[d.at + 9] ?? 0;
  d.set('ip_src', d.big(12, 4), 32);
  d.set('ip_dst', d.big(16, 4), 32);
  ipCommon(d, proto, d.octets[d.at + 1] ?? 0, d.octets[d.at + 8] ?? 0, frag);
  d.at += length;
  return frag === 3 ? undefined : proto;
}

const HOP_BY_HOP: readonly number[] = [0, 43, 60, 51, 44];

/** The IPv6 header and its extension headers. */
function ip6(d: Dissector): number | undefined {
  if (d.left < 40 || d.u16(4) > d.left - 40 || d.left - 40 - d.u16(4) > 255) {
    noIp(d);
    return undefined;
  }
  const first = d.octets.readUInt32BE(d.at);
  d.set('ipv6_label', first & 0xfffff, 20);
  d.set('ipv6_src', d.big(8, 16), 128);
  d.set('ipv6_dst', d.big(24, 16), 128);
  let proto = d.octets[d.at + 6] ?? 0;
  const ttl = d.octets[d.at + 7] ?? 0;
  d.at += 40;
  let frag = 0;
  while (HOP_BY_HOP.includes(proto) && d.left >= 8 && frag !== 3) {
    const next = d.octets[d.at] ?? 0;
    const length = d.octets[d.at + 1] ?? 0;
    if (proto === 44) {
      const offset = d.u16(2);
      frag = (offset & 0xfff8) !== 0 ? 3 : (offset & 1) !== 0 ? 1 : 0;
      d.at += 8;
    } else d.at += proto === 51 ? (length + 2) * 4 : (length + 1) * 8;
    proto = next;
  }
  ipCommon(d, proto, (first >>> 20) & 0xff, ttl, frag);
  return frag === 3 ? undefined : proto;
}

const PORTS: Readonly<Record<number, readonly [name: string, header: number]>> = {
  6: ['tcp', 20],
  17: ['udp', 8],
  132: ['sctp', 12],
};

function transport(d: Dissector, proto: number, six: boolean): void {
  const ports = PORTS[proto];
  if (ports !== undefined) {
    const whole = d.left >= ports[1];
    d.set(`${ports[0]}_src`, whole ? d.u16(0) : 0, 16);
    d.set(`${ports[0]}_dst`, whole ? d.u16(2) : 0, 16);
    if (proto === 6) d.set('tcp_flags', whole ? d.u16(12) & 0xfff : 0, 12);
  } else if (proto === 1 && !six) {
    const whole = d.left >= 8;
    d.set('icmp_type', whole ? (d.octets[d.at] ?? 0) : 0, 8);
    d.set('icmp_code', whole ? (d.octets[d.at + 1] ?? 0) : 0, 8);
  } else if (proto === 2 && !six) {
    d.set('udp_src', d.left >= 8 ? (d.octets[d.at] ?? 0) : 0, 16);
    d.set('udp_dst', d.left >= 8 ? (d.octets[d.at + 1] ?? 0) : 0, 16);
  } else if (proto === 58 && six) icmp6(d);
}

function icmp6(d: Dissector): void {
  const whole = d.left >= 8;
  const type = whole ? (d.octets[d.at] ?? 0) : 0;
  const code = whole ? (d.octets[d.at + 1] ?? 0) : 0;
  d.set('icmpv6_type', type, 8);
  d.set('icmpv6_code', code, 8);
  if ((type !== 135 && type !== 136) || code !== 0) return;
  d.set('nd_target', d.left >= 24 ? d.big(8, 16) : 0n, 128);
  d.set('nd_sll', 0, 48);
  d.set('nd_tll', 0, 48);
  d.at += 24;
  while (d.left >= 8) {
    const length = (d.octets[d.at + 1] ?? 0) * 8;
    if (length === 0 || length > d.left) return;
    const option = d.octets[d.at];
    if (length === 8 && option === 1) d.set('nd_sll', d.big(2, 6), 48);
    if (length === 8 && option === 2) d.set('nd_tll', d.big(2, 6), 48);
    d.at += length;
  }
}

function arp(d: Dissector): void {
  const whole = d.left >= 28 && d.big(0, 6) === 0x000108000604n;
  const op = whole && d.u16(6) <= 0xff ? d.u16(6) : 0;
  d.set('ip_proto', op, 8);
  d.set('arp_spa', whole ? d.big(14, 4) : 0n, 32);
  d.set('arp_tpa', whole ? d.big(24, 4) : 0n, 32);
  d.set('arp_sha', whole ? d.big(8, 6) : 0n, 48);
  d.set('arp_tha', whole ? d.big(18, 6) : 0n, 48);
}

function mpls(d: Dissector): void {
  const word = d.left >= 4 ? d.octets.readUInt32BE(d.at) : 0;
  d.set('mpls_label', word >>> 12, 20);
  d.set('mpls_tc', (word >>> 9) & 7, 3);
  d.set('mpls_bos', (word >>> 8) & 1, 1);
  d.set('mpls_ttl', word & 0xff, 8);
}

function nsh(d: Dissector): void {
  if (d.left < 8) return;
  const first = d.u16(0);
  d.set('nsh_flags', (first >>> 12) & 3, 8);
  d.set('nsh_ttl', (first >>> 6) & 0x3f, 8);
  d.set('nsh_mdtype', (d.octets[d.at + 2] ?? 0) & 15, 8);
  d.set('nsh_np', d.octets[d.at + 3] ?? 0, 8);
  d.set('nsh_spi', d.octets.readUIntBE(d.at + 4, 3), 24);
  d.set('nsh_si', d.octets[d.at + 7] ?? 0, 8);
  for (let i = 0; i < 4; i++) d.set(`nsh_c${i + 1}`, d.left >= 24 ? d.octets.readUInt32BE(d.at + 8 + 4 * i) : 0, 32);
  ipCommon(d, 0, 0, 0, 0);
}

function network(d: Dissector, type: number): string {
  d.set('eth_type', type, 16);
  if (type === 0x806 || type === 0x8035) arp(d);
  else if (type === 0x8847 || type === 0x8848) mpls(d);
  else if (type === 0x894f) nsh(d);
  if (type !== ETH_IP && type !== ETH_IPV6) return '';
  const before = d.at;
  const proto = type === ETH_IP ? ip(d) : ip6(d);
  const start = d.at;
  if (proto !== undefined) transport(d, proto, type === ETH_IPV6);
  return before === start ? '' : checksum(d, start);
}

const CHECKSUMS: Readonly<Record<number, readonly [name: string, offset: number, octets: number, header: number]>> = {
  1: ['icmp', 2, 2, 8],
  6: ['tcp', 16, 2, 20],
  17: ['udp', 6, 2, 8],
  58: ['icmp6', 2, 2, 4],
  132: ['sctp', 8, 4, 12],
};

function checksum(d: Dissector, start: number): string {
  const proto = Number(d.flow.get('ip_proto')?.value ?? 0n);
  const row = CHECKSUMS[proto];
  if (row === undefined || d.octets.length - start < row[3]) return '';
  const value = d.octets.readUIntBE(start + row[1], row[2]);
  return ` ${row[0]}_csum:${value.toString(16)}`;
}

/** A packet as one line. */
export function formatPacket(octets: Buffer): string {
  const d = new Dissector(octets);
  const type = ethernet(d);
  const tail = network(d, type);
  return `${formatFlowFields(d.flow)}${tail}`;
}
