/**
 * Table 20 · arp: can the question be answered here? (From VM ports only; SHA and SPA are already checked.)
 *
 *   match                                                  → action
 *   reg_in = P, request for P's own address                → drop arp_announcement
 *   reg_network = N, request for an address of N           → turn it into the answer; reg_out = reg_in; goto guard
 *   reg_in = P, reply to all about what P is allowed       → goto l2      (shared addresses have to be announced)
 *   reply to everybody                                     → drop arp_announcement
 *   otherwise (unknown address, reply to one)              → goto l2
 *
 * The answer's way back leads by the guard like everything else.
 */
import type { Action } from 'ts-openflow';
import { networkNumber } from '../../topology/index.js';
import { BACK_TO_SENDER, copyField, MULTICAST } from '../actions.js';
import { allowedIpv4, ipv4Addresses } from '../addresses.js';
import { ARP_REPLY, ARP_REQUEST, ETH_TYPE_ARP, ipv4, mac } from '../fields.js';
import { reg_in, reg_network } from '../registers.js';
import { table } from '../table.js';
import { l2 } from './30-l2.js';
import { guard } from './60-guard.js';

/** Turns the ARP request in hand into its answer (RFC 826, "Packet Reception"). */
const answer = (hardware: string, ip: string): readonly Action[] => [
  copyField('eth_src', 'eth_dst', 48),
  { kind: 'set_field', field: 'eth_src', value: mac(hardware) },
  { kind: 'set_field', field: 'arp_op', value: ARP_REPLY },
  copyField('arp_sha', 'arp_tha', 48),
  { kind: 'set_field', field: 'arp_sha', value: mac(hardware) },
  copyField('arp_spa', 'arp_tpa', 32),
  { kind: 'set_field', field: 'arp_spa', value: ipv4(ip) },
  ...BACK_TO_SENDER,
];

export const arp = table({
  id: 20,
  name: 'arp',
  question: 'Can the question be answered here?',
  matches: [reg_in, reg_network, 'eth_type', 'eth_dst', 'arp_op', 'arp_spa', 'arp_tpa'],

  host: () => [
    {
      priority: 90,
      match: { eth_type: { value: ETH_TYPE_ARP }, arp_op: { value: ARP_REPLY }, eth_dst: MULTICAST },
      drop: 'arp_announcement',
      why: 'every address is answered from the topology, so nobody needs to be told',
    },
    { priority: 0, match: {}, goto: l2, why: 'a question nobody here can answer, or an answer to one VM' },
  ],

  port: ({ network, port, ofport }) => {
    const from = { [reg_in]: { value: ofport }, eth_type: { value: ETH_TYPE_ARP } } as const;
    return [
      ...ipv4Addresses(port).map((ip) => ({
        priority: 110,
        match: { ...from, arp_op: { value: ARP_REQUEST }, arp_tpa: { value: ipv4(ip) } },
        drop: 'arp_announcement' as const,
        why: `${port.name} of ${network.path} asks for, or announces, its own address ${ip}`,
      })),
      ...allowedIpv4(port).map(({ match, text }) => ({
        priority: 95,
        match: { ...from, arp_op: { value: ARP_REPLY }, eth_dst: MULTICAST, ...(match && { arp_spa: match }) },
        goto: l2,
        why: `${port.name} of ${network.path} may announce ${text} as its own`,
      })),
    ];
  },

  address: ({ network, port, ip }) =>
    ip.includes(':')
      ? []
      : [
          {
            priority: 100,
            match: {
              [reg_network]: { value: networkNumber(network) },
              eth_type: { value: ETH_TYPE_ARP },
              arp_op: { value: ARP_REQUEST },
              arp_tpa: { value: ipv4(ip) },
            } as const,
            actions: answer(port.mac, ip),
            goto: guard,
            why: `in ${network.path}, ${ip} is ${port.name} at ${port.mac}`,
          },
        ],
});
