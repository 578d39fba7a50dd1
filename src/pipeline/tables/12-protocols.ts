/**
 * Table 12 · protocols: is it something that only the network says to its VMs? (From VM ports only; sources are checked.)
 *
 *   match                                        → action
 *   IPv6 whose headers cannot be read to the end → drop ipv6_headers
 *   ICMPv6                                       → goto nd
 *   UDP to the port of DHCP or DHCPv6 clients    → drop dhcp_server
 *   UDP to the port of DHCP or DHCPv6 servers    → goto services
 *   other IPv4 from 0.0.0.0, IPv6 from ::        → drop ip_spoof, ipv6_spoof
 *   otherwise                                    → goto l2
 *
 * Clients look at the port a packet is for, not at the one it came from (RFC 2131, 4.1), and so do these flows. Open
 * vSwitch reads through extension headers and puts the first protocol behind them in ip_proto; a fragment that ends before
 * it leaves 0, by which a router advertisement could hide (RFC 7113, 2).
 */
import {
  ETH_TYPE_IP,
  ETH_TYPE_IPV6,
  IPPROTO_ICMPV6,
  IPPROTO_UDP,
  UDP_DHCP_CLIENT,
  UDP_DHCP_SERVER,
  UDP_DHCPV6_CLIENT,
  UDP_DHCPV6_SERVER,
  UNSPECIFIED,
} from '../fields.js';
import { table } from '../table.js';
import { nd } from './14-nd.js';
import { services } from './28-services.js';
import { l2 } from './30-l2.js';

export const protocols = table({
  id: 12,
  name: 'protocols',
  question: 'Is it something that only the network says to its VMs?',
  matches: ['eth_type', 'ip_src', 'ipv6_src', 'ip_proto', 'udp_dst'],

  host: () => [
    {
      priority: 100,
      match: { eth_type: { value: ETH_TYPE_IPV6 }, ip_proto: { value: 0 } },
      drop: 'ipv6_headers',
      why: 'what cannot be read cannot be judged',
    },
    {
      priority: 100,
      match: { eth_type: { value: ETH_TYPE_IPV6 }, ip_proto: { value: IPPROTO_ICMPV6 } },
      goto: nd,
      why: 'neighbour discovery is part of ICMPv6',
    },
    {
      priority: 90,
      match: {
        eth_type: { value: ETH_TYPE_IP },
        ip_proto: { value: IPPROTO_UDP },
        udp_dst: { value: UDP_DHCP_CLIENT },
      },
      drop: 'dhcp_server',
      why: 'only the network gives out IPv4 addresses',
    },
    {
      priority: 90,
      match: {
        eth_type: { value: ETH_TYPE_IPV6 },
        ip_proto: { value: IPPROTO_UDP },
        udp_dst: { value: UDP_DHCPV6_CLIENT },
      },
      drop: 'dhcp_server',
      why: 'only the network gives out IPv6 addresses',
    },
    ...[[ETH_TYPE_IP, UDP_DHCP_SERVER] as const, [ETH_TYPE_IPV6, UDP_DHCPV6_SERVER] as const].map(
      ([type, udp_dst]) => ({
        priority: 90,
        match: {
          eth_type: { value: type },
          ip_proto: { value: IPPROTO_UDP },
          udp_dst: { value: udp_dst },
        } as const,
        goto: services,
        why: 'whatever address it is for: only the network answers',
      }),
    ),
    {
      priority: 80,
      match: { eth_type: { value: ETH_TYPE_IP }, ip_src: { value: 0 } },
      drop: 'ip_spoof',
      why: 'without an address a VM may ask for one, and no more',
    },
    {
      priority: 80,
      match: { eth_type: { value: ETH_TYPE_IPV6 }, ipv6_src: { value: UNSPECIFIED } },
      drop: 'ipv6_spoof',
      why: 'without an address a VM may look for one, and no more',
    },
    { priority: 0, match: {}, goto: l2, why: 'what VMs say to each other' },
  ],
});
