/**
 * The desired state of one host's tables: pure, from the world alone. Receivers come before senders: what sends to another
 * host is wanted only once that host has confirmed that it lets this one in, and, for a port that moved, that the port is
 * there; until then whatever the switch holds for it stays as it is. A port that only appears was reached by nobody before,
 * so the others prepare for it while its switch is still giving it a number; for one that may run on a single host, as soon
 * as that host has a port of the network: what is sent to it until then is dropped and counted there.
 */
import { FENCE_METER, PROBE_METER, portMeters, type TunnelPort } from '../pipeline/index.js';
import type { Bound } from './bound.js';
import { type Kept, keptOn } from './keep.js';
import { keyExcesses, LIMITS, tooManyFlows } from './limits.js';
import { made, type Need } from './needs.js';
import { addressParts, headNeeds, networkSlice, peerNeeds } from './network-slice.js';
import { type FlowsOf, plainFlowsOf } from './remember.js';
import type { Ground, NetworkSlice, SliceContext } from './slices.js';
import type { DesiredState, Part, Slices } from './state.js';
import { isTrunk } from './tunnels.js';
import type { HostFacts, World } from './world.js';

function tunnelPorts(world: World, bound: Bound, hostName: string): ReadonlyMap<string, TunnelPort> {
  const seen = new Map(world.facts.get(hostName)?.tunnels.map((t) => [t.name, t.ofport]) ?? []);
  const ports = new Map<string, TunnelPort>();
  if (seen.size === 0) return ports;
  for (const { name, type, peer } of bound.index.tunnels(hostName)) {
    const ofport = seen.get(name);
    if (ofport === undefined) continue;
    const end = peer === undefined ? {} : { remoteVtep: peer.vtep };
    ports.set(name, isTrunk({ type }) ? { name, ofport, trunk: true } : { name, ofport, ...end });
  }
  return ports;
}

const sameTunnels = (a: HostFacts['tunnels'], b: HostFacts['tunnels']): boolean =>
  a === b ||
  (a.length === b.length && a.every(({ name, ofport }, i) => name === b[i]?.name && ofport === b[i]?.ofport));

/** The host itself, its tunnel ports, and each host that may use one of them: drop counters. */
export function groundNeeds({ topology, index, here, tunnels }: Ground): readonly Need[] {
  const needs: Need[] = [{ kind: 'host', object: null }];
  for (const tunnel of tunnels.values()) {
    needs.push({ kind: 'tunnel', object: tunnel });
    // A frame does not say which host it is from.
    if (tunnel.trunk) continue;
    const users = tunnel.remoteVtep === undefined ? topology.hosts : (index.byVtep.get(tunnel.remoteVtep) ?? []);
    for (const { name, vtep } of users)
      if (name !== here) needs.push({ kind: 'vtep', object: { tunnel, vtep, host: name } });
  }
  return needs;
}

/** What is below the networks, as before where nothing of it has changed. */
function groundOf(
  world: World,
  bound: Bound,
  here: string,
  flowsOf: FlowsOf,
  before: Slices | undefined,
): Pick<Slices, 'ground' | 'tunnels'> {
  const tunnels = world.facts.get(here)?.tunnels ?? [];
  if (
    before !== undefined &&
    before.ground.topology === world.topology &&
    before.ground.flowsOf === flowsOf &&
    sameTunnels(before.tunnels, tunnels)
  )
    return before;
  const { topology } = world;
  const ground = { topology, index: bound.index, here, flowsOf, tunnels: tunnelPorts(world, bound, here) };
  return { ground, tunnels };
}

/** The networks with a port on the host, and those that it joins as a gateway, in the order of the topology. */
function networksHere(bound: Bound, here: string): readonly string[] {
  const { networks, joinedBy } = bound.index;
  const order = (path: string): number => networks.get(path)?.order ?? 0;
  return [...bound.networksAt(here), ...(joinedBy.get(here) ?? [])].sort((a, b) => order(a) - order(b));
}

function slicesOf(
  context: SliceContext,
  below: Pick<Slices, 'ground' | 'tunnels'>,
  before: Slices | undefined,
): Slices {
  const { ground, bound } = context;
  const networks = new Map<string, NetworkSlice>();
  let changed = before === undefined || before.ground !== ground;
  for (const path of networksHere(bound, ground.here)) {
    const was = before?.networks.get(path);
    const slice = networkSlice(context, path, was);
    if (slice === undefined) continue;
    networks.set(path, slice);
    changed ||= slice !== was;
  }
  return before !== undefined && !changed && before.networks.size === networks.size ? before : { ...below, networks };
}

function allParts({ networks, ground }: Slices): readonly Part[] {
  const { flowsOf } = ground;
  const all: Part[] = [];
  for (const need of groundNeeds(ground)) all.push(made(flowsOf, need));
  for (const slice of networks.values()) {
    const { head, peers } = slice;
    for (const need of headNeeds(head)) all.push(made(flowsOf, need));
    for (const part of addressParts(slice)) all.push(part);
    for (const peer of peers.values()) for (const need of peerNeeds(peer)) all.push(made(flowsOf, need));
  }
  return all;
}

/**
 * Why nothing may be sent to the host: each network was looked at when its piece was made, the sum is looked at here. The
 * flows of the host itself and of its tunnels have no lists in them that could be too long.
 */
function excessesOf(slices: Slices): readonly string[] {
  const found = keyExcesses([...slices.networks.values()].map(({ network }) => network));
  let objects = 0;
  for (const { head, network, peers } of slices.networks.values()) {
    found.push(...head.excesses);
    objects += network.ports.length + peers.size;
  }
  // No object has a hundred flows in one table.
  if (objects > LIMITS.flowsPerTable / 100) found.push(...tooManyFlows(allParts(slices).flat()));
  return found;
}

/** What a host confirms once the slices are in its tables; what is the same as before is the same value. */
function told(
  { networks }: Slices,
  before: DesiredState | undefined,
): Pick<DesiredState, 'ports' | 'peers' | 'sends' | 'numbers'> {
  const numbers = new Map<string, number>();
  const peers = new Set<string>();
  const sends = new Set<string>();
  for (const slice of networks.values()) {
    for (const { port, ofport } of slice.head.local.ports) numbers.set(port.path, ofport);
    for (const peer of slice.peers.values()) {
      for (const key of peer.lets) peers.add(key);
      if (peer.sends !== undefined) sends.add(peer.sends);
    }
  }
  const ports = new Set(numbers.keys());
  if (before === undefined) return { ports, peers, sends, numbers };
  return {
    ports: sameSet(ports, before.ports),
    peers: sameSet(peers, before.peers),
    sends: sameSet(sends, before.sends),
    numbers: sameMap(numbers, before.numbers),
  };
}

const sameSet = <V>(a: ReadonlySet<V>, b: ReadonlySet<V>): ReadonlySet<V> => {
  if (a.size !== b.size) return a;
  for (const value of a) if (!b.has(value)) return a;
  return b;
};

function sameMap<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  if (a.size !== b.size) return a;
  for (const [key, value] of a) if (b.get(key) !== value) return a;
  return b;
}

/** A value that is found out when it is asked for, once. */
function once<V>(compute: () => V): () => V {
  let found: { readonly value: V } | undefined;
  return () => {
    found ??= { value: compute() };
    return found.value;
  };
}

type Told = ReturnType<typeof told>;

function stateOf(slices: Slices, { numbers, ports, peers, sends }: Told, kept: () => Kept): DesiredState {
  const all = [...slices.networks.values()];
  return {
    slices,
    get parts() {
      return allParts(slices);
    },
    get flows() {
      return allParts(slices).flat();
    },
    groups: all.flatMap(({ groups }) => groups),
    get meters() {
      return [FENCE_METER, PROBE_METER, ...all.flatMap(({ head }) => head.local.ports.flatMap(portMeters))];
    },
    get keepOwners() {
      return kept().owners;
    },
    get keepBuckets() {
      return kept().buckets;
    },
    numbers,
    ports,
    peers,
    sends,
    remotes: slices.networks,
    warnings: all.flatMap(({ head }) => head.warnings),
    excesses: excessesOf(slices),
  };
}

/**
 * What this host's switch should hold. `compile` may remember what it compiled before (remember.ts); of `before`, the
 * host's state as computed last, everything is taken whose causes have not changed. The result is the same without.
 */
export function desiredState(
  world: World,
  hostName: string,
  given: Bound,
  compile: FlowsOf = plainFlowsOf,
  before?: DesiredState,
): DesiredState {
  const bound = given.index.topology === world.topology ? given : given.over(world.topology);
  const below = groundOf(world, bound, hostName, compile, before?.slices);
  const context = { world, bound, ground: below.ground };
  const slices = slicesOf(context, below, before?.slices);
  const { facts } = world;
  const kept = once(() => keptOn({ facts, bound, ground: below.ground }, slices.networks.values()));
  return stateOf(slices, before?.slices === slices ? before : told(slices, before), kept);
}
