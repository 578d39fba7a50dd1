/**
 * What an event does not concern stays as it is: over random histories the bindings and every host's state, computed from
 * what changed alone, are those computed from nothing.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { holds, type Known } from '../../src/controller/memory.js';
import { type Event, initialState, reduce, type State } from '../../src/controller/state.js';
import {
  type Bound,
  bindings,
  type DesiredState,
  desiredState,
  desiredTunnels,
  finishedChanges,
  type HostFacts,
  holders,
  placesOf,
  reaches,
  rememberingFlowsOf,
} from '../../src/desired/index.js';
import {
  type ActualState,
  applied,
  changedParts,
  type Difference,
  difference,
  EMPTY,
  type FlowPlan,
  isEmpty,
} from '../../src/diff/index.js';
import type { Topology } from '../../src/topology/index.js';
import { holding } from '../switch-model.js';
import { topologyOf } from '../world.js';

const plain = topologyOf({ hosts: 4, ports: 4, keys: () => ({}) });
const limited: Topology = {
  ...plain,
  networks: plain.networks.map((n) => ({
    ...n,
    ports: n.ports.map((p, i) => ({
      ...p,
      ...(i % 2 === 0 ? { hosts: ['hv1', 'hv2'] } : {}),
      ...(i === 3 ? { unknown: true as const } : {}),
    })),
  })),
};
const TOPOLOGIES: readonly Topology[] = [
  plain,
  limited,
  topologyOf({ hosts: 3, ports: 3, tunnels: 'flow' }),
  { ...plain, networks: plain.networks.map((n) => ({ ...n, key: n.key + 10 })) },
];
const IDS = [...plain.networks.flatMap((n) => n.ports.map((p) => p.ifaceId)), 'stranger'];

const row = fc.record({
  id: fc.constantFrom(...IDS),
  ofport: fc.option(fc.integer({ min: 10, max: 12 }), { nil: undefined, freq: 4 }),
  inactive: fc.nat({ max: 9 }).map((n) => n === 0),
  mark: fc.option(
    fc.record({
      installed: fc.boolean(),
      migration: fc.constantFrom('from' as const, 'to' as const),
      other: fc.constantFrom('hv1', 'hv2', 'hv3'),
    }),
    { nil: undefined, freq: 1 },
  ),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('facts' as const),
      host: fc.nat({ max: 3 }),
      rows: fc.array(row, { maxLength: 6 }),
      shift: fc.nat({ max: 1 }),
      tunnels: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('confirmed' as const), host: fc.nat({ max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('topology' as const), topology: fc.constantFrom(...TOPOLOGIES) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('closed' as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('arrived' as const), which: fc.nat({ max: 5 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const nameOf = (state: State, i: number): string =>
  state.world.topology.hosts[i % state.world.topology.hosts.length]?.name ?? 'hv1';

function factsAfter({ world: { topology } }: State, host: string, given: Extract<Step, { kind: 'facts' }>): HostFacts {
  const interfaces = given.rows.map(({ id, ofport, inactive, mark }, i) => ({
    name: `tap${i}`,
    ifaceId: id,
    ...(ofport === undefined ? {} : { ofport: ofport * 10 + i }),
    inactive,
    ...(mark === undefined ? {} : { mark }),
  }));
  // Now and then one is not there yet.
  const tunnels = desiredTunnels(topology, host)
    .map(({ name }, i) => ({ name, ofport: 1 + i + given.shift }))
    .slice(0, given.tunnels === 0 ? 1 : 9);
  return { interfaces, tunnels };
}

/** The event of a step, as it can happen in this state. */
function eventOf(state: State, given: Step, desired: (host: string) => DesiredState): Event | undefined {
  switch (given.kind) {
    case 'facts': {
      const host = nameOf(state, given.host);
      return { kind: 'facts', host, facts: factsAfter(state, host, given) };
    }
    case 'confirmed': {
      const host = nameOf(state, given.host);
      const { ports, peers, sends } = desired(host);
      return { kind: 'confirmed', host, confirmed: { ports, peers, sends } };
    }
    case 'topology':
      return given;
    case 'arrived': {
      const coming = [...state.bound].flatMap(([, b]) => placesOf(b)[1] ?? []);
      const to = coming[given.which % Math.max(1, coming.length)];
      return to?.ofport === undefined ? undefined : { kind: 'arrived', host: to.host, ofport: to.ofport };
    }
    default: {
      const changing = state.world.topology.networks.filter(({ former }) => former !== undefined);
      const [change] = finishedChanges(state.world, state.bound, changing);
      return change && { kind: 'closed', change };
    }
  }
}

const NO_PLAN: FlowPlan = {
  add: [],
  modify: [],
  remove: [],
  groups: [],
  removeGroups: [],
  addMeters: [],
  modifyMeters: [],
  removeMeters: [],
};

const sorted = (values: Iterable<string>): string[] => [...values].sort();

/** Everything that a state says, without the order of what has none. */
const said = (state: DesiredState) => ({
  flows: sorted(state.flows.map((f) => `${f.identity} ${f.content} ${f.owner.id} ${f.why}`)),
  groups: state.groups.map(({ group_id, buckets }) => [group_id, buckets]),
  meters: sorted(state.meters.map((m) => JSON.stringify(m))),
  kept: [sorted([...state.keepOwners].map(String)), sorted(state.keepBuckets)],
  told: [sorted(state.ports), sorted(state.peers), sorted(state.sends), [...state.numbers].sort()],
  remotes: sorted(
    [...state.remotes].flatMap(([network, { peers }]) =>
      [...peers].flatMap(([host, slice]) =>
        slice.there.flatMap(({ path }) => (reaches(slice, path) ? [`${network} ${host} ${path}`] : [])),
      ),
    ),
  ),
  warnings: state.warnings,
  excesses: state.excesses,
});

const listed = (bound: Bound) => ({
  bindings: [...bound].sort(([a], [b]) => (a < b ? -1 : 1)),
  places: bound.index.topology.networks.map(({ path }) => [...(bound.places(path)?.byHost ?? [])].sort()),
  migrating: bound.index.topology.networks.map(({ path }) => sorted(bound.places(path)?.migrating ?? [])),
  at: bound.index.topology.hosts.map(({ name }) => sorted(bound.networksAt(name))),
});

/** The states of all hosts, each computed again only when an event concerns it, and then from the one before. */
class Followed {
  readonly #compile = rememberingFlowsOf(50);
  #states = new Map<string, DesiredState>();
  state: State;

  constructor(topology: Topology) {
    this.state = initialState(topology);
    this.#follow(this.state);
  }

  of(host: string): DesiredState {
    return this.#states.get(host) ?? expect.fail(`${host} was not computed`);
  }

  take(event: Event): void {
    this.#follow(reduce(this.state, event));
  }

  #follow(next: State): void {
    this.state = next;
    const { world, bound, dirty, judgeable } = next;
    const before = this.#states;
    this.#states = new Map(
      world.topology.hosts.map(({ name }) => {
        const known = before.get(name);
        if (known !== undefined && !judgeable && !dirty.has(name)) return [name, known];
        return [name, desiredState(world, name, bound, this.#compile, known)];
      }),
    );
  }
}

/** Random histories until all that they should show was among them, 20 times as many at most: what is rare may be in none of few. */
function assertCovering(property: fc.IRawProperty<unknown>, numRuns: number, covered: () => boolean): void {
  for (let batch = 0; batch === 0 || (batch < 20 && !covered()); batch += 1) fc.assert(property, { numRuns });
}

describe('what is computed from a change alone', function () {
  this.timeout(120_000);
  const histories = fc.record({
    topology: fc.constantFrom(...TOPOLOGIES),
    steps: fc.array(step, { minLength: 5, maxLength: 30 }),
  });

  it('is what is computed from nothing: bindings, holders, and what every host should hold', () => {
    let flows = 0;
    let arrivals = 0;
    assertCovering(
      fc.property(histories, ({ topology, steps }) => {
        const followed = new Followed(topology);
        for (const given of steps) {
          const before = followed.state;
          const event = eventOf(before, given, (host) => followed.of(host));
          if (event === undefined) continue;
          followed.take(event);
          const { world, bound } = followed.state;
          arrivals += event.kind === 'arrived' ? 1 : 0;
          // Who arrives takes the port over; of all else who had it counts.
          const scratch = bindings(event.kind === 'arrived' ? world : { ...world, holders: before.world.holders });
          expect(listed(bound)).to.deep.equal(listed(scratch));
          expect([...world.holders].sort()).to.deep.equal([...holders(scratch)].sort());
          for (const { name } of world.topology.hosts) {
            const whole = desiredState(world, name, scratch);
            flows += whole.flows.length;
            const now = said(followed.of(name)) as Record<string, unknown>;
            for (const [what, value] of Object.entries(said(whole)))
              expect(now[what], `${what} of ${name}`).to.deep.equal(value);
          }
        }
      }),
      60,
      () => flows > 10_000 && arrivals > 3,
    );
    expect(flows).to.be.greaterThan(10_000);
    expect(arrivals).to.be.greaterThan(3);
  });

  it('differs from the state before by the flows of changed objects alone, and never wants a place twice', () => {
    let compared = 0;
    assertCovering(
      fc.property(histories, ({ topology, steps }) => {
        const followed = new Followed(topology);
        for (const given of steps) {
          const event = eventOf(followed.state, given, (host) => followed.of(host));
          if (event === undefined) continue;
          const before = new Map(followed.state.world.topology.hosts.map(({ name }) => [name, followed.of(name)]));
          followed.take(event);
          for (const { name } of followed.state.world.topology.hosts) {
            const old = before.get(name);
            if (old === undefined) continue;
            const tables = holding(old);
            const parts = changedParts(followed.of(name), old);
            const whole = difference(followed.of(name), tables);
            expect(whole.clashes).to.deep.equal([]);
            expect(parts && isEmpty(parts.plan)).to.equal(isEmpty(whole.plan));
            expect(sorted((parts?.plan.add ?? []).map((f) => f.identity))).to.deep.equal(
              sorted(whole.plan.add.map((f) => f.identity)),
            );
            compared += whole.plan.add.length;
          }
        }
      }),
      40,
      () => compared > 500,
    );
    expect(compared).to.be.greaterThan(500);
  });

  it('leads tables that keep what nobody could judge by the same plans as a comparison of everything', () => {
    let kept = 0;
    let compared = 0;
    const spelled = ({ plan, pure, beside }: Difference) => ({
      add: sorted(plan.add.map((f) => f.identity)),
      modify: sorted(plan.modify.map((f) => f.identity)),
      remove: sorted(plan.remove.map((f) => f.identity)),
      groups: sorted(
        plan.groups.map(({ group, insert, remove, how }) =>
          JSON.stringify([group.group_id, insert.map((b) => b.content).sort(), [...remove].sort(), how]),
        ),
      ),
      // Each by itself: groups and meters go and come in any order.
      removeGroups: sorted(plan.removeGroups.map(String)),
      meters: [plan.addMeters, plan.modifyMeters].map((list) => sorted(list.map((meter) => JSON.stringify(meter)))),
      removeMeters: sorted(plan.removeMeters.map(String)),
      pure,
      beside: sorted(beside?.flows.keys() ?? ['unknown']),
    });
    assertCovering(
      fc.property(histories, ({ topology, steps }) => {
        let tables = new Map<string, ActualState>();
        // The second time by a controller that finds what the first has left.
        for (const _ of ['first', 'again']) {
          const followed = new Followed(topology);
          const memories = new Map(
            [...tables].map(([name, actual]) => [name, { epoch: 1, readAt: 0, actual } as Known]),
          );
          for (const given of steps) {
            const event = eventOf(followed.state, given, (host) => followed.of(host));
            if (event === undefined) continue;
            followed.take(event);
            for (const name of followed.state.world.facts.keys()) {
              const desired = followed.of(name);
              const memory: Known = memories.get(name) ?? { epoch: 1, readAt: 0, actual: EMPTY };
              const found = difference(desired, memory.actual);
              const parts = memory.held && changedParts(desired, memory.held, memory.beside);
              if (parts !== undefined) {
                expect(spelled(parts)).to.deep.equal(spelled(found));
                compared += 1;
              }
              const actual = applied(memory.actual, found.plan);
              const after = { epoch: 1, readAt: 0, actual, ...holds(memory, { desired, found: parts ?? found }) };
              expect(sorted(after.actual.flows.keys())).to.deep.equal(sorted(actual.flows.keys()));
              kept += after.beside?.flows.size ?? 0;
              memories.set(name, after);
            }
          }
          tables = new Map([...memories].map(([name, { actual }]) => [name, applied(actual, NO_PLAN)]));
        }
      }),
      14,
      () => compared > 100 && kept > 0,
    );
    expect(compared).to.be.greaterThan(100);
    expect(kept, `kept, of ${compared} compared`).to.be.greaterThan(0);
  });
});
