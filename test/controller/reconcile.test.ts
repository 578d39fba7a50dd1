/** One pass over one host, against a switch in memory: what is sent, what is told, and what is never done. */
import { expect } from 'chai';
import { HostLook } from '../../src/controller/look.js';
import { type Memory, NOTHING_KNOWN } from '../../src/controller/memory.js';
import { type PassContext, type PassResult, READ_BACK_MS, reconcileHost } from '../../src/controller/reconcile.js';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { bindings, type DesiredState, peerKey, rememberingFlowsOf } from '../../src/desired/index.js';
import {
  type ActualState,
  applied,
  difference,
  digestOfFlows,
  EMPTY,
  type FlowPlan,
  isEmpty,
  type TablesRead,
} from '../../src/diff/index.js';
import { ownerOf } from '../../src/pipeline/index.js';
import type { HostLink } from '../../src/session/index.js';
import { CONTROLLER, rightRows } from '../rows.js';
import { factsOf, topologyOf } from '../world.js';

const topology = topologyOf({ hosts: 2, ports: 2 });
const PORTS = ['red-vm1', 'blue-vm1'];

/** A switch in memory. `forget`: it takes every plan and does nothing. */
class Switch implements HostLink {
  readonly name = 'hv1';
  state: ActualState = EMPTY;
  readonly plans: FlowPlan[] = [];
  forget = false;
  refuse = false;
  reads = 0;

  rows = () => rightRows(topology, 'hv1', PORTS);
  epoch = () => 1;
  switchPorts = () =>
    new Map(this.rows().interfaces.flatMap((i) => (i.ofport === undefined ? [] : [[i.name, i.ofport]])));
  troubles = () => [];
  configure = () => Promise.reject(new Error('nothing to configure'));
  read = () => {
    this.reads += 1;
    return Promise.resolve(this.state);
  };
  meterDrops = () => Promise.resolve(new Map<number, bigint>());
  readGroups = () => Promise.resolve(this.state.groups);
  readMeters = () => Promise.resolve(this.state.meters);
  readOwners = (owners: readonly bigint[]) => {
    this.reads += 1;
    return Promise.resolve([...this.state.flows.values()].filter(({ cookie }) => owners.includes(ownerOf(cookie))));
  };
  send = (plan: FlowPlan) => {
    this.plans.push(plan);
    if (this.refuse) return Promise.resolve({ committed: false, refusals: [{ about: 'it', error: 'no' }] });
    if (!this.forget) this.state = applied(this.state, plan);
    return Promise.resolve({ committed: true, refusals: [] });
  };
  onPunt = () => undefined;
  answer = () => undefined;
  counted = () => Promise.resolve([]);
  dump = () => Promise.resolve({ flows: '', groups: '', meters: '', ports: '', interfaces: '' });
  dumpBridge = () => this.dump();
  readTables?: () => Promise<TablesRead>;
  close = () => Promise.resolve();
}

describe('a pass over a host', function () {
  this.timeout(30_000);
  let link: Switch;
  let memory: Memory;
  let state: State;
  let look: HostLook;
  let clock: number;
  let versions: State[];
  /** One pass, some milliseconds after the one before it. */
  const pass = async (over: Partial<PassContext> = {}): Promise<PassResult> => {
    const context = {
      link,
      version: versions.indexOf(state) < 0 ? versions.push(state) - 1 : versions.indexOf(state),
      look: look.at(link, topology, CONTROLLER),
      state,
      memory,
      flowsOf: rememberingFlowsOf(),
      now: () => clock,
      readEveryMs: 1000,
      onCommitted: () => undefined,
    };
    const result = await reconcileHost({ ...context, ...over });
    memory = result.memory;
    return result;
  };

  /** Passes until nothing more is to be seen soon. */
  const passes = async (): Promise<PassResult> => {
    const results = [await pass()];
    while (results.at(-1)?.again === true && results.length < 10) {
      clock += READ_BACK_MS;
      results.push(await pass());
    }
    const sent = results.reduce((sum, result) => sum + result.flowModsSent, 0);
    return { ...(results.at(-1) as PassResult), flowModsSent: sent };
  };
  const heard = (): State => {
    const { facts } = look.at(link, topology, CONTROLLER);
    if (facts === undefined) throw new Error('no facts');
    return reduce(initialState(topology), { kind: 'facts', host: 'hv1', facts });
  };

  beforeEach(() => {
    link = new Switch();
    look = new HostLook();
    clock = 0;
    versions = [];
    memory = NOTHING_KNOWN;
    state = heard();
  });

  it('reads first, sends the difference once, and then nothing', async () => {
    const first = await passes();
    expect(first).to.include({ state: 'ready', again: false });
    expect(first.flowModsSent).to.equal(link.state.flows.size).and.to.be.greaterThan(20);
    expect(await passes()).to.include({ state: 'ready', flowModsSent: 0 });
    expect(link.plans).to.have.length(1);
  });

  describe('that gives its flows as octets', () => {
    /** How often its flows were decoded. */
    let decoded: number;
    beforeEach(() => {
      decoded = 0;
      link.readTables = async () => {
        const { flows, groups, meters } = link.state;
        const decode = () => {
          decoded += 1;
          return flows;
        };
        return { version: 6, digest: digestOfFlows([...flows.values()], 6), decode, groups, meters };
      };
    });

    it('decodes no flow of a switch that is right, and sends it nothing', async () => {
      expect((await passes()).flowModsSent).to.be.greaterThan(20);
      memory = NOTHING_KNOWN;
      decoded = 0;
      link.reads = 0;
      expect(await passes()).to.include({ state: 'ready', flowModsSent: 0 });
      clock += 2000;
      expect(await passes(), 'read again').to.include({ state: 'ready', flowModsSent: 0 });
      expect([decoded, link.reads]).to.deep.equal([0, 0]);
    });

    it('puts right what differs, whatever it is, and says what it was', async () => {
      await passes();
      const right = link.state;
      const [first, second] = [...right.flows.values()];
      if (first === undefined || second === undefined) throw new Error('no flows');
      const wrong: readonly ActualState[] = [
        { ...right, flows: new Map([...right.flows].filter(([, flow]) => flow !== first)) },
        {
          ...right,
          flows: new Map(right.flows).set(first.identity, {
            ...first,
            instructions: [{ kind: 'goto_table', table_id: 250 }],
            content: 'other',
          }),
        },
        { ...right, groups: new Map() },
        { ...right, meters: new Map() },
      ];
      for (const state of wrong) {
        link.state = state;
        clock += 2000;
        const result = await passes();
        expect(result.state).to.equal('ready');
        expect(difference(result.desired as DesiredState, link.state).plan).to.satisfy(isEmpty);
      }
    });

    it('is read back by octets after many flows were sent, and sent again what it lost', async () => {
      const lossy = link.send;
      link.send = (plan) => {
        link.send = lossy;
        return lossy({ ...plan, add: plan.add.slice(1) });
      };
      expect(await passes()).to.include({ state: 'ready' });
      expect(link.plans).to.have.length(2);
      expect(link.plans[1]?.add).to.have.length(1);
    });
  });

  it('sends again what a switch lost of the groups and meters that it was just sent', async () => {
    await passes();
    for (const what of ['groups', 'meters'] as const) {
      const right = link.state;
      // A change of some flows, groups and meters, of which the switch forgets one kind.
      const lossy = link.send;
      link.send = (plan) => {
        link.send = lossy;
        const sent = lossy(plan);
        const left = [...link.state[what]].slice(0, -1);
        link.state = { ...link.state, [what]: new Map<number, unknown>(left) };
        return sent;
      };
      const [flow] = [...right.flows.values()].filter(({ table_id }) => table_id === 32);
      if (flow === undefined) throw new Error('no flow of a broadcast');
      link.state = {
        flows: new Map([...right.flows].filter(([, other]) => other !== flow)),
        groups: new Map(),
        meters: new Map([...right.meters].slice(2)),
      };
      clock += 2000;
      const plans = link.plans.length;
      const result = await passes();
      expect(result.state, what).to.equal('ready');
      expect(link.plans.length - plans, what).to.equal(2);
      expect(difference(result.desired as DesiredState, link.state).plan).to.satisfy(isEmpty);
    }
  });

  it('sends nothing at all where the switch could not hold it, and says what is too large', async () => {
    const { world } = state;
    const wide = { ...world.topology, networks: world.topology.networks.map((n) => ({ ...n, key: n.key * 2 ** 24 })) };
    state = { ...state, world: { ...world, topology: wide } };
    const blocked = await pass();
    expect(blocked).to.include({ state: 'blocked', flowModsSent: 0 });
    expect(blocked.errors[0]).to.match(/^network blue\/web: tunnel key \d+ is not within 1 to 16777215 \(geneve\)$/);
    expect(link.plans).to.deep.equal([]);
  });

  it('warns of a network that is too large for broadcasts, by name, and goes on', async () => {
    const { facts: known } = state.world;
    const large = topologyOf({ hosts: 800, ports: 800, tenants: ['red'], tunnels: 'flow' });
    const others = large.hosts.slice(1).map(({ name }, i) => [name, factsOf(large, name, [`red-vm${i + 2}`])] as const);
    const world = { ...state.world, topology: large, facts: new Map([...known, ...others]) };
    state = { ...state, world, bound: bindings(world) };
    const { warnings, errors } = await passes();
    expect(errors).to.deep.equal([]);
    expect(warnings.join()).to.match(/^network red\/web: no broadcast and multicast: copies to 799 hosts /);
    expect(link.plans).to.have.length(1);
  });

  it('sends nothing to a switch that is right, whoever made it so', async () => {
    await passes();
    memory = NOTHING_KNOWN;
    expect(await passes()).to.include({ state: 'ready', flowModsSent: 0 });
    expect(link.plans).to.have.length(1);
  });

  it('finds drift when the tables are read again, and repairs only that', async () => {
    await passes();
    const [gone] = link.state.flows.keys();
    link.state = { ...link.state, flows: new Map([...link.state.flows].filter(([identity]) => identity !== gone)) };
    expect(await passes()).to.include({ flowModsSent: 0 });
    clock += 1000;
    const found = await pass();
    expect(found.drift).to.have.length(1);
    expect(found.drift?.[0]).to.match(/^flow gone: \S+: .*/);
    expect(found.flowModsSent).to.equal(1);
    clock += READ_BACK_MS;
    const after = await passes();
    expect(after).to.include({ state: 'ready', flowModsSent: 0 });
    expect(after.drift).to.equal(undefined);
  });

  it('tells a foreign flow, leaves it, and is not ready', async () => {
    await passes();
    const [flow] = link.state.flows.values();
    if (flow === undefined) throw new Error('no flow');
    const foreign = { ...flow, cookie: 0x77n, identity: 'theirs' };
    link.state = { ...link.state, flows: new Map([...link.state.flows, ['theirs', foreign]]) };
    clock += 1000;
    const result = await passes();
    expect(result).to.include({ state: 'blocked', flowModsSent: 0 });
    expect(result.errors[0]).to.match(/^foreign flow in br-int: .*cookie=0x77/);
    expect(link.state.flows.has('theirs')).to.equal(true);
  });

  it('does not send again without end what reads back otherwise: it gives up and tells', async () => {
    link.forget = true;
    const last = await passes();
    expect(last).to.include({ state: 'blocked', again: false });
    expect(link.plans).to.have.length(3);
    expect(last.errors[0]).to.match(/^the switch reads back otherwise than it was told: \d+ flows, first /);
  });

  it('tells what the switch refused, and reads anew before it tries again', async () => {
    link.refuse = true;
    expect((await passes()).errors).to.deep.equal(['refused by the switch: it: no']);
    link.refuse = false;
    expect(await passes()).to.include({ state: 'ready' });
    expect(link.reads).to.be.greaterThan(2);
  });

  it('is ready only when what was sent has been read back, and takes a change in between at once', async () => {
    const first = await pass();
    expect(first).to.include({ state: 'updating', again: true });
    const reads = link.reads;
    expect(await pass()).to.include({ state: 'updating', flowModsSent: 0 });
    const before = link.state.flows.size;
    state = reduce(state, { kind: 'facts', host: 'hv2', facts: factsOf(topology, 'hv2', ['red-vm2', 'blue-vm2']) });
    expect(await pass()).to.include({ state: 'updating' });
    expect(link.state.flows.size).to.be.greaterThan(before);
    expect(link.reads).to.equal(reads);
    clock += READ_BACK_MS;
    expect(await pass()).to.include({ state: 'ready', again: false });
    expect(link.reads).to.be.greaterThan(reads);
  });

  it('keeps what belongs to hosts that were not heard', async () => {
    const both = reduce(state, {
      kind: 'facts',
      host: 'hv2',
      facts: factsOf(topology, 'hv2', ['red-vm2', 'blue-vm2']),
    });
    const peers = new Set(topology.networks.map((network) => peerKey(network.path, 'hv1', network)));
    state = reduce(both, { kind: 'confirmed', host: 'hv2', confirmed: { ports: new Set(), peers, sends: new Set() } });
    await passes();
    const flows = link.state.flows.size;
    expect([...link.state.groups.values()].map((g) => g.buckets.length)).to.deep.equal([1, 1]);
    state = heard();
    memory = NOTHING_KNOWN;
    expect(await passes()).to.include({ state: 'ready', flowModsSent: 0 });
    expect(link.state.flows.size).to.equal(flows);
  });
});
