/**
 * Router advertisements (RFC 4861, 4.2), one for each solicitation and no others: what they give holds for ever, so that
 * guests keep their addresses while the controller is away. There is no router yet, so the lifetime as one is 0.
 */
import { ALL_NODES, type Icmpv6, icmpv6Frame, ND_HOP_LIMIT } from './frames.js';
import { type Guest, ipv6s, SERVER } from './guest.js';
import { ipv6Octets, macOctets, u16, u32 } from './octets.js';

export const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const FOR_EVER = 0xffffffff;
const HOP_LIMIT = 64;
const FLAG = { managed: 0x80, other: 0x40, onLink: 0x80, autonomous: 0x40 } as const;
const OPTION = { sourceLinkLayer: 1, prefix: 3, mtu: 5, dns: 25 } as const;

/** RFC 4861, 4.6.2. */
function prefixOption(subnet: string, autonomous: boolean): Buffer {
  const [first = '', length] = subnet.split('/');
  const flags = FLAG.onLink | (autonomous ? FLAG.autonomous : 0);
  return Buffer.concat([
    Buffer.from([OPTION.prefix, 4, Number(length), flags]),
    u32(FOR_EVER),
    u32(FOR_EVER),
    u32(0),
    ipv6Octets(first),
  ]);
}

/** RFC 8106, 5.1. */
const dnsOption = (servers: readonly string[]): Buffer =>
  Buffer.concat([Buffer.from([OPTION.dns, 1 + 2 * servers.length]), u16(0), u32(FOR_EVER), ...servers.map(ipv6Octets)]);

/** The answer to a router solicitation: to all nodes, of which there is one behind the port. */
export function routerAdvertisement({ network, port }: Guest, { mac, hopLimit }: Icmpv6): Buffer | undefined {
  if (network.ra === undefined || hopLimit !== ND_HOP_LIMIT || !mac.equals(macOctets(port.mac))) return undefined;
  const managed = network.ra === 'managed';
  const dns = ipv6s(network.dhcp?.dns ?? []);
  const flags = managed ? FLAG.managed | FLAG.other : dns.length > 0 ? FLAG.other : 0;
  const payload = Buffer.concat([
    Buffer.from([HOP_LIMIT, flags]),
    u16(0),
    u32(0),
    u32(0),
    Buffer.from([OPTION.sourceLinkLayer, 1]),
    SERVER.mac,
    Buffer.from([OPTION.mtu, 1]),
    u16(0),
    u32(network.mtu),
    ...ipv6s(network.subnets).map((subnet) => prefixOption(subnet, !managed)),
    ...(dns.length === 0 ? [] : [dnsOption(dns)]),
  ]);
  const ends = { fromMac: SERVER.mac, toMac: ALL_NODES.mac, from: SERVER.ip6, to: ALL_NODES.ip };
  return icmpv6Frame(ends, ROUTER_ADVERTISEMENT, payload);
}
