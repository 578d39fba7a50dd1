/**
 * Table 10 · port_security: may this VM port send this packet?
 *
 *   match                                                → action
 *   reg_in = P, its MAC, IPv4 from an address of P       → goto protocols
 *   reg_in = P, its MAC, IPv6 from an address of P       → goto protocols  (its link-local one too; ::, see there)
 *   reg_in = P, its MAC, ARP with SHA and SPA of P       → goto arp        (SPA 0.0.0.0, a probe of RFC 5227, too)
 *   reg_in = P, its MAC, other IPv4 / IPv6 / ARP / rest  → drop ip_spoof / ipv6_spoof / arp_spoof / ethertype
 *   reg_in = P                                           → drop mac_spoof
 *   otherwise                                            → drop no_identity
 *
 * A port may speak IPv6 where its network has an IPv6 subnet.
 */

import { ipv4Addresses, ipv6Addresses, speaksIpv6 } from '../addresses.js';
import { ETH_TYPE_ARP, ETH_TYPE_IP, ETH_TYPE_IPV6, ipv4, ipv6, mac, UNSPECIFIED } from '../fields.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import type { LocalPort } from '../view.js';
import { protocols } from './12-protocols.js';
import { arp } from './20-arp.js';

interface Way extends LocalPort {
  /** The port in words. */
  readonly owner: string;
}

const fromPort = ({ port, ofport }: LocalPort) =>
  ({ [reg_in]: { value: ofport }, eth_src: { value: mac(port.mac) } }) as const;
const arpFrom = (way: LocalPort) =>
  ({ ...fromPort(way), eth_type: { value: ETH_TYPE_ARP }, arp_sha: { value: mac(way.port.mac) } }) as const;

const ipv4Flows = (way: Way) =>
  ipv4Addresses(way.port).flatMap((ip) => [
    {
      priority: 100,
      match: { ...fromPort(way), eth_type: { value: ETH_TYPE_IP }, ip_src: { value: ipv4(ip) } } as const,
      goto: protocols,
      why: `${way.owner} may send from its address ${ip}`,
    },
    {
      priority: 100,
      match: { ...arpFrom(way), arp_spa: { value: ipv4(ip) } },
      goto: arp,
      why: `${way.owner} may speak ARP for its address ${ip}`,
    },
  ]);

function ipv6Flows(way: Way) {
  if (!speaksIpv6(way.network)) return [];
  const from = { ...fromPort(way), eth_type: { value: ETH_TYPE_IPV6 } } as const;
  return [
    ...ipv6Addresses(way.network, way.port).map((ip) => ({
      priority: 100,
      match: { ...from, ipv6_src: { value: ipv6(ip) } },
      goto: protocols,
      why: `${way.owner} may send from its address ${ip}`,
    })),
    {
      priority: 100,
      match: { ...from, ipv6_src: { value: UNSPECIFIED } },
      goto: protocols,
      why: `${way.owner} may have no address yet (RFC 4862, RFC 3590)`,
    },
    { priority: 50, match: from, drop: 'ipv6_spoof', why: `${way.owner} has no such IPv6 address` } as const,
  ];
}

export const portSecurity = table({
  id: 10,
  name: 'port_security',
  question: 'May this VM port send this packet?',
  matches: [reg_in, 'eth_src', 'eth_type', 'ip_src', 'ipv6_src', 'arp_sha', 'arp_spa'],

  host: () => [{ priority: 0, match: {}, drop: 'no_identity', why: 'no VM port, no permission to send' }],

  port: (local) => {
    const { network, port, ofport } = local;
    const owner = `${port.name} of ${network.path}`;
    const from = fromPort(local);
    return [
      ...ipv4Flows({ ...local, owner }),
      {
        priority: 100,
        match: { ...arpFrom(local), arp_spa: { value: 0 } },
        goto: arp,
        why: `${owner} may probe whether an address is free (RFC 5227)`,
      },
      ...ipv6Flows({ ...local, owner }),
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
      {
        priority: 20,
        match: from,
        drop: 'ethertype',
        why: `${owner} may send ${speaksIpv6(network) ? 'IPv4, IPv6 and ARP' : 'IPv4 and ARP'} only`,
      },
      {
        priority: 10,
        match: { [reg_in]: { value: ofport } },
        drop: 'mac_spoof',
        why: `${owner} has another MAC address`,
      },
    ];
  },
});
