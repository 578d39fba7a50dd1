/**
 * The controller's state and the events that change it: a pure reducer. An event says what was seen, never what to do;
 * the state says which hosts are to be looked at again. Losing an event loses nothing that the next one does not bring.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Bound,
  bindings,
  boundAfter,
  boundAgain,
  type Confirmed,
  type Holder,
  type HostFacts,
  holderIn,
  holders,
  hostOfPeer,
  leftAfter,
  type NetworkPlaces,
  placesOf,
  type Rebinding,
  type WayChange,
  type World,
  whereIs,
  withEntries,
  withEntry,
  withFormerWays,
  withoutFormerWays,
} from '../desired/index.js';
import type { Topology } from '../topology/index.js';
import { sinceAfter } from './since.js';

export type Event =
  | { readonly kind: 'topology'; readonly topology: Topology }
  | { readonly kind: 'facts'; readonly host: string; readonly facts: HostFacts }
  | { readonly kind: 'confirmed'; readonly host: string; readonly confirmed: Confirmed }
  /**
   * Look at the host again: its rows changed in a way that says nothing new, its switch came back, or the time for a
   * read-back has come (`due`).
   */
  | { readonly kind: 'recheck'; readonly host: string; readonly due?: boolean }
  /** The VM behind this port of the host says that it has arrived there: its migration is over. */
  | { readonly kind: 'arrived'; readonly host: string; readonly ofport: number }
  /** A network's change of encapsulation or key is at its end: its former ways are closed. */
  | { readonly kind: 'closed'; readonly change: WayChange };

export interface State {
  readonly world: World;
  readonly bound: Bound;
  /** Hosts to look at because of the last event. */
  readonly dirty: ReadonlySet<string>;
  /** The host whose pass comes first: the last event gave it a port. */
  readonly cause?: string;
  /** The host of whose event a pass can wait: there is nothing to send for it yet, or nothing at all. */
  readonly patient?: string;
  /** The last event lets hosts be judged that nobody could: who keeps something because of that looks again. */
  readonly judgeable: boolean;
  /** True when the last event may have changed what the hosts in `dirty` should hold. */
  readonly news: boolean;
  /** Counts topologies, from 1. */
  readonly generation: number;
  /** The generation in which each port (by path) became what it is now; absent: 1. */
  readonly since: ReadonlyMap<string, number>;
}

export const initialState = (topology: Topology): State => {
  const world: World = { topology, facts: new Map(), confirmed: new Map(), holders: new Map(), moving: new Set() };
  return {
    world,
    bound: bindings(world),
    dirty: new Set(topology.hosts.map((h) => h.name)),
    judgeable: false,
    news: true,
    generation: 1,
    since: new Map(),
  };
};

/** Adds the hosts with a port of the network, and its gateways. */
function addMembers(hosts: Set<string>, places: NetworkPlaces | undefined): void {
  for (const host of places?.byHost.keys() ?? []) hosts.add(host);
  for (const host of places?.network.vlan?.gateways ?? []) hosts.add(host);
}

/** What other hosts have to know of a binding: where, or why nowhere. The port's number is its own host's business. */
const whereabouts = (b: Rebinding['before']): string | undefined => {
  const hosts = placesOf(b).map(({ host }) => host);
  return hosts.length > 0 ? hosts.join(' ') : b?.state;
};

/** The hosts that changes of bindings concern: those of every network with a port that is elsewhere now. */
function concerned(before: Bound, after: Bound, changes: readonly Rebinding[]): Set<string> {
  const networks = new Set<string>();
  for (const { path, before: was, after: is } of changes) {
    const network = after.index.ports.get(path)?.network.path;
    if (network !== undefined && whereabouts(was) !== whereabouts(is)) networks.add(network);
  }
  const hosts = new Set<string>();
  for (const network of networks) {
    addMembers(hosts, before.places(network));
    addMembers(hosts, after.places(network));
  }
  return hosts;
}

/**
 * The ports on their way from one host to another: those that were, and those whose holder is another now and has not
 * confirmed them, as the destination of a migration has.
 */
function movingAfter(world: World, next: ReadonlyMap<string, Holder>, paths: Iterable<string>): ReadonlySet<string> {
  const moving = new Set([...world.moving].filter((path) => next.has(path)));
  for (const path of paths) {
    const before = world.holders.get(path)?.host;
    const after = next.get(path)?.host;
    if (before === undefined || after === undefined || before === after) continue;
    if (world.confirmed.get(after)?.ports.has(path) !== true) moving.add(path);
  }
  const same = moving.size === world.moving.size && [...moving].every((path) => world.moving.has(path));
  return same ? world.moving : moving;
}

/** The world that remembers these bindings. `before`: as it was before the event. */
function remembering(before: World, world: World, bound: Bound, changes: readonly Rebinding[]): World {
  const places = changes.map(({ path, after }) => [path, holderIn(after)] as const);
  const next = changes.length === 0 ? world.holders : withEntries(world.holders, places);
  const paths = changes.map(({ path }) => path);
  return { ...world, holders: next, moving: movingAfter(before, next, paths), left: leftAfter(world, bound) };
}

function withFacts(state: State, host: string, facts: HostFacts): State {
  const { world: old } = state;
  const world: World = { ...old, facts: withEntry(old.facts, host, facts) };
  const { bound, changes } = boundAfter(state.bound, world, host, old.facts.get(host));
  const dirty = concerned(state.bound, bound, changes);
  dirty.add(host);
  const seen = { ...state, world: remembering(old, world, bound, changes), bound, dirty };
  const told: State = { ...seen, judgeable: !old.facts.has(host) };
  if (gotPort(changes, host)) return { ...told, cause: host };
  return onlyPending(old.facts.get(host), facts, changes) ? { ...told, patient: host } : told;
}

const difference = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [
  ...[...a].filter((x) => !b.has(x)),
  ...[...b].filter((x) => !a.has(x)),
];

/**
 * What a host confirmed anew concerns those it lets in now or no longer, and, where it has got a port that moved or is
 * migrating to it, the other hosts of that network: all may now send to it.
 */
function withConfirmed(state: State, host: string, confirmed: Confirmed): State {
  const { world, bound } = state;
  const before = world.confirmed.get(host);
  const peers = confirmed.peers === before?.peers ? [] : difference(confirmed.peers, before?.peers ?? new Set());
  const moved = [...world.moving].filter((path) => confirmed.ports.has(path) && whereIs(bound.get(path)) === host);
  const arrived = [...moved, ...migratingTo(bound, host, confirmed, before)];
  const dirty = new Set(peers.map(hostOfPeer));
  for (const path of arrived) addMembers(dirty, bound.places(bound.index.ports.get(path)?.network.path ?? ''));
  dirty.delete(host);
  const moving =
    arrived.length === 0 ? world.moving : new Set([...world.moving].filter((path) => !arrived.includes(path)));
  const held = confirmed.held ?? before?.held;
  const all = withEntry(world.confirmed, host, held === undefined ? confirmed : { ...confirmed, held });
  return { ...state, world: { ...world, confirmed: all, moving }, dirty };
}

/** The ports that migrate from or to the host, and that it has now confirmed. */
const migratingTo = (bound: Bound, host: string, confirmed: Confirmed, before: Confirmed | undefined): string[] =>
  confirmed.ports === before?.ports
    ? []
    : [...confirmed.ports].filter((path) => {
        const places = placesOf(bound.get(path));
        return places.length > 1 && before?.ports.has(path) !== true && places.some((place) => place.host === host);
      });

function withTopology(state: State, given: Topology): State {
  const topology = withFormerWays(state.world.topology, given);
  const names = new Set(topology.hosts.map((h) => h.name));
  const only = <V>(map: ReadonlyMap<string, V>) => new Map([...map].filter(([host]) => names.has(host)));
  const world: World = {
    topology,
    facts: only(state.world.facts),
    confirmed: only(state.world.confirmed),
    holders: state.world.holders,
    moving: state.world.moving,
    ...(state.world.left === undefined ? {} : { left: state.world.left }),
  };
  const bound = bindings(world);
  const next = holders(bound);
  const moving = movingAfter(state.world, next, next.keys());
  return {
    world: { ...world, holders: next, moving, left: leftAfter(world, bound) },
    bound,
    dirty: names,
    judgeable: true,
    news: true,
    generation: state.generation + 1,
    since: sinceAfter(state.since, state.world.topology, topology, state.generation + 1),
  };
}

/** The destination of a migration takes the port over; the source has left it, as long as its row is still there. */
function withArrived(state: State, host: string, ofport: number): State {
  const { world: old, bound: before } = state;
  const port = [...before.networksAt(host)]
    .flatMap((network) => before.places(network)?.byHost.get(host) ?? [])
    .find(({ path }) => {
      const [, to] = placesOf(before.get(path));
      return to?.host === host && to.ofport === ofport;
    });
  const [at, to] = placesOf(before.get(port?.path ?? ''));
  if (port === undefined || at === undefined || to === undefined) return { ...state, dirty: new Set() };
  const left = new Map(old.left).set(port.path, new Set([...(old.left?.get(port.path) ?? []), at.host]));
  const taken = withEntry(old.holders, port.path, { host, name: to.name });
  const world = { ...old, left, holders: taken };
  const { bound, changes } = boundAgain(before, world, [port]);
  return {
    ...state,
    world: remembering(old, world, bound, changes),
    bound,
    dirty: concerned(before, bound, changes),
  };
}

function withClosed(state: State, change: WayChange): State {
  const topology = withoutFormerWays(state.world.topology, change);
  const world = { ...state.world, topology };
  return { ...state, world, bound: state.bound.over(topology), dirty: new Set(topology.hosts.map((h) => h.name)) };
}

/** True when the event gave the host a port with a number: the others mostly wait for it then. */
const gotPort = (changes: readonly Rebinding[], host: string): boolean =>
  changes.some(({ before, after }) => after.state === 'bound' && after.host === host && before?.state !== 'bound');

/** True when all that the event told of its host is that ports there will get a number soon: the others may prepare. */
const onlyPending = (before: HostFacts | undefined, after: HostFacts, changes: readonly Rebinding[]): boolean =>
  isDeepStrictEqual(before?.tunnels, after.tunnels) &&
  changes.every(({ before: was, after: is }) => is.state === 'pending' && was?.state !== 'bound');

/** The state after an event. */
export function reduce(state: State, event: Event): State {
  const { cause: _, patient: __, ...rest } = state;
  const next = after({ ...rest, judgeable: false, news: event.kind !== 'recheck' }, event);
  return event.kind === 'recheck' && event.due !== true ? { ...next, patient: event.host } : next;
}

function after(state: State, event: Event): State {
  switch (event.kind) {
    case 'topology':
      return withTopology(state, event.topology);
    case 'facts':
      return withFacts(state, event.host, event.facts);
    case 'confirmed':
      return withConfirmed(state, event.host, event.confirmed);
    case 'arrived':
      return withArrived(state, event.host, event.ofport);
    case 'closed':
      return withClosed(state, event.change);
    case 'recheck':
      return { ...state, dirty: new Set([event.host]) };
    default:
      return event satisfies never;
  }
}
