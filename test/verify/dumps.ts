/** Dumps of random small installations, made by the same desired state that `kakuri run` installs. */
import {
  bindings,
  type DesiredState,
  desiredState,
  desiredTunnels,
  type FlowsOf,
  type Holder,
  type HostFacts,
  rememberingFlowsOf,
  type World,
} from '../../src/desired/index.js';
import type { Encapsulation, Network, Port, Topology } from '../../src/topology/index.js';
import { type DumpPort, type HostDump, hostDump, kakuriSpec, type Spec } from '../../src/verify/index.js';
import { Random } from './random.js';

export interface Installation {
  readonly world: World;
  readonly dumps: readonly HostDump[];
  readonly spec: Spec;
}

const octet = (n: number): string => n.toString(16).padStart(2, '0');

/** A network whose ports have the same addresses as everybody's. */
function network(random: Random, tenant: string, name: string, key: number, encapsulation: Encapsulation): Network {
  const path = `${tenant}/${name}`;
  return {
    path,
    tenant,
    name,
    key,
    encapsulation,
    subnets: ['192.168.0.0/24', 'fd00:1::/64'],
    mtu: 1400,
    ...services(random),
    ports: Array.from({ length: random.between(1, 4) }, (_, i) => ({
      path: `${path}/vm${i + 1}`,
      name: `vm${i + 1}`,
      ifaceId: `${tenant}-${name}-vm${i + 1}`,
      mac: `02:00:00:00:01:${octet(i + 1)}`,
      ips: [...(random.chance(0.9) ? [`192.168.0.${i + 1}`] : []), ...(random.chance(0.3) ? [`fd00:1::${i + 1}`] : [])],
      ...portOptions(random, i),
    })),
  };
}

/** What a network serves its guests, now and then: flows that punt, and the answers that the controller sends in. */
function services(random: Random): Partial<Network> {
  const dns = ['192.168.0.53', 'fd00:1::53'];
  return {
    ...(random.chance(0.4) ? { dhcp: { dns, routes: [], gateway: '192.168.0.254', lease: 3600 } } : {}),
    ...(random.chance(0.4) ? { ra: random.pick(['slaac', 'managed'] as const) } : {}),
  };
}

/** What a port may have besides, now and then. */
function portOptions(random: Random, i: number): Partial<Port> {
  return {
    ...(random.chance(0.15) ? { allowed: [`192.168.0.${100 + i}`, '192.168.0.240/28'] } : {}),
    ...(random.chance(0.1) ? { ipChecks: false } : {}),
    ...(random.chance(0.1) ? { unknown: true } : {}),
    ...(random.chance(0.1) ? { broadcastRate: 10 } : {}),
    ...(random.chance(0.1) ? { qos: { rate: 1000, dscp: 10 } } : {}),
  };
}

/** A topology of 2 to 4 hosts and 2 to 4 tenants. */
export function randomTopology(random: Random): Topology {
  const six = random.chance(0.25);
  const encapsulation = random.pick(['geneve', 'vxlan', 'gre', 'nvgre'] as const);
  const hosts = Array.from({ length: random.between(2, 4) }, (_, i) => ({
    name: `hv${i + 1}`,
    ovsdb: `unix:/run/hv${i + 1}.sock`,
    vtep: six ? `fd00:99::${i + 1}` : `10.99.0.${i + 1}`,
  }));
  let key = random.between(1, 200);
  const networks = Array.from({ length: random.between(2, 4) }, (_, t) =>
    Array.from({ length: random.between(1, 2) }, (_, n) => {
      key += random.between(1, 3);
      const own = random.chance(0.8) ? encapsulation : random.pick(['geneve', 'vxlan', 'nvgre'] as const);
      return network(random, `tenant${t + 1}`, `net${n + 1}`, own === 'gre' ? key * 256 * 1024 : key, own);
    }),
  ).flat();
  return { underlay: { encapsulation, tunnels: random.pick(['mesh', 'flow'] as const), mtu: 1500 }, hosts, networks };
}

interface Placed {
  readonly facts: ReadonlyMap<string, HostFacts>;
  readonly holders: World['holders'];
}

/** Where the ports are: on one host, or now and then on two, from the one to the other; each number has one port. */
function randomPlaces(random: Random, topology: Topology): Placed {
  const places = new Map(topology.hosts.map((host) => [host.name, [] as string[]]));
  const holders = new Map<string, Holder>();
  for (const net of topology.networks)
    for (const port of net.ports) {
      if (!random.chance(0.95)) continue;
      const at = random.pick(topology.hosts).name;
      const here = places.get(at) as string[];
      if (random.chance(0.1)) {
        const to = random.pick(topology.hosts.filter(({ name }) => name !== at)).name;
        holders.set(port.path, { host: at, name: `tap${here.length}`, to });
        places.get(to)?.push(port.ifaceId);
      }
      here.push(port.ifaceId);
    }
  const facts = new Map(
    topology.hosts.map(({ name }) => [
      name,
      {
        interfaces: (places.get(name) ?? []).map((ifaceId, i) => ({
          name: `tap${i}`,
          ifaceId,
          ofport: 101 + i,
          inactive: false,
        })),
        tunnels: desiredTunnels(topology, name).map((tunnel, i) => ({ name: tunnel.name, ofport: 1 + i })),
      },
    ]),
  );
  return { facts, holders };
}

/** The world in which every host has confirmed what it holds once nobody waits any more. */
export function settledWorld(
  topology: Topology,
  facts: ReadonlyMap<string, HostFacts>,
  compile: FlowsOf = rememberingFlowsOf(),
  holders: World['holders'] = new Map(),
): World {
  let world: World = { topology, facts, confirmed: new Map(), holders, moving: new Set() };
  const bound = bindings(world);
  // What is sent to a destination waits for what receives there.
  for (let round = 0; round < (holders.size > 0 ? 2 : 1); round++) {
    const confirmed = new Map(topology.hosts.map(({ name }) => [name, desiredState(world, name, bound, compile)]));
    world = { ...world, confirmed };
  }
  return world;
}

/** The interfaces of a host as a dump has them; one of them is nobody's. */
export function portsOf(world: World, host: string): readonly DumpPort[] {
  const facts = world.facts.get(host);
  const tunnels = new Map(desiredTunnels(world.topology, host).map((t) => [t.name, t]));
  const plain = (ofport: number, name: string, type: string): DumpPort => ({ ofport, name, type, options: {} });
  return [
    plain(0xfffffffe, 'br-int', 'internal'),
    plain(99, 'stranger', ''),
    ...(facts?.interfaces ?? []).map(({ ofport = 0, name, ifaceId = '' }) => ({ ...plain(ofport, name, ''), ifaceId })),
    ...(facts?.tunnels ?? []).map(({ ofport, name }) => ({
      ...plain(ofport, name, tunnels.get(name)?.type ?? ''),
      options: tunnels.get(name)?.options ?? {},
    })),
  ];
}

export const dumpOf = (world: World, host: string, desired: DesiredState): HostDump =>
  hostDump({ host, flows: desired.flows, groups: desired.groups, ports: portsOf(world, host) });

/** What the hosts of a world hold. */
export function installation(world: World): Installation {
  const bound = bindings(world);
  const dumps = world.topology.hosts.map(({ name }) => dumpOf(world, name, desiredState(world, name, bound)));
  return { world, dumps, spec: kakuriSpec(world.topology, dumps) };
}

/** A random world in which everything is settled. */
export function randomWorld(seed: number, compile: FlowsOf = rememberingFlowsOf()): World {
  const random = new Random(seed);
  const topology = randomTopology(random);
  const { facts, holders } = randomPlaces(random, topology);
  return settledWorld(topology, facts, compile, holders);
}

/** A random installation in its right state. */
export const randomInstallation = (seed: number): Installation => installation(randomWorld(seed));
