/**
 * Table 22 · nd_answer: can the solicitation be answered here? (RFC 4861, 7.2.4; its source and option are checked.)
 *
 *   match                                           → action
 *   reg_network = N, solicitation for an address of N → turn it into the advertisement; goto nd_reply
 *   otherwise (unknown address)                       → goto l2
 *
 * The option stays where it is and becomes the target's; its address is written in the next table, because Open vSwitch
 * takes a write to nd_tll only from a flow that matches an advertisement. It corrects the checksum.
 */
import type { Action } from 'ts-openflow';
import { networkNumber } from '../../topology/index.js';
import { copyField } from '../actions.js';
import { ETH_TYPE_IPV6, ICMPV6, IPPROTO_ICMPV6, ipv6, mac } from '../fields.js';
import { reg_network } from '../registers.js';
import { table } from '../table.js';
import { ndReply } from './24-nd-reply.js';
import { l2 } from './30-l2.js';

/** Flags Solicited and Override of an advertisement (RFC 4861, 4.4). */
const SOLICITED_OVERRIDE = 0x60000000;
/** Target link-layer address (RFC 4861, 4.6.1). */
const TARGET_OPTION = 2;

const advertisement = (hardware: string, ip: string): readonly Action[] => [
  copyField('eth_src', 'eth_dst', 48),
  { kind: 'set_field', field: 'eth_src', value: mac(hardware) },
  copyField('ipv6_src', 'ipv6_dst', 128),
  { kind: 'set_field', field: 'ipv6_src', value: ipv6(ip) },
  { kind: 'set_field', field: 'nd_options_type', value: TARGET_OPTION },
  { kind: 'set_field', field: 'nd_reserved', value: SOLICITED_OVERRIDE },
  { kind: 'set_field', field: 'icmpv6_type', value: ICMPV6.neighbourAdvertisement },
];

export const ndAnswer = table({
  id: 22,
  name: 'nd_answer',
  question: 'Can the solicitation be answered here?',
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
            actions: advertisement(port.mac, ip),
            goto: ndReply,
            why: `in ${network.path}, ${ip} is ${port.name} at ${port.mac}`,
          },
        ],
});
