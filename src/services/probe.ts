/**
 * The packets by which the controller probes the path between two hosts: UDP over IPv4 in the tunnel, with a key that is
 * nobody's, to nobody's address. All that matters in one is its number, which nobody can guess; the rest is size.
 */
import { udp4Frame } from './frames.js';
import { ipv4Octets } from './octets.js';

/** Octets of an IP packet without what is in the datagram: IPv4 (RFC 791) and UDP (RFC 768). */
const HEADERS = 20 + 8;
const ETHERNET = 14;
/** Octets of a probe's number. */
export const PROBE_ID = 16;
/** The least probe, octets of its IP packet. */
export const LEAST_PROBE = 64;

/** Locally administered addresses that no VM has; addresses of the range for tests (RFC 5737). */
const ENDS = {
  fromMac: Buffer.from('020000000001', 'hex'),
  toMac: Buffer.from('020000000002', 'hex'),
  from: ipv4Octets('192.0.2.1'),
  to: ipv4Octets('192.0.2.2'),
} as const;

/** A probe of `octets` as an IP packet, with a number of PROBE_ID octets. */
export function probeFrame(id: Buffer, octets: number, port: number): Buffer {
  const payload = Buffer.alloc(Math.max(octets, LEAST_PROBE) - HEADERS);
  id.copy(payload, 0, 0, PROBE_ID);
  return udp4Frame(ENDS, port, port, payload);
}

/** The number in a probe, in hex; undefined where there is no room for one. */
export function probeId(frame: Buffer): string | undefined {
  const at = ETHERNET + HEADERS;
  return frame.length < at + PROBE_ID ? undefined : frame.toString('hex', at, at + PROBE_ID);
}
