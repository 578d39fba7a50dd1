/** Addresses and checksums as octets, network order. */
import { ipv4, ipv6, mac } from 'ts-openflow';

export const u16 = (value: number): Buffer => Buffer.from([(value >> 8) & 0xff, value & 0xff]);

export function u32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

export const macOctets = (text: string): Buffer => Buffer.from(mac(text).toString(16).padStart(12, '0'), 'hex');
export const ipv4Octets = (text: string): Buffer => u32(ipv4(text));
export const ipv6Octets = (text: string): Buffer => Buffer.from(ipv6(text).toString(16).padStart(32, '0'), 'hex');

/** The Internet checksum (RFC 1071) over parts of which all but the last have an even number of octets. */
export function checksum(...parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
