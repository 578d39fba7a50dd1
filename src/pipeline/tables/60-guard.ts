/**
 * Table 60 · guard: the last word before a VM port. A mistake in any table before becomes a counted drop here, not a leak.
 *
 *   match                                                      → action
 *   reg_out = P, reg_network = P's, P's MAC and an IP of P     → output P      (IPv4 or IPv6 destination, ARP target)
 *   reg_out = P, reg_network = P's, P's MAC, ARP to 0.0.0.0    → output P      (the answer to a probe of RFC 5227)
 *   reg_out = P, reg_network = P's, broadcast or multicast     → output P
 *   reg_out = P, reg_network = P's, P's MAC                    → drop foreign_destination
 *   reg_out = P, reg_network = P's, P receives the unknown     → output P
 *   reg_out = P, from P's MAC, where P may have just moved     → drop guard  (on its way when P came: its own broadcast)
 *   otherwise                                                  → drop guard
 */
import type { Action } from 'ts-openflow';
import { networkNumber } from '../../topology/index.js';
import { deliverTo, MULTICAST } from '../actions.js';
import { usableIpv4, usableIpv6 } from '../addresses.js';
import { ETH_TYPE_ARP, ETH_TYPE_IP, ETH_TYPE_IPV6, mac } from '../fields.js';
import { reg_network, reg_out } from '../registers.js';
import { table } from '../table.js';
import type { LocalNetwork, LocalPort } from '../view.js';

const GUARD_ID = 60;

/** What the port may be sent in frames for it alone: the match, and what that is in words. */
function destinations({ network, port }: LocalPort) {
  if (port.ipChecks === false) return [[{}, 'what is for its MAC address'] as const];
  const ip = { eth_type: { value: ETH_TYPE_IP } } as const;
  const arp = { eth_type: { value: ETH_TYPE_ARP } } as const;
  const ip6 = { eth_type: { value: ETH_TYPE_IPV6 } } as const;
  return [
    ...usableIpv4(port).flatMap(({ match, text }) => [
      [{ ...ip, ...(match && { ip_dst: match }) }, `IPv4 for ${text}`] as const,
      [{ ...arp, ...(match && { arp_tpa: match }) }, `ARP for ${text}`] as const,
    ]),
    [{ ...arp, arp_tpa: { value: 0 } }, 'the answer to its probe of an address'] as const,
    ...usableIpv6(network, port).map(
      ({ match, text }) => [{ ...ip6, ...(match && { ipv6_dst: match }) }, `IPv6 for ${text}`] as const,
    ),
  ];
}

/** A copy to each port here that receives the unknown, by the guard. */
export const toUnknown = ({ ports }: LocalNetwork): readonly Action[] =>
  ports.filter(({ port }) => port.unknown === true).flatMap(({ ofport }) => toGuard(ofport));

/** A copy of the packet to a VM port, by the guard. */
export const toGuard = (ofport: number): readonly Action[] => [
  deliverTo(ofport),
  { kind: 'resubmit', table: GUARD_ID } as const,
];

/**
 * A frame that the VM sent where it was before, and that comes to where it is now: during a migration, and in a network that
 * is half a VLAN by a gateway that does not know yet.
 */
const ownFrames = ({ network, port, ofport, arriving }: LocalPort) =>
  arriving !== true && network.vlan === undefined
    ? []
    : [
        {
          priority: 120,
          match: { [reg_out]: { value: ofport }, eth_src: { value: mac(port.mac) } },
          drop: 'guard',
          why: `${port.name} of ${network.path} has sent it itself`,
        } as const,
      ];

export const guard = table({
  id: GUARD_ID,
  name: 'guard',
  question: 'May this packet leave by this VM port?',
  matches: [reg_out, reg_network, 'eth_src', 'eth_dst', 'eth_type', 'ip_dst', 'ipv6_dst', 'arp_tpa'],

  host: () => [{ priority: 0, match: {}, drop: 'guard', why: 'whatever does not belong to the port it was sent to' }],

  port: (local) => {
    const { network, port, ofport } = local;
    const to = { [reg_out]: { value: ofport }, [reg_network]: { value: networkNumber(network) } } as const;
    const addressed = { ...to, eth_dst: { value: mac(port.mac) } } as const;
    return [
      ...ownFrames(local),
      ...destinations(local).map(([destination, what]) => ({
        priority: 100,
        match: { ...addressed, ...destination },
        actions: [{ kind: 'output', port: ofport } as const],
        why: `${port.name} receives ${what} in ${network.path}`,
      })),
      {
        priority: 100,
        match: { ...to, eth_dst: MULTICAST },
        actions: [{ kind: 'output', port: ofport }],
        why: `${port.name} receives broadcast and multicast of ${network.path}`,
      },
      {
        priority: 50,
        match: addressed,
        drop: 'foreign_destination',
        why: `${port.name} of ${network.path} has no such address`,
      },
      ...(port.unknown === true
        ? [
            {
              priority: 20,
              match: to,
              actions: [{ kind: 'output', port: ofport }],
              why: `${port.name} receives what is for unknown MAC addresses of ${network.path}`,
            } as const,
          ]
        : []),
    ];
  },
});
