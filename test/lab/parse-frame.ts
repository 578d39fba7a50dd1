/**
 * Takes a captured frame apart, as far as frames.ts builds them, tunnels included. `parseFrame` throws RangeError on a
 * frame that is too short for what its headers say; layers it does not know are left in `payload`.
 */
import { type Arp, ETH, type Ethernet, formatIp, formatMac, IP_PROTO, TUNNEL_PORT, type TunnelKind } from './frames.js';

export interface Frame {
  readonly eth: Ethernet;
  readonly arp?: Required<Arp>;
  readonly ip?: { readonly src: string; readonly dst: string; readonly proto: number; readonly ttl: number };
  readonly udp?: { readonly sport: number; readonly dport: number };
  readonly tcp?: { readonly sport: number; readonly dport: number; readonly flags: number };
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number; readonly seq: number };
  readonly tunnel?: { readonly kind: TunnelKind; readonly key: number | undefined; readonly inner: Frame };
  /** What follows the last header that was understood. */
  readonly payload: Buffer;
}

/** `frame`: octets, or hex as captures give it. */
export function parseFrame(frame: Uint8Array | string): Frame {
  const b = typeof frame === 'string' ? Buffer.from(frame, 'hex') : Buffer.from(frame);
  const eth = {
    dst: formatMac(slice(b, 0, 6)),
    src: formatMac(slice(b, 6, 12)),
    type: slice(b, 12, 14).readUInt16BE(),
  };
  const payload = b.subarray(14);
  if (eth.type === ETH.arp || eth.type === ETH.rarp) return { eth, ...parseArp(payload) };
  if (eth.type === ETH.ipv4) return { eth, ...parseIpv4(payload) };
  if (eth.type === ETH.ipv6) return { eth, ...parseIpv6(payload) };
  return { eth, payload };
}

function parseArp(b: Buffer): Pick<Frame, 'arp' | 'payload'> {
  const arp = {
    op: slice(b, 6, 8).readUInt16BE(),
    sha: formatMac(slice(b, 8, 14)),
    spa: formatIp(slice(b, 14, 18)),
    tha: formatMac(slice(b, 18, 24)),
    tpa: formatIp(slice(b, 24, 28)),
  };
  return { arp, payload: b.subarray(28) };
}

function parseIpv4(b: Buffer): Omit<Frame, 'eth'> {
  const head = slice(b, 0, 20);
  const ip = {
    src: formatIp(head.subarray(12, 16)),
    dst: formatIp(head.subarray(16, 20)),
    proto: head.readUInt8(9),
    ttl: head.readUInt8(8),
  };
  const length = (head.readUInt8(0) & 15) * 4;
  const payload = slice(b, length, head.readUInt16BE(2)); // what follows is Ethernet padding
  switch (ip.proto) {
    case IP_PROTO.icmp: {
      const h = slice(payload, 0, 8);
      const icmp = { type: h.readUInt8(0), code: h.readUInt8(1), id: h.readUInt16BE(4), seq: h.readUInt16BE(6) };
      return { ip, icmp, payload: payload.subarray(8) };
    }
    case IP_PROTO.udp:
      return { ip, ...parseUdp(payload) };
    case IP_PROTO.tcp: {
      const h = slice(payload, 0, 20);
      const tcp = { sport: h.readUInt16BE(0), dport: h.readUInt16BE(2), flags: h.readUInt8(13) };
      return { ip, tcp, payload: payload.subarray((h.readUInt8(12) >> 4) * 4) };
    }
    case IP_PROTO.gre:
      return { ip, ...parseGre(payload) };
    default:
      return { ip, payload };
  }
}

/** Without extension headers; addresses as eight groups, not shortened. Of its payloads, UDP and GRE are known. */
function parseIpv6(b: Buffer): Omit<Frame, 'eth'> {
  const head = slice(b, 0, 40);
  const groups = (from: number) =>
    Array.from({ length: 8 }, (_, i) => head.readUInt16BE(from + 2 * i).toString(16)).join(':');
  const ip = { src: groups(8), dst: groups(24), proto: head.readUInt8(6), ttl: head.readUInt8(7) };
  const payload = slice(b, 40, 40 + head.readUInt16BE(4));
  if (ip.proto === IP_PROTO.udp) return { ip, ...parseUdp(payload) };
  return ip.proto === IP_PROTO.gre ? { ip, ...parseGre(payload) } : { ip, payload };
}

function parseUdp(b: Buffer): Omit<Frame, 'eth' | 'ip'> {
  const udp = { sport: slice(b, 0, 2).readUInt16BE(), dport: slice(b, 2, 4).readUInt16BE() };
  const payload = b.subarray(8);
  if (udp.dport === TUNNEL_PORT.geneve) {
    const h = slice(payload, 0, 8);
    const inner = parseFrame(payload.subarray(8 + (h.readUInt8(0) & 0x3f) * 4));
    return { udp, tunnel: { kind: 'geneve', key: h.readUIntBE(4, 3), inner }, payload: inner.payload };
  }
  if (udp.dport === TUNNEL_PORT.vxlan) {
    const inner = parseFrame(payload.subarray(8));
    return {
      udp,
      tunnel: { kind: 'vxlan', key: slice(payload, 0, 8).readUIntBE(4, 3), inner },
      payload: inner.payload,
    };
  }
  return { udp, payload };
}

/** GRE version 0, around Ethernet; flags C, K and S as RFC 2784 and 2890. */
function parseGre(b: Buffer): Pick<Frame, 'tunnel' | 'payload'> {
  const flags = slice(b, 0, 2).readUInt16BE();
  if (slice(b, 2, 4).readUInt16BE() !== ETH.transparentBridging) return { payload: b };
  let at = 4 + (flags & 0x8000 ? 4 : 0);
  const key = flags & 0x2000 ? slice(b, at, at + 4).readUInt32BE() : undefined;
  at += (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
  const inner = parseFrame(b.subarray(at));
  return { tunnel: { kind: 'gre', key, inner }, payload: inner.payload };
}

function slice(b: Buffer, from: number, to: number): Buffer {
  if (to > b.length || from > to) throw new RangeError(`frame too short: octets ${from} to ${to} of ${b.length}`);
  return b.subarray(from, to);
}
