/** What every host should hold once all have confirmed what others wait for: from a topology and where its ports are. */
import { type Bound, bindings, type DesiredState, desiredState, type HostFacts, type World } from '../desired/index.js';
import type { Topology } from '../topology/index.js';

/** Rounds until every host has confirmed what others wait for. */
const ROUNDS = 3;

export interface Settled {
  readonly world: World;
  readonly bound: Bound;
  /** The state of one host of `facts`. */
  of(host: string): DesiredState;
}

/** The end of all changes. Hosts without facts get nothing, and others nothing for them. */
export function settle(topology: Topology, facts: ReadonlyMap<string, HostFacts>): Settled {
  let world: World = { topology, facts, confirmed: new Map(), holders: new Map(), moving: new Set() };
  const bound = bindings(world);
  for (let round = 0; round < ROUNDS; round++) {
    const now = world;
    const states = [...facts.keys()].map((host) => [host, desiredState(now, host, bound)] as const);
    world = { ...world, confirmed: new Map(states) };
  }
  const last = world;
  return { world, bound, of: (host) => desiredState(last, host, bound) };
}
