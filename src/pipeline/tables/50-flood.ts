/**
 * Table 50 · flood: one copy for each port of the network on this host, each by way of the guard.
 *
 *   match                           → action
 *   reg_network = N                 → for each port P of N here: reg_out = P; resubmit to guard
 *   … where N is too large for that → drop no_flood
 *   otherwise                       → drop no_network
 *
 * The sender gets no copy: Open vSwitch does not send a packet out of the port it came in by.
 */

import { networkNumber } from '../../topology/index.js';
import { deliverTo, noFlood } from '../actions.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { guard } from './60-guard.js';

export const flood = table({
  id: 50,
  name: 'flood',
  question: 'Which ports here get a copy?',
  matches: [reg_network],

  host: () => [{ priority: 0, match: {}, drop: 'no_network', why: 'no network, no copies' }],

  network: ({ network, ports, floods, joins }) => {
    if (joins !== undefined) return [];
    return [
      {
        priority: 100,
        match: { [reg_network]: { value: networkNumber(network) } },
        ...(floods
          ? {
              actions: ports.flatMap(({ ofport }) => [
                deliverTo(ofport),
                { kind: 'resubmit', table: guard.id } as const,
              ]),
              why: `the ports of ${network.path} on this host: ${ports.map(({ port }) => port.name).join(', ')}`,
            }
          : noFlood(network)),
      },
    ];
  },
});
