/**
 * What one network needs on one host, in pieces: what follows from the network and its ports here, and what follows from
 * each other host with a port of it. A piece whose causes are what they were before is the same value again, so a change
 * costs what it touches; from nothing the same pieces are made. Pure.
 */
import {
  bucketId,
  groupId,
  type LocalNetwork,
  type LocalPort,
  type Meter,
  portMeters,
  type SendTo,
  sendByTunnel,
  type TunnelPort,
  unknownGroupId,
  wantsUnknown,
} from '../pipeline/index.js';
import type { Host, Network, Port, Topology, Way, Wire } from '../topology/index.js';
import { type Bound, type NetworkPlaces, placeOn, placesOf, whereIs } from './bound.js';
import { canonicalActions } from './canonical.js';
import { floodRefusal, partExcesses } from './limits.js';
import { networkOwner, peerOwner, portOwner, remoteOwner } from './owners.js';
import type { FlowsOf } from './remember.js';
import type { DesiredBucket, DesiredGroup, Part } from './state.js';
import { tunnelName } from './tunnels.js';
import { peerKey, presentWay, sendKey, waysOf } from './ways.js';
import type { World } from './world.js';

/** What all networks on a host are computed from beside the world. */
export interface Ground {
  readonly topology: Topology;
  readonly here: string;
  /** The tunnel ports that are really there, by name. */
  readonly tunnels: ReadonlyMap<string, TunnelPort>;
}

/** What is asked for with every slice. */
export interface SliceContext {
  readonly world: World;
  readonly bound: Bound;
  readonly ground: Ground;
  readonly flowsOf: FlowsOf;
}

/** A way to one other host, and the tunnel port here that it leads by. */
interface OpenWay {
  readonly way: Way;
  readonly tunnel: TunnelPort;
}

/** What follows from the network and its ports on this host. */
export interface HeadSlice {
  /** The network's ports here, pending ones too: of which the rest is made. */
  readonly here: readonly Port[];
  /** Hosts with a port of the network. */
  readonly members: number;
  /** Of the ports here that migrate, where copies go: of which the rest is made, too. */
  readonly migrating: readonly string[];
  readonly local: LocalNetwork;
  readonly parts: readonly Part[];
  /** Flows for each address of the network: the same on every host. */
  readonly addresses: readonly Part[];
  readonly meters: readonly Meter[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly warnings: readonly string[];
  readonly excesses: readonly string[];
}

/** What follows from one other host. */
export interface PeerSlice {
  /** The network's ports there. */
  readonly there: readonly Port[];
  /** The present way first, then former ones; those for which this host has the tunnel port. At least one. */
  readonly ways: readonly OpenWay[];
  readonly open: OpenWay | undefined;
  /** Paths of the ports there that are not sent to yet. */
  readonly waiting: readonly string[];
  /** Of the ports there that migrate, to which ends they are sent. */
  readonly migrating: readonly string[];
  readonly parts: readonly Part[];
  readonly excesses: readonly string[];
  /** Keys of Confirmed.peers and Confirmed.sends. */
  readonly accepts: readonly string[];
  readonly sends: string | undefined;
  /** Paths of the ports there that are sent to. */
  readonly remotes: ReadonlySet<string>;
  readonly bucket: DesiredBucket | undefined;
}

export interface NetworkSlice {
  readonly ground: Ground;
  readonly network: Network;
  readonly head: HeadSlice;
  /** By name of the host. */
  readonly peers: ReadonlyMap<string, PeerSlice>;
  readonly groups: readonly DesiredGroup[];
}

/** A network's port on this host; that of a migration at both its ends. */
function localPort(context: SliceContext, network: Network, port: Port): LocalPort | undefined {
  const { ground, bound } = context;
  const places = placesOf(bound.get(port.path));
  const ofport = placeOn(bound.get(port.path), ground.here)?.ofport;
  if (ofport === undefined) return undefined;
  if (places.length === 1) return { network, port, ofport };
  const [copies] = endsOf(context, network, port);
  return {
    network,
    port,
    ofport,
    ...(copies === undefined ? {} : { copies: copies.to }),
    ...(places[0]?.host === ground.here ? {} : { arriving: true }),
  };
}

/** The network on this host; with a warning, and without broadcasts, where it is too large for them. */
function headOf(
  context: SliceContext,
  places: NetworkPlaces,
  here: readonly Port[],
  migrating: readonly string[],
): HeadSlice {
  const { world, ground, flowsOf } = context;
  const { network } = places;
  const ports = here.flatMap((port) => localPort(context, network, port) ?? []);
  const way = presentWay(world.topology, network);
  const family = ground.topology.hosts[0]?.vtep.includes(':') === true ? 'ipv6' : 'ipv4';
  const copies = Array.from({ length: places.byHost.size - 1 }, () => way);
  const refusal = floodRefusal({ network, copies, family, ports: ports.length });
  const local = { network, ports, floods: refusal === undefined };
  const own = [
    flowsOf('network', local, () => networkOwner(network)),
    ...ports.map((p) => flowsOf('port', p, () => portOwner(network, p.port))),
  ];
  const addresses = flowsOf.addresses(network);
  return {
    here,
    members: places.byHost.size,
    migrating,
    local,
    parts: own,
    addresses,
    meters: ports.flatMap(portMeters),
    numbers: new Map(ports.map(({ port, ofport }) => [port.path, ofport])),
    warnings: refusal === undefined ? [] : [refusal],
    excesses: partExcesses([...own, ...addresses]),
  };
}

/** The ways from this host to another, and the tunnel ports that they lead by. */
export function waysTo({ topology, tunnels }: Ground, network: Network, peer: Host): readonly OpenWay[] {
  return waysOf(topology, network).flatMap((way) => {
    const tunnel = tunnels.get(tunnelName(way.encapsulation, way.tunnels === 'mesh' ? peer.vtep : undefined));
    return tunnel === undefined ? [] : [{ way, tunnel }];
  });
}

/** The first way by which the peer has confirmed to let this host in. */
const openWay = (world: World, network: Network, here: string, peer: string, ways: readonly OpenWay[]) => {
  const accepted = world.confirmed.get(peer)?.peers;
  return accepted && ways.find(({ way }) => accepted.has(peerKey(network.path, here, way)));
};

/** An end to which a port's packets are sent. */
interface End {
  readonly to: SendTo;
  readonly key: string;
}

/**
 * Where this host sends packets for a port that migrates: to both ends as soon as the destination has confirmed it, and
 * from one end to the other. Nowhere while the host where it is cannot be sent to.
 */
function endsOf({ world, bound, ground }: SliceContext, network: Network, { path }: Port): readonly End[] {
  const { here } = ground;
  const places = placesOf(bound.get(path));
  const end = (host: string, mustConfirm: boolean): readonly End[] => {
    const peer = host === here ? undefined : bound.index.hosts.get(host);
    if (peer === undefined || (mustConfirm && world.confirmed.get(host)?.ports.has(path) !== true)) return [];
    const open = openWay(world, network, here, host, waysTo(ground, network, peer));
    return open === undefined ? [] : [{ to: sendToPeer(peer, open), key: sendKey(network.path, host, open.way) }];
  };
  const [at, to] = places;
  if (at === undefined || to === undefined) return [];
  if (placeOn(bound.get(path), here)?.ofport !== undefined)
    return places.flatMap(({ host }) => (host === here ? [] : end(host, true)));
  const main = end(at.host, world.moving.has(path));
  return main.length === 0 ? [] : [...main, ...end(to.host, true)];
}

/** Of ports that migrate, where they are sent, as text: what is the same needs the same flows. */
const migrations = (
  context: SliceContext,
  { network, migrating }: NetworkPlaces,
  ports: readonly Port[],
): readonly string[] => {
  if (migrating.size === 0) return [];
  return ports.flatMap((port) => {
    if (!migrating.has(port.path)) return [];
    const places = placesOf(context.bound.get(port.path));
    const ends = endsOf(context, network, port).map(({ key }) => key);
    return [`${port.path} ${places.map(({ host }) => host).join(' ')}: ${ends.join(', ')}`];
  });
};

/** Ports that moved to the peer, which has not confirmed them yet; all of them where it does not let this host in. */
function waitingPorts(
  world: World,
  peer: string,
  there: readonly Port[],
  open: OpenWay | undefined,
): readonly string[] {
  if (open !== undefined && world.moving.size === 0) return [];
  const confirmed = world.confirmed.get(peer);
  return there.flatMap(({ path }) =>
    open === undefined || (world.moving.has(path) && confirmed?.ports.has(path) !== true) ? [path] : [],
  );
}

const wireOf = ({ encapsulation, key }: Way): Wire => ({ encapsulation, key });

const sendToPeer = (peer: Host, { way, tunnel }: OpenWay): SendTo => ({
  host: peer.name,
  vtep: peer.vtep,
  tunnel,
  wire: wireOf(way),
});

/** What is sent to a port there: the flow that does it, where it is this peer's to have it, and whether it is sent at all. */
function remoteOf(
  context: SliceContext,
  network: Network,
  peer: Host,
  port: Port,
  open: OpenWay | undefined,
): { readonly sent: boolean; readonly part?: Part } {
  const { bound, flowsOf, ground } = context;
  const places = placesOf(bound.get(port.path));
  const flow = (to: SendTo, copies?: SendTo): Part => {
    const object = { network, port, ...to, ...(copies === undefined ? {} : { copies }) };
    return flowsOf('remote', object, () => remoteOwner(network, port));
  };
  if (places.length < 2)
    return open === undefined ? { sent: false } : { sent: true, part: flow(sendToPeer(peer, open)) };
  const [main, copies] = endsOf(context, network, port);
  const sent = main?.to.host === peer.name || copies?.to.host === peer.name;
  // One flow for both ends, by the piece of the host where the port is; on one of its ends its own flow does it.
  const elsewhere = placeOn(bound.get(port.path), ground.here)?.ofport === undefined;
  return { sent, ...(elsewhere && main?.to.host === peer.name ? { part: flow(main.to, copies?.to) } : {}) };
}

function bucketTo(peer: Host, { tunnel, way }: OpenWay): DesiredBucket {
  const actions = sendByTunnel(tunnel, peer.vtep, way);
  return { bucket_id: bucketId(peer.name), actions, content: canonicalActions(actions), host: peer.name };
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** What the network needs here because of one other host; undefined where no tunnel leads there. */
function peerOf(
  context: SliceContext,
  places: NetworkPlaces,
  peer: Host,
  there: readonly Port[],
  old: PeerSlice | undefined,
): PeerSlice | undefined {
  const { world, ground, flowsOf, bound } = context;
  const { network } = places;
  const ways = old?.ways ?? waysTo(ground, network, peer);
  if (ways.length === 0) return undefined;
  const open = openWay(world, network, ground.here, peer.name, ways);
  // The destination of a migration is not waited for.
  const settled =
    places.migrating.size === 0 ? there : there.filter(({ path }) => whereIs(bound.get(path)) === peer.name);
  const waiting = waitingPorts(world, peer.name, settled, open);
  const migrating = migrations(context, places, there);
  const sameWay = old !== undefined && old.open?.way === open?.way;
  if (sameWay && old.there === there && sameList(old.waiting, waiting) && sameList(old.migrating, migrating))
    return old;
  const accepted = ways.map(({ way, tunnel }) => {
    const object = { network, host: peer.name, vtep: peer.vtep, tunnel, wire: wireOf(way) };
    return flowsOf('peer', object, () => peerOwner(network, peer.name));
  });
  const sent: string[] = [];
  const remotes: Part[] = [];
  for (const port of there) {
    if (waiting.includes(port.path)) continue;
    const remote = remoteOf(context, network, peer, port, open);
    if (remote.sent) sent.push(port.path);
    if (remote.part !== undefined) remotes.push(remote.part);
  }
  return {
    there,
    ways,
    open,
    waiting,
    migrating,
    parts: [...accepted, ...remotes],
    excesses: partExcesses([...accepted, ...remotes]),
    accepts: old?.accepts ?? ways.map(({ way }) => peerKey(network.path, peer.name, way)),
    sends: sameWay ? old.sends : open && sendKey(network.path, peer.name, open.way),
    remotes: new Set(sent),
    bucket: sameWay ? old.bucket : open && bucketTo(peer, open),
  };
}

const asks = (there: readonly Port[]): boolean => there.some((port) => port.unknown === true);

function groupsOf(network: Network, floods: boolean, peers: ReadonlyMap<string, PeerSlice>): readonly DesiredGroup[] {
  if (!floods) return [];
  const open = [...peers.values()].flatMap(({ bucket, there }) => (bucket === undefined ? [] : [{ bucket, there }]));
  open.sort((a, b) => a.bucket.bucket_id - b.bucket.bucket_id);
  const owner = networkOwner(network);
  const all = { group_id: groupId(network.key), owner, buckets: open.map(({ bucket }) => bucket) };
  if (!wantsUnknown(network)) return [all];
  const asking = open.filter(({ there }) => asks(there)).map(({ bucket }) => bucket);
  return [all, { group_id: unknownGroupId(network.key), owner, buckets: asking }];
}

/** The groups' causes are the same: the buckets, and who asks for the unknown. */
const sameBuckets = (a: PeerSlice, b: PeerSlice | undefined): boolean =>
  a === b || (a.bucket === b?.bucket && asks(a.there) === asks(b?.there ?? []));

/** The network on this host; undefined where it has no port with a number there. `old`: of before, to take pieces from. */
export function networkSlice(context: SliceContext, path: string, before?: NetworkSlice): NetworkSlice | undefined {
  const { ground, bound } = context;
  const places = bound.places(path);
  const here = places?.byHost.get(ground.here);
  if (places === undefined || here === undefined) return undefined;
  const { network } = places;
  const old = before?.ground === ground && before.network === network ? before : undefined;
  const migrating = migrations(context, places, here);
  const same =
    old !== undefined &&
    old.head.here === here &&
    old.head.members === places.byHost.size &&
    sameList(old.head.migrating, migrating);
  const head = same ? old.head : headOf(context, places, here, migrating);
  if (head.local.ports.length === 0) return undefined;
  const peers = new Map<string, PeerSlice>();
  let changed = false;
  let known = 0;
  let regrouped = old === undefined || old.head.local.floods !== head.local.floods;
  for (const [name, there] of places.byHost) {
    const peer = name === ground.here ? undefined : bound.index.hosts.get(name);
    const was = old?.peers.get(name);
    const slice = peer && peerOf(context, places, peer, there, was);
    if (slice === undefined) continue;
    peers.set(name, slice);
    if (was !== undefined) known += 1;
    if (slice === was) continue;
    changed = true;
    regrouped ||= !sameBuckets(slice, was);
  }
  // Some host has no port of the network any more.
  if (old !== undefined && old.peers.size !== known) regrouped = changed = true;
  if (old !== undefined && !changed && head === old.head) return old;
  const groups = old !== undefined && !regrouped ? old.groups : groupsOf(network, head.local.floods, peers);
  return { ground, network, head, peers: old !== undefined && !changed ? old.peers : peers, groups };
}
