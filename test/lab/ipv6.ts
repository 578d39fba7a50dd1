/** IPv6 (RFC 8200) for the frames that tests send: a header without extensions, and UDP with its mandatory checksum. */
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
