/**
 * Table 30 · l2: where does a VM's packet go? Only this table and `broadcast`, behind it, lead to tunnels (and `arrival` to a trunk).
 *
 *   match                                     → action
 *   reg_network = N, MAC of a port elsewhere  → tun_id = N's key, tun_dst; output tunnel
 *   reg_network = N, MAC of a port here       → reg_out = port; goto guard
 *   … during its migration                    → the same, and to the tunnel of the other end
 *   broadcast or multicast                    → goto broadcast
 *   reg_network = N, where some port asks for → group of the hosts with such ports; copies to those here, by the guard
 *   reg_network = N                           → drop unknown_unicast
 *   otherwise                                 → drop no_network
 */

import { networkNumber } from '../../topology/index.js';
import { deliverTo, MULTICAST, sendByTunnel } from '../actions.js';
import { type Action, mac } from '../fields.js';
import { unknownGroupId, wantsUnknown } from '../groups.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import type { SendTo, TunnelPort } from '../view.js';
import { broadcast } from './32-broadcast.js';
import { guard, toUnknown } from './60-guard.js';

/** During a migration both ends receive; on a VLAN one frame is for both. */
const copiesTo = (to: SendTo | undefined, by?: TunnelPort): readonly Action[] =>
  to === undefined || (by?.trunk && to.tunnel.ofport === by.ofport) ? [] : sendByTunnel(to.tunnel, to.vtep, to.wire);
const migrating = (to: SendTo | undefined): string =>
  to === undefined ? '' : `; it is migrating, ${to.host} gets copies`;

export const l2 = table({
  id: 30,
  name: 'l2',
  question: "Where does a VM's packet go?",
  matches: [reg_network, 'eth_dst'],

  host: () => [
    { priority: 50, match: { eth_dst: MULTICAST }, goto: broadcast, why: 'for all ports of the network' },
    { priority: 0, match: {}, drop: 'no_network', why: 'no network, no destination' },
  ],

  network: (local) => {
    const { network, floods } = local;
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

  port: ({ network, port, ofport, copies }) => [
    {
      priority: 100,
      match: { [reg_network]: { value: networkNumber(network) }, eth_dst: { value: mac(port.mac) } },
      actions: [...copiesTo(copies), deliverTo(ofport)],
      goto: guard,
      why: `${port.name} of ${network.path} is on this host${migrating(copies)}`,
    },
  ],

  remote: ({ network, port, host, vtep, tunnel, wire, copies }) => [
    {
      priority: 100,
      match: { [reg_network]: { value: networkNumber(network) }, eth_dst: { value: mac(port.mac) } },
      actions: [...sendByTunnel(tunnel, vtep, wire), ...copiesTo(copies, tunnel)],
      why: `${port.name} of ${network.path} is on host ${host}${migrating(copies)}`,
    },
  ],
});
