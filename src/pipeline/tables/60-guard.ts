/**
 * Table 60 · guard: the last word before a VM port. A mistake in any table before becomes a counted drop here, not a leak.
 *
 *   match                                                   → action
 *   reg_out = P, reg_network = P's, destination = P's MAC   → output P
 *   reg_out = P, reg_network = P's, broadcast or multicast  → output P
 *   otherwise                                               → drop guard
 */
import { MULTICAST } from '../actions.js';
import { mac } from '../fields.js';
import { reg_network, reg_out } from '../registers.js';
import { table } from '../table.js';

export const guard = table({
  id: 60,
  name: 'guard',
  question: 'May this packet leave by this VM port?',
  matches: [reg_out, reg_network, 'eth_dst'],

  host: () => [{ priority: 0, match: {}, drop: 'guard', why: 'whatever does not belong to the port it was sent to' }],

  port: ({ network, port, ofport }) => {
    const to = { [reg_out]: { value: ofport }, [reg_network]: { value: network.key } } as const;
    return [
      {
        priority: 100,
        match: { ...to, eth_dst: { value: mac(port.mac) } },
        actions: [{ kind: 'output', port: ofport }],
        why: `${port.name} receives what is addressed to it in ${network.path}`,
      },
      {
        priority: 100,
        match: { ...to, eth_dst: MULTICAST },
        actions: [{ kind: 'output', port: ofport }],
        why: `${port.name} receives broadcast and multicast of ${network.path}`,
      },
    ];
  },
});
