/**
 * Table 10 · port_security: may this VM port send this packet?
 *
 *   match                                            → action
 *   reg_in = P, its MAC, IPv4 from an address of P   → goto l2
 *   reg_in = P, its MAC, ARP with SHA and SPA of P   → goto arp      (SPA 0.0.0.0, a probe of RFC 5227, too)
 *   reg_in = P, its MAC, other IPv4 / ARP / rest     → drop ip_spoof / arp_spoof / ethertype
 *   reg_in = P                                       → drop mac_spoof
 *   otherwise                                        → drop no_identity
 */

import { ipv4Addresses } from '../addresses.js';
import { ETH_TYPE_ARP, ETH_TYPE_IP, ipv4, mac } from '../fields.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import { arp } from './20-arp.js';
import { l2 } from './30-l2.js';

export const portSecurity = table({
  id: 10,
  name: 'port_security',
  question: 'May this VM port send this packet?',
  matches: [reg_in, 'eth_src', 'eth_type', 'ip_src', 'arp_sha', 'arp_spa'],

  host: () => [{ priority: 0, match: {}, drop: 'no_identity', why: 'no VM port, no permission to send' }],

  port: ({ network, port, ofport }) => {
    const owner = `${port.name} of ${network.path}`;
    const from = { [reg_in]: { value: ofport }, eth_src: { value: mac(port.mac) } } as const;
    const arpFrom = { ...from, eth_type: { value: ETH_TYPE_ARP }, arp_sha: { value: mac(port.mac) } } as const;
    return [
      ...ipv4Addresses(port).flatMap((ip) => [
        {
          priority: 100,
          match: { ...from, eth_type: { value: ETH_TYPE_IP }, ip_src: { value: ipv4(ip) } },
          goto: l2,
          why: `${owner} may send from its address ${ip}`,
        } as const,
        {
          priority: 100,
          match: { ...arpFrom, arp_spa: { value: ipv4(ip) } },
          goto: arp,
          why: `${owner} may speak ARP for its address ${ip}`,
        } as const,
      ]),
      {
        priority: 100,
        match: { ...arpFrom, arp_spa: { value: 0 } },
        goto: arp,
        why: `${owner} may probe whether an address is free (RFC 5227)`,
      },
      {
        priority: 50,
        match: { ...from, eth_type: { value: ETH_TYPE_IP } },
        drop: 'ip_spoof',
        why: `${owner} has no such IPv4 address`,
      },
      {
        priority: 50,
        match: { ...from, eth_type: { value: ETH_TYPE_ARP } },
        drop: 'arp_spoof',
        why: `${owner} has no such address to speak ARP for`,
      },
      { priority: 20, match: from, drop: 'ethertype', why: `${owner} may send IPv4 and ARP only` },
      {
        priority: 10,
        match: { [reg_in]: { value: ofport } },
        drop: 'mac_spoof',
        why: `${owner} has another MAC address`,
      },
    ];
  },
});
