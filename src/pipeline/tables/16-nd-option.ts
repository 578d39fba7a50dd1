/**
 * Table 16 · nd_option: is the link-layer address in the message the VM's own? (Sources and targets are checked.)
 *
 *   match                                               → action
 *   reg_in = P, of what P is allowed besides, to all    → goto l2          (shared addresses have to be announced)
 *   advertisement to everybody                          → drop nd_announcement
 *   reg_in = P, solicitation with P's MAC as source     → goto nd_answer
 *   reg_in = P, advertisement with P's MAC as target    → goto l2
 *   solicitation without the option, to a group         → goto nd_unanswered
 *   solicitation or advertisement without it, to one VM → goto l2          (it says nothing about link-layer addresses)
 *   otherwise                                           → drop nd_spoof
 *
 * Whoever may speak for an address may also set the advertisement's override flag: it overrides what others know of that
 * address, with a MAC address that is right. Open vSwitch reads an option that is not there as 00:00:00:00:00:00.
 */
import { MULTICAST } from '../actions.js';
import { allowedIpv6, ipv6Addresses } from '../addresses.js';
import { ETH_TYPE_IPV6, ICMPV6, IPPROTO_ICMPV6, mac } from '../fields.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import { ndAnswer } from './22-nd-answer.js';
import { ndUnanswered } from './26-nd-unanswered.js';
import { l2 } from './30-l2.js';

const icmpv6 = { eth_type: { value: ETH_TYPE_IPV6 }, ip_proto: { value: IPPROTO_ICMPV6 } } as const;
const solicitation = { ...icmpv6, icmpv6_type: { value: ICMPV6.neighbourSolicitation } } as const;
const advertisement = { ...icmpv6, icmpv6_type: { value: ICMPV6.neighbourAdvertisement } } as const;
const NONE = { value: 0 } as const;

export const ndOption = table({
  id: 16,
  name: 'nd_option',
  question: "Is the link-layer address in the message the VM's own?",
  matches: [reg_in, 'eth_dst', 'eth_type', 'ip_proto', 'icmpv6_type', 'nd_target', 'nd_sll', 'nd_tll'],

  host: () => [
    {
      priority: 110,
      match: { ...advertisement, eth_dst: MULTICAST },
      drop: 'nd_announcement',
      why: 'every address is answered from the topology, so nobody needs to be told',
    },
    {
      priority: 60,
      match: { ...solicitation, eth_dst: MULTICAST, nd_sll: NONE },
      goto: ndUnanswered,
      why: 'flows can answer by turning the option into their own, and there is none',
    },
    { priority: 50, match: { ...solicitation, nd_sll: NONE }, goto: l2, why: 'asks one VM whether it is still there' },
    { priority: 50, match: { ...advertisement, nd_tll: NONE }, goto: l2, why: 'answers a VM that knows the rest' },
    { priority: 0, match: {}, drop: 'nd_spoof', why: "not the VM's own link-layer address" },
  ],

  port: ({ network, port, ofport }) => {
    if (ipv6Addresses(network, port).length === 0) return [];
    const owner = `${port.name} of ${network.path}`;
    const says = { [reg_in]: { value: ofport }, ...advertisement, nd_tll: { value: mac(port.mac) } } as const;
    return [
      ...allowedIpv6(port).map(({ match, text }) => ({
        priority: 120,
        match: { ...says, eth_dst: MULTICAST, ...(match && { nd_target: match }) },
        goto: l2,
        why: `${owner} may announce ${text} as its own`,
      })),
      {
        priority: 100,
        match: { [reg_in]: { value: ofport }, ...solicitation, nd_sll: { value: mac(port.mac) } },
        goto: ndAnswer,
        why: `${owner} asks with its own MAC address`,
      },
      {
        priority: 100,
        match: says,
        goto: l2,
        why: `${owner} answers with its own MAC address`,
      },
    ];
  },
});
