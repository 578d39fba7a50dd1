/**
 * Table 32 · broadcast: may this port send that many broadcasts, and which other hosts get a copy? (From VM ports only.)
 *
 *   match                → action
 *   reg_in = P of N      → through P's meter, which drops what is above P's rate; group N (a copy to each other host of N);
 *                          goto flood (copies here)
 *   … where N has IP tunnels → the same, but the copies here before; goto routed, where it is counted that none carries it
 *   otherwise            → drop no_identity
 *
 * The group of a network that is too large for broadcasts has no buckets; `flood` drops and counts what is left.
 */
import { isRouted } from '../actions.js';
import { groupId } from '../groups.js';
import { broadcastMeter } from '../meters.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import { routed } from './34-routed.js';
import { flood } from './50-flood.js';

export const broadcast = table({
  id: 32,
  name: 'broadcast',
  question: 'May this port send that many broadcasts, and which other hosts get a copy?',
  matches: [reg_in],

  host: () => [{ priority: 0, match: {}, drop: 'no_identity', why: 'no VM port, no broadcasts' }],

  port: ({ network, port, ofport }) => [
    {
      priority: 100,
      match: { [reg_in]: { value: ofport } },
      meter: broadcastMeter(ofport),
      ...(isRouted(network)
        ? {
            // The group has hosts only while the network changes from another encapsulation.
            actions: [
              { kind: 'group', group_id: groupId(network) } as const,
              { kind: 'resubmit', table: flood.id } as const,
            ],
            goto: routed,
            why: `up to its rate, broadcast and multicast of ${port.name} go to the ports of ${network.path} here`,
          }
        : {
            actions: [{ kind: 'group', group_id: groupId(network) } as const],
            goto: flood,
            why: `up to its rate, broadcast and multicast of ${port.name} go to the other hosts of ${network.path} and to its ports here`,
          }),
    },
  ],
});
