/**
 * Table 38 · from_vlan: which other host is a frame of the VLAN for? (At a gateway only.) It leads to tunnels and to nothing
 * else: what came by the trunk never returns to it.
 *
 *   match                                       → action
 *   reg_network = N, MAC of a port behind tunnels → tun_id = N's key; output tunnel
 *   reg_network = N, broadcast or multicast     → group N (a copy to each host behind tunnels)
 *   reg_network = N, still tagged               → drop trunk_double_tag
 *   reg_network = N                             → drop not_across  (the VLAN's switch did not know where it belongs)
 *   otherwise                                   → drop no_network
 *
 * Only frames from MAC addresses of ports on the VLAN come here: one that another gateway put on the trunk does not.
 */
import { networkNumber } from '../../topology/index.js';
import { MULTICAST, noFlood, sendByTunnel, VLAN_PRESENT } from '../actions.js';
import { mac } from '../fields.js';
import { groupId } from '../groups.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';

export const fromVlan = table({
  id: 38,
  name: 'from_vlan',
  question: 'Which other host is a frame of the VLAN for?',
  matches: [reg_network, 'eth_dst', 'vlan_vid'],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no destination' }],

  network: ({ network, floods, joins }) => {
    if (joins === undefined) return [];
    const match = { [reg_network]: { value: networkNumber(network) } } as const;
    return [
      {
        priority: 110,
        match: { ...match, vlan_vid: { value: VLAN_PRESENT, mask: VLAN_PRESENT } },
        drop: 'trunk_double_tag',
        why: `a frame of ${network.path} has one tag, which is taken off`,
      },
      {
        priority: 50,
        match: { ...match, eth_dst: MULTICAST },
        ...(floods
          ? {
              actions: [{ kind: 'group', group_id: groupId(network) } as const],
              why: `broadcast and multicast of the VLAN of ${network.path} go to its hosts behind tunnels`,
            }
          : noFlood(network)),
      },
      {
        priority: 10,
        match,
        drop: 'not_across',
        why: `no port of ${network.path} behind tunnels has that MAC address`,
      },
    ];
  },

  remote: ({ network, port, copies, joins, ...to }) => {
    const ends = joins ? [to, copies].flatMap((end) => (end === undefined || end.tunnel.trunk ? [] : [end])) : [];
    if (ends.length === 0) return [];
    return [
      {
        priority: 100,
        match: { [reg_network]: { value: networkNumber(network) }, eth_dst: { value: mac(port.mac) } },
        actions: ends.flatMap(({ tunnel, vtep, wire }) => sendByTunnel(tunnel, vtep, wire)),
        why: `${port.name} of ${network.path} is behind the tunnel to ${ends.map(({ host }) => host).join(' and ')}`,
      },
    ];
  },
});
