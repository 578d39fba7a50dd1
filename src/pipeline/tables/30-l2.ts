/**
 * Table 30 · l2: where does a VM's packet go? The only table from which a tunnel can be reached.
 *
 *   match                                     → action
 *   reg_network = N, MAC of a port elsewhere  → tun_id = N's key, tun_dst; output tunnel
 *   reg_network = N, MAC of a port here       → reg_out = port; goto guard
 *   reg_network = N, broadcast or multicast   → group N (a copy to each other host of N); goto flood (copies here)
 *   … where N is too large for that           → drop no_flood
 *   reg_network = N                           → drop unknown_unicast
 *   otherwise                                 → drop no_network
 */
import { deliverTo, MULTICAST, noFlood, sendByTunnel } from '../actions.js';
import { mac } from '../fields.js';
import { groupId } from '../groups.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { flood } from './50-flood.js';
import { guard } from './60-guard.js';

export const l2 = table({
  id: 30,
  name: 'l2',
  question: "Where does a VM's packet go?",
  matches: [reg_network, 'eth_dst'],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no destination' }],

  network: ({ network, floods }) => [
    {
      priority: 50,
      match: { [reg_network]: { value: network.key }, eth_dst: MULTICAST },
      ...(floods
        ? ({
            actions: [{ kind: 'group', group_id: groupId(network.key) }],
            goto: flood,
            why: `broadcast and multicast of ${network.path} go to its other hosts and to its ports here`,
          } as const)
        : noFlood(network)),
    },
    {
      priority: 10,
      match: { [reg_network]: { value: network.key } },
      drop: 'unknown_unicast',
      why: `${network.path} has no port with that MAC address, or it is nowhere bound`,
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

  remote: ({ network, port, host, vtep, tunnel, wire }) => [
    {
      priority: 100,
      match: { [reg_network]: { value: network.key }, eth_dst: { value: mac(port.mac) } },
      actions: sendByTunnel(tunnel, vtep, wire),
      why: `${port.name} of ${network.path} is on host ${host}`,
    },
  ],
});
