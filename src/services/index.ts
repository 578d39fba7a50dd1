/**
 * What the network answers its guests: octets in, octets out. Pure, and without state: every answer follows from the
 * topology and the question, so any controller gives the same, and one that was away has missed nothing.
 */
import { dhcp4 } from './dhcp4.js';
import { dhcp6 } from './dhcp6.js';
import { readFrame } from './frames.js';
import type { Guest } from './guest.js';
import { NEIGHBOUR_SOLICITATION, neighbourAdvertisement } from './neighbour.js';
import { ROUTER_SOLICITATION, routerAdvertisement } from './router.js';

export { type Guest, SERVICE_MAC } from './guest.js';
export { LEAST_PROBE, PROBE_ID, probeFrame, probeId } from './probe.js';
export { rarpRequest } from './rarp.js';

const DHCP_PORTS = { udp4: 67, udp6: 547 } as const;

/** The frame that answers a guest's, for its port alone; undefined where there is no answer. */
export function answer(guest: Guest, frame: Buffer): Buffer | undefined {
  const question = readFrame(frame);
  if (question === undefined) return undefined;
  if (question.kind === 'icmpv6') {
    if (question.type === ROUTER_SOLICITATION) return routerAdvertisement(guest, question);
    return question.type === NEIGHBOUR_SOLICITATION ? neighbourAdvertisement(guest, question) : undefined;
  }
  if (question.destinationPort !== DHCP_PORTS[question.kind]) return undefined;
  return question.kind === 'udp4' ? dhcp4(guest, question) : dhcp6(guest, question);
}
