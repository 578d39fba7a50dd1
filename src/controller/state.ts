/**
 * The controller's state and the events that change it: a pure reducer. An event says what was seen, never what to do;
 * the state says which hosts are to be looked at again. Losing an event loses nothing that the next one does not bring.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Binding,
  bindings,
  type Confirmed,
  type HostFacts,
  holders,
  hostOfPeer,
  type WayChange,
  type World,
  whereIs,
  withFormerWays,
  withoutFormerWays,
} from '../desired/index.js';
import type { Network, Topology } from '../topology/index.js';
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
  /** A network's change of encapsulation or key is at its end: its former ways are closed. */
  | { readonly kind: 'closed'; readonly change: WayChange };

export interface State {
  readonly world: World;
  readonly bound: ReadonlyMap<string, Binding>;
  /** Hosts to look at because of the last event. */
  readonly dirty: ReadonlySet<string>;
  /** The host whose pass comes first: the last event gave it a port. */
  readonly cause?: string;
  /** The host of whose event a pass can wait: there is nothing to send for it yet, or nothing at all. */
  readonly patient?: string;
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
    news: true,
    generation: 1,
    since: new Map(),
  };
};

/** Hosts that have, or had, a port of the network. */
function membersOf(network: Network, ...all: readonly ReadonlyMap<string, Binding>[]): Set<string> {
  const members = new Set<string>();
  for (const port of network.ports)
    for (const bound of all) {
      const host = whereIs(bound.get(port.path));
      if (host !== undefined) members.add(host);
    }
  return members;
}

/** What other hosts have to know of a binding: where, or why nowhere. The port's number is its own host's business. */
const whereabouts = (b: Binding | undefined): string | undefined => whereIs(b) ?? b?.state;

/** The hosts that a change of bindings concerns: those of every network with a port that is elsewhere now. */
function concerned(
  topology: Topology,
  before: ReadonlyMap<string, Binding>,
  after: ReadonlyMap<string, Binding>,
): Set<string> {
  const hosts = new Set<string>();
  for (const network of topology.networks)
    if (network.ports.some(({ path }) => whereabouts(before.get(path)) !== whereabouts(after.get(path))))
      for (const host of membersOf(network, before, after)) hosts.add(host);
  return hosts;
}

/** The ports on their way from one host to another: those that were, and those whose holder is another now. */
function movingAfter(world: World, next: ReadonlyMap<string, string>): ReadonlySet<string> {
  const moving = new Set([...world.moving].filter((path) => next.has(path)));
  for (const [path, host] of next) {
    const before = world.holders.get(path);
    if (before !== undefined && before !== host) moving.add(path);
  }
  return moving;
}

function withFacts(state: State, host: string, facts: HostFacts): State {
  const world: World = { ...state.world, facts: new Map(state.world.facts).set(host, facts) };
  const bound = bindings(world);
  const first = !state.world.facts.has(host);
  const dirty = first
    ? new Set(world.topology.hosts.map((h) => h.name))
    : concerned(world.topology, state.bound, bound);
  dirty.add(host);
  const next = holders(bound);
  return { ...state, world: { ...world, holders: next, moving: movingAfter(state.world, next) }, bound, dirty };
}

const difference = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [
  ...[...a].filter((x) => !b.has(x)),
  ...[...b].filter((x) => !a.has(x)),
];

/**
 * What a host confirmed anew concerns those it lets in now or no longer, and, where it has got a port that moved to it,
 * the other hosts of that network: all may now send to it.
 */
function withConfirmed(state: State, host: string, confirmed: Confirmed): State {
  const { world, bound } = state;
  const before = world.confirmed.get(host);
  const peers = difference(confirmed.peers, before?.peers ?? new Set());
  const arrived = [...world.moving].filter((path) => confirmed.ports.has(path) && whereIs(bound.get(path)) === host);
  const dirty = new Set(peers.map(hostOfPeer));
  for (const network of world.topology.networks)
    if (network.ports.some((port) => arrived.includes(port.path)))
      for (const member of membersOf(network, bound)) dirty.add(member);
  dirty.delete(host);
  const moving = new Set([...world.moving].filter((path) => !arrived.includes(path)));
  const held = confirmed.held ?? before?.held;
  const all = new Map(world.confirmed).set(host, held === undefined ? confirmed : { ...confirmed, held });
  return { ...state, world: { ...world, confirmed: all, moving }, dirty };
}

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
  };
  const bound = bindings(world);
  const next = holders(bound);
  return {
    world: { ...world, holders: next, moving: movingAfter(state.world, next) },
    bound,
    dirty: names,
    news: true,
    generation: state.generation + 1,
    since: sinceAfter(state.since, state.world.topology, topology, state.generation + 1),
  };
}

function withClosed(state: State, change: WayChange): State {
  const topology = withoutFormerWays(state.world.topology, change);
  return { ...state, world: { ...state.world, topology }, dirty: new Set(topology.hosts.map((h) => h.name)) };
}

/** True when the event gave the host a port with a number: the others mostly wait for it then. */
const gotPort = (before: State, next: State, host: string): boolean =>
  next.bound !== before.bound &&
  [...next.bound].some(
    ([path, b]) => b.state === 'bound' && b.host === host && before.bound.get(path)?.state !== 'bound',
  );

/** True when all that the event told of its host is that ports there will get a number soon: the others may prepare. */
function onlyPending(before: State, next: State, host: string): boolean {
  const tunnels = (state: State): unknown => state.world.facts.get(host)?.tunnels;
  if (!isDeepStrictEqual(tunnels(before), tunnels(next))) return false;
  for (const [path, b] of next.bound) {
    const old = before.bound.get(path);
    const got = b.state === 'pending' && old?.state !== 'bound';
    if (!got && !isDeepStrictEqual(b, old)) return false;
  }
  return true;
}

/** The state after an event. */
export function reduce(state: State, event: Event): State {
  const { cause: _, patient: __, ...rest } = after(state, event);
  const next = { ...rest, news: event.kind !== 'recheck' };
  if (event.kind === 'recheck') return event.due === true ? next : { ...next, patient: event.host };
  if (event.kind !== 'facts') return next;
  if (gotPort(state, next, event.host)) return { ...next, cause: event.host };
  return onlyPending(state, next, event.host) ? { ...next, patient: event.host } : next;
}

function after(state: State, event: Event): State {
  switch (event.kind) {
    case 'topology':
      return withTopology(state, event.topology);
    case 'facts':
      return withFacts(state, event.host, event.facts);
    case 'confirmed':
      return withConfirmed(state, event.host, event.confirmed);
    case 'closed':
      return withClosed(state, event.change);
    case 'recheck':
      return { ...state, dirty: new Set([event.host]) };
    default:
      return event satisfies never;
  }
}
