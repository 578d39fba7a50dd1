/** Small worlds for the tests of the pure layers: hosts hv1…hvN, tenants with the same addresses, ports bound as asked. */
import type { HostFacts, World } from '../src/desired/index.js';
import { desiredTunnels } from '../src/desired/index.js';
import type { Encapsulation, Network, Port, Topology } from '../src/topology/index.js';

export interface WorldOptions {
  readonly hosts?: number;
  readonly tenants?: readonly string[];
  /** Ports of each tenant's one network; port i is allowed on host i modulo hosts. */
  readonly ports?: number;
  readonly encapsulation?: Encapsulation;
  readonly tunnels?: 'mesh' | 'flow';
  /** Of the VTEPs. */
  readonly family?: 'ipv4' | 'ipv6';
  /** The networks have an IPv6 subnet, and each port an address in it. */
  readonly dual?: boolean;
  /** More keys of port i. */
  readonly keys?: (i: number) => Partial<Port>;
}

export const hostName = (i: number): string => `hv${i + 1}`;

const octet = (n: number): string => n.toString(16).padStart(2, '0');

function networkOf(tenant: string, key: number, options: Required<WorldOptions>): Network {
  return {
    path: `${tenant}/web`,
    tenant,
    name: 'web',
    key,
    encapsulation: options.encapsulation,
    subnets: ['192.168.0.0/24', ...(options.dual ? ['fd00:1::/64'] : [])],
    mtu: 1450,
    ports: Array.from({ length: options.ports }, (_, i) => ({
      path: `${tenant}/web/${tenant}-vm${i + 1}`,
      name: `${tenant}-vm${i + 1}`,
      ifaceId: `${tenant}-vm${i + 1}`,
      mac: `02:00:00:00:${octet(1 + ((i + 1) >> 8))}:${octet((i + 1) & 255)}`,
      ips: [`192.168.${(i + 1) >> 8}.${(i + 1) & 255}`, ...(options.dual ? [`fd00:1::${(i + 1).toString(16)}`] : [])],
      ...options.keys(i),
    })),
  };
}

/** The topology alone. */
export function topologyOf(given: WorldOptions = {}): Topology {
  const options = {
    hosts: 2,
    tenants: ['red', 'blue'],
    ports: 2,
    encapsulation: 'geneve',
    tunnels: 'mesh',
    family: 'ipv4',
    dual: false,
    keys: () => ({}),
    ...given,
  } as const;
  return {
    underlay: { encapsulation: options.encapsulation, tunnels: options.tunnels, mtu: 1500 },
    hosts: Array.from({ length: options.hosts }, (_, i) => ({
      name: hostName(i),
      ovsdb: `unix:/run/kakuri/${hostName(i)}/db.sock`,
      vtep: options.family === 'ipv6' ? `fd00:99::${(i + 1).toString(16)}` : `10.99.${(i + 1) >> 8}.${(i + 1) & 255}`,
    })),
    networks: [...options.tenants].sort().map((tenant, i) => networkOf(tenant, 100 + i, options)),
  };
}

/** The facts of a host whose ports are the named ones, from ofport 10 on, tunnels from 1 on. */
export function factsOf(topology: Topology, host: string, ifaceIds: readonly string[]): HostFacts {
  return {
    interfaces: ifaceIds.map((ifaceId, i) => ({ name: `tap${i}`, ifaceId, ofport: 10 + i, inactive: false })),
    tunnels: desiredTunnels(topology, host).map((tunnel, i) => ({ name: tunnel.name, ofport: 1 + i })),
  };
}

/** A world where port i of each network is bound on host i modulo hosts, and nothing is confirmed yet. */
export function worldOf(given: WorldOptions = {}): World {
  const topology = topologyOf(given);
  const facts = new Map(
    topology.hosts.map(({ name }, h) => {
      const here = topology.networks.flatMap((n) => n.ports.filter((_, i) => i % topology.hosts.length === h));
      return [
        name,
        factsOf(
          topology,
          name,
          here.map((p) => p.ifaceId),
        ),
      ] as const;
    }),
  );
  return { topology, facts, confirmed: new Map(), holders: new Map(), moving: new Set() };
}
