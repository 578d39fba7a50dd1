/**
 * The neighbour solicitations that flows cannot answer (RFC 4861, 7.2.4): duplicate address detection of an address that
 * another port has, which is answered to all nodes, and questions without the option that flows turn into the answer's.
 */
import { knownAddresses } from '../pipeline/index.js';
import { ALL_NODES, type Icmpv6, icmpv6Frame, ND_HOP_LIMIT } from './frames.js';
import type { Guest } from './guest.js';
import { ipv6Octets, macOctets } from './octets.js';

export const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const FLAG = { solicited: 0x40, override: 0x20 } as const;
const TARGET_LINK_LAYER = 2;
const UNSPECIFIED = Buffer.alloc(16);
/** Reserved (4) and the target (16). */
const LEAST = 20;

/** The MAC address of the network's port with this address; the asking port's own addresses are free for it. */
function macOf({ network, port }: Guest, target: Buffer): Buffer | undefined {
  for (const other of network.ports)
    if (other.path !== port.path)
      for (const ip of knownAddresses(network, other))
        if (ip.includes(':') && ipv6Octets(ip).equals(target)) return macOctets(other.mac);
  return undefined;
}

/** The advertisement of the port that has the address, if one has it. */
export function neighbourAdvertisement(guest: Guest, { mac, source, hopLimit, payload }: Icmpv6): Buffer | undefined {
  if (hopLimit !== ND_HOP_LIMIT || payload.length < LEAST || !mac.equals(macOctets(guest.port.mac))) return undefined;
  const target = payload.subarray(4, LEAST);
  const owner = macOf(guest, target);
  if (owner === undefined) return undefined;
  const detection = source.equals(UNSPECIFIED);
  const flags = detection ? FLAG.override : FLAG.solicited | FLAG.override;
  const to = detection ? { toMac: ALL_NODES.mac, to: ALL_NODES.ip } : { toMac: mac, to: source };
  const body = Buffer.concat([Buffer.from([flags, 0, 0, 0]), target, Buffer.from([TARGET_LINK_LAYER, 1]), owner]);
  return icmpv6Frame({ fromMac: owner, from: target, ...to }, NEIGHBOUR_ADVERTISEMENT, body);
}
