/**
 * What a network's services mean together with its subnets and ports: whom routes lead by, who can be told what, and the
 * addresses that VMs make themselves (SLAAC, RFC 4862).
 */
import { contains, ipText, type Subnet, slaacAddress, subnetText } from './address.js';
import type { NetworkEntry } from './entries.js';
import type { Fault, Path } from './source.js';

const isIpv4 = ({ value }: { readonly value: Subnet }): boolean => value.first.kind() === 'ipv4';
/** An interface identifier has 64 bits (RFC 4291, 2.5.1), so a prefix for SLAAC has as many. */
const SLAAC_PREFIX = 64;

/** The addresses that a port with this MAC address makes of the network's prefixes. */
export const slaacAddresses = (network: NetworkEntry, mac: string): readonly string[] =>
  network.ra !== 'slaac'
    ? []
    : network.subnets
        .filter((subnet) => !isIpv4(subnet) && subnet.value.prefix === SLAAC_PREFIX)
        .map(({ value }) => slaacAddress(value, mac));

/** Routers are neighbours: IPv4 addresses inside a subnet of the network. */
export function* dhcpRouters({ label, dhcp, subnets, subnetsRead }: NetworkEntry): Iterable<Fault> {
  if (dhcp === undefined || !subnetsRead) return;
  const routers = [...dhcp.routes.flatMap(({ via }) => (via ? [via] : [])), ...(dhcp.gateway ? [dhcp.gateway] : [])];
  for (const { path, value } of routers) {
    const fault = (code: string, message: string): Fault => ({ path, at: 'value', code, message });
    if (value.kind() !== 'ipv4') yield fault('router-not-ipv4', `${ipText(value)}: DHCP gives out IPv4 routers only`);
    else if (!subnets.some((subnet) => contains(subnet.value, value)))
      yield fault('router-outside-subnets', `${ipText(value)}: outside the subnets of ${label}: VMs cannot reach it`);
  }
  for (const { to } of dhcp.routes)
    if (to && to.value.first.kind() !== 'ipv4')
      yield {
        path: to.path,
        at: 'value',
        code: 'route-not-ipv4',
        message: `${subnetText(to.value)}: DHCP gives out IPv4 routes only`,
      };
}

/** As many as fit into the message that every client takes (RFC 2131, 2), with room to spare. */
const MOST_ROUTES = 16;
const MOST_DNS = 8;

export function* dhcpSizes({ dhcp, path: network }: NetworkEntry): Iterable<Fault> {
  const path = [...network, 'dhcp'];
  const fault = (key: string, most: number): Fault => ({
    path: [...path, key],
    at: 'value',
    code: 'too-many',
    message: `more than ${most} ${key}: they do not fit into a DHCP message`,
  });
  if ((dhcp?.routes.length ?? 0) > MOST_ROUTES) yield fault('routes', MOST_ROUTES);
  if ((dhcp?.dns.length ?? 0) > MOST_DNS) yield fault('dns', MOST_DNS);
}

/** Router advertisements need IPv6, and SLAAC a prefix of 64 bits. */
export function* advertisedPrefixes({ label, ra, raPath, subnets, subnetsRead }: NetworkEntry): Iterable<Fault> {
  if (ra === undefined || !subnetsRead) return;
  const prefixes = subnets.filter((subnet) => !isIpv4(subnet));
  const fault = (path: Path, code: string, message: string): Fault => ({ path, at: 'value', code, message });
  if (prefixes.length === 0)
    yield fault(raPath, 'ra-without-ipv6', `ra: ${ra}: ${label} has no IPv6: add an IPv6 subnet, or leave it out`);
  if (ra === 'slaac')
    for (const { path, value } of prefixes)
      if (value.prefix !== SLAAC_PREFIX)
        yield fault(
          path,
          'slaac-prefix',
          `${subnetText(value)}: SLAAC needs a prefix of 64 bits: write /64, or ra: managed`,
        );
}

/** An address given to one port that another makes of its MAC address. */
export function* slaacDuplicates(network: NetworkEntry): Iterable<Fault> {
  const implied = new Map(
    network.ports.flatMap((p) => (p.mac ? slaacAddresses(network, p.mac.value).map((ip) => [ip, p] as const) : [])),
  );
  for (const port of network.ports)
    for (const { path, value } of port.ips) {
      const other = implied.get(ipText(value));
      if (other === undefined || other === port) continue;
      const message = `address ${ipText(value)} is that of port ${other.name}, by SLAAC: give ${port.name} its own`;
      yield { path, at: 'value', code: 'duplicate-ip', message, first: other.path };
    }
}
