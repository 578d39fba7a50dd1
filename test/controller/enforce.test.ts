/** Plans that are proved before they are sent: a wrong flow of ours, and a foreign one that ours would complete. */
import { expect } from 'chai';
import { type Send, sendProved } from '../../src/controller/enforce.js';
import { HostLook } from '../../src/controller/look.js';
import { NOTHING_KNOWN } from '../../src/controller/memory.js';
import { reconcileHost } from '../../src/controller/reconcile.js';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { type DesiredFlow, desiredState, rememberingFlowsOf } from '../../src/desired/index.js';
import { type ActualFlow, type ActualState, applied, difference, EMPTY, type FlowPlan } from '../../src/diff/index.js';
import { guard } from '../../src/pipeline/index.js';
import type { HostLink } from '../../src/session/index.js';
import { CONTROLLER, rightRows } from '../rows.js';
import { topologyOf } from '../world.js';

const topology = topologyOf({ hosts: 2, ports: 4 });
const PORTS = ['red-vm1', 'red-vm3', 'blue-vm1', 'blue-vm3'];

/** A switch in memory that takes every plan. */
class Switch implements HostLink {
  readonly name = 'hv1';
  state: ActualState;
  sent = 0;
  readonly #rows = rightRows(topology, 'hv1', PORTS);

  constructor(state: ActualState = EMPTY) {
    this.state = state;
  }

  rows = () => this.#rows;
  epoch = () => 1;
  switchPorts = () =>
    new Map(this.#rows.interfaces.flatMap((i) => (i.ofport === undefined ? [] : [[i.name, i.ofport]])));
  troubles = () => [];
  configure = () => Promise.reject(new Error('nothing to configure'));
  read = () => Promise.resolve(this.state);
  readGroups = () => Promise.resolve(this.state.groups);
  readMeters = () => Promise.resolve(this.state.meters);
  meterDrops = () => Promise.resolve(new Map<number, bigint>());
  readOwners = () => Promise.resolve([...this.state.flows.values()]);
  send = (plan: FlowPlan) => {
    this.state = applied(this.state, plan);
    this.sent += 1;
    return Promise.resolve({ committed: true, refusals: [] });
  };
  onPunt = () => undefined;
  answer = () => undefined;
  counted = () => Promise.resolve([]);
  dump = () => Promise.resolve({ flows: '', groups: '', meters: '', ports: '', interfaces: '' });
  dumpBridge = () => this.dump();
  close = () => Promise.resolve();
}

function stateOf(link: Switch): { readonly state: State; readonly look: ReturnType<HostLook['at']> } {
  const look = new HostLook().at(link, topology, CONTROLLER);
  if (look.facts === undefined) throw new Error('no facts');
  return { look, state: reduce(initialState(topology), { kind: 'facts', host: 'hv1', facts: look.facts }) };
}

async function passOver(link: Switch, enforce: boolean) {
  const { look, state } = stateOf(link);
  const flowsOf = rememberingFlowsOf();
  const context = { link, look, state, version: 1, memory: NOTHING_KNOWN, flowsOf, now: () => 0, readEveryMs: 1000 };
  const result = await reconcileHost({ ...context, enforce, onCommitted: () => undefined });
  return { result, desired: desiredState(state.world, 'hv1', state.bound, flowsOf) };
}

const numberOf = (link: Switch, vm: string): number => {
  const row = link.rows().interfaces.find(({ external_ids }) => external_ids['iface-id'] === vm);
  if (row?.ofport === undefined) throw new Error(`${vm} has no number`);
  return row.ofport;
};

/** Somebody's flow that hands what the VM with this number sends to another port, once it is let in. */
const trap = (from: number, to: number): ActualFlow => ({
  table_id: 20,
  priority: 60_000,
  match: { reg1: { value: from } } as ActualFlow['match'],
  instructions: [
    { kind: 'apply_actions', actions: [{ kind: 'output', port: to }] },
  ] as unknown as ActualFlow['instructions'],
  cookie: 0x77n,
  identity: 'trap',
  content: 'trap',
  odd: false,
});

describe('run --verify enforce', () => {
  it('sends what is proved', async () => {
    const link = new Switch();
    const { result, desired } = await passOver(link, true);
    expect(result.errors).to.deep.equal([]);
    expect(link.state.flows.size).to.equal(desired.flows.length);
  });

  it('refuses a plan with a wrong flow of our own, and sends nothing of it', async () => {
    const link = new Switch();
    const { state } = stateOf(link);
    const { plan } = difference(desiredState(state.world, 'hv1', state.bound), EMPTY);
    const [red, blue] = [numberOf(link, 'red-vm1'), numberOf(link, 'blue-vm1')];
    /** What is for one VM goes to the other's port. */
    const crossed = (flow: DesiredFlow): DesiredFlow => {
      const instructions = flow.instructions.map((instruction) =>
        instruction.kind !== 'apply_actions'
          ? instruction
          : {
              ...instruction,
              actions: instruction.actions?.map((action) =>
                action.kind === 'output' && action.port === red ? { ...action, port: blue } : action,
              ),
            },
      );
      const { identity, content } = flow;
      return { ...flow, identity, content, instructions: instructions as DesiredFlow['instructions'] };
    };
    const wrong = plan.add.map((flow) =>
      flow.table_id === guard.id && flow.owner.port === 'red-vm1' ? crossed(flow) : flow,
    );
    const send: Send = sendProved(link, state);
    const { committed, refusals } = await send({ ...plan, add: wrong }, EMPTY);
    expect(committed).to.equal(false);
    expect(link.sent).to.equal(0);
    expect(refusals.map(({ about }) => about)).to.include('the proof (G2)');
    expect(refusals[0]?.error).to.match(/ would reach .*blue-vm1.*; packet [0-9a-f]{28}/);
    expect((await send(plan, EMPTY)).committed, 'the right one').to.equal(true);
  });

  it('leaves out the port by which a foreign flow would leak, and serves all others', async () => {
    const link = new Switch();
    const flow = trap(numberOf(link, 'red-vm1'), numberOf(link, 'blue-vm1'));
    const laid = new Switch({ ...EMPTY, flows: new Map([[flow.identity, flow]]) });
    const { result, desired } = await passOver(laid, true);
    expect(result.state).to.equal('blocked');
    expect(result.errors.join('\n')).to.match(
      /refused by the proof \(G2\): red\/web\/red-vm1 would reach blue\/web\/blue-vm1/,
    );
    const owners = new Set([...laid.state.flows.values()].map(({ cookie }) => cookie));
    const ofPort = (port: string) =>
      desired.flows.filter(({ owner }) => owner.port === port && owner.id.startsWith('port '));
    expect(ofPort('red-vm1').filter(({ identity }) => laid.state.flows.has(identity))).to.deep.equal([]);
    for (const port of ['red-vm3', 'blue-vm1', 'blue-vm3'])
      expect(
        ofPort(port).every(({ identity }) => laid.state.flows.has(identity)),
        port,
      ).to.equal(true);
    expect(owners.has(0x77n), 'the foreign flow stays').to.equal(true);
    const careless = new Switch({ ...EMPTY, flows: new Map([[flow.identity, flow]]) });
    await passOver(careless, false);
    expect(ofPort('red-vm1').every(({ identity }) => careless.state.flows.has(identity))).to.equal(true);
  });
});
