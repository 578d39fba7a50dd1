/**
 * Table 32 · broadcast: may this port send that many broadcasts? (From VM ports only.)
 *
 *   match       → action
 *   reg_in = P  → through P's meter, which drops what is above P's rate; goto replicate
 *   otherwise   → drop no_identity
 */
import { broadcastMeter } from '../meters.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import { replicate } from './34-replicate.js';

export const broadcast = table({
  id: 32,
  name: 'broadcast',
  question: 'May this port send that many broadcasts?',
  matches: [reg_in],

  host: () => [{ priority: 0, match: {}, drop: 'no_identity', why: 'no VM port, no broadcasts' }],

  port: ({ network, port, ofport }) => [
    {
      priority: 100,
      match: { [reg_in]: { value: ofport } },
      meter: broadcastMeter(ofport),
      goto: replicate,
      why: `${port.name} of ${network.path} may send broadcast and multicast up to its rate`,
    },
  ],
});
