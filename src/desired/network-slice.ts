/**
 * What one network needs on one host, in pieces: what follows from the network and its ports here, and what follows from
 * each other host with a port of it. A piece whose causes are what they were before is the same value again, so a change
 * costs what it touches; from nothing the same pieces are made. Pure.
 */
import { isRouted, type LocalNetwork, type LocalPort, type SendTo } from '../pipeline/index.js';
import { type Host, type Network, type Port, underlayFamily } from '../topology/index.js';
import { placeOn, placesOf, whereIs } from './binding.js';
import type { NetworkPlaces } from './bound.js';
import { halfOf } from './halves.js';
import { floodRefusal, partExcesses } from './limits.js';
import type { Need } from './needs.js';
import { groupsOf, sameBuckets } from './network-group.js';
import {
  announcedBy,
  NOBODY_THERE,
  openWay,
  othersOf,
  segmentsOf,
  sendToPeer,
  throughGateways,
  throughText,
  waysTo,
  wireOf,
} from './passages.js';
import type { HeadSlice, Move, NetworkSlice, OpenWay, PeerSlice, SliceContext } from './slices.js';
import type { Part } from './state.js';
import { peerKey, presentWay, sendKey } from './ways.js';
import type { World } from './world.js';

/** A network's port on this host; that of a migration at both its ends. */
function localPort(context: SliceContext, network: Network, port: Port): LocalPort | undefined {
  const { ground, bound } = context;
  const places = placesOf(bound.get(port.path));
  const ofport = placeOn(bound.get(port.path), ground.here)?.ofport;
  if (ofport === undefined) return undefined;
  if (places.length === 1) return { network, port, ofport };
  const [copies] = endsOf(context, network, port);
  const segments = announcedBy(ground, network);
  return {
    network,
    port,
    ofport,
    ...(copies === undefined ? {} : { copies: copies.to }),
    ...(places[0]?.host === ground.here ? {} : { arriving: true, ...(segments.length > 0 && { segments }) }),
  };
}

/** More ports than this, and the flow that copies a broadcast to them may be too long. */
const MANY_PORTS = 100;

/** The network on this host; with a warning, and without broadcasts, where it is too large for them. */
function headOf(
  context: SliceContext,
  places: NetworkPlaces,
  here: readonly Port[],
  migrating: readonly string[],
): HeadSlice {
  const { world, ground } = context;
  const { network } = places;
  const ports = here.flatMap((port) => localPort(context, network, port) ?? []);
  const way = presentWay(world.topology, network);
  const family = underlayFamily(ground.topology.hosts);
  // On a VLAN one frame is for all; an IP tunnel carries none.
  const onTrunk = way.encapsulation === 'vlan' || halfOf(network, ground.here) === 'vlan';
  const others = onTrunk ? 1 : isRouted(way) ? 0 : places.byHost.size - 1;
  const copies = Array.from({ length: others }, () => way);
  const refusal = floodRefusal({ network, copies, family, ports: ports.length });
  const segments = segmentsOf(ground, network);
  const gateways = throughGateways(context, network);
  const [joined] = halfOf(network, ground.here) === 'gateway' ? segments : [];
  const local = {
    network,
    ports,
    floods: refusal === undefined,
    ...(segments.length > 0 && { segments }),
    ...(gateways !== undefined && { gateways }),
    ...(joined !== undefined && { joins: joined }),
  };
  const excesses = ports.length < MANY_PORTS ? [] : partExcesses([ground.flowsOf('network', local)]);
  const warnings = refusal === undefined ? [] : [refusal];
  return { here, members: places.byHost.size, migrating, through: throughText(gateways), local, warnings, excesses };
}

/**
 * The port whose addresses nobody on this host asks for: the only one of its network here, whose own questions for them
 * are dropped before (tables arp and nd).
 */
export const onlyPort = ({ ports }: LocalNetwork): Port | undefined =>
  ports.length === 1 ? ports[0]?.port : undefined;

/** What answers for the addresses of the network on this host. */
export const addressParts = ({ ground, network, head }: NetworkSlice): readonly Part[] => {
  const only = onlyPort(head.local);
  if (head.local.joins !== undefined) return [];
  return ground.flowsOf.addresses(network).flatMap(({ port, parts }) => (port.path === only?.path ? [] : parts));
};

/** The network itself and its ports here. */
export const headNeeds = ({ local }: HeadSlice): readonly Need[] => [
  { kind: 'network', object: local },
  ...local.ports.map((object) => ({ kind: 'port', object }) as const),
];

const moveOf = ({ moves }: PeerSlice, port: Port): Move | undefined =>
  moves.length === 0 ? undefined : moves.find((move) => move.port === port);

function isSentTo(slice: PeerSlice, port: Port): boolean {
  const { open, waiting } = slice;
  if (waiting.length > 0 && waiting.includes(port.path)) return false;
  return moveOf(slice, port)?.sent ?? open !== undefined;
}

/** True when the port there is sent to. */
export const reaches = (slice: PeerSlice | undefined, path: string): boolean =>
  slice?.there.some((port) => port.path === path && isSentTo(slice, port)) === true;

/** What lets the other host in, and what sends to its ports. */
export function peerNeeds(slice: PeerSlice): readonly Need[] {
  const { network, peer, there, ways, open } = slice;
  const joins = slice.joins ? ({ joins: true } as const) : {};
  const needs: Need[] = ways.flatMap(({ way, tunnel, gateways }): readonly Need[] => {
    const wire = wireOf(way);
    // What comes from there is a gateway's to send.
    if (tunnel.gateways) return [];
    if (tunnel.trunk)
      return slice.senders.map((port) => ({
        kind: 'sender',
        object: { network, port, host: peer.name, vtep: peer.vtep, tunnel, wire, ...joins },
      }));
    // A packet without Ethernet says by its address which VM it is from: there, or arriving there.
    const from = isRouted(wire) ? there : NOBODY_THERE;
    return [
      {
        kind: 'peer',
        object: { network, host: peer.name, vtep: peer.vtep, tunnel, wire, ...joins, ...(gateways && { gateways }) },
      },
      ...from.map(
        (port): Need => ({
          kind: 'sender',
          object: { network, port, host: peer.name, vtep: peer.vtep, tunnel, wire },
        }),
      ),
    ];
  });
  for (const port of there) {
    if (!isSentTo(slice, port)) continue;
    const move = moveOf(slice, port);
    const to = move === undefined ? open && sendToPeer(peer, open) : move.to;
    if (to === undefined) continue;
    const object = { network, port, ...to, ...joins, ...(move?.copies === undefined ? {} : { copies: move.copies }) };
    needs.push({ kind: 'remote', object });
  }
  return needs;
}

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
  if (migrating.size === 0) return NOBODY;
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

/** What is sent to the ports there that migrate. */
function movesOf(context: SliceContext, places: NetworkPlaces, peer: Host, there: readonly Port[]): readonly Move[] {
  const { bound, ground } = context;
  return there.flatMap((port): readonly Move[] => {
    if (!places.migrating.has(port.path)) return [];
    const [main, copies] = endsOf(context, places.network, port);
    const sent = main?.to.host === peer.name || copies?.to.host === peer.name;
    // One flow for both ends, by the piece of the host where the port is; on one of its ends its own flow does it.
    const elsewhere = placeOn(bound.get(port.path), ground.here)?.ofport === undefined;
    if (!elsewhere || main?.to.host !== peer.name) return [{ port, sent }];
    return [{ port, sent, to: main.to, ...(copies === undefined ? {} : { copies: copies.to }) }];
  });
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

const NOBODY: readonly string[] = [];
const NO_MOVES: readonly Move[] = [];

/** The ports there that may send on a VLAN; what migrates between two others is let in once, for where it is. */
const sendersOf = ({ bound, ground }: SliceContext, peer: Host, there: readonly Port[]): readonly Port[] =>
  there.filter(({ path }) => {
    const binding = bound.get(path);
    return placeOn(binding, ground.here) !== undefined || placesOf(binding)[0]?.host === peer.name;
  });

/** What the network needs here because of one other host; undefined where no tunnel leads there. */
function peerOf(
  context: SliceContext,
  places: NetworkPlaces,
  peer: Host,
  there: readonly Port[],
  old: PeerSlice | undefined,
): PeerSlice | undefined {
  const { world, ground, bound } = context;
  const { network } = places;
  const ways = old?.ways ?? waysTo(ground, network, peer);
  if (ways.length === 0) return undefined;
  const joins = network.vlan !== undefined && halfOf(network, ground.here) === 'gateway';
  const open = openWay(world, network, ground.here, peer.name, ways);
  // The destination of a migration is not waited for.
  const settled =
    places.migrating.size === 0 ? there : there.filter(({ path }) => whereIs(bound.get(path)) === peer.name);
  const found = waitingPorts(world, peer.name, settled, open);
  const waiting = found.length === 0 ? NOBODY : found;
  const migrating = migrations(context, places, there);
  if (old !== undefined && old.open === open && old.there === there)
    if (sameList(old.waiting, waiting) && sameList(old.migrating, migrating)) return old;
  const moves = migrating.length === 0 ? NO_MOVES : movesOf(context, places, peer, there);
  const { one } = ground.flowsOf;
  const letIn = ways.filter(({ tunnel }) => !tunnel.gateways);
  const lets = old?.lets ?? letIn.map(({ way }) => one(peerKey(network.path, peer.name, way)));
  const sends = open && one(sendKey(network.path, peer.name, open.way));
  const senders = ways.some(({ tunnel }) => tunnel.trunk) ? sendersOf(context, peer, there) : NOBODY_THERE;
  return { network, peer, there, joins, senders, ways, open, waiting, migrating, moves, lets, sends };
}

/** The network on this host; undefined where it has no port with a number there. `old`: of before, to take pieces from. */
export function networkSlice(context: SliceContext, path: string, before?: NetworkSlice): NetworkSlice | undefined {
  const { ground, bound } = context;
  const places = bound.places(path);
  const joins = bound.index.joinedBy.get(ground.here)?.includes(path);
  const here = places?.byHost.get(ground.here) ?? (joins ? NOBODY_THERE : undefined);
  if (places === undefined || here === undefined) return undefined;
  const { network } = places;
  const old = before?.ground === ground && before.network === network ? before : undefined;
  const migrating = migrations(context, places, here);
  const same =
    old !== undefined &&
    old.head.here === here &&
    old.head.members === places.byHost.size &&
    sameList(old.head.migrating, migrating) &&
    (network.vlan === undefined || old.head.through === throughText(throughGateways(context, network)));
  const head = same ? old.head : headOf(context, places, here, migrating);
  if (head.local.ports.length === 0 && head.local.joins === undefined) return undefined;
  const peers = new Map<string, PeerSlice>();
  let changed = false;
  let known = 0;
  let regrouped = old === undefined || old.head.local.floods !== head.local.floods;
  for (const [name, there] of othersOf(places, ground.here)) {
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
  const groups = old !== undefined && !regrouped ? old.groups : groupsOf(ground, head.local, peers);
  return { ground, network, head, peers: old !== undefined && !changed ? old.peers : peers, groups };
}
