/**
 * Table 40 · from_tunnel: which VM port here is a packet from another host for? Nothing after this table reaches a tunnel.
 *
 *   match                                    → action
 *   reg_network = N, MAC of a port here      → reg_out = port; goto guard
 *   reg_network = N, a VLAN; still tagged    → drop trunk_double_tag
 *   broadcast or multicast                   → goto flood
 *   reg_network = N, a port here asks for it → copies to such ports, by the guard
 *   otherwise                                → drop tunnel_unicast
 */

import { networkNumber } from '../../topology/index.js';
import { deliverTo, MULTICAST, VLAN_PRESENT } from '../actions.js';
import { mac } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import type { LocalNetwork } from '../view.js';
import { flood } from './50-flood.js';
import { guard, toUnknown } from './60-guard.js';

/** What becomes of a packet for a MAC address that is not here. */
function unknownHere(local: LocalNetwork) {
  const actions = toUnknown(local);
  return actions.length > 0
    ? { actions, why: `ports of ${local.network.path} here receive what is for unknown MAC addresses` }
    : ({
        drop: 'tunnel_unicast',
        why: `no port of ${local.network.path} with that MAC address is on this host`,
      } as const);
}

export const fromTunnel = table({
  id: 40,
  name: 'from_tunnel',
  question: 'Which VM port here is a packet from another host for?',
  matches: [reg_network, 'eth_dst', 'vlan_vid'],

  host: () => [
    {
      priority: 50,
      match: { eth_dst: MULTICAST },
      goto: flood,
      why: 'broadcast and multicast from other hosts go to the ports of their network here, and to no tunnel',
    },
    { priority: 0, match: {}, drop: 'tunnel_unicast', why: 'no port here has that address in that network' },
  ],

  network: (local) => {
    if (local.joins !== undefined) return [];
    const match = { [reg_network]: { value: networkNumber(local.network) } } as const;
    return [
      { priority: 10, match, ...unknownHere(local) },
      ...((local.segments ?? []).length === 0
        ? []
        : [
            {
              priority: 110,
              match: { ...match, vlan_vid: { value: VLAN_PRESENT, mask: VLAN_PRESENT } },
              drop: 'trunk_double_tag',
              why: `a frame of ${local.network.path} has one tag, which is taken off`,
            } as const,
          ]),
    ];
  },

  port: ({ network, port, ofport }) => [
    {
      priority: 100,
      match: { [reg_network]: { value: networkNumber(network) }, eth_dst: { value: mac(port.mac) } },
      actions: [deliverTo(ofport)],
      goto: guard,
      why: `${port.name} of ${network.path} is on this host`,
    },
  ],
});
