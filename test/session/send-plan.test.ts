/** Plans over a real session to a switch in memory: one bundle or none, and all of a plan or nothing of it. */
import { expect } from 'chai';
import type { Session } from 'ts-openflow';
import { FakeSwitch } from 'ts-openflow/testing';
import { bindings, type DesiredState, desiredState, type World } from '../../src/desired/index.js';
import { difference, isEmpty } from '../../src/diff/index.js';
import { sendPlan } from '../../src/session/send-plan.js';
import { readTables } from '../../src/session/switch-tables.js';
import { worldOf } from '../world.js';

/** hv1 with its first ports of each network, one or two of them. */
function stateOf(ports: number): DesiredState {
  const whole: World = worldOf({ hosts: 2, ports: 4 });
  const facts = whole.facts.get('hv1') ?? { interfaces: [], tunnels: [] };
  const some = facts.interfaces.filter(({ ifaceId = '' }) => ports === 2 || !ifaceId.endsWith('red-vm3'));
  const world = { ...whole, facts: new Map(whole.facts).set('hv1', { ...facts, interfaces: some }) };
  return desiredState(world, 'hv1', bindings(world));
}

describe('sending a plan', () => {
  let session: Session;
  const open = async (limits: Readonly<Record<number, number>> = {}): Promise<FakeSwitch> => {
    const fake = new FakeSwitch({ tableLimits: limits });
    session = await fake.session({ versions: [6] });
    return fake;
  };
  const bring = async (desired: DesiredState) => {
    const { plan } = difference(desired, await readTables(session));
    return sendPlan(session, plan);
  };
  const kinds = async (work: () => Promise<unknown>): Promise<ReadonlySet<string>> => {
    const sent = new Set<string>();
    const { bundle } = session;
    session.bundle = (...args) => {
      sent.add('bundle');
      return bundle.apply(session, args);
    };
    await work();
    return sent;
  };

  afterEach(() => session.close());

  it('one more port takes no bundle, all else does', async () => {
    await open();
    expect(await kinds(() => bring(stateOf(1)))).to.deep.equal(new Set(['bundle']));
    expect(await kinds(() => bring(stateOf(2))), 'one more').to.deep.equal(new Set());
    expect(isEmpty(difference(stateOf(2), await readTables(session)).plan)).to.equal(true);
    expect(await kinds(() => bring(stateOf(1))), 'one less').to.deep.equal(new Set(['bundle']));
    expect(isEmpty(difference(stateOf(1), await readTables(session)).plan)).to.equal(true);
  });

  it('a port that is refused in part is taken back, and the refusal is told by name', async () => {
    const guardFlows = stateOf(1).flows.filter(({ table_id }) => table_id === 60).length;
    const fake = await open({ 60: guardFlows + 1 });
    await bring(stateOf(1));
    const before = fake.flowMods;
    const { committed, refusals } = await bring(stateOf(2));
    expect(committed).to.equal(false);
    expect(refusals.map(({ about }) => about)).to.include.members([
      'port red/web/red-vm3: red-vm3 receives broadcast and multicast of red/web',
    ]);
    expect(fake.flowMods, 'something was there for a moment').to.be.greaterThan(before);
    const { plan } = difference(stateOf(1), await readTables(session));
    expect([plan.remove, plan.removeMeters, plan.add]).to.deep.equal([[], [], []]);
  });
});
