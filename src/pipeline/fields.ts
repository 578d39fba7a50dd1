/** Numbers of the protocols that the tables match, and the values of addresses, in one place. */
export { type Action, ipv4, ipv6, mac } from 'ts-openflow';

export interface MaskedValue {
  readonly value: number;
  readonly mask?: number;
}

export const ETH_TYPE_IP = 0x0800;
export const ETH_TYPE_ARP = 0x0806;
export const ETH_TYPE_IPV6 = 0x86dd;
/** RFC 903; QEMU announces a VM with it. */
export const ETH_TYPE_RARP = 0x8035;
export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMPV6 = 58;
/** Where DHCP clients listen (RFC 2131, 4.1), and DHCPv6 clients (RFC 8415, 7.2). */
export const UDP_DHCP_CLIENT = 68;
export const UDP_DHCPV6_CLIENT = 546;
/** Where DHCP servers listen (RFC 2131, 4.1), and DHCPv6 servers (RFC 8415, 7.2). */
export const UDP_DHCP_SERVER = 67;
export const UDP_DHCPV6_SERVER = 547;
/** Types of ICMPv6: MLD (RFC 2710, 3810) and neighbour discovery (RFC 4861). */
export const ICMPV6 = {
  mldQuery: 130,
  mldReport: 131,
  mldDone: 132,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
  mldReport2: 143,
} as const;
/** Of every message of neighbour discovery: it has passed no router (RFC 4861, 7.1). */
export const ND_HOP_LIMIT = 255;
/** The address of a host that has none yet. */
export const UNSPECIFIED = 0n;
/** Bidirectional Forwarding Detection, RFC 5881 clause 4. */
export const UDP_BFD = 3784;
/** Of the controller's probes between hosts, which have a key that is nobody's; of the dynamic ports (RFC 6335, 6). */
export const UDP_PROBE = 49784;
/** Bit 40 of a 48-bit MAC address: set in every broadcast and multicast address. */
export const ETH_MULTICAST_BIT = 0x01_00_00_00_00_00;
