/**
 * The desired state of one host's tables: pure, from the world alone. Receivers come before senders: what sends to another
 * host is wanted only once that host has confirmed that it lets this one in, and, for a port that moved, that the port is
 * there; until then whatever the switch holds for it stays as it is. A port that only appears was reached by nobody before,
 * so the others prepare for it while its switch is still giving it a number.
 */
import {
  bucketId,
  FENCE_METER,
  groupId,
  knownAddresses,
  type LocalNetwork,
  type LocalPort,
  type Meter,
  portMeters,
  sendByTunnel,
  type TunnelPort,
  unknownGroupId,
  wantsUnknown,
} from '../pipeline/index.js';
import type { Host, Network, Port, Way, Wire } from '../topology/index.js';
import { type Binding, whereIs } from './bindings.js';
import { canonicalActions } from './canonical.js';
import { excesses, floodRefusal } from './limits.js';
import {
  addressOwner,
  hostOwner,
  networkOwner,
  peerOwner,
  portOwner,
  remoteOwner,
  tunnelOwner,
  vtepOwner,
} from './owners.js';
import { type FlowsOf, plainFlowsOf } from './remember.js';
import type { DesiredBucket, DesiredGroup, DesiredState, Part } from './state.js';
import { desiredTunnels, tunnelName } from './tunnels.js';
import { peerKey, presentWay, sendKey, waysOf } from './ways.js';
import type { World } from './world.js';

/** What is collected while the host's objects are gone through. */
interface Draft {
  readonly flowsOf: FlowsOf;
  readonly parts: Part[];
  readonly groups: DesiredGroup[];
  readonly meters: Meter[];
  readonly keepOwners: Set<bigint>;
  readonly keepBuckets: Set<string>;
  readonly ports: Set<string>;
  readonly peers: Set<string>;
  readonly sends: Set<string>;
  readonly numbers: Map<string, number>;
  readonly remotes: Map<string, string>;
  readonly warnings: string[];
  /** With a port on the host. */
  readonly networks: Network[];
}

function tunnelPorts(world: World, hostName: string): ReadonlyMap<string, TunnelPort> {
  const seen = new Map(world.facts.get(hostName)?.tunnels.map((t) => [t.name, t.ofport]) ?? []);
  const ports = new Map<string, TunnelPort>();
  for (const { name, peer } of desiredTunnels(world.topology, hostName)) {
    const ofport = seen.get(name);
    if (ofport !== undefined)
      ports.set(name, { name, ofport, ...(peer === undefined ? {} : { remoteVtep: peer.vtep }) });
  }
  return ports;
}

function localPorts(network: Network, hostName: string, bound: ReadonlyMap<string, Binding>): readonly LocalPort[] {
  const ports: LocalPort[] = [];
  for (const port of network.ports) {
    const b = bound.get(port.path);
    if (b?.state === 'bound' && b.host === hostName) ports.push({ network, port, ofport: b.ofport });
  }
  return ports;
}

/** The ports of a network by the host where they are. */
function portsByHost(network: Network, bound: ReadonlyMap<string, Binding>): ReadonlyMap<string, readonly Port[]> {
  const byHost = new Map<string, Port[]>();
  for (const port of network.ports) {
    const host = whereIs(bound.get(port.path));
    if (host === undefined) continue;
    const list = byHost.get(host);
    if (list === undefined) byHost.set(host, [port]);
    else list.push(port);
  }
  return byHost;
}

function addLocal(draft: Draft, local: LocalNetwork): void {
  const { network, ports } = local;
  draft.parts.push(draft.flowsOf('network', local, () => networkOwner(network)));
  for (const p of ports) {
    draft.parts.push(draft.flowsOf('port', p, () => portOwner(network, p.port)));
    draft.meters.push(...portMeters(p));
    draft.ports.add(p.port.path);
    draft.numbers.set(p.port.path, p.ofport);
  }
  for (const port of network.ports)
    for (const ip of knownAddresses(network, port))
      draft.parts.push(draft.flowsOf('address', { network, port, ip }, () => addressOwner(network, port, ip)));
}

/** True when nobody can say that the host has no port of the network: it is not heard, or a port is claimed twice. */
function mayBeThere(world: World, network: Network, host: string, bound: ReadonlyMap<string, Binding>): boolean {
  if (!world.facts.has(host)) return true;
  return network.ports.some((port) => {
    const b = bound.get(port.path);
    return b?.state === 'conflict';
  });
}

/** A way to one other host, and the tunnel port here that it leads by. */
interface OpenWay {
  readonly way: Way;
  readonly tunnel: TunnelPort;
}

/** One network on one host, and another host. */
interface Pair {
  readonly world: World;
  readonly network: Network;
  readonly here: string;
  readonly peer: Host;
  /** The network's ports on the peer. */
  readonly there: readonly Port[];
  /** The present way first, then former ones; those for which this host has the tunnel port. At least one. */
  readonly ways: readonly OpenWay[];
}

/** The first way by which the peer has confirmed to let this host in. */
const openTo = ({ world, network, here, peer, ways }: Pair): OpenWay | undefined =>
  ways.find(({ way }) => world.confirmed.get(peer.name)?.peers.has(peerKey(network.path, here, way)));

/** The groups of a network: that of its hosts, and that of the hosts where a port receives the unknown. */
const groupsOf = (network: Network): readonly number[] =>
  wantsUnknown(network) ? [groupId(network.key), unknownGroupId(network.key)] : [groupId(network.key)];

/** What one network needs on this host because of one other host; the bucket that sends to it, if it may be sent to. */
function addPeer(draft: Draft, pair: Pair, bound: ReadonlyMap<string, Binding>): DesiredBucket | undefined {
  const { world, network, peer, there } = pair;
  const bucket_id = bucketId(peer.name);
  const keepBuckets = () => {
    for (const group of groupsOf(network)) draft.keepBuckets.add(`${group} ${bucket_id}`);
  };
  if (there.length === 0) {
    if (mayBeThere(world, network, peer.name, bound)) {
      draft.keepOwners.add(peerOwner(network, peer.name).cookie);
      keepBuckets();
    }
    return undefined;
  }
  addAccepted(draft, pair);
  const open = openTo(pair);
  addRemotes(draft, pair, open);
  if (open === undefined) {
    keepBuckets();
    return undefined;
  }
  draft.sends.add(sendKey(network.path, peer.name, open.way));
  const actions = sendByTunnel(open.tunnel, peer.vtep, open.way);
  return { bucket_id, actions, content: canonicalActions(actions), host: peer.name };
}

const wireOf = ({ encapsulation, key }: Way): Wire => ({ encapsulation, key });

/** What the peer may send with: the present way, and former ones as long as it may still use them. */
function addAccepted(draft: Draft, { network, peer, ways }: Pair): void {
  for (const { way, tunnel } of ways) {
    const object = { network, host: peer.name, vtep: peer.vtep, tunnel, wire: wireOf(way) };
    draft.parts.push(draft.flowsOf('peer', object, () => peerOwner(network, peer.name)));
    draft.peers.add(peerKey(network.path, peer.name, way));
  }
}

/** The way to each port of the network on the peer, where the peer lets this host in and has the port. */
function addRemotes(draft: Draft, pair: Pair, open: OpenWay | undefined): void {
  const { world, network, peer, there } = pair;
  const confirmed = world.confirmed.get(peer.name);
  for (const port of there) {
    if (open === undefined || (world.moving.has(port.path) && confirmed?.ports.has(port.path) !== true)) {
      draft.keepOwners.add(remoteOwner(network, port).cookie);
      continue;
    }
    const { tunnel, way } = open;
    const object = { network, port, host: peer.name, vtep: peer.vtep, tunnel, wire: wireOf(way) };
    draft.parts.push(draft.flowsOf('remote', object, () => remoteOwner(network, port)));
    draft.remotes.set(port.path, peer.name);
  }
}

/** The network on this host; with a warning, and without broadcasts, where it is too large for them. */
function localNetwork(
  draft: Draft,
  { topology }: World,
  network: Network,
  ports: readonly LocalPort[],
  hosts: ReadonlySet<string>,
): LocalNetwork {
  const way = presentWay(topology, network);
  const family = topology.hosts[0]?.vtep.includes(':') === true ? 'ipv6' : 'ipv4';
  const copies = Array.from({ length: hosts.size - 1 }, () => way);
  const refusal = floodRefusal({ network, copies, family, ports: ports.length });
  if (refusal !== undefined) draft.warnings.push(refusal);
  return { network, ports, floods: refusal === undefined };
}

function addNetwork(
  draft: Draft,
  world: World,
  network: Network,
  here: string,
  tunnels: ReadonlyMap<string, TunnelPort>,
  bound: ReadonlyMap<string, Binding>,
): void {
  const ports = localPorts(network, here, bound);
  if (ports.length === 0) return;
  draft.networks.push(network);
  const byHost = portsByHost(network, bound);
  const local = localNetwork(draft, world, network, ports, new Set([here, ...byHost.keys()]));
  addLocal(draft, local);
  for (const port of network.ports) {
    const state = bound.get(port.path)?.state;
    if (state === 'unknown' || state === 'conflict') draft.keepOwners.add(remoteOwner(network, port).cookie);
  }
  const buckets: DesiredBucket[] = [];
  const every = waysOf(world.topology, network);
  for (const peer of world.topology.hosts) {
    if (peer.name === here) continue;
    const ways = every.flatMap((way) => {
      const tunnel = tunnels.get(tunnelName(way.encapsulation, way.tunnels === 'mesh' ? peer.vtep : undefined));
      return tunnel === undefined ? [] : [{ way, tunnel }];
    });
    if (ways.length === 0) continue;
    const there = byHost.get(peer.name) ?? [];
    const bucket = addPeer(draft, { world, network, here, peer, there, ways }, bound);
    if (bucket !== undefined) buckets.push(bucket);
  }
  if (!local.floods) return;
  buckets.sort((a, b) => a.bucket_id - b.bucket_id);
  const owner = networkOwner(network);
  draft.groups.push({ group_id: groupId(network.key), owner, buckets });
  if (!wantsUnknown(network)) return;
  const asks = ({ host }: DesiredBucket) => byHost.get(host)?.some((port) => port.unknown === true) === true;
  draft.groups.push({ group_id: unknownGroupId(network.key), owner, buckets: buckets.filter(asks) });
}

/** The drop counters of each tunnel port, and of each host that may use it. */
function addTunnels(draft: Draft, world: World, here: string, tunnels: ReadonlyMap<string, TunnelPort>): void {
  const hosts = world.topology.hosts.filter((host) => host.name !== here);
  for (const tunnel of tunnels.values()) {
    draft.parts.push(draft.flowsOf('tunnel', tunnel, () => tunnelOwner(tunnel.name)));
    for (const { name, vtep } of hosts)
      if (tunnel.remoteVtep === undefined || tunnel.remoteVtep === vtep)
        draft.parts.push(draft.flowsOf('vtep', { tunnel, vtep, host: name }, () => vtepOwner(tunnel.name, name)));
  }
}

/** What this host's switch should hold. `compile` may remember what it compiled before (remember.ts). */
export function desiredState(
  world: World,
  hostName: string,
  bound: ReadonlyMap<string, Binding>,
  compile: FlowsOf = plainFlowsOf,
): DesiredState {
  const draft: Draft = {
    flowsOf: compile,
    parts: [compile('host', null, () => hostOwner())],
    groups: [],
    meters: [FENCE_METER],
    keepOwners: new Set(),
    keepBuckets: new Set(),
    ports: new Set(),
    peers: new Set(),
    sends: new Set(),
    numbers: new Map(),
    remotes: new Map(),
    warnings: [],
    networks: [],
  };
  const tunnels = tunnelPorts(world, hostName);
  addTunnels(draft, world, hostName, tunnels);
  for (const network of world.topology.networks) addNetwork(draft, world, network, hostName, tunnels, bound);
  const { flowsOf: _, networks, ...state } = draft;
  return {
    ...state,
    get flows() {
      return state.parts.flat();
    },
    excesses: excesses(networks, state.parts),
  };
}
