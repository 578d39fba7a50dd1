/** Frames that nobody may send: from a VM with what belongs to another, and tunnel packets from outside. */
import type { Encapsulation } from '../../topology/index.js';

/** Stands in every forged packet, so that one that arrives anywhere is known. */
export const MARK = 'kakuri forged';

export interface Endpoint {
  readonly mac: string;
  readonly ip: string;
}

const mac = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex');
const ip = (text: string): Buffer => Buffer.from(text.split('.').map(Number));

function be16(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) octets.writeUInt16BE(value, 2 * i);
  return octets;
}

/** RFC 1071. */
function checksum(octets: Buffer): number {
  let sum = 0;
  for (let i = 0; i + 1 < octets.length; i += 2) sum += octets.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const ethernet = (from: string, to: string, type: number, payload: Buffer): Buffer =>
  Buffer.concat([mac(to), mac(from), be16(type), payload]);

/** RFC 791, no options, don't fragment. */
function ipv4(from: string, to: string, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.concat([
    be16(0x4500, 20 + payload.length, 1, 0x4000),
    Buffer.from([64, protocol, 0, 0]),
    ip(from),
    ip(to),
  ]);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

/** RFC 768, no checksum. */
const udp = (to: number, payload: Buffer): Buffer => Buffer.concat([be16(40_000, to, 8 + payload.length, 0), payload]);

/** A frame from one VM to another, addresses as given. */
export const frame = (from: Endpoint, to: Endpoint): Buffer =>
  ethernet(from.mac, to.mac, 0x0800, ipv4(from.ip, to.ip, 17, udp(9, Buffer.from(MARK))));

const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** A frame from a VM to everybody in its network. */
export const broadcastFrame = ({ mac: from, ip: address }: Endpoint): Buffer =>
  ethernet(from, BROADCAST, 0x0800, ipv4(address, '255.255.255.255', 17, udp(9, Buffer.from('kakuri broadcast'))));

/** An ARP reply (RFC 826) by which `from.mac` claims `from.ip`, with the mark as trailer. */
export const arpReply = (from: Endpoint, to: Endpoint): Buffer =>
  ethernet(
    from.mac,
    to.mac,
    0x0806,
    Buffer.concat([be16(1, 0x0800, 0x0604, 2), mac(from.mac), ip(from.ip), mac(to.mac), ip(to.ip), Buffer.from(MARK)]),
  );

/** The header between the outer IP header and the frame inside, with the key as it is on the wire. */
function encapsulated(encapsulation: Encapsulation, key: number, inner: Buffer): readonly [protocol: number, Buffer] {
  const vni = Buffer.alloc(4);
  vni.writeUInt32BE((key * 256) >>> 0);
  if (encapsulation === 'geneve') return [17, udp(6081, Buffer.concat([be16(0, 0x6558), vni, inner]))];
  if (encapsulation === 'vxlan') return [17, udp(4789, Buffer.concat([be16(0x0800, 0), vni, inner]))];
  const wire = Buffer.alloc(4);
  wire.writeUInt32BE(encapsulation === 'nvgre' ? (key * 256) >>> 0 : key);
  // The IP packet in the frame.
  if (encapsulation === 'ip-tunnel') return [47, Buffer.concat([be16(0x2000, 0x0800), wire, inner.subarray(14)])];
  return [47, Buffer.concat([be16(0x2000, 0x6558), wire, inner])];
}

/** A frame as it is on a trunk (IEEE 802.1Q). */
export const tagged = (id: number, inner: Buffer): Buffer =>
  Buffer.concat([inner.subarray(0, 12), be16(0x8100, id), inner.subarray(12)]);

export interface Outer {
  readonly encapsulation: Encapsulation;
  readonly key: number;
  /** `mac` of `to` is the next hop's. */
  readonly from: Endpoint;
  readonly to: Endpoint;
}

/** A tunnel packet on the underlay. */
export function tunnelPacket({ encapsulation, key, from, to }: Outer, inner: Buffer): Buffer {
  const [protocol, payload] = encapsulated(encapsulation, key, inner);
  return ethernet(from.mac, to.mac, 0x0800, ipv4(from.ip, to.ip, protocol, payload));
}
