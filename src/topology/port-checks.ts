/**
 * What a port's further keys mean together with those of its network's other ports: link-local addresses that follow from
 * MAC addresses, allowed addresses, QoS, and the group number that `unknown` needs.
 */
import { allowedText, contains, ipOf, ipText, linkLocal } from './address.js';
import type { Entries, NetworkEntry, PortEntry } from './entries.js';
import { slaacAddresses } from './service-checks.js';
import type { Fault } from './source.js';

const hasIpv6 = ({ subnets }: NetworkEntry): boolean => subnets.some(({ value }) => value.first.kind() === 'ipv6');

/** Every address by which the network knows a port. */
function known(network: NetworkEntry, { ips, mac }: PortEntry): readonly string[] {
  const own = ips.map(({ value }) => ipText(value));
  return hasIpv6(network) && mac ? [...own, linkLocal(mac.value), ...slaacAddresses(network, mac.value)] : own;
}

/** An address given to one port that follows from the MAC address of another. */
export function* linkLocals(network: NetworkEntry): Iterable<Fault> {
  if (!hasIpv6(network)) return;
  const implied = new Map(network.ports.flatMap((p) => (p.mac ? [[linkLocal(p.mac.value), p] as const] : [])));
  for (const port of network.ports)
    for (const { path, value } of port.ips) {
      const other = implied.get(ipText(value));
      if (other === undefined || other === port) continue;
      const message = `address ${ipText(value)} is that of port ${other.name}, by its MAC address: give ${port.name} its own`;
      yield { path, at: 'value', code: 'duplicate-ip', message, first: other.path };
    }
}

/** An allowed address may be shared, but it must not be one by which the network knows a port: that one would be forged. */
export function* allowedAddresses(network: NetworkEntry): Iterable<Fault> {
  for (const port of network.ports) {
    const seen = new Set<string>();
    for (const { path, value } of port.allowed) {
      const text = allowedText(value);
      const fault = (code: string, message: string): Fault => ({ path, at: 'value', code, message });
      if (seen.has(text)) yield fault('duplicate-allowed', `${text} is allowed twice: remove one`);
      seen.add(text);
      if (value.first.kind() === 'ipv6' && !hasIpv6(network) && network.subnetsRead)
        yield fault('allowed-without-ipv6', `${text}: ${network.label} has no IPv6: add an IPv6 subnet`);
      for (const other of network.ports) {
        const taken = known(network, other).find((ip) => contains(value, ipOf(ip)));
        if (taken === undefined || (other === port && taken !== text)) continue;
        const what = taken === text ? 'is' : `holds ${taken},`;
        yield fault('allowed-taken', `${text} ${what} an address of port ${other.name}: correct it, or leave it out`);
      }
    }
  }
}

export function* qosBursts({ ports }: NetworkEntry): Iterable<Fault> {
  for (const { qos } of ports) {
    if (qos === undefined || qos.value.burst === undefined || qos.value.rate !== undefined) continue;
    const message = `a burst above no rate: add rate, in kbit/s`;
    yield { path: [...qos.path, 'burst'], at: 'value', code: 'burst-without-rate', message };
  }
}

/** Group numbers of `unknown` are in the upper half of their space (pipeline/groups.ts), where wide keys would be. */
const FIRST_WIDE = 2 ** 31;

export function* unknownKeys({ key }: NetworkEntry, { networks }: Entries): Iterable<Fault> {
  if (!key || key.value < FIRST_WIDE) return;
  const port = networks.flatMap((n) => n.ports).find((p) => p.plain.unknown);
  if (port === undefined) return;
  const message = `tunnel key ${key.value} has a group number that unknown of ${port.label} needs: choose one below ${FIRST_WIDE}`;
  yield { path: key.path, at: 'value', code: 'key-too-wide', message, first: port.path };
}

/** What came by an IP tunnel is found its VM by IP address alone: each port has some, and they are its own. */
export function* routedPorts({ label, encapsulation, ports, ra }: NetworkEntry): Iterable<Fault> {
  if (encapsulation?.value !== 'ip-tunnel') return;
  const why = `IP tunnels lead by IP address, and ${label} has encapsulation ip-tunnel`;
  for (const { path, name, ips, allowed, plain } of ports) {
    const fault = (key: string, message: string): Fault => ({
      path: [...path, key],
      at: 'value',
      code: 'not-routable',
      message: `${message}: ${why}`,
    });
    if (plain.ipChecks === false) yield fault('ip-checks', `${name} may use any IP address; leave ip-checks out`);
    if (plain.unknown === true)
      yield fault('unknown', `${name} receives what is for unknown MAC addresses; leave it out`);
    if (allowed.length > 0)
      yield fault('allowed', `${name} may use addresses that others may have, too; leave allowed out`);
    if (ips.length === 0 && ra !== 'slaac')
      yield { path, at: 'key', code: 'not-routable', message: `${name} has no IP address, give it ips: ${why}` };
  }
}
