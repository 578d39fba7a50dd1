/**
 * A network's change of encapsulation, key and tunnels, host by host: at every moment each host takes what any other may
 * send, and the change ends by itself.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { type DesiredState, desiredState, finishedChanges, waysOf } from '../../src/desired/index.js';
import type { Encapsulation, Topology } from '../../src/topology/index.js';
import { factsOf, topologyOf } from '../world.js';

const HOSTS = ['hv1', 'hv2', 'hv3'];
const PORTS = ['red-vm1', 'red-vm2', 'red-vm3'];

const topology = (encapsulation: Encapsulation, key: number, tunnels: 'mesh' | 'flow' = 'mesh'): Topology => {
  const base = topologyOf({ hosts: 3, ports: 3, tenants: ['red'], encapsulation, tunnels });
  return { ...base, networks: base.networks.map((n) => ({ ...n, key })) };
};

/** Facts of a host for the topology as it is now, former ways included; the port numbers stay through changes. */
const facts = (state: State, host: string) => {
  const { tunnels } = factsOf(state.world.topology, host, []);
  const { interfaces } = factsOf(state.world.topology, host, [PORTS[HOSTS.indexOf(host)] ?? '']);
  const numbered = tunnels.map(({ name }) => ({ name, ofport: numberOf(name) }));
  return { interfaces, tunnels: numbered };
};
const numberOf = (name: string): number => 100 + [...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 30_000, 0);

/** One step of a host: its rows are as wanted, or its tables are. */
type Step = readonly [host: string, what: 'facts' | 'tables'];

class Fleet {
  state: State;
  readonly tables = new Map<string, DesiredState>();
  constructor(given: Topology) {
    this.state = initialState(given);
    for (let round = 0; round < 4; round++) for (const host of HOSTS) this.step([host, 'facts']).step([host, 'tables']);
  }
  step([host, what]: Step): this {
    if (what === 'facts') this.state = reduce(this.state, { kind: 'facts', host, facts: facts(this.state, host) });
    else {
      const desired = desiredState(this.state.world, host, this.state.bound);
      this.tables.set(host, desired);
      this.state = reduce(this.state, { kind: 'confirmed', host, confirmed: desired });
    }
    return this;
  }
  /** Pairs of which the sender sends by a way that the receiver's tables do not take. */
  lost(): string[] {
    return HOSTS.flatMap((from) =>
      HOSTS.flatMap((to) => {
        if (from === to) return [];
        const sent = [...(this.tables.get(from)?.sends ?? [])].find((s) => s.split(' ')[1] === to)?.split(' ')[2];
        const taken = this.tables.get(to)?.peers.has(`red/web ${from} ${sent}`);
        return sent !== undefined && taken ? [] : [`${from}→${to} ${sent}`];
      }),
    );
  }
}

const steps = fc.array(fc.tuple(fc.constantFrom(...HOSTS), fc.constantFrom('facts' as const, 'tables' as const)), {
  maxLength: 40,
});
const changes: readonly (readonly [what: string, from: Topology, to: Topology])[] = [
  ['geneve to vxlan', topology('geneve', 100), topology('vxlan', 100)],
  ['another key', topology('geneve', 100), topology('geneve', 200)],
  ['gre to nvgre with the same octets', topology('gre', 0x6400), topology('nvgre', 0x64)],
  ['mesh to flow', topology('vxlan', 100, 'mesh'), topology('vxlan', 100, 'flow')],
  ['everything', topology('gre', 0x12345678, 'flow'), topology('geneve', 7, 'mesh')],
];

describe('a change of ways', () => {
  for (const [what, from, to] of changes)
    it(`loses nothing in any order of events, and ends: ${what}`, () => {
      fc.assert(
        fc.property(steps, (order) => {
          const fleet = new Fleet(from);
          expect(fleet.lost()).to.deep.equal([]);
          fleet.state = reduce(fleet.state, { kind: 'topology', topology: to });
          for (const step of order) {
            fleet.step(step);
            expect(fleet.lost()).to.deep.equal([]);
          }
          for (let round = 0; round < 4; round++)
            for (const host of HOSTS) fleet.step([host, 'facts']).step([host, 'tables']);
          const { world, bound } = fleet.state;
          const finished = finishedChanges(world, bound, world.topology.networks);
          expect(finished).to.have.length(1);
          for (const change of finished) fleet.state = reduce(fleet.state, { kind: 'closed', change });
          for (const host of HOSTS) fleet.step([host, 'facts']).step([host, 'tables']);
          expect(fleet.lost()).to.deep.equal([]);
          expect(fleet.state.world.topology).to.deep.equal(to);
          const fresh = new Fleet(to);
          for (const host of HOSTS)
            expect(
              fleet.tables
                .get(host)
                ?.flows.map((f) => f.identity)
                .sort(),
            ).to.deep.equal(
              fresh.tables
                .get(host)
                ?.flows.map((f) => f.identity)
                .sort(),
            );
        }),
        { numRuns: 25 },
      );
    });

  it('does not end while a host is away, or before it sends by the new way', () => {
    const fleet = new Fleet(topology('geneve', 100));
    fleet.state = reduce(fleet.state, { kind: 'topology', topology: topology('vxlan', 100) });
    const finished = () => finishedChanges(fleet.state.world, fleet.state.bound, fleet.state.world.topology.networks);
    for (let round = 0; round < 3; round++)
      for (const host of ['hv1', 'hv2']) fleet.step([host, 'facts']).step([host, 'tables']);
    expect(finished()).to.deep.equal([]);
    fleet.step(['hv3', 'facts']).step(['hv3', 'tables']);
    expect(finished()).to.deep.equal([]);
    for (const host of HOSTS) fleet.step([host, 'tables']);
    expect(finished()).to.deep.equal([
      { network: 'red/web', former: [{ encapsulation: 'geneve', key: 100, tunnels: 'mesh' }] },
    ]);
  });

  it('takes by the mesh port to a peer what that sends by its flow-based one, as long as another change keeps the port', () => {
    const both = (tunnels: 'mesh' | 'flow') => topologyOf({ hosts: 3, ports: 3, tunnels });
    const after = reduce(initialState(both('mesh')), { kind: 'topology', topology: both('flow') });
    const [blue] = after.world.topology.networks;
    // Red's change is not over: one of its hosts is away.
    const change = { network: 'blue/web', former: blue?.former ?? [] };
    let state = reduce(after, { kind: 'closed', change });
    const { topology: now } = state.world;
    expect(now.networks.map(({ former = [] }) => former.length)).to.deep.equal([0, 1]);
    for (const [i, host] of HOSTS.entries())
      state = reduce(state, { kind: 'facts', host, facts: factsOf(now, host, [`blue-vm${i + 1}`]) });
    const names = new Map(factsOf(now, 'hv1', []).tunnels.map(({ name, ofport }) => [ofport, name]));
    const taken = desiredState(state.world, 'hv1', state.bound)
      .flows.filter(({ table_id, owner }) => table_id === 0 && owner.network === 'blue/web' && owner.port === undefined)
      .map(({ match }) => `${names.get(Number(match.in_port?.value))} ${match.tun_id?.value}`);
    expect(taken.sort()).to.deep.equal(['kkg0a630002 100', 'kkg0a630003 100', 'kkgflow 100', 'kkgflow 100']);
  });

  it("never takes for a network's what is another network's now", () => {
    const before = topologyOf({ tenants: ['red', 'blue'] });
    const [blue, red] = before.networks;
    if (blue === undefined || red === undefined) throw new Error('two networks');
    const after = {
      ...before,
      networks: [
        { ...blue, key: red.key },
        { ...red, key: 9 },
      ],
    };
    const { topology: now } = reduce(initialState(before), { kind: 'topology', topology: after }).world;
    const former = now.networks.map((n) =>
      waysOf(now, n)
        .slice(1)
        .map((way) => way.key),
    );
    expect(former).to.deep.equal([[blue.key], []]);
  });
});

describe('a VLAN that becomes a tunnel, in zones', () => {
  /** Red on hv1 and hv3 of zone west, blue with the same VLAN id where it is said. */
  const zoned = (red: { encapsulation: Encapsulation; key: number }, redAt: string[], blueAt: string[]): Topology => {
    const base = topologyOf({ hosts: 4, ports: 2 });
    return {
      ...base,
      hosts: base.hosts.map((host, i) => ({ ...host, trunk: 'eth1', zone: i % 2 === 0 ? 'west' : 'east' })),
      networks: base.networks.map((n) => ({
        ...n,
        ...(n.tenant === 'red' ? red : { encapsulation: 'vlan' as const, key: 5 }),
        ports: n.ports.map((p) => ({ ...p, hosts: n.tenant === 'red' ? redAt : blueAt })),
      })),
    };
  };
  const vlan = { encapsulation: 'vlan', key: 5 } as const;
  const geneve = { encapsulation: 'geneve', key: 9 } as const;
  const west = ['hv1', 'hv3'];
  const formerOf = (after: Topology): readonly object[] | undefined => {
    const state = reduce(initialState(zoned(vlan, west, ['hv2'])), { kind: 'topology', topology: after });
    return state.world.topology.networks.find(({ tenant }) => tenant === 'red')?.former;
  };

  it('is still taken by its former id, which is another network’s in another zone', () => {
    expect(formerOf(zoned(geneve, west, ['hv2']))).to.deep.equal([{ ...vlan, tunnels: 'flow' }]);
  });

  it('is not where the id is the other’s and its VMs may be now, nor where the other’s may be', () => {
    expect(formerOf(zoned(geneve, ['hv1', 'hv2'], ['hv4']))).to.equal(undefined);
    expect(formerOf(zoned(geneve, west, ['hv1']))).to.equal(undefined);
  });
});
