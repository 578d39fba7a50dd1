/**
 * Table 34 · routed: which VM is a packet from that came by an IP tunnel? It came without Ethernet, and gets its source
 * address again. (From VM ports broadcasts end here, when the ports on their host have had their copies.)
 *
 *   match                                                   → action
 *   reg_network = N, in_port = tunnel, tun_src = VTEP,
 *     IPv4 or IPv6 from an address of a port of N there     → eth_src = its MAC; goto routed_to
 *   broadcast or multicast                                  → drop routed_broadcast
 *   IPv4 or IPv6                                            → drop routed_source
 *   otherwise                                               → drop routed_protocol
 *
 * Nothing from here reaches a tunnel. TTL and hop limit stay as they are: to the VMs the network is one subnet, in which
 * neighbour discovery asks for a hop limit of 255 (RFC 4861, 7.1).
 */
import { networkNumber } from '../../topology/index.js';
import { fromVtep, isRouted, MULTICAST } from '../actions.js';
import { usableIpv4, usableIpv6 } from '../addresses.js';
import { ETH_TYPE_IP, ETH_TYPE_IPV6, mac } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import type { Sender } from '../view.js';
import { routedTo } from './36-routed-to.js';

/** The packets that a port may send from there; those without an address of its own are left out. */
const sources = ({ network, port }: Sender) => [
  ...usableIpv4(port).flatMap(({ match, text }) =>
    match === undefined ? [] : [{ text, match: { eth_type: { value: ETH_TYPE_IP }, ip_src: match } as const }],
  ),
  ...usableIpv6(network, port).flatMap(({ match, text }) =>
    match === undefined ? [] : [{ text, match: { eth_type: { value: ETH_TYPE_IPV6 }, ipv6_src: match } as const }],
  ),
];

export const routed = table({
  id: 34,
  name: 'routed',
  question: 'Which VM is a packet from that came by an IP tunnel?',
  matches: ['in_port', reg_network, 'eth_dst', 'tun_src', 'tun_ipv6_src', 'eth_type', 'ip_src', 'ipv6_src'],

  host: () => [
    {
      priority: 50,
      match: { eth_dst: MULTICAST },
      drop: 'routed_broadcast',
      why: 'IP tunnels carry no broadcast and multicast: they have reached the ports here',
    },
    ...([ETH_TYPE_IP, ETH_TYPE_IPV6] as const).map(
      (type) =>
        ({
          priority: 10,
          match: { eth_type: { value: type } },
          drop: 'routed_source',
          why: 'no port of that network on that host has that source address',
        }) as const,
    ),
    { priority: 0, match: {}, drop: 'routed_protocol', why: 'IP tunnels carry IPv4 and IPv6 only' },
  ],

  sender: (sender) => {
    const { network, port, host, vtep, tunnel, wire } = sender;
    if (!isRouted(wire)) return [];
    const from = {
      in_port: { value: tunnel.ofport },
      [reg_network]: { value: networkNumber(network) },
      ...fromVtep(vtep),
    } as const;
    return sources(sender).map(({ match, text }) => ({
      priority: 100,
      match: { ...from, ...match },
      actions: [{ kind: 'set_field', field: 'eth_src', value: mac(port.mac) } as const],
      goto: routedTo,
      why: `${port.name} of ${network.path} is on host ${host} and may send from ${text}`,
    }));
  },
});
