/** Numbers of the protocols that the tables match, and the values of addresses, in one place. */
export { type Action, ipv4, ipv6, mac } from 'ts-openflow';

export interface MaskedValue {
  readonly value: number;
  readonly mask?: number;
}

export const ETH_TYPE_IP = 0x0800;
export const ETH_TYPE_ARP = 0x0806;
export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
export const IPPROTO_UDP = 17;
/** Bidirectional Forwarding Detection, RFC 5881 clause 4. */
export const UDP_BFD = 3784;
/** Bit 40 of a 48-bit MAC address: set in every broadcast and multicast address. */
export const ETH_MULTICAST_BIT = 0x01_00_00_00_00_00;
