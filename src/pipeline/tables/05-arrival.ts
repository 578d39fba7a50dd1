/**
 * Table 5 · arrival: has the VM just arrived here? Only ports that are the destination of a migration come here, until
 * they have taken over.
 *
 *   match                                                    → action
 *   reg_in = P, its MAC, RARP (as QEMU announces a VM)       → meter; to the controller
 *   reg_in = P, its MAC, ARP of its own address for itself   → meter; to the controller  (gratuitous ARP, RFC 5227)
 *   reg_in = P, its MAC, NA of its own address               → meter; to the controller  (RFC 4861, 7.2.6)
 *   otherwise                                                → goto port_security
 *
 * The announcement goes no further: every address is answered from the topology, and both ends receive already. All it
 * does is to end the copies to the source. On a VLAN it goes to the trunk, too: the switches there learn by it where the
 * VM is, and would go on sending to the source.
 */
import { sendByTunnel } from '../actions.js';
import { ipv4Addresses, ipv6Addresses } from '../addresses.js';
import { ETH_TYPE_ARP, ETH_TYPE_IPV6, ETH_TYPE_RARP, ICMPV6, IPPROTO_ICMPV6, ipv4, ipv6, mac } from '../fields.js';
import { punt } from '../punt.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import { portSecurity } from './10-port-security.js';

export const arrival = table({
  id: 5,
  name: 'arrival',
  question: 'Has the VM just arrived here?',
  matches: [reg_in, 'eth_src', 'eth_type', 'arp_sha', 'arp_spa', 'arp_tpa', 'ip_proto', 'icmpv6_type', 'nd_target'],

  host: () => [{ priority: 0, match: {}, goto: portSecurity, why: 'it has been here before, or says nothing of it' }],

  port: ({ network, port, ofport, arriving, segments = [] }) => {
    if (arriving !== true) return [];
    const from = { [reg_in]: { value: ofport }, eth_src: { value: mac(port.mac) } } as const;
    const arp = { ...from, eth_type: { value: ETH_TYPE_ARP }, arp_sha: { value: mac(port.mac) } } as const;
    const toController = punt(ofport);
    const tell = {
      priority: 100,
      meter: toController.meter,
      actions: [...toController.actions, ...segments.flatMap(({ tunnel, wire }) => sendByTunnel(tunnel, '', wire))],
      why: `${port.name} of ${network.path} says that it has arrived`,
    } as const;
    return [
      { ...tell, match: { ...from, eth_type: { value: ETH_TYPE_RARP } } },
      ...ipv4Addresses(port).map((ip) => ({
        ...tell,
        match: { ...arp, arp_spa: { value: ipv4(ip) }, arp_tpa: { value: ipv4(ip) } } as const,
      })),
      ...ipv6Addresses(network, port).map((ip) => ({
        ...tell,
        match: {
          ...from,
          eth_type: { value: ETH_TYPE_IPV6 },
          ip_proto: { value: IPPROTO_ICMPV6 },
          icmpv6_type: { value: ICMPV6.neighbourAdvertisement },
          nd_target: { value: ipv6(ip) },
        } as const,
      })),
    ];
  },
});
