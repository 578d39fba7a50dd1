/** Who asks, and who answers. */
import { linkLocal, type Network, type Port } from '../topology/index.js';
import { ipv4Octets, ipv6Octets, macOctets } from './octets.js';

/** The port from which the switch says that the question came, and its network. */
export interface Guest {
  readonly network: Network;
  readonly port: Port;
}

/**
 * The network as a neighbour: one MAC address everywhere, so that a VM that migrates sees no change. The IPv4 address is of
 * a link, and nobody's (RFC 3927); a VM that has no route to it asks by broadcast instead (RFC 2131, 4.4.5).
 */
export const SERVICE_MAC = '02:6b:61:6b:75:72';
export const SERVER = {
  mac: macOctets(SERVICE_MAC),
  ip4: ipv4Octets('169.254.169.253'),
  ip6: ipv6Octets(linkLocal(SERVICE_MAC)),
} as const;

const isIpv6 = (address: string): boolean => address.includes(':');
export const ipv4s = (addresses: readonly string[]): readonly string[] => addresses.filter((ip) => !isIpv6(ip));
export const ipv6s = (addresses: readonly string[]): readonly string[] => addresses.filter(isIpv6);
