/**
 * Table 24 · nd_reply: the second half of an answer to a solicitation.
 *
 *   match                       → action
 *   advertisement, as just made → its option says the sender's MAC; reg_out = reg_in; goto guard
 *   otherwise                   → drop nd_spoof
 */
import { BACK_TO_SENDER, copyField } from '../actions.js';
import { ETH_TYPE_IPV6, ICMPV6, IPPROTO_ICMPV6 } from '../fields.js';
import { table } from '../table.js';
import { guard } from './60-guard.js';

export const ndReply = table({
  id: 24,
  name: 'nd_reply',
  question: 'The second half of an answer to a solicitation.',
  matches: ['eth_type', 'ip_proto', 'icmpv6_type'],

  host: () => [
    {
      priority: 100,
      match: {
        eth_type: { value: ETH_TYPE_IPV6 },
        ip_proto: { value: IPPROTO_ICMPV6 },
        icmpv6_type: { value: ICMPV6.neighbourAdvertisement },
      },
      actions: [copyField('eth_src', 'nd_tll', 48), ...BACK_TO_SENDER],
      goto: guard,
      why: 'the answer goes back to the VM that asked',
    },
    { priority: 0, match: {}, drop: 'nd_spoof', why: 'nothing else was made here' },
  ],
});
