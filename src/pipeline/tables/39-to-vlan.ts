/**
 * Table 39 · to_vlan: is what came by a tunnel for the VLAN? (At a gateway only.) It leads to the trunk and to nothing else:
 * what came by a tunnel never returns to one.
 *
 *   match                                    → action
 *   reg_network = N, MAC of a port on the VLAN → push the tag; output trunk
 *   reg_network = N, broadcast or multicast  → push the tag; output trunk
 *   reg_network = N, tagged                  → drop trunk_double_tag
 *   reg_network = N                          → drop not_across
 *   otherwise                                → drop no_network
 */
import { networkNumber } from '../../topology/index.js';
import { MULTICAST, noFlood, sendTagged, VLAN_PRESENT } from '../actions.js';
import { mac } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';

export const toVlan = table({
  id: 39,
  name: 'to_vlan',
  question: 'Is what came by a tunnel for the VLAN?',
  matches: [reg_network, 'eth_dst', 'vlan_vid'],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no VLAN' }],

  network: ({ network, floods, joins }) => {
    if (joins === undefined) return [];
    const match = { [reg_network]: { value: networkNumber(network) } } as const;
    const { tunnel, wire } = joins;
    return [
      {
        priority: 110,
        match: { ...match, vlan_vid: { value: VLAN_PRESENT, mask: VLAN_PRESENT } },
        drop: 'trunk_double_tag',
        why: `no port of ${network.path} may send tags`,
      },
      {
        priority: 50,
        match: { ...match, eth_dst: MULTICAST },
        ...(floods
          ? {
              actions: sendTagged(tunnel, wire),
              why: `broadcast and multicast of ${network.path} go to its hosts on VLAN ${wire.key}`,
            }
          : noFlood(network)),
      },
      {
        priority: 10,
        match,
        drop: 'not_across',
        why: `no port of ${network.path} on VLAN ${wire.key} has that address`,
      },
    ];
  },

  remote: ({ network, port, copies, joins, ...to }) => {
    const end = joins ? [to, copies].find((e) => e?.tunnel.trunk) : undefined;
    if (end === undefined) return [];
    return [
      {
        priority: 100,
        match: { [reg_network]: { value: networkNumber(network) }, eth_dst: { value: mac(port.mac) } },
        actions: sendTagged(end.tunnel, end.wire),
        why: `${port.name} of ${network.path} is on host ${end.host}, on VLAN ${end.wire.key}`,
      },
    ];
  },
});
