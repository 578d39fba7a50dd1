/**
 * A plan's prediction over random edits: the flows of every host and who reaches whom are those that the controller's
 * own engine ends with, step by step, and those that the rules of isolation say.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { type DesiredState, desiredState, desiredTunnels, finishedChanges } from '../../src/desired/index.js';
import type { Network, Topology } from '../../src/topology/index.js';
import { flowChanges } from '../../src/verify/flow-changes.js';
import { desiredLine, type HostDump, hostDump, planOf, Reachability } from '../../src/verify/index.js';
import { topologyOf } from '../world.js';

const HOSTS = ['hv1', 'hv2', 'hv3'] as const;
const plain = topologyOf({ hosts: 3, ports: 4, tenants: ['blue', 'red'], dual: true });

/** Where each VM is plugged in: nowhere, or on a host. */
const plugged = fc.array(fc.constantFrom(undefined, ...HOSTS), { minLength: 8, maxLength: 8 });

/** A file that somebody edited: networks and ports gone, a key, an encapsulation, a MAC or the mode changed. */
const edited: fc.Arbitrary<Topology> = fc
  .record({
    without: fc.subarray(['blue', 'red'], { maxLength: 1 }),
    gone: fc.subarray([0, 1, 2, 3], { maxLength: 2 }),
    key: fc.constantFrom(100, 4242),
    encapsulation: fc.constantFrom('geneve' as const, 'vxlan' as const),
    mac: fc.constantFrom('02:00:00:00:01:01', '02:00:00:00:77:01'),
    tunnels: fc.constantFrom('mesh' as const, 'mesh' as const, 'flow' as const),
    bound: fc.option(fc.subarray([...HOSTS], { minLength: 1 }), { nil: undefined }),
  })
  .map(({ without, gone, key, encapsulation, mac, tunnels, bound }) => ({
    underlay: { ...plain.underlay, tunnels },
    hosts: plain.hosts,
    networks: plain.networks
      .filter(({ tenant }) => !without.includes(tenant))
      .map(
        (network): Network => ({
          ...network,
          ...(network.tenant === 'blue' ? { key, encapsulation } : {}),
          ports: network.ports
            .filter((_, i) => !gone.includes(i))
            .map((port, i) => ({
              ...port,
              ...(i === 0 ? { mac } : {}),
              ...(bound === undefined ? {} : { hosts: bound }),
            })),
        }),
      ),
  }));

const ifaceIds = plain.networks.flatMap((network) => network.ports.map((port) => port.ifaceId));

/** The VM ports of a host, numbers from 11 on. */
const vmPorts = (places: readonly (string | undefined)[], host: string) =>
  ifaceIds.flatMap((ifaceId, i) =>
    places[i] === host ? [{ ofport: 11 + i, name: `tap${i}`, type: '', options: {}, ifaceId }] : [],
  );

/** The controller's engine, carried on by what a switch would do until nothing changes any more. */
class Engine {
  state: State;
  readonly #places: readonly (string | undefined)[];
  readonly #numbers = new Map<string, number>();

  constructor(topology: Topology, places: readonly (string | undefined)[]) {
    this.#places = places;
    this.state = initialState(topology);
    this.#settle();
  }

  change(topology: Topology): void {
    this.state = reduce(this.state, { kind: 'topology', topology });
    this.#settle();
  }

  /** A tunnel keeps the number it got first, from 101 on. */
  #number(host: string, name: string): number {
    const key = `${host} ${name}`;
    const known = this.#numbers.get(key) ?? 101 + this.#numbers.size;
    this.#numbers.set(key, known);
    return known;
  }

  #tunnels(host: string) {
    return desiredTunnels(this.state.world.topology, host).map((tunnel) => ({
      ...tunnel,
      ofport: this.#number(host, tunnel.name),
    }));
  }

  of(host: string): DesiredState {
    return desiredState(this.state.world, host, this.state.bound);
  }

  #settle(): void {
    for (let round = 0; round < 8; round++) {
      for (const host of HOSTS) {
        const interfaces = vmPorts(this.#places, host).map(({ name, ifaceId, ofport }) => ({
          name,
          ifaceId,
          ofport,
          inactive: false,
        }));
        const tunnels = this.#tunnels(host).map(({ name, ofport }) => ({ name, ofport }));
        this.state = reduce(this.state, { kind: 'facts', host, facts: { interfaces, tunnels } });
      }
      for (const host of HOSTS) {
        const { ports, peers, sends, numbers, remotes } = this.of(host);
        const held = { generation: this.state.generation, numbers, remotes };
        this.state = reduce(this.state, { kind: 'confirmed', host, confirmed: { ports, peers, sends, held } });
      }
      const { world, bound } = this.state;
      const changing = world.topology.networks.filter(({ former }) => former !== undefined);
      for (const change of finishedChanges(world, bound, changing))
        this.state = reduce(this.state, { kind: 'closed', change });
    }
  }

  dumps(): readonly HostDump[] {
    return HOSTS.map((host) => {
      const { flows, groups, meters } = this.of(host);
      const tunnels = this.#tunnels(host).map(({ name, type, options, ofport }) => ({ name, type, options, ofport }));
      const ports = [...vmPorts(this.#places, host), ...tunnels];
      const lines = flows.map(desiredLine);
      const numbers = meters.map(({ meter_id }) => meter_id);
      return { ...hostDump({ host, flows, groups, meters: numbers, ports }), lines: (flow: number) => lines[flow] };
    });
  }
}

/** Who reaches whom by the rules: ports of one network that are plugged in where they may be. */
function byRules({ networks }: Topology, places: readonly (string | undefined)[]): ReadonlySet<string> {
  const at = new Map(ifaceIds.map((ifaceId, i) => [ifaceId, places[i]]));
  const pairs = networks.flatMap(({ ports }) => {
    const there = ports.filter(({ ifaceId, hosts }) => {
      const host = at.get(ifaceId);
      return host !== undefined && (hosts?.includes(host) ?? true);
    });
    return there.flatMap((a) => there.filter((b) => a !== b).map((b) => `${a.path} ${b.path}`));
  });
  return new Set(pairs);
}

const reached = (topology: Topology, dumps: readonly HostDump[]): ReadonlySet<string> => {
  const reachability = new Reachability(topology, dumps);
  return new Set(topology.networks.flatMap(({ path }) => [...reachability.within(path)]));
};

const texts = (list: readonly { readonly text: string }[]): string[] => list.map(({ text }) => text).sort();
const minus = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [...a].filter((x) => !b.has(x)).sort();

describe('a plan', function () {
  this.timeout(120_000);

  it('of what is there already changes nothing', () => {
    const engine = new Engine(plain, ['hv1', 'hv2', 'hv3', undefined, 'hv1', 'hv2', 'hv3', 'hv1']);
    const plan = planOf(plain, plain, engine.dumps());
    expect([plan.changes, plan.hosts, plan.gained, plan.lost]).to.deep.equal([[], [], [], []]);
    expect(plan.proof).to.include({ verdict: 'isolated' });
  });

  it('predicts the flows and the pairs that the controller ends with, over random edits', () => {
    let flows = 0;
    let pairs = 0;
    fc.assert(
      fc.property(plugged, edited, edited, (places, before, after) => {
        const engine = new Engine(before, places);
        const plan = planOf(before, after, engine.dumps());
        expect(plan.proof.verdict).to.equal('isolated');
        const was = reached(before, engine.dumps());
        expect(minus(was, byRules(before, places)).concat(minus(byRules(before, places), was))).to.deep.equal([]);
        const tablesBefore = new Map(engine.dumps().map((dump) => [dump.host, dump]));
        engine.change(after);
        const dumps = engine.dumps();
        for (const dump of dumps) {
          const { added, removed, modified } = flowChanges(tablesBefore.get(dump.host), dump);
          const host = plan.hosts.find(({ name }) => name === dump.host);
          expect(texts(added)).to.deep.equal(host?.add ?? []);
          expect(texts(removed)).to.deep.equal(host?.remove ?? []);
          expect(texts(modified)).to.deep.equal([...(host?.modify ?? [])].sort());
          flows += added.length + removed.length + modified.length;
        }
        // What it leads to: nothing is left to be planned.
        expect(planOf(after, after, dumps).hosts.map(({ add, remove, modify }) => [add, remove, modify])).to.deep.equal(
          [],
        );
        const is = reached(after, dumps);
        expect(plan.gained.map(({ from, to }) => `${from} ${to}`).sort()).to.deep.equal(minus(is, was));
        expect(plan.lost.map(({ from, to }) => `${from} ${to}`).sort()).to.deep.equal(minus(was, is));
        pairs += plan.gained.length + plan.lost.length;
      }),
      { numRuns: 30 },
    );
    expect(flows).to.be.greaterThan(500);
    expect(pairs).to.be.greaterThan(50);
  });
});
