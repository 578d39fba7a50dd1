/**
 * minimality: flow_mods sent over random histories beside the exact difference of the tables. After each event the hosts
 * that it concerns are passed over, and those that their confirmations concern, as the controller does it, to the end.
 * What all were sent is counted, and how many entries differ from before the event, compared entry by entry. Restarts are among the events: another controller
 * that knows nothing reads the tables, and must send nothing for what is right.
 */
import { type Event, initialState, reduce, type State } from '../src/controller/state.js';
import {
  bindings,
  type DesiredState,
  desiredState,
  desiredTunnels,
  type HostFacts,
  rememberingFlowsOf,
} from '../src/desired/index.js';
import {
  type ActualState,
  applied,
  changedParts,
  difference,
  EMPTY,
  flowModCount,
  holdingExactly,
} from '../src/diff/index.js';
import type { Topology } from '../src/topology/index.js';
import { randomTopology } from '../test/verify/dumps.js';
import { Random } from '../test/verify/random.js';
import { type BenchOptions, type Figure, figure } from './figure.js';
import { exponent } from './scale/exponent.js';

const HISTORIES = 1000;
const QUICK_HISTORIES = 200;
const EVENTS = 12;

const say = (text: string): void => {
  process.stderr.write(`minimality: ${text}\n`);
};

interface Counts {
  sent: number;
  differing: number;
}

/** A switch's entries as they are compared: place to content. */
const entries = ({ flows }: ActualState): ReadonlyMap<string, string> =>
  new Map([...flows].map(([identity, { content }]) => [identity, content]));

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
  let count = 0;
  for (const [identity, content] of after) if (before.get(identity) !== content) count += 1;
  for (const identity of before.keys()) if (!after.has(identity)) count += 1;
  return count;
}

/** `elsewhere`: ports that other hosts have, and this one does not get. */
function factsOf(random: Random, topology: Topology, host: string, elsewhere: ReadonlySet<string>): HostFacts {
  const interfaces = topology.networks
    .flatMap(({ ports }) => ports)
    .filter(({ ifaceId }) => !elsewhere.has(ifaceId) && random.chance(0.4))
    .map(({ ifaceId }, i) => ({
      name: `tap${i}`,
      ifaceId,
      ofport: random.between(100, 103) * 100 + i,
      inactive: false,
    }));
  const tunnels = desiredTunnels(topology, host).map(({ name }, i) => ({ name, ofport: 1 + i }));
  return { interfaces, tunnels };
}

/** One installation over its history. */
class History {
  readonly #random: Random;
  readonly #counts: Counts;
  readonly #flowsOf = rememberingFlowsOf();
  readonly #tables = new Map<string, ActualState>();
  readonly #held = new Map<string, DesiredState>();
  readonly #migrating: boolean;
  #state: State;

  /** `migrating`: ports may be on two hosts at once, which makes a migration of two steps. */
  constructor(seed: number, counts: Counts, migrating: boolean) {
    this.#migrating = migrating;
    this.#random = new Random(seed);
    this.#counts = counts;
    this.#state = initialState(randomTopology(this.#random));
  }

  run(events: number): void {
    for (let i = 0; i < events; i++) {
      const before = this.#entries();
      if (this.#random.chance(0.1)) this.#restart();
      else this.#happen(this.#event());
      for (const [host, after] of this.#entries())
        this.#counts.differing += differing(before.get(host) ?? new Map(), after);
    }
    this.#sameAsFromNothing();
  }

  #entries(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    return new Map([...this.#tables].map(([host, tables]) => [host, entries(tables)]));
  }

  #event(): Event {
    const { topology } = this.#state.world;
    const host = this.#random.pick(topology.hosts).name;
    if (!this.#random.chance(0.1))
      return { kind: 'facts', host, facts: factsOf(this.#random, topology, host, this.#elsewhere(host)) };
    const networks = topology.networks.filter((_, i) => i === 0 || this.#random.chance(0.8));
    return { kind: 'topology', topology: { ...topology, networks: networks.map(({ former: _, ...rest }) => rest) } };
  }

  #elsewhere(host: string): ReadonlySet<string> {
    if (this.#migrating) return new Set();
    const others = [...this.#state.world.facts].filter(([name]) => name !== host);
    return new Set(others.flatMap(([, { interfaces }]) => interfaces.flatMap(({ ifaceId }) => ifaceId ?? [])));
  }

  /** The event, and all that follows from it, to the end. */
  #happen(event: Event): void {
    const waiting = new Set(this.#take(event));
    for (const host of waiting) {
      waiting.delete(host);
      for (const other of this.#pass(host)) waiting.add(other);
    }
  }

  #take(event: Event): ReadonlySet<string> {
    this.#state = reduce(this.#state, event);
    const { dirty, judgeable, world } = this.#state;
    return judgeable ? new Set(world.topology.hosts.map(({ name }) => name)) : dirty;
  }

  #pass(host: string): ReadonlySet<string> {
    const { world, bound } = this.#state;
    // Nobody is sent anything before he is heard.
    if (!world.facts.has(host)) return new Set();
    const held = this.#held.get(host);
    const desired = desiredState(world, host, bound, this.#flowsOf, held);
    const tables = this.#tables.get(host) ?? EMPTY;
    const found = (held && changedParts(desired, held)) ?? difference(desired, tables);
    const after = applied(tables, found.plan);
    this.#counts.sent += flowModCount(found.plan);
    this.#tables.set(host, after);
    if (found.pure) this.#held.set(host, desired);
    else this.#held.delete(host);
    const { ports, peers, sends } = desired;
    const known = world.confirmed.get(host);
    if (known?.ports === ports && known.peers === peers && known.sends === sends) return new Set();
    return this.#take({ kind: 'confirmed', host, confirmed: { ports, peers, sends } });
  }

  /** Another controller, which reads everything. */
  #restart(): void {
    const { topology, facts } = { topology: this.#state.world.topology, facts: [...this.#state.world.facts] };
    this.#held.clear();
    this.#state = initialState(topology);
    for (const [host, of] of facts) this.#happen({ kind: 'facts', host, facts: of });
  }

  /** The tables are those that are computed from nothing, where every host is heard and nobody waits. */
  #sameAsFromNothing(): void {
    const { world } = this.#state;
    for (const [host, held] of this.#held) {
      const tables = entries(this.#tables.get(host) ?? EMPTY);
      const wanted = desiredState(world, host, bindings(world), this.#flowsOf);
      const wrong =
        differing(entries(holdingExactly(wanted)), tables) + differing(entries(holdingExactly(held)), tables);
      if (wrong > 0) throw new Error(`${host}: ${wrong} entries are not as computed from nothing`);
    }
  }
}

/** Counts over histories with so many events each. */
function counted(histories: number, events: number, migrating = false): Counts {
  const counts = { sent: 0, differing: 0 };
  for (let seed = 1; seed <= histories; seed++) new History(seed, counts, migrating).run(events);
  say(
    `${histories} histories of ${events} events${migrating ? ' with migrations' : ''}: ${counts.sent} flow_mods sent, ${counts.differing} entries differ`,
  );
  return counts;
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const histories = quick ? QUICK_HISTORIES : HISTORIES;
  const points = [0.1, 1 / 3].map((share) => counted(Math.round(histories * share), EVENTS));
  const whole = counted(histories, EVENTS);
  const reference = { name: 'entries that differ', value: whole.differing };
  const migrations = counted(Math.round(histories / 3), EVENTS, true);
  const grows = exponent([...points, whole].map(({ differing: size, sent }) => [size, sent] as const));
  const what = { bench: 'minimality', n: histories } as const;
  return [
    figure({ ...what, figure: 'flow-mods-vs-difference', unit: 'flow_mods' }, whole.sent, reference),
    figure({ ...what, figure: 'with-migrations-vs-difference', unit: 'flow_mods' }, migrations.sent, {
      name: 'entries that differ',
      value: migrations.differing,
    }),
    figure({ ...what, figure: 'exponent', unit: 'd log flow_mods / d log difference' }, grows),
  ];
}
