/**
 * The controller's state and the events that change it: a pure reducer. An event says what was seen, never what to do;
 * the state says which hosts are to be looked at again. Losing an event loses nothing that the next one does not bring.
 */
import { type Binding, bindings, type Confirmed, type HostFacts, holders, type World } from '../desired/index.js';
import type { Network, Topology } from '../topology/index.js';

export type Event =
  | { readonly kind: 'topology'; readonly topology: Topology }
  | { readonly kind: 'facts'; readonly host: string; readonly facts: HostFacts }
  | { readonly kind: 'confirmed'; readonly host: string; readonly confirmed: Confirmed }
  /** Look at the host again: its rows changed, its switch came back, or the time for a read-back has come. */
  | { readonly kind: 'recheck'; readonly host: string };

export interface State {
  readonly world: World;
  readonly bound: ReadonlyMap<string, Binding>;
  /** Hosts to look at because of the last event. */
  readonly dirty: ReadonlySet<string>;
  /** The host that the last event came from. */
  readonly cause?: string;
  /** Counts topologies, from 1. */
  readonly generation: number;
}

export const initialState = (topology: Topology): State => {
  const world: World = { topology, facts: new Map(), confirmed: new Map(), holders: new Map() };
  return { world, bound: bindings(world), dirty: new Set(topology.hosts.map((h) => h.name)), generation: 1 };
};

const sameBinding = (a: Binding | undefined, b: Binding | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Hosts that have, or had, a port of the network. */
function membersOf(network: Network, ...all: readonly ReadonlyMap<string, Binding>[]): Set<string> {
  const members = new Set<string>();
  for (const port of network.ports)
    for (const bound of all) {
      const b = bound.get(port.path);
      if (b?.state === 'bound' || b?.state === 'pending') members.add(b.host);
    }
  return members;
}

/**
 * A port that appeared and has no number yet: other hosts hold nothing for it and have nothing to send to; they are looked
 * at when it is bound. (Whatever they would now keep for it, they had already been told to remove.)
 */
const isOnItsWay = (before: Binding | undefined, after: Binding | undefined): boolean =>
  before?.state === 'unbound' && after?.state === 'pending';

/** The hosts that a change of bindings concerns: those of every network with a port that is bound otherwise now. */
function concerned(
  topology: Topology,
  before: ReadonlyMap<string, Binding>,
  after: ReadonlyMap<string, Binding>,
): Set<string> {
  const hosts = new Set<string>();
  const matters = (a: Binding | undefined, b: Binding | undefined) => !sameBinding(a, b) && !isOnItsWay(a, b);
  for (const network of topology.networks)
    if (network.ports.some((port) => matters(before.get(port.path), after.get(port.path))))
      for (const host of membersOf(network, before, after)) hosts.add(host);
  return hosts;
}

function withFacts(state: State, host: string, facts: HostFacts): State {
  const world: World = { ...state.world, facts: new Map(state.world.facts).set(host, facts) };
  const bound = bindings(world);
  const first = !state.world.facts.has(host);
  const dirty = first
    ? new Set(world.topology.hosts.map((h) => h.name))
    : concerned(world.topology, state.bound, bound);
  dirty.add(host);
  return { ...state, world: { ...world, holders: holders(bound) }, bound, dirty };
}

const difference = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [
  ...[...a].filter((x) => !b.has(x)),
  ...[...b].filter((x) => !a.has(x)),
];

/** What a host confirmed anew concerns the other hosts of those networks, which may now send to it. */
function withConfirmed(state: State, host: string, confirmed: Confirmed): State {
  const before = state.world.confirmed.get(host);
  const ports = difference(confirmed.ports, before?.ports ?? new Set());
  const peers = difference(confirmed.peers, before?.peers ?? new Set());
  if (before !== undefined && ports.length + peers.length === 0) return { ...state, dirty: new Set() };
  const dirty = new Set(peers.map((peer) => peer.slice(peer.indexOf(' ') + 1)));
  const changed = new Set(ports);
  for (const network of state.world.topology.networks)
    if (network.ports.some((port) => changed.has(port.path)))
      for (const member of membersOf(network, state.bound)) dirty.add(member);
  dirty.delete(host);
  return { ...state, world: { ...state.world, confirmed: new Map(state.world.confirmed).set(host, confirmed) }, dirty };
}

function withTopology(state: State, topology: Topology): State {
  const names = new Set(topology.hosts.map((h) => h.name));
  const only = <V>(map: ReadonlyMap<string, V>) => new Map([...map].filter(([host]) => names.has(host)));
  const world: World = {
    topology,
    facts: only(state.world.facts),
    confirmed: only(state.world.confirmed),
    holders: state.world.holders,
  };
  const bound = bindings(world);
  return { world: { ...world, holders: holders(bound) }, bound, dirty: names, generation: state.generation + 1 };
}

/** The state after an event. */
export function reduce(state: State, event: Event): State {
  const { cause: _, ...next } = after(state, event);
  return event.kind === 'topology' ? next : { ...next, cause: event.host };
}

function after(state: State, event: Event): State {
  switch (event.kind) {
    case 'topology':
      return withTopology(state, event.topology);
    case 'facts':
      return withFacts(state, event.host, event.facts);
    case 'confirmed':
      return withConfirmed(state, event.host, event.confirmed);
    case 'recheck':
      return { ...state, dirty: new Set([event.host]) };
    default:
      return event satisfies never;
  }
}
