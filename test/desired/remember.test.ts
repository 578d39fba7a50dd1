/** A flowsOf that remembers gives what the plain one gives, whatever changed since: places, numbers, VTEPs, addresses. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  bindings,
  type Confirmed,
  desiredState,
  partsBetween,
  rememberingFlowsOf,
  type World,
} from '../../src/desired/index.js';
import type { Topology } from '../../src/topology/index.js';
import { factsOf, topologyOf } from '../world.js';

const plain = topologyOf({ hosts: 3, ports: 3 });
/** Each a topology read anew: equal names, other objects, something else about them. */
const TOPOLOGIES: readonly Topology[] = [
  plain,
  topologyOf({ hosts: 3, ports: 3, tunnels: 'flow' }),
  { ...plain, hosts: plain.hosts.map((h, i) => (i === 1 ? { ...h, vtep: '10.99.0.9' } : h)) },
  {
    ...plain,
    networks: plain.networks.map((n) => ({ ...n, ports: n.ports.map((p) => ({ ...p, ips: ['192.168.0.77'] })) })),
  },
];
const IDS = plain.networks.flatMap((n) => n.ports.map((p) => p.ifaceId));

const situation = fc.record({
  topology: fc.constantFrom(...TOPOLOGIES),
  /** The host each port is on; 3 is nowhere. */
  places: fc.tuple(...IDS.map(() => fc.nat({ max: 3 }))),
  /** Added to every number: ports and tunnels are renumbered. */
  shift: fc.nat({ max: 2 }),
});
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

function worldAt({ topology, places, shift }: Situation): World {
  const facts = new Map(
    topology.hosts.map(({ name }, h) => {
      const here = factsOf(
        topology,
        name,
        IDS.filter((_, i) => places[i] === h),
      );
      const moved = <T extends { readonly ofport?: number }>(of: T): T => ({ ...of, ofport: (of.ofport ?? 0) + shift });
      return [name, { interfaces: here.interfaces.map(moved), tunnels: here.tunnels.map(moved) }] as const;
    }),
  );
  const world: World = { topology, facts, confirmed: new Map(), holders: new Map(), moving: new Set() };
  const confirmed = new Map<string, Confirmed>();
  for (const { name } of topology.hosts) confirmed.set(name, desiredState(world, name, bindings(world)));
  return { ...world, confirmed };
}

describe('rememberingFlowsOf', function () {
  this.timeout(60_000);
  it('gives the plain states over any history of changes', () => {
    fc.assert(
      fc.property(fc.array(situation, { minLength: 2, maxLength: 6 }), (history) => {
        const remembering = rememberingFlowsOf(20);
        const large = rememberingFlowsOf();
        for (const world of history.map(worldAt))
          for (const { name } of world.topology.hosts) {
            const bound = bindings(world);
            const states = [undefined, remembering, large].map((of) => desiredState(world, name, bound, of));
            const said = states.map(({ slices: _, remotes: __, groups, ...state }) => ({
              ...state,
              groups: groups.map(({ group_id, buckets, owner }) => ({ group_id, buckets, owner })),
            }));
            expect(said[1]).to.deep.equal(said[0]);
            expect(said[2]).to.deep.equal(said[0]);
          }
      }),
      { numRuns: 15 },
    );
  });

  it('makes what hosts share once: ports elsewhere, and addresses', () => {
    const world = worldAt({ topology: plain, places: [0, 1, 2, 0, 1, 2], shift: 0 });
    const of = rememberingFlowsOf();
    const shared = [1, 2].map(() =>
      desiredState(world, 'hv1', bindings(world), of).flows.filter(({ owner }) => /^(remote|address) /.test(owner.id)),
    );
    expect(shared[1]).to.have.length.above(5);
    expect(shared[1]?.every((flow, i) => flow === shared[0]?.[i])).to.equal(true);
  });

  it('opens nothing of a state that is computed again, and of one with another port only what that needs', () => {
    const at = (place: number): World => worldAt({ topology: plain, places: [0, 1, 2, 0, 1, place], shift: 0 });
    const of = rememberingFlowsOf();
    const state = (world: World) => desiredState(world, 'hv1', bindings(world), of);
    const [before, after] = [state(at(3)), state(at(2))];
    const none = partsBetween(before, state(at(3)));
    expect([...none.gone, ...none.come]).to.deep.equal([]);
    const { gone, come } = partsBetween(before, after);
    expect(gone.flat()).to.have.length(0);
    expect(new Set(come.flat().map(({ owner }) => owner.id))).to.have.length.within(1, 2);
  });
});
