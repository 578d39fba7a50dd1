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
  ipv4Addresses,
  type LocalNetwork,
  type LocalPort,
  sendByTunnel,
  type TunnelPort,
} from '../pipeline/index.js';
import type { Host, Network, Port, Way, Wire } from '../topology/index.js';
import { type Binding, whereIs } from './bindings.js';
import { canonicalActions } from './canonical.js';
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
import type { DesiredBucket, DesiredFlow, DesiredGroup, DesiredState } from './state.js';
import { desiredTunnels, tunnelName } from './tunnels.js';
import { peerKey, sendKey, waysOf } from './ways.js';
import type { World } from './world.js';

/** What is collected while the host's objects are gone through. */
interface Draft {
  readonly flowsOf: FlowsOf;
  readonly flows: DesiredFlow[];
  readonly groups: DesiredGroup[];
  readonly keepOwners: Set<bigint>;
  readonly keepBuckets: Set<string>;
  readonly ports: Set<string>;
  readonly peers: Set<string>;
  readonly sends: Set<string>;
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

function localNetwork(network: Network, hostName: string, bound: ReadonlyMap<string, Binding>): LocalNetwork {
  const ports: LocalPort[] = [];
  for (const port of network.ports) {
    const b = bound.get(port.path);
    if (b?.state === 'bound' && b.host === hostName) ports.push({ network, port, ofport: b.ofport });
  }
  return { network, ports };
}

function addLocal(draft: Draft, local: LocalNetwork): void {
  const { network, ports } = local;
  draft.flows.push(...draft.flowsOf('network', local, () => networkOwner(network)));
  for (const p of ports) {
    draft.flows.push(...draft.flowsOf('port', p, () => portOwner(network, p.port)));
    draft.ports.add(p.port.path);
  }
  for (const port of network.ports)
    for (const ip of ipv4Addresses(port))
      draft.flows.push(...draft.flowsOf('address', { network, port, ip }, () => addressOwner(network, port, ip)));
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
  /** The present way first, then former ones; those for which this host has the tunnel port. At least one. */
  readonly ways: readonly OpenWay[];
}

/** The first way by which the peer has confirmed to let this host in. */
const openTo = ({ world, network, here, peer, ways }: Pair): OpenWay | undefined =>
  ways.find(({ way }) => world.confirmed.get(peer.name)?.peers.has(peerKey(network.path, here, way)));

/** What one network needs on this host because of one other host; the bucket that sends to it, if it may be sent to. */
function addPeer(draft: Draft, pair: Pair, bound: ReadonlyMap<string, Binding>): DesiredBucket | undefined {
  const { world, network, peer } = pair;
  const there = network.ports.filter((port) => whereIs(bound.get(port.path)) === peer.name);
  const bucket_id = bucketId(peer.name);
  const keepBucket = `${groupId(network.key)} ${bucket_id}`;
  if (there.length === 0) {
    if (mayBeThere(world, network, peer.name, bound)) {
      draft.keepOwners.add(peerOwner(network, peer.name).cookie);
      draft.keepBuckets.add(keepBucket);
    }
    return undefined;
  }
  addAccepted(draft, pair);
  const open = openTo(pair);
  addRemotes(draft, pair, there, open);
  if (open === undefined) {
    draft.keepBuckets.add(keepBucket);
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
    draft.flows.push(...draft.flowsOf('peer', object, () => peerOwner(network, peer.name)));
    draft.peers.add(peerKey(network.path, peer.name, way));
  }
}

/** The way to each port of the network on the peer, where the peer lets this host in and has the port. */
function addRemotes(draft: Draft, pair: Pair, there: readonly Port[], open: OpenWay | undefined): void {
  const { world, network, peer } = pair;
  const confirmed = world.confirmed.get(peer.name);
  for (const port of there) {
    if (open === undefined || (world.moving.has(port.path) && confirmed?.ports.has(port.path) !== true)) {
      draft.keepOwners.add(remoteOwner(network, port).cookie);
      continue;
    }
    const { tunnel, way } = open;
    const object = { network, port, host: peer.name, vtep: peer.vtep, tunnel, wire: wireOf(way) };
    draft.flows.push(...draft.flowsOf('remote', object, () => remoteOwner(network, port)));
  }
}

function addNetwork(
  draft: Draft,
  world: World,
  network: Network,
  here: string,
  tunnels: ReadonlyMap<string, TunnelPort>,
  bound: ReadonlyMap<string, Binding>,
): void {
  const local = localNetwork(network, here, bound);
  if (local.ports.length === 0) return;
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
    const bucket = addPeer(draft, { world, network, here, peer, ways }, bound);
    if (bucket !== undefined) buckets.push(bucket);
  }
  buckets.sort((a, b) => a.bucket_id - b.bucket_id);
  draft.groups.push({ group_id: groupId(network.key), owner: networkOwner(network), buckets });
}

/** The drop counters of each tunnel port, and of each host that may use it. */
function addTunnels(draft: Draft, world: World, here: string, tunnels: ReadonlyMap<string, TunnelPort>): void {
  const hosts = world.topology.hosts.filter((host) => host.name !== here);
  for (const tunnel of tunnels.values()) {
    draft.flows.push(...draft.flowsOf('tunnel', tunnel, () => tunnelOwner(tunnel.name)));
    for (const { name, vtep } of hosts)
      if (tunnel.remoteVtep === undefined || tunnel.remoteVtep === vtep)
        draft.flows.push(...draft.flowsOf('vtep', { tunnel, vtep, host: name }, () => vtepOwner(tunnel.name, name)));
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
    flows: [...compile('host', null, () => hostOwner())],
    groups: [],
    keepOwners: new Set(),
    keepBuckets: new Set(),
    ports: new Set(),
    peers: new Set(),
    sends: new Set(),
  };
  const tunnels = tunnelPorts(world, hostName);
  addTunnels(draft, world, hostName, tunnels);
  for (const network of world.topology.networks) addNetwork(draft, world, network, hostName, tunnels, bound);
  const { flows, groups, keepOwners, keepBuckets, ports, peers, sends } = draft;
  return { flows, groups, keepOwners, keepBuckets, ports, peers, sends, meters: [FENCE_METER] };
}
