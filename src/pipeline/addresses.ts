/**
 * The addresses of a port, by family. In a network with an IPv6 subnet a port also has the link-local address that
 * follows from its MAC address (RFC 4291, appendix A), for no IPv6 stack works without one. Other link-local addresses
 * (RFC 7217) have to be named.
 */
import type { Network, Port } from '../topology/index.js';
import { formatIpv6, mac } from './fields.js';

const isIpv6 = (address: string): boolean => address.includes(':');

/** The port's IPv4 addresses, in the order of the topology. */
export const ipv4Addresses = (port: Port): readonly string[] => port.ips.filter((ip) => !isIpv6(ip));

/** fe80::/64 with the MAC address as a modified EUI-64, as RFC 5952 writes it. */
export function linkLocal(macAddress: string): string {
  const octets = BigInt(mac(macAddress));
  const eui64 = ((octets >> 24n) << 40n) | (0xfffen << 24n) | (octets & 0xffffffn);
  return formatIpv6((0xfe80n << 112n) | (eui64 ^ (2n << 56n)));
}

/** True when the port may speak IPv6 at all. */
export const speaksIpv6 = (network: Network): boolean => network.subnets.some(isIpv6);

/** The port's IPv6 addresses, the link-local one first; none in a network without IPv6. */
export function ipv6Addresses(network: Network, port: Port): readonly string[] {
  if (!speaksIpv6(network)) return [];
  return [...new Set([linkLocal(port.mac), ...port.ips.filter(isIpv6)])];
}

/** Every address by which the network knows the port. */
export const knownAddresses = (network: Network, port: Port): readonly string[] => [
  ...ipv4Addresses(port),
  ...ipv6Addresses(network, port),
];
