/**
 * Frames of guests that ask, taken apart, and frames that answer, put together: Ethernet without tags, IPv4 without
 * fragments, IPv6 without extension headers, UDP and ICMPv6. Anything else is not read: nobody who asks honestly sends it.
 */
import { checksum, ipv4Octets, ipv6Octets, u16 } from './octets.js';

const ETHERNET = 14;
const ETH_TYPE = { ipv4: 0x0800, ipv6: 0x86dd } as const;
const PROTOCOL = { udp: 17, icmpv6: 58 } as const;
const UDP = 8;
const IPV6 = 40;

interface Layer2 {
  /** Source MAC address, octets. */
  readonly mac: Buffer;
}
export interface Udp extends Layer2 {
  readonly kind: 'udp4' | 'udp6';
  readonly source: Buffer;
  readonly destinationPort: number;
  readonly payload: Buffer;
}
export interface Icmpv6 extends Layer2 {
  readonly kind: 'icmpv6';
  readonly source: Buffer;
  readonly hopLimit: number;
  readonly type: number;
  /** After type, code and checksum. */
  readonly payload: Buffer;
}
export type Question = Udp | Icmpv6;

function readUdp(kind: Udp['kind'], mac: Buffer, source: Buffer, datagram: Buffer): Udp | undefined {
  if (datagram.length < UDP) return undefined;
  const length = datagram.readUInt16BE(4);
  if (length < UDP || length > datagram.length) return undefined;
  return { kind, mac, source, destinationPort: datagram.readUInt16BE(2), payload: datagram.subarray(UDP, length) };
}

function readIpv4(mac: Buffer, packet: Buffer): Question | undefined {
  if (packet.length < 20) return undefined;
  const header = (packet.readUInt8(0) & 0xf) * 4;
  const length = packet.readUInt16BE(2);
  const fragment = packet.readUInt16BE(6) & 0x3fff;
  if (packet.readUInt8(0) >> 4 !== 4 || header < 20 || length < header || length > packet.length) return undefined;
  if (fragment !== 0 || packet.readUInt8(9) !== PROTOCOL.udp) return undefined;
  return readUdp('udp4', mac, packet.subarray(12, 16), packet.subarray(header, length));
}

function readIpv6(mac: Buffer, packet: Buffer): Question | undefined {
  if (packet.length < IPV6 || packet.readUInt8(0) >> 4 !== 6) return undefined;
  const end = IPV6 + packet.readUInt16BE(4);
  if (end > packet.length) return undefined;
  const source = packet.subarray(8, 24);
  const body = packet.subarray(IPV6, end);
  const next = packet.readUInt8(6);
  if (next === PROTOCOL.udp) return readUdp('udp6', mac, source, body);
  if (next !== PROTOCOL.icmpv6 || body.length < 4) return undefined;
  const [hopLimit, type] = [packet.readUInt8(7), body.readUInt8(0)];
  return { kind: 'icmpv6', mac, source, hopLimit, type, payload: body.subarray(4) };
}

/** What the frame asks; undefined where it is nothing that is served, or not whole. */
export function readFrame(frame: Buffer): Question | undefined {
  if (frame.length < ETHERNET) return undefined;
  const mac = frame.subarray(6, 12);
  const type = frame.readUInt16BE(12);
  const packet = frame.subarray(ETHERNET);
  if (type === ETH_TYPE.ipv4) return readIpv4(mac, packet);
  return type === ETH_TYPE.ipv6 ? readIpv6(mac, packet) : undefined;
}

/** From whom and to whom an answer goes: MAC and IP addresses, octets. */
export interface Ends {
  readonly fromMac: Buffer;
  readonly toMac: Buffer;
  readonly from: Buffer;
  readonly to: Buffer;
}

const ethernet = ({ fromMac, toMac }: Ends, type: number, packet: readonly Buffer[]): Buffer =>
  Buffer.concat([toMac, fromMac, u16(type), ...packet]);

/** The header that an upper layer's checksum covers (RFC 768; RFC 8200, 8.1). */
const pseudo = ({ from, to }: Ends, protocol: number, length: number): Buffer =>
  Buffer.concat([from, to, u16(0), u16(length), u16(0), u16(protocol)]);

function datagram(ends: Ends, from: number, to: number, payload: Buffer): Buffer {
  const whole = Buffer.concat([u16(from), u16(to), u16(UDP + payload.length), u16(0), payload]);
  // 0 would say that there is none.
  whole.writeUInt16BE(checksum(pseudo(ends, PROTOCOL.udp, whole.length), whole) || 0xffff, 6);
  return whole;
}

/** A frame with a UDP datagram over IPv4. */
export function udp4Frame(ends: Ends, from: number, to: number, payload: Buffer): Buffer {
  const body = datagram(ends, from, to, payload);
  const header = Buffer.concat([
    Buffer.from([0x45, 0]),
    u16(20 + body.length),
    u16(0),
    u16(0x4000),
    Buffer.from([64, PROTOCOL.udp, 0, 0]),
    ends.from,
    ends.to,
  ]);
  header.writeUInt16BE(checksum(header), 10);
  return ethernet(ends, ETH_TYPE.ipv4, [header, body]);
}

const ipv6Header = ({ from, to }: Ends, next: number, length: number, hopLimit: number): Buffer =>
  Buffer.concat([Buffer.from([0x60, 0, 0, 0]), u16(length), Buffer.from([next, hopLimit]), from, to]);

/** A frame with a UDP datagram over IPv6. */
export function udp6Frame(ends: Ends, from: number, to: number, payload: Buffer): Buffer {
  const body = datagram(ends, from, to, payload);
  return ethernet(ends, ETH_TYPE.ipv6, [ipv6Header(ends, PROTOCOL.udp, body.length, 64), body]);
}

/** Of every message of neighbour discovery: it has passed no router (RFC 4861, 7.1). */
export const ND_HOP_LIMIT = 255;

/** A frame with an ICMPv6 message; `payload` begins after the checksum. */
export function icmpv6Frame(ends: Ends, type: number, payload: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([type, 0, 0, 0]), payload]);
  body.writeUInt16BE(checksum(pseudo(ends, PROTOCOL.icmpv6, body.length), body), 2);
  return ethernet(ends, ETH_TYPE.ipv6, [ipv6Header(ends, PROTOCOL.icmpv6, body.length, ND_HOP_LIMIT), body]);
}

export const ALL_NODES = { ip: ipv6Octets('ff02::1'), mac: Buffer.from('333300000001', 'hex') } as const;
export const BROADCAST = { ip: ipv4Octets('255.255.255.255'), mac: Buffer.from('ffffffffffff', 'hex') } as const;
