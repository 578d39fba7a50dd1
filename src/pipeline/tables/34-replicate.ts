/**
 * Table 34 · replicate: which other hosts get a copy of a VM's broadcast?
 *
 *   match                           → action
 *   reg_network = N                 → group N (a copy to each other host of N); goto flood (copies here)
 *   … where N is too large for that → drop no_flood
 *   otherwise                       → drop no_network
 */
import { noFlood } from '../actions.js';
import { groupId } from '../groups.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { flood } from './50-flood.js';

export const replicate = table({
  id: 34,
  name: 'replicate',
  question: "Which other hosts get a copy of a VM's broadcast?",
  matches: [reg_network],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no copies' }],

  network: ({ network, floods }) => [
    {
      priority: 100,
      match: { [reg_network]: { value: network.key } },
      ...(floods
        ? ({
            actions: [{ kind: 'group', group_id: groupId(network.key) }],
            goto: flood,
            why: `broadcast and multicast of ${network.path} go to its other hosts and to its ports here`,
          } as const)
        : noFlood(network)),
    },
  ],
});
