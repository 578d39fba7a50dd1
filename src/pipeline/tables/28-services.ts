/**
 * Table 28 · services: is it a question to the network that its controller answers? (From VM ports only; the source's MAC
 * and IP addresses are checked.) Each port has a strict meter: what is above it is dropped by the switch (punt_rate).
 *
 *   match                                                     → action
 *   reg_in = P of a network with DHCP, DHCP                   → meter of P; to the controller
 *   reg_in = P of a network with router advertisements, RS    → meter of P; to the controller
 *   … and DHCPv6                                              → meter of P; to the controller
 *   reg_in = P, neighbour solicitation for a known address    → meter of P; to the controller
 *   otherwise                                                 → drop dhcp_client, router_solicitation, nd_unanswered
 *
 * The answer comes back by table inject, for that port alone. Nothing else waits for the controller: while it is away,
 * guests keep the addresses they have.
 */
import { ipv4Addresses, speaksIpv6 } from '../addresses.js';
import {
  ETH_TYPE_IP,
  ETH_TYPE_IPV6,
  ICMPV6,
  IPPROTO_ICMPV6,
  IPPROTO_UDP,
  UDP_DHCP_SERVER,
  UDP_DHCPV6_SERVER,
} from '../fields.js';
import { punt } from '../punt.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import type { LocalPort } from '../view.js';

const udp = (type: number, port: number) =>
  ({ eth_type: { value: type }, ip_proto: { value: IPPROTO_UDP }, udp_dst: { value: port } }) as const;
const icmpv6 = (type: number) =>
  ({
    eth_type: { value: ETH_TYPE_IPV6 },
    ip_proto: { value: IPPROTO_ICMPV6 },
    icmpv6_type: { value: type },
  }) as const;

const DHCP4 = udp(ETH_TYPE_IP, UDP_DHCP_SERVER);
const DHCP6 = udp(ETH_TYPE_IPV6, UDP_DHCPV6_SERVER);
const ROUTER = icmpv6(ICMPV6.routerSolicitation);
const NEIGHBOUR = icmpv6(ICMPV6.neighbourSolicitation);

/** What the port may ask: the match, and in words. */
function questions({ network, port }: LocalPort) {
  const v6 = speaksIpv6(network, port);
  return [
    ...(network.dhcp !== undefined && ipv4Addresses(port).length > 0 ? [[DHCP4, 'its IPv4 address'] as const] : []),
    ...(network.ra !== undefined && v6
      ? [[ROUTER, 'its prefixes and MTU'] as const, [DHCP6, 'its IPv6 configuration'] as const]
      : []),
    ...(v6 ? [[NEIGHBOUR, 'an address that flows cannot answer for'] as const] : []),
  ];
}

export const services = table({
  id: 28,
  name: 'services',
  question: 'Is it a question to the network that its controller answers?',
  matches: [reg_in, 'eth_type', 'ip_proto', 'udp_dst', 'icmpv6_type'],

  host: () => [
    { priority: 10, match: ROUTER, drop: 'router_solicitation', why: 'this network has no router advertisements' },
    { priority: 10, match: NEIGHBOUR, drop: 'nd_unanswered', why: 'this port may not speak IPv6' },
    { priority: 0, match: {}, drop: 'dhcp_client', why: 'this network gives out no addresses' },
  ],

  port: (local) =>
    questions(local).map(([match, what]) => ({
      priority: 100,
      match: { [reg_in]: { value: local.ofport }, ...match },
      ...punt(local.ofport),
      why: `${local.port.name} of ${local.network.path} asks for ${what}`,
    })),
});
