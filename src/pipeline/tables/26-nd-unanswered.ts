/**
 * Table 26 · nd_unanswered: is it a question about an address of this network that flows cannot answer?
 *
 *   match                                             → action
 *   reg_network = N, solicitation for an address of N → goto services
 *   otherwise (unknown address)                       → goto l2
 *
 * Here is what comes from :: (duplicate address detection: the answer goes to everybody, RFC 4861, 7.2.4) and what has no
 * option to turn into the answer's. A VM never comes here for an address of its own, so its own detection finds it free.
 */

import { networkNumber } from '../../topology/index.js';
import { ETH_TYPE_IPV6, ICMPV6, IPPROTO_ICMPV6, ipv6 } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { services } from './28-services.js';
import { l2 } from './30-l2.js';

export const ndUnanswered = table({
  id: 26,
  name: 'nd_unanswered',
  question: 'Is it a question about an address of this network that flows cannot answer?',
  matches: [reg_network, 'eth_type', 'ip_proto', 'icmpv6_type', 'nd_target'],

  host: () => [{ priority: 0, match: {}, goto: l2, why: 'a question nobody here can answer' }],

  address: ({ network, port, ip }) =>
    !ip.includes(':')
      ? []
      : [
          {
            priority: 100,
            match: {
              [reg_network]: { value: networkNumber(network) },
              eth_type: { value: ETH_TYPE_IPV6 },
              ip_proto: { value: IPPROTO_ICMPV6 },
              icmpv6_type: { value: ICMPV6.neighbourSolicitation },
              nd_target: { value: ipv6(ip) },
            } as const,
            goto: services,
            why: `in ${network.path}, ${ip} is taken by ${port.name}`,
          },
        ],
});
