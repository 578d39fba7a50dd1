/**
 * Table 14 · nd: may this VM say this by ICMPv6? (From VM ports only; the source is an address of the VM, or ::.)
 *
 *   match                                                → action
 *   reg_in = P, solicitation of P's own address          → drop nd_announcement   (its own address is free for it)
 *   reg_in = P, advertisement of an address of P         → goto nd_option
 *   solicitation from ::, to find out who has an address → goto nd_unanswered
 *   other solicitation                                   → goto nd_option
 *   solicitation or advertisement, rest                  → drop nd_spoof          (another's target, hop limit not 255)
 *   router solicitation from a neighbour                 → goto services
 *   router solicitation / advertisement / redirect       → drop router_solicitation / router_advertisement / redirect
 *   MLD                                                  → goto l2                (from :: too: RFC 3590)
 *   other ICMPv6 from ::                                 → drop ipv6_spoof
 *   otherwise                                            → goto l2
 */
import { ipv6Addresses, usableIpv6 } from '../addresses.js';
import { ETH_TYPE_IPV6, ICMPV6, IPPROTO_ICMPV6, ipv6, ND_HOP_LIMIT, UNSPECIFIED } from '../fields.js';
import { reg_in } from '../registers.js';
import { table } from '../table.js';
import { ndOption } from './16-nd-option.js';
import { ndUnanswered } from './26-nd-unanswered.js';
import { services } from './28-services.js';
import { l2 } from './30-l2.js';

/** Any message of one type. */
const message = (type: number) =>
  ({
    eth_type: { value: ETH_TYPE_IPV6 },
    ip_proto: { value: IPPROTO_ICMPV6 },
    icmpv6_type: { value: type },
  }) as const;
/** One that no router has passed on. */
const near = (type: number) => ({ ...message(type), nw_ttl: { value: ND_HOP_LIMIT } }) as const;

const { neighbourSolicitation, neighbourAdvertisement } = ICMPV6;
const MLD = [ICMPV6.mldQuery, ICMPV6.mldReport, ICMPV6.mldDone, ICMPV6.mldReport2];

export const nd = table({
  id: 14,
  name: 'nd',
  question: 'May this VM say this by ICMPv6?',
  matches: [reg_in, 'eth_type', 'ipv6_src', 'ip_proto', 'nw_ttl', 'icmpv6_type', 'nd_target'],

  host: () => [
    {
      priority: 90,
      match: { ...near(neighbourSolicitation), ipv6_src: { value: UNSPECIFIED } },
      goto: ndUnanswered,
      why: 'a VM looks whether an address is free (RFC 4862, 5.4)',
    },
    { priority: 80, match: near(neighbourSolicitation), goto: ndOption, why: 'a VM looks for a neighbour' },
    ...[neighbourSolicitation, neighbourAdvertisement].map(
      (type) =>
        ({
          priority: 50,
          match: message(type),
          drop: 'nd_spoof',
          why: 'a target that is not its own, or it comes from afar',
        }) as const,
    ),
    {
      priority: 80,
      match: near(ICMPV6.routerSolicitation),
      goto: services,
      why: 'no VM is a router: the network answers',
    },
    {
      priority: 50,
      match: message(ICMPV6.routerSolicitation),
      drop: 'router_solicitation',
      why: 'it comes from afar',
    },
    {
      priority: 50,
      match: message(ICMPV6.routerAdvertisement),
      drop: 'router_advertisement',
      why: 'no VM is a router (RFC 6105)',
    },
    { priority: 50, match: message(ICMPV6.redirect), drop: 'redirect', why: 'only routers redirect (RFC 4861, 8)' },
    ...MLD.map((type) => ({ priority: 50, match: message(type), goto: l2, why: 'MLD, from :: too (RFC 3590)' })),
    {
      priority: 40,
      match: { eth_type: { value: ETH_TYPE_IPV6 }, ipv6_src: { value: UNSPECIFIED } },
      drop: 'ipv6_spoof',
      why: 'without an address a VM may look for one, and no more',
    },
    { priority: 0, match: {}, goto: l2, why: 'echo, errors, and other ICMPv6 of VMs' },
  ],

  port: ({ network, port, ofport }) => {
    const from = { [reg_in]: { value: ofport } } as const;
    return [
      ...ipv6Addresses(network, port).map((ip) => ({
        priority: 100,
        match: { ...from, ...near(neighbourSolicitation), nd_target: { value: ipv6(ip) } },
        drop: 'nd_announcement' as const,
        why: `${port.name} of ${network.path} asks for its own address ${ip}: it is free for it`,
      })),
      ...usableIpv6(network, port).map(({ match, text }) => ({
        priority: 100,
        match: { ...from, ...near(neighbourAdvertisement), ...(match && { nd_target: match }) },
        goto: ndOption,
        why: `${port.name} of ${network.path} may speak for ${text}`,
      })),
    ];
  },
});
