/**
 * A topology by the names in it, made once for each topology: what an event is about is looked up, never searched for.
 * Pure; the work grows with the topology and is done when the file is read.
 */
import { type Host, type Network, type Port, type Topology, Zones } from '../topology/index.js';
import { type TunnelIntent, type tunnelName, tunnelNames, tunnelPlan } from './tunnels.js';

/** A port, and the network that it is of. */
export interface PlacedPort {
  readonly network: Network;
  readonly port: Port;
}

export interface TopologyIndex {
  readonly topology: Topology;
  readonly hosts: ReadonlyMap<string, Host>;
  /** By VTEP; several hosts may have one. */
  readonly byVtep: ReadonlyMap<string, readonly Host[]>;
  /** By path, each with its place in the topology's list. */
  readonly networks: ReadonlyMap<string, { readonly network: Network; readonly order: number }>;
  /** By path, each with its place in its network's list. */
  readonly ports: ReadonlyMap<string, PlacedPort & { readonly order: number }>;
  readonly byIfaceId: ReadonlyMap<string, PlacedPort>;
  /** Ports that name the hosts where they may run, by host. */
  readonly named: ReadonlyMap<string, readonly PlacedPort[]>;
  /** Ports that may run on any host. */
  readonly anywhere: readonly PlacedPort[];
  /** Paths of the networks that a host joins to their VLAN halves, by its name. */
  readonly joinedBy: ReadonlyMap<string, readonly string[]>;
  readonly zones: Zones;
  /** Path of the other network that has the VLAN id of this one in a zone; undefined: none, or it has none. */
  readonly vlanIn: (zone: string, network: Network) => string | undefined;
  readonly tunnelName: typeof tunnelName;
  /** The tunnel ports of each host, by its name. */
  readonly tunnels: (host: string) => readonly TunnelIntent[];
}

/** The ports of a topology by iface-id. */
export const portsByIfaceId = ({ networks }: Topology): ReadonlyMap<string, PlacedPort> =>
  new Map(networks.flatMap((network) => network.ports.map((port) => [port.ifaceId, { network, port }] as const)));

function hostsByVtep(hosts: readonly Host[]): ReadonlyMap<string, readonly Host[]> {
  const found = new Map<string, Host[]>();
  for (const host of hosts) {
    const list = found.get(host.vtep);
    if (list === undefined) found.set(host.vtep, [host]);
    else list.push(host);
  }
  return found;
}

function joinedBy({ networks }: Topology): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { path, vlan } of networks)
    for (const host of vlan?.gateways ?? []) {
      const list = found.get(host);
      if (list === undefined) found.set(host, [path]);
      else list.push(path);
    }
  return found;
}

/** Looked for when asked: a VM that turns up where it may not run is seldom. */
const vlanIn =
  ({ networks }: Topology, zones: Zones): TopologyIndex['vlanIn'] =>
  (zone, { encapsulation, key, path }) => {
    if (encapsulation !== 'vlan') return undefined;
    const has = (network: Network): boolean =>
      network.path !== path &&
      ((network.encapsulation === 'vlan' && network.key === key && zones.ofKey(network)?.includes(zone) === true) ||
        (network.vlan?.id === key && zones.ofHalf(network.vlan)?.includes(zone) === true));
    return networks.find(has)?.path;
  };

export function topologyIndex(topology: Topology): TopologyIndex {
  const zones = new Zones(topology.hosts);
  const ports = new Map<string, PlacedPort & { readonly order: number }>();
  const named = new Map<string, PlacedPort[]>();
  const anywhere: PlacedPort[] = [];
  for (const network of topology.networks)
    network.ports.forEach((port, order) => {
      const placed = { network, port, order };
      ports.set(port.path, placed);
      if (port.hosts === undefined) anywhere.push(placed);
      for (const host of port.hosts ?? []) {
        const list = named.get(host);
        if (list === undefined) named.set(host, [placed]);
        else list.push(placed);
      }
    });
  return {
    topology,
    hosts: new Map(topology.hosts.map((host) => [host.name, host])),
    byVtep: hostsByVtep(topology.hosts),
    networks: new Map(topology.networks.map((network, order) => [network.path, { network, order }])),
    ports,
    byIfaceId: portsByIfaceId(topology),
    named,
    anywhere,
    joinedBy: joinedBy(topology),
    zones,
    vlanIn: vlanIn(topology, zones),
    tunnelName: tunnelNames(),
    tunnels: tunnelPlan(topology),
  };
}
