/**
 * Table 32 · broadcast: may this port send that many broadcasts, and which other hosts get a copy? (From VM ports only.)
 *
 *   match                → action
 *   reg_in = P of N      → through P's meter, which drops what is above P's rate; group N (a copy to each other host of N);
 *                          goto flood (copies here)
 *   otherwise            → drop no_identity
 *
 * The group of a network that is too large for broadcasts has no buckets; `flood` drops and counts what is left.
 */
import { groupId } from '../groups.js';
import { broadcastMeter } from '../meters.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
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
      actions: [{ kind: 'group', group_id: groupId(network) }],
      goto: flood,
      why: `up to its rate, broadcast and multicast of ${port.name} go to the other hosts of ${network.path} and to its ports here`,
    },
  ],
});
