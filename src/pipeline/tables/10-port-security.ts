/**
 * Table 10 · port_security: may this VM port send this packet?
 *
 *   match                                                → action
 *   reg_in = P, its MAC, IPv4 from an address of P       → goto protocols
 *   reg_in = P, its MAC, IPv6 from an address of P       → goto protocols  (its link-local one too)
 *   reg_in = P, its MAC, IPv4 from 0.0.0.0, IPv6 from :: → goto protocols  (it has no address yet; see there)
 *   reg_in = P, its MAC, ARP with SHA and SPA of P       → goto arp        (SPA 0.0.0.0, a probe of RFC 5227, too)
 *   reg_in = P, its MAC, other IPv4 / IPv6 / ARP / rest  → drop ip_spoof / ipv6_spoof / arp_spoof / ethertype
 *   reg_in = P                                           → drop mac_spoof
 *   otherwise                                            → drop no_identity
 *
 * A port's addresses are its own, and those that it is allowed besides; a port without IP checks has all. It may speak
 * IPv6 where its network has an IPv6 subnet. Where it has a DSCP, its IP packets get it here.
 */

import { speaksIpv6, usableIpv4, usableIpv6 } from '../addresses.js';
import { ETH_TYPE_ARP, ETH_TYPE_IP, ETH_TYPE_IPV6, mac, UNSPECIFIED } from '../fields.js';
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

/** The mark that the port's IP packets get (RFC 2474). */
const marking = ({ port }: LocalPort) =>
  port.qos?.dscp === undefined
    ? {}
    : ({ actions: [{ kind: 'set_field', field: 'ip_dscp', value: port.qos.dscp }] } as const);

const ipv4Flows = (way: Way) =>
  usableIpv4(way.port).flatMap(({ match, text }) => [
    {
      priority: 100,
      match: { ...fromPort(way), eth_type: { value: ETH_TYPE_IP }, ...(match && { ip_src: match }) } as const,
      ...marking(way),
      goto: protocols,
      why: `${way.owner} may send from ${text}`,
    },
    {
      priority: 100,
      match: { ...arpFrom(way), ...(match && { arp_spa: match }) },
      goto: arp,
      why: `${way.owner} may speak ARP for ${text}`,
    },
  ]);

/** A VM without an address asks for one (RFC 2131, 4.1). Ports without IP checks may send from there anyway. */
const addressless = (way: Way) =>
  way.port.ipChecks === false
    ? []
    : [
        {
          priority: 100,
          match: { ...fromPort(way), eth_type: { value: ETH_TYPE_IP }, ip_src: { value: 0 } } as const,
          goto: protocols,
          why: `${way.owner} may have no IPv4 address yet`,
        },
      ];

function ipv6Flows(way: Way) {
  if (!speaksIpv6(way.network, way.port)) return [];
  const from = { ...fromPort(way), eth_type: { value: ETH_TYPE_IPV6 } } as const;
  return [
    ...usableIpv6(way.network, way.port).map(({ match, text }) => ({
      priority: 100,
      match: { ...from, ...(match && { ipv6_src: match }) },
      ...marking(way),
      goto: protocols,
      why: `${way.owner} may send from ${text}`,
    })),
    {
      priority: 100,
      match: { ...from, ipv6_src: { value: UNSPECIFIED } },
      goto: protocols,
      why: `${way.owner} may have no address yet (RFC 4862, RFC 3590)`,
    },
  ];
}

/** What the port is refused, by protocol. */
function spoofFlows(way: Way) {
  const from = fromPort(way);
  const spoofs = [
    [ETH_TYPE_IP, 'ip_spoof', 'has no such IPv4 address'],
    [ETH_TYPE_ARP, 'arp_spoof', 'has no such address to speak ARP for'],
    ...(speaksIpv6(way.network, way.port)
      ? ([[ETH_TYPE_IPV6, 'ipv6_spoof', 'has no such IPv6 address']] as const)
      : []),
  ] as const;
  return spoofs.map(([type, drop, what]) => ({
    priority: 50,
    match: { ...from, eth_type: { value: type } },
    drop,
    why: `${way.owner} ${what}`,
  }));
}

export const portSecurity = table({
  id: 10,
  name: 'port_security',
  question: 'May this VM port send this packet?',
  matches: [reg_in, 'eth_src', 'eth_type', 'ip_src', 'ipv6_src', 'arp_sha', 'arp_spa'],

  host: () => [{ priority: 0, match: {}, drop: 'no_identity', why: 'no VM port, no permission to send' }],

  port: (local) => {
    const { network, port, ofport } = local;
    const way = { ...local, owner: `${port.name} of ${network.path}` };
    return [
      ...ipv4Flows(way),
      ...addressless(way),
      {
        priority: 100,
        match: { ...arpFrom(local), arp_spa: { value: 0 } },
        goto: arp,
        why: `${way.owner} may probe whether an address is free (RFC 5227)`,
      },
      ...ipv6Flows(way),
      ...spoofFlows(way),
      {
        priority: 20,
        match: fromPort(local),
        drop: 'ethertype',
        why: `${way.owner} may send ${speaksIpv6(network, port) ? 'IPv4, IPv6 and ARP' : 'IPv4 and ARP'} only`,
      },
      {
        priority: 10,
        match: { [reg_in]: { value: ofport } },
        drop: 'mac_spoof',
        why: `${way.owner} has another MAC address`,
      },
    ];
  },
});
