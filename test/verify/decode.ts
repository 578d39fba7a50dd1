/** The oracle's own reading of a frame's octets: what a leak's packet says must be what its octets say. */
import type { Packet } from './oracle.js';

export function decodeFrame(octets: Buffer): Packet {
  const big = (at: number, length: number): bigint =>
    BigInt(`0x${octets.subarray(at, at + length).toString('hex') || '0'}`);
  const packet: Record<string, bigint> = { eth_dst: big(0, 6), eth_src: big(6, 6) };
  let at = 12;
  if (big(at, 2) === 0x8100n) {
    packet.vlan_vid = 0x1000n | (big(at + 2, 2) & 0xfffn);
    at += 4;
  }
  const type = big(at, 2);
  packet.eth_type = type;
  at += 2;
  if (type === 0x0806n)
    Object.assign(packet, {
      arp_op: big(at + 6, 2),
      arp_sha: big(at + 8, 6),
      arp_spa: big(at + 14, 4),
      arp_tha: big(at + 18, 6),
      arp_tpa: big(at + 24, 4),
    });
  if (type === 0x0800n) {
    Object.assign(packet, {
      nw_ttl: big(at + 8, 1),
      ip_proto: big(at + 9, 1),
      ip_src: big(at + 12, 4),
      ip_dst: big(at + 16, 4),
    });
    transport(packet, big, at + 20);
  }
  if (type === 0x86ddn) {
    Object.assign(packet, {
      ip_proto: big(at + 6, 1),
      nw_ttl: big(at + 7, 1),
      ipv6_src: big(at + 8, 16),
      ipv6_dst: big(at + 24, 16),
    });
    transport(packet, big, at + 40);
    if (packet.ip_proto === 58n) neighbour(packet, octets, big, at + 40);
  }
  return packet;
}

type Big = (at: number, length: number) => bigint;

function transport(packet: Record<string, bigint>, big: Big, at: number): void {
  const name = { 6: 'tcp', 17: 'udp', 132: 'sctp' }[Number(packet.ip_proto)];
  if (name !== undefined) Object.assign(packet, { [`${name}_src`]: big(at, 2), [`${name}_dst`]: big(at + 2, 2) });
  if (packet.ip_proto === 1n) Object.assign(packet, { icmp_type: big(at, 1), icmp_code: big(at + 1, 1) });
}

function neighbour(packet: Record<string, bigint>, octets: Buffer, big: Big, at: number): void {
  Object.assign(packet, { icmpv6_type: big(at, 1), icmpv6_code: big(at + 1, 1) });
  if (packet.icmpv6_type !== 135n && packet.icmpv6_type !== 136n) return;
  packet.nd_target = big(at + 8, 16);
  if (octets.length < at + 32) return;
  packet[octets[at + 24] === 1 ? 'nd_sll' : 'nd_tll'] = big(at + 26, 6);
}
