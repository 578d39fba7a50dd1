/**
 * Table 30 · l2: where does a VM's packet go? Only this table and `broadcast`, behind it, lead to tunnels (and `arrival` to a trunk).
 *
 *   match                                     → action
 *   reg_network = N, MAC of a port elsewhere  → tun_id = N's key, tun_dst; output tunnel
 *   … on the VLAN half of N, from the other   → resubmit to to_gateway
 *   … by an IP tunnel, to an IP address of its → tun_id = N's key; output tunnel; all else for that MAC: drop not_routed
 *   reg_network = N, MAC of a port here       → reg_out = port; goto guard
 *   … during its migration                    → the same, and to the tunnel of the other end
 *   broadcast or multicast                    → goto broadcast
 *   reg_network = N, where some port asks for → group of the hosts with such ports; copies to those here, by the guard
 *   reg_network = N                           → drop unknown_unicast
 *   otherwise                                 → drop no_network
 */

import { networkNumber } from '../../topology/index.js';
import { deliverTo, isRouted, MULTICAST, sendByTunnel } from '../actions.js';
import { usableIpv4, usableIpv6 } from '../addresses.js';
import { type Action, ETH_TYPE_IP, ETH_TYPE_IPV6, mac } from '../fields.js';
import { unknownGroupId, wantsUnknown } from '../groups.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import type { LocalPort, SendTo, TunnelPort } from '../view.js';
import { broadcast } from './32-broadcast.js';
import { guard, toGuard, toUnknown } from './60-guard.js';

/** During a migration both ends receive; on a VLAN one frame is for both. */
const copiesTo = (to: SendTo | undefined, by?: TunnelPort): readonly Action[] =>
  to === undefined || (by?.trunk && to.tunnel.ofport === by.ofport) || (by?.gateways && to.tunnel.gateways)
    ? []
    : sendByTunnel(to.tunnel, to.vtep, to.wire);

/** The IP packets for a port that an IP tunnel carries: for the addresses by which the other end finds it. */
const routable = ({ network, port }: Pick<LocalPort, 'network' | 'port'>) => [
  ...usableIpv4(port).flatMap(({ match }) =>
    match === undefined ? [] : [{ eth_type: { value: ETH_TYPE_IP }, ip_dst: match } as const],
  ),
  ...usableIpv6(network, port).flatMap(({ match }) =>
    match === undefined ? [] : [{ eth_type: { value: ETH_TYPE_IPV6 }, ipv6_dst: match } as const],
  ),
];

/** What is for a port, apart by what all `ends` carry, and what only those of them do that are no IP tunnels. */
function carried(ports: Pick<LocalPort, 'network' | 'port'>, ends: readonly (SendTo | undefined)[]) {
  const carries = (to: SendTo): boolean => !isRouted(to.wire);
  // IP tunnels last: what took Ethernet off must not be sent with it after that (see `port`).
  const given = ends.flatMap((to) => to ?? []);
  const there = [...given.filter(carries), ...given.filter((to) => !carries(to))];
  const to = {
    [reg_network]: { value: networkNumber(ports.network) },
    eth_dst: { value: mac(ports.port.mac) },
  } as const;
  return there.every(carries)
    ? [{ priority: 100, match: to, ends: there }]
    : [
        ...routable(ports).map((ip) => ({ priority: 100, match: { ...to, ...ip }, ends: there })),
        { priority: 90, match: to, ends: there.filter(carries) },
      ];
}
const migrating = (to: SendTo | undefined): string =>
  to === undefined ? '' : `; it is migrating, ${to.host} gets copies`;

export const l2 = table({
  id: 30,
  name: 'l2',
  question: "Where does a VM's packet go?",
  matches: [reg_network, 'eth_dst', 'eth_type', 'ip_dst', 'ipv6_dst'],

  host: () => [
    { priority: 50, match: { eth_dst: MULTICAST }, goto: broadcast, why: 'for all ports of the network' },
    { priority: 0, match: {}, drop: 'no_network', why: 'no network, no destination' },
  ],

  network: (local) => {
    const { network, floods, joins } = local;
    // No VM is there.
    if (joins !== undefined) return [];
    const match = { [reg_network]: { value: networkNumber(network) } } as const;
    return floods && wantsUnknown(network)
      ? [
          {
            priority: 10,
            match,
            actions: [{ kind: 'group', group_id: unknownGroupId(network) }, ...toUnknown(local)],
            why: `ports of ${network.path} receive what is for unknown MAC addresses`,
          },
        ]
      : [
          {
            priority: 10,
            match,
            drop: 'unknown_unicast',
            why: `${network.path} has no port with that MAC address, or it is nowhere bound`,
          },
        ];
  },

  port: ({ network, port, ofport, copies }) =>
    carried({ network, port }, [copies]).map(({ priority, match, ends: [to] }) => ({
      priority,
      match,
      // Last what takes Ethernet off: ovs-vswitchd 3.1 dies where a frame leaves by a VM port after that.
      ...(to !== undefined && isRouted(to.wire)
        ? { actions: [...toGuard(ofport), ...copiesTo(to)] }
        : { actions: [...copiesTo(to), deliverTo(ofport)], goto: guard }),
      why: `${port.name} of ${network.path} is on this host${migrating(to)}`,
    })),

  remote: (remote) => {
    const { network, port, copies, joins } = remote;
    if (joins) return [];
    return carried(remote, [remote, copies]).map(({ priority, match, ends: [first, second] }) =>
      first === undefined
        ? {
            priority,
            match,
            drop: 'not_routed',
            why: `the IP tunnel to ${port.name} of ${network.path} carries IP packets for its addresses only`,
          }
        : {
            priority,
            match,
            actions: [...sendByTunnel(first.tunnel, first.vtep, first.wire), ...copiesTo(second, first.tunnel)],
            why: `${port.name} of ${network.path} is on host ${first.host}${migrating(second)}`,
          },
    );
  },
});
