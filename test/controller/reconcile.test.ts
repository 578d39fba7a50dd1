/** One pass over one host, against a switch in memory: what is sent, what is told, and what is never done. */
import { expect } from 'chai';
import { type Memory, type PassContext, type PassResult, reconcileHost } from '../../src/controller/reconcile.js';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { rememberingFlowsOf } from '../../src/desired/index.js';
import { type ActualState, EMPTY, type FlowPlan } from '../../src/diff/index.js';
import type { HostLink } from '../../src/session/index.js';
import { CONTROLLER, rightRows } from '../rows.js';
import { applied } from '../switch-model.js';
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
  switchPorts = () => new Map(this.rows().interfaces.map((i) => [i.name, i.ofport as number]));
  troubles = () => [];
  configure = () => Promise.reject(new Error('nothing to configure'));
  read = () => {
    this.reads += 1;
    return Promise.resolve(this.state);
  };
  readOwners = () => Promise.resolve([...this.state.flows.values()]);
  send = (plan: FlowPlan) => {
    this.plans.push(plan);
    if (this.refuse) return Promise.resolve({ committed: false, refusals: [{ about: 'it', error: 'no' }] });
    if (!this.forget) this.state = applied(this.state, plan);
    return Promise.resolve({ committed: true, refusals: [] });
  };
  counted = () => Promise.resolve([]);
  close = () => Promise.resolve();
}

describe('a pass over a host', () => {
  let link: Switch;
  let memory: Memory;
  let state: State;
  const pass = async (over: Partial<PassContext> = {}): Promise<PassResult> => {
    const context = {
      link,
      controllerTarget: CONTROLLER,
      state,
      memory,
      flowsOf: rememberingFlowsOf(),
      now: 0,
      readEveryMs: 1000,
      onCommitted: () => undefined,
    };
    const result = await reconcileHost({ ...context, ...over });
    memory = result.memory;
    return result;
  };

  beforeEach(() => {
    link = new Switch();
    memory = { epoch: 0, actual: undefined, readAt: 0 };
    state = reduce(initialState(topology), { kind: 'facts', host: 'hv1', facts: factsOf(topology, 'hv1', PORTS) });
  });

  it('reads first, sends the difference once, and then nothing', async () => {
    const first = await pass();
    expect(first).to.include({ state: 'ready', again: false });
    expect(first.flowModsSent).to.equal(link.state.flows.size).and.to.be.greaterThan(20);
    expect(await pass()).to.include({ state: 'ready', flowModsSent: 0 });
    expect(link.plans).to.have.length(1);
  });

  it('sends nothing to a switch that is right, whoever made it so', async () => {
    await pass();
    memory = { epoch: 0, actual: undefined, readAt: 0 };
    expect(await pass()).to.include({ state: 'ready', flowModsSent: 0 });
    expect(link.plans).to.have.length(1);
  });

  it('finds drift when the tables are read again, and repairs only that', async () => {
    await pass();
    const [gone] = link.state.flows.keys();
    link.state = { ...link.state, flows: new Map([...link.state.flows].filter(([identity]) => identity !== gone)) };
    expect(await pass({ now: 100 })).to.include({ flowModsSent: 0 });
    expect(await pass({ now: 1000 })).to.include({ state: 'ready', flowModsSent: 1 });
  });

  it('tells a foreign flow, leaves it, and is not ready', async () => {
    await pass();
    const [flow] = link.state.flows.values();
    if (flow === undefined) throw new Error('no flow');
    const foreign = { ...flow, cookie: 0x77n, identity: 'theirs' };
    link.state = { ...link.state, flows: new Map([...link.state.flows, ['theirs', foreign]]) };
    const result = await pass({ now: 1000 });
    expect(result).to.include({ state: 'blocked', flowModsSent: 0 });
    expect(result.errors[0]).to.match(/^foreign flow in br-int: .*cookie=0x77/);
    expect(link.state.flows.has('theirs')).to.equal(true);
  });

  it('does not send again without end what reads back otherwise: it gives up and tells', async () => {
    link.forget = true;
    const states = [await pass(), await pass(), await pass()];
    expect(states.map((s) => s.again)).to.deep.equal([true, true, false]);
    expect(states[2]?.state).to.equal('blocked');
    expect(states[2]?.errors[0]).to.match(/^the switch reads back otherwise than it was told: \d+ flows, first /);
  });

  it('tells what the switch refused, and reads anew before it tries again', async () => {
    link.refuse = true;
    expect((await pass()).errors).to.deep.equal(['refused by the switch: it: no']);
    link.refuse = false;
    expect(await pass()).to.include({ state: 'ready' });
    expect(link.reads).to.be.greaterThan(2);
  });

  it('keeps what belongs to hosts that were not heard', async () => {
    const heard = reduce(state, {
      kind: 'facts',
      host: 'hv2',
      facts: factsOf(topology, 'hv2', ['red-vm2', 'blue-vm2']),
    });
    const peers = new Set(['red/web hv1', 'blue/web hv1']);
    state = reduce(heard, { kind: 'confirmed', host: 'hv2', confirmed: { ports: new Set(), peers } });
    await pass();
    const flows = link.state.flows.size;
    expect([...link.state.groups.values()].map((g) => g.buckets.length)).to.deep.equal([1, 1]);
    state = reduce(initialState(topology), { kind: 'facts', host: 'hv1', facts: factsOf(topology, 'hv1', PORTS) });
    memory = { epoch: 0, actual: undefined, readAt: 0 };
    expect(await pass()).to.include({ state: 'ready', flowModsSent: 0 });
    expect(link.state.flows.size).to.equal(flows);
  });
});
