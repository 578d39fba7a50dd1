/**
 * IPv6 (RFC 8200) for the frames that tests send: a header without extensions, UDP with its mandatory checksum, and
 * neighbour discovery (RFC 4861).
 */
import { checksum } from './checksum.js';

/** The 16 octets of an address; `::` may stand for zeros once. Throws RangeError for anything else. */
export function ip6Octets(ip: string): Buffer {
  const [head = '', tail] = ip.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const missing = 8 - first.length - last.length;
  const all = tail === undefined ? first : [...first, ...Array<number>(Math.max(0, missing)).fill(0), ...last];
  if (all.length !== 8 || all.some((group) => !(group >= 0 && group <= 0xffff)))
    throw new RangeError(`not an IPv6 address: ${ip}`);
  const octets = Buffer.alloc(16);
  for (const [i, group] of all.entries()) octets.writeUInt16BE(group, 2 * i);
  return octets;
}

export interface Ipv6 {
  readonly src: string;
  readonly dst: string;
  /** Next header. */
  readonly next: number;
  readonly hopLimit?: number;
}

export function ipv6({ src, dst, next, hopLimit = 64 }: Ipv6, payload: Uint8Array): Buffer {
  const head = Buffer.from([0x60, 0, 0, 0, 0, 0, next, hopLimit]);
  head.writeUInt16BE(payload.length, 4);
  return Buffer.concat([head, ip6Octets(src), ip6Octets(dst), payload]);
}

const UDP = 17;

/** The checksum of an upper layer over the pseudo-header (RFC 8200, 8.1). */
export function checksum6(addresses: { src: string; dst: string }, next: number, message: Uint8Array): number {
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(message.length, 0);
  pseudo.writeUInt8(next, 7);
  return checksum(ip6Octets(addresses.src), ip6Octets(addresses.dst), pseudo, message);
}

export function udp6(
  ports: { sport: number; dport: number },
  payload: Uint8Array,
  addresses: { src: string; dst: string },
): Buffer {
  const datagram = Buffer.concat([Buffer.alloc(8), payload]);
  datagram.writeUInt16BE(ports.sport, 0);
  datagram.writeUInt16BE(ports.dport, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  datagram.writeUInt16BE(checksum6(addresses, UDP, datagram) || 0xffff, 6);
  return datagram;
}

const ICMPV6 = 58;

/** An ICMPv6 message (RFC 4443) in its IPv6 header; neighbour discovery asks for hop limit 255. */
export function icmpv6(header: Omit<Ipv6, 'next'>, type: number, body: Uint8Array): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0]), body]);
  message.writeUInt16BE(checksum6(header, ICMPV6, message), 2);
  return ipv6({ hopLimit: 255, ...header, next: ICMPV6 }, message);
}

/** An option with a link-layer address (RFC 4861, 4.6.1): 1 the source's, 2 the target's. */
export const linkLayer = (kind: 1 | 2, mac: string): Buffer =>
  Buffer.concat([Buffer.from([kind, 1]), Buffer.from(mac.replaceAll(':', ''), 'hex')]);

export interface Neighbour extends Omit<Ipv6, 'next'> {
  readonly target: string;
  /** Of the option; absent: no option. */
  readonly mac?: string;
  /** R, S, O in the upper three bits. */
  readonly flags?: number;
}

/** A neighbour solicitation (135) or advertisement (136). */
export function neighbour(
  type: 135 | 136,
  { target, mac, flags = 0, ...header }: Neighbour,
  rest: Uint8Array = Buffer.alloc(0),
): Buffer {
  const option = mac === undefined ? Buffer.alloc(0) : linkLayer(type === 135 ? 1 : 2, mac);
  return icmpv6(header, type, Buffer.concat([Buffer.from([flags, 0, 0, 0]), ip6Octets(target), option, rest]));
}

/** The solicited-node group of an address (RFC 4291, 2.7.1), and the MAC address of a group (RFC 2464, 7). */
export const solicitedNode = (ip: string): string => {
  const o = ip6Octets(ip);
  return `ff02::1:ff${o.subarray(13, 14).toString('hex')}:${o.subarray(14).toString('hex')}`;
};
export const groupMac = (ip: string): string =>
  `33:33:${(ip6Octets(ip).subarray(12).toString('hex').match(/../g) ?? []).join(':')}`;

/** fe80::/64 with the MAC address as a modified EUI-64 (RFC 4291, appendix A). */
export function eui64(mac: string): string {
  const o = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const groups = [
    ((o[0] ?? 0) ^ 2) * 256 + (o[1] ?? 0),
    (o[2] ?? 0) * 256 + 0xff,
    0xfe00 + (o[3] ?? 0),
    (o[4] ?? 0) * 256 + (o[5] ?? 0),
  ];
  return `fe80::${groups.map((g) => g.toString(16)).join(':')}`;
}
