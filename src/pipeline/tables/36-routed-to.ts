/**
 * Table 36 · routed_to: which VM port here is a packet for that came by an IP tunnel? It gets its destination address again,
 * and goes on like what came by any other tunnel.
 *
 *   match                                                     → action
 *   reg_network = N, IPv4 or IPv6 for an address of a port    → eth_dst = its MAC; goto from_tunnel
 *   otherwise                                                 → drop routed_destination
 */
import { networkNumber } from '../../topology/index.js';
import { usableIpv4, usableIpv6 } from '../addresses.js';
import { ETH_TYPE_IP, ETH_TYPE_IPV6, mac } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import type { LocalPort } from '../view.js';
import { fromTunnel } from './40-from-tunnel.js';

const destinations = ({ network, port }: LocalPort) => [
  ...usableIpv4(port).flatMap(({ match, text }) =>
    match === undefined ? [] : [{ text, match: { eth_type: { value: ETH_TYPE_IP }, ip_dst: match } as const }],
  ),
  ...usableIpv6(network, port).flatMap(({ match, text }) =>
    match === undefined ? [] : [{ text, match: { eth_type: { value: ETH_TYPE_IPV6 }, ipv6_dst: match } as const }],
  ),
];

export const routedTo = table({
  id: 36,
  name: 'routed_to',
  question: 'Which VM port here is a packet for that came by an IP tunnel?',
  matches: [reg_network, 'eth_type', 'ip_dst', 'ipv6_dst'],

  host: () => [
    { priority: 0, match: {}, drop: 'routed_destination', why: 'no port here has that address in that network' },
  ],

  port: (local) =>
    isRoutedHere(local)
      ? destinations(local).map(({ match, text }) => ({
          priority: 100,
          match: { [reg_network]: { value: networkNumber(local.network) }, ...match },
          actions: [{ kind: 'set_field', field: 'eth_dst', value: mac(local.port.mac) } as const],
          goto: fromTunnel,
          why: `${local.port.name} of ${local.network.path} is on this host, with ${text}`,
        }))
      : [],
});

/** Packets of the network may come by IP tunnels: they are its present way, or a former one. */
const isRoutedHere = ({ network }: LocalPort): boolean =>
  [network, ...(network.former ?? [])].some(({ encapsulation }) => encapsulation === 'ip-tunnel');
