/**
 * Builds the frames that tests send, and takes received ones apart: Ethernet, ARP, IPv4, UDP, TCP SYN, ICMP echo, and
 * the tunnels Geneve (RFC 8926), VXLAN (RFC 7348) and GRE with a key (RFC 2784, 2890). Pure; no code of the product is
 * used, so that a fault there cannot hide itself. Headers without options only. Parsers throw RangeError on frames
 * that are too short.
 */

import { checksum } from './checksum.js';
import { ipv6, udp6 } from './ipv6.js';

export { checksum } from './checksum.js';

export type Mac = string;

export const ETH = { ipv4: 0x0800, arp: 0x0806, rarp: 0x8035, ipv6: 0x86dd, transparentBridging: 0x6558 } as const;
export const IP_PROTO = { icmp: 1, tcp: 6, udp: 17, gre: 47 } as const;
export const TUNNEL_PORT = { vxlan: 4789, geneve: 6081 } as const;
export const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const NO_MAC = '00:00:00:00:00:00';

export const macOctets = (mac: Mac): Buffer => octets(mac.split(':'), 6, 16, `MAC ${mac}`);
export const ipOctets = (ip: string): Buffer => octets(ip.split('.'), 4, 10, `IPv4 address ${ip}`);
export const formatMac = (b: Uint8Array): Mac => [...b].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
export const formatIp = (b: Uint8Array): string => [...b].join('.');

function octets(parts: readonly string[], count: number, radix: number, what: string): Buffer {
  const values = parts.map((part) => Number.parseInt(part, radix));
  if (values.length !== count || values.some((v) => !(v >= 0 && v <= 255))) throw new RangeError(`not a ${what}`);
  return Buffer.from(values);
}

export interface Ethernet {
  readonly dst: Mac;
  readonly src: Mac;
  readonly type: number;
}

export function ethernet(header: Ethernet, payload: Uint8Array): Buffer {
  return Buffer.concat([macOctets(header.dst), macOctets(header.src), be16(header.type), payload]);
}

export interface Arp {
  /** 1 request, 2 reply (3: reverse request). */
  readonly op: number;
  readonly sha: Mac;
  readonly spa: string;
  readonly tha?: Mac;
  readonly tpa: string;
}

export function arp({ op, sha, spa, tha = NO_MAC, tpa }: Arp): Buffer {
  const head = Buffer.from('000108000604', 'hex'); // Ethernet, IPv4, address lengths 6 and 4
  return Buffer.concat([head, be16(op), macOctets(sha), ipOctets(spa), macOctets(tha), ipOctets(tpa)]);
}

/** A whole frame that asks who has `target`. */
export const arpRequest = (mac: Mac, ip: string, target: string): Buffer =>
  ethernet({ dst: BROADCAST, src: mac, type: ETH.arp }, arp({ op: 1, sha: mac, spa: ip, tpa: target }));

export interface Ipv4 {
  readonly src: string;
  readonly dst: string;
  readonly proto: number;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
}

export function ipv4({ src, dst, proto, ttl = 64, tos = 0, id = 0 }: Ipv4, payload: Uint8Array): Buffer {
  const head = Buffer.concat([
    Buffer.from([0x45, tos]),
    be16(20 + payload.length),
    be16(id),
    be16(0x4000), // don't fragment
    Buffer.from([ttl, proto, 0, 0]),
    ipOctets(src),
    ipOctets(dst),
  ]);
  head.writeUInt16BE(checksum(head), 10);
  return Buffer.concat([head, payload]);
}

export interface Ports {
  readonly sport: number;
  readonly dport: number;
}

/** `pseudo`: addresses for the checksum; without them it is 0, which over IPv4 means none. */
export function udp({ sport, dport }: Ports, payload: Uint8Array, pseudo?: { src: string; dst: string }): Buffer {
  const datagram = Buffer.concat([be16(sport), be16(dport), be16(8 + payload.length), be16(0), payload]);
  if (pseudo !== undefined) datagram.writeUInt16BE(transportChecksum(pseudo, IP_PROTO.udp, datagram) || 0xffff, 6);
  return datagram;
}

/** A TCP segment that asks for a connection. */
export function tcpSyn({ sport, dport }: Ports, pseudo: { src: string; dst: string }, seq = 1): Buffer {
  const segment = Buffer.concat([
    be16(sport),
    be16(dport),
    be32(seq),
    be32(0),
    Buffer.from([0x50, 0x02]),
    be16(64240),
    be32(0),
  ]);
  segment.writeUInt16BE(transportChecksum(pseudo, IP_PROTO.tcp, segment), 16);
  return segment;
}

function transportChecksum({ src, dst }: { src: string; dst: string }, proto: number, segment: Buffer): number {
  return checksum(ipOctets(src), ipOctets(dst), be16(proto), be16(segment.length), segment);
}

export interface Echo {
  readonly kind: 'request' | 'reply';
  readonly id: number;
  readonly seq: number;
}

export function icmpEcho({ kind, id, seq }: Echo, payload: Uint8Array = Buffer.alloc(8)): Buffer {
  const message = Buffer.concat([be16(kind === 'request' ? 0x0800 : 0), be16(0), be16(id), be16(seq), payload]);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

export interface Endpoint {
  readonly mac: Mac;
  readonly ip: string;
}

/** A whole frame: one ping from one VM to another. */
export function pingFrame(from: Endpoint, to: Endpoint, id = 1, seq = 1): Buffer {
  const message = icmpEcho({ kind: 'request', id, seq });
  const packet = ipv4({ src: from.ip, dst: to.ip, proto: IP_PROTO.icmp }, message);
  return ethernet({ dst: to.mac, src: from.mac, type: ETH.ipv4 }, packet);
}

/** Geneve header without options, around an Ethernet frame. */
export const geneve = (vni: number, frame: Uint8Array): Buffer =>
  Buffer.concat([be16(0), be16(ETH.transparentBridging), vniOctets(vni), frame]);

export const vxlan = (vni: number, frame: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x08, 0, 0, 0]), vniOctets(vni), frame]);

/** GRE around an Ethernet frame; no key field without a key. NVGRE is key = VSID << 8 | FlowID. */
export function gre(key: number | undefined, frame: Uint8Array): Buffer {
  const keyed = key === undefined ? Buffer.alloc(0) : be32(key);
  return Buffer.concat([be16(key === undefined ? 0 : 0x2000), be16(ETH.transparentBridging), keyed, frame]);
}

/** GRE around what has no Ethernet (RFC 2784, 2890). */
export function routed(key: number, inner: Uint8Array, type: number = ETH.ipv4): Buffer {
  const head = gre(key, Buffer.alloc(0));
  head.writeUInt16BE(type, 2);
  return Buffer.concat([head, inner]);
}

export type TunnelKind = 'geneve' | 'vxlan' | 'gre';

export interface Outer {
  readonly kind: TunnelKind;
  readonly key: number;
  /** From: the VTEP to claim to be. To: the host (switched underlay) or its next hop's MAC (routed). */
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly sport?: number;
}

/** A whole frame for the underlay: `inner` in a tunnel packet from any VTEP with any key, over IPv4 or IPv6. */
export function tunnelFrame({ kind, key, from, to, sport = 50000 }: Outer, inner: Uint8Array): Buffer {
  const ports = { sport, dport: kind === 'gre' ? 0 : TUNNEL_PORT[kind] };
  const tunnel = kind === 'gre' ? gre(key, inner) : kind === 'geneve' ? geneve(key, inner) : vxlan(key, inner);
  const proto = kind === 'gre' ? IP_PROTO.gre : IP_PROTO.udp;
  const addresses = { src: from.ip, dst: to.ip };
  if (from.ip.includes(':')) {
    const payload = kind === 'gre' ? tunnel : udp6(ports, tunnel, addresses);
    return ethernet({ dst: to.mac, src: from.mac, type: ETH.ipv6 }, ipv6({ ...addresses, next: proto }, payload));
  }
  const payload = kind === 'gre' ? tunnel : udp(ports, tunnel);
  return ethernet({ dst: to.mac, src: from.mac, type: ETH.ipv4 }, ipv4({ ...addresses, proto }, payload));
}

function vniOctets(vni: number): Buffer {
  if (!(vni >= 0 && vni <= 0xffffff)) throw new RangeError(`VNI ${vni} is wider than 24 bits`);
  return be32(vni * 256);
}

function be16(value: number): Buffer {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(value);
  return b;
}

function be32(value: number): Buffer {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(value);
  return b;
}
