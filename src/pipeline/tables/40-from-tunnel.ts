/**
 * Table 40 · from_tunnel: which VM port here is a packet from another host for? Nothing after this table reaches a tunnel.
 *
 *   match                                    → action
 *   reg_network = N, MAC of a port here      → reg_out = port; goto guard
 *   reg_network = N, broadcast or multicast  → goto flood
 *   … where N is too large for that          → drop no_flood
 *   otherwise                                → drop tunnel_unicast
 */
import { deliverTo, MULTICAST, noFlood } from '../actions.js';
import { mac } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { flood } from './50-flood.js';
import { guard } from './60-guard.js';

export const fromTunnel = table({
  id: 40,
  name: 'from_tunnel',
  question: 'Which VM port here is a packet from another host for?',
  matches: [reg_network, 'eth_dst'],

  host: () => [
    { priority: 0, match: {}, drop: 'tunnel_unicast', why: 'no port here has that address in that network' },
  ],

  network: ({ network, floods }) => [
    {
      priority: 50,
      match: { [reg_network]: { value: network.key }, eth_dst: MULTICAST },
      ...(floods
        ? ({
            goto: flood,
            why: `broadcast and multicast of ${network.path} from other hosts go to its ports here, and to no tunnel`,
          } as const)
        : noFlood(network)),
    },
    {
      priority: 10,
      match: { [reg_network]: { value: network.key } },
      drop: 'tunnel_unicast',
      why: `no port of ${network.path} with that MAC address is on this host`,
    },
  ],

  port: ({ network, port, ofport }) => [
    {
      priority: 100,
      match: { [reg_network]: { value: network.key }, eth_dst: { value: mac(port.mac) } },
      actions: [deliverTo(ofport)],
      goto: guard,
      why: `${port.name} of ${network.path} is on this host`,
    },
  ],
});
