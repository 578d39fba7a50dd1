/** What people call the ports, keys and tunnel addresses that a host's flows match: by the topology and the host's facts. */
import type { World } from '../desired/index.js';
import { type Network, networkNumber, Zones } from '../topology/index.js';
import type { MatchNames } from '../verify/index.js';

/** The names on one host. A VM's port is called as in the topology, any other as the interface. */
export function namesOn({ topology, facts }: World, host: string): MatchNames {
  const ports = new Map(topology.networks.flatMap((n) => n.ports.map((p) => [p.ifaceId, p.name] as const)));
  // Another zone's network may have the same VLAN id.
  const zones = new Zones(topology.hosts);
  const zone = zones.of(host);
  const here = (network: Network): boolean =>
    zone === undefined || network.encapsulation !== 'vlan' || zones.ofKey(network)?.includes(zone) === true;
  const networks = new Map(topology.networks.filter(here).map((network) => [networkNumber(network), network.path]));
  const hosts = new Map(topology.hosts.map(({ vtep, name }) => [vtep, name]));
  const numbers = new Map<number, { readonly name: string; readonly tunnel: boolean }>();
  for (const { ofport, ifaceId, name } of facts.get(host)?.interfaces ?? [])
    if (ofport !== undefined) numbers.set(ofport, { name: ports.get(ifaceId ?? '') ?? name, tunnel: false });
  for (const { ofport, name } of facts.get(host)?.tunnels ?? []) numbers.set(ofport, { name, tunnel: true });
  return {
    port: (ofport) => numbers.get(ofport),
    network: (key) => networks.get(key),
    host: (address) => hosts.get(address),
  };
}
