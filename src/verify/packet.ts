/**
 * The Ethernet frame of a packet of the model: octets that a VM can send as they are. Headers by EtherType and protocol,
 * with checksums: IPv4 (RFC 791), ARP (RFC 826), IPv6 (RFC 8200), UDP, TCP, ICMP, ICMPv6 with neighbour discovery
 * (RFC 4861). Anything else is the EtherType and 46 zero octets.
 */
import { readField } from './words.js';

const PAYLOAD = 18;

class Octets {
  readonly bytes: number[] = [];

  put(value: bigint | number, octets: number): this {
    for (let i = octets - 1; i >= 0; i--) this.bytes.push(Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
    return this;
  }

  add(other: readonly number[]): this {
    this.bytes.push(...other);
    return this;
  }
}

/** The Internet checksum (RFC 1071). */
export function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function patch(bytes: number[], at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

type Read = (field: string) => bigint;

function l4(read: Read, proto: number): number[] {
  const o = new Octets();
  if (proto === 17)
    o.put(read('udp_src'), 2)
      .put(read('udp_dst'), 2)
      .put(8 + PAYLOAD, 2)
      .put(0, 2);
  else if (proto === 6)
    o.put(read('tcp_src'), 2)
      .put(read('tcp_dst'), 2)
      .put(0, 8)
      .put(0x5000n | read('tcp_flags'), 2)
      .put(0xffff, 2)
      .put(0, 4);
  else if (proto === 132) o.put(read('sctp_src'), 2).put(read('sctp_dst'), 2).put(0, 8);
  else if (proto === 1) o.put(read('icmp_type'), 1).put(read('icmp_code'), 1).put(0, 6);
  return o.add(new Array<number>(PAYLOAD).fill(0)).bytes;
}

const CHECKSUM_AT: Readonly<Record<number, number>> = { 1: 2, 6: 16, 17: 6, 58: 2 };

function arp(read: Read): number[] {
  return new Octets()
    .put(1, 2)
    .put(0x0800, 2)
    .put(0x0604, 2)
    .put(read('arp_op'), 2)
    .put(read('arp_sha'), 6)
    .put(read('arp_spa'), 4)
    .put(read('arp_tha'), 6)
    .put(read('arp_tpa'), 4)
    .add(new Array<number>(PAYLOAD).fill(0)).bytes;
}

function ipv4(read: Read): number[] {
  const proto = Number(read('ip_proto'));
  const frag = Number(read('ip_frag'));
  const body = l4(read, proto);
  const head = new Octets()
    .put(0x45, 1)
    .put((read('ip_dscp') << 2n) | read('ip_ecn'), 1)
    .put(20 + body.length, 2)
    .put(0, 2)
    .put(frag === 0 ? 0 : frag === 1 ? 0x2000 : 0x2010, 2)
    .put(read('nw_ttl'), 1)
    .put(proto, 1)
    .put(0, 2)
    .put(read('ip_src'), 4)
    .put(read('ip_dst'), 4).bytes;
  patch(head, 10, checksum(head));
  const at = CHECKSUM_AT[proto];
  const pseudo = proto === 1 ? [] : [...head.slice(12, 20), 0, proto, body.length >>> 8, body.length & 0xff];
  if (at !== undefined && at < body.length) patch(body, at, checksum([...pseudo, ...body]));
  return [...head, ...body];
}

/** Neighbour solicitation and advertisement, with the option that carries the address, if there is one. */
function icmpv6(read: Read): number[] {
  const type = read('icmpv6_type');
  const o = new Octets().put(type, 1).put(read('icmpv6_code'), 1).put(0, 2);
  if (type !== 135n && type !== 136n) return o.put(0, 4).add(new Array<number>(PAYLOAD).fill(0)).bytes;
  o.put(read('nd_reserved'), 4).put(read('nd_target'), 16);
  const address = read(type === 135n ? 'nd_sll' : 'nd_tll');
  return address === 0n
    ? o.bytes
    : o
        .put(type === 135n ? 1 : 2, 1)
        .put(1, 1)
        .put(address, 6).bytes;
}

function ipv6(read: Read): number[] {
  const proto = Number(read('ip_proto'));
  const body = proto === 58 ? icmpv6(read) : l4(read, proto);
  const addresses = new Octets().put(read('ipv6_src'), 16).put(read('ipv6_dst'), 16).bytes;
  const traffic = (read('ip_dscp') << 2n) | read('ip_ecn');
  const head = new Octets()
    .put((6n << 28n) | (traffic << 20n) | read('ipv6_label'), 4)
    .put(body.length, 2)
    .put(proto, 1)
    .put(read('nw_ttl'), 1).bytes;
  const at = CHECKSUM_AT[proto];
  const pseudo = [...addresses, 0, 0, body.length >>> 8, body.length & 0xff, 0, 0, 0, proto];
  if (at !== undefined && at < body.length) patch(body, at, checksum([...pseudo, ...body]));
  return [...head, ...addresses, ...body];
}

/** The frame of a packet. */
export function encodePacket(words: Int32Array): Uint8Array {
  const read: Read = (field) => readField(words, field);
  const type = Number(read('eth_type'));
  const o = new Octets().put(read('eth_dst'), 6).put(read('eth_src'), 6);
  const tci = Number(read('vlan_tci'));
  if ((tci & 0x1000) !== 0) o.put(0x8100, 2).put(tci & 0xefff, 2);
  o.put(type, 2);
  if (type === 0x0806) o.add(arp(read));
  else if (type === 0x0800) o.add(ipv4(read));
  else if (type === 0x86dd) o.add(ipv6(read));
  else o.add(new Array<number>(46).fill(0));
  return Uint8Array.from(o.bytes);
}
