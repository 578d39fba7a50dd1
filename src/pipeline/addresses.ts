/**
 * The addresses of a port, by family. In a network with an IPv6 subnet a port also has the link-local address that
 * follows from its MAC address (RFC 4291, appendix A), for no IPv6 stack works without one. Other link-local addresses
 * (RFC 7217) have to be allowed by name.
 */
import { linkLocal, type Network, type Port } from '../topology/index.js';
import { ipv4, ipv6 } from './fields.js';

const isIpv6 = (address: string): boolean => address.includes(':');

/** The port's IPv4 addresses, in the order of the topology. */
export const ipv4Addresses = (port: Port): readonly string[] => port.ips.filter((ip) => !isIpv6(ip));

/** True when the port may speak IPv6 at all. */
export const speaksIpv6 = (network: Network, port: Port): boolean =>
  port.ipChecks === false || network.subnets.some(isIpv6);

/** The port's IPv6 addresses, the link-local one first; none where it may not speak IPv6. */
export function ipv6Addresses(network: Network, port: Port): readonly string[] {
  if (!speaksIpv6(network, port)) return [];
  return [...new Set([linkLocal(port.mac), ...port.ips.filter(isIpv6)])];
}

/** Every address by which the network knows the port. */
export const knownAddresses = (network: Network, port: Port): readonly string[] => [
  ...ipv4Addresses(port),
  ...ipv6Addresses(network, port),
];

/** One or more addresses as a match has them; without a value: any. */
export interface Range<V extends number | bigint> {
  readonly match?: { readonly value: V; readonly mask?: V };
  readonly text: string;
}

/** An address or CIDR of the topology as a match; a prefix of all bits needs no mask. */
function range<V extends number | bigint>(text: string, address: (text: string) => V, mask: (prefix: number) => V) {
  const [first = '', prefix] = text.split('/');
  const value = address(first);
  return { text, match: prefix === undefined ? { value } : { value, mask: mask(Number(prefix)) } };
}

const mask4 = (prefix: number): number => 2 ** 32 - 2 ** (32 - prefix);
const mask6 = (prefix: number): bigint => (1n << 128n) - (1n << BigInt(128 - prefix));
const range4 = (text: string): Range<number> => range(text, ipv4, mask4);
const range6 = (text: string): Range<bigint> => range(text, ipv6, mask6);

/** What the port may use besides its own addresses, by IPv4. */
export function allowedIpv4(port: Port): readonly Range<number>[] {
  if (port.ipChecks === false) return [{ text: 'any address' }];
  return (port.allowed ?? []).filter((text) => !isIpv6(text)).map(range4);
}

/** What the port may use besides its own addresses, by IPv6. */
export function allowedIpv6(port: Port): readonly Range<bigint>[] {
  if (port.ipChecks === false) return [{ text: 'any address' }];
  return (port.allowed ?? []).filter(isIpv6).map(range6);
}

/** Every IPv4 address that the port may use. */
export const usableIpv4 = (port: Port): readonly Range<number>[] =>
  port.ipChecks === false ? allowedIpv4(port) : [...ipv4Addresses(port).map(range4), ...allowedIpv4(port)];

/** Every IPv6 address that the port may use. */
export function usableIpv6(network: Network, port: Port): readonly Range<bigint>[] {
  if (port.ipChecks === false || !speaksIpv6(network, port)) return speaksIpv6(network, port) ? allowedIpv6(port) : [];
  return [...ipv6Addresses(network, port).map(range6), ...allowedIpv6(port)];
}
