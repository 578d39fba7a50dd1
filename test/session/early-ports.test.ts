/** Ports opened early, over a real session to a switch in memory: sent once, and taken back where they are not wanted. */
import { expect } from 'chai';
import type { Session } from 'ts-openflow';
import { FakeSwitch } from 'ts-openflow/testing';
import { bindings, type DesiredState, desiredState, rememberingFlowsOf, type World } from '../../src/desired/index.js';
import { difference, type FlowPlan, isEmpty, preparePort } from '../../src/diff/index.js';
import { EarlyPorts } from '../../src/session/early-ports.js';
import { sendPlan } from '../../src/session/send-plan.js';
import { readTables } from '../../src/session/switch-tables.js';
import { worldOf } from '../world.js';

const PATH = 'red/web/red-vm3';
const whole: World = worldOf({ hosts: 2, ports: 4 });

/** hv1 with its first ports of each network; `ofport`: with red's second one, too, on that number. */
function stateOf(ofport?: number): DesiredState {
  const facts = whole.facts.get('hv1') ?? { interfaces: [], tunnels: [] };
  const interfaces = facts.interfaces.flatMap((row) => {
    if (row.ifaceId !== 'red-vm3') return [row];
    return ofport === undefined ? [] : [{ ...row, ofport }];
  });
  const world = { ...whole, facts: new Map(whole.facts).set('hv1', { ...facts, interfaces }) };
  return desiredState(world, 'hv1', bindings(world));
}

const prepared = (() => {
  const network = whole.topology.networks.find(({ path }) => path === 'red/web');
  const port = network?.ports.find(({ path }) => path === PATH);
  const found = network && port && preparePort(rememberingFlowsOf(), network, port, 6);
  if (found === undefined) throw new Error('nothing is prepared');
  return found;
})();

describe('a port opened early', () => {
  let session: Session;
  let fake: FakeSwitch;
  let early: EarlyPorts;

  const begin = async (limits: Readonly<Record<number, number>> = {}): Promise<void> => {
    fake = new FakeSwitch({ tableLimits: limits });
    session = await fake.session({ versions: [6] });
    early = new EarlyPorts();
    const { plan } = difference(stateOf(), await readTables(session));
    expect(await sendPlan(session, plan)).to.deep.include({ committed: true, refusals: [] });
  };
  /** Those of a plan's flows that are the port's own. */
  const own = ({ add }: FlowPlan): readonly string[] =>
    add.filter(({ owner }) => owner.id === `port ${PATH}`).map(({ identity }) => identity);
  /** What is still to be done to the switch for a state. */
  const missing = async (desired: DesiredState): Promise<FlowPlan> =>
    difference(desired, await readTables(session)).plan;

  afterEach(() => session.close());

  it('has all of its own flows and meters in the switch before any plan, and they are not sent again', async () => {
    await begin();
    const planned = difference(stateOf(20), await readTables(session)).plan;
    const before = fake.flowMods;
    early.open(session, prepared, 20);
    early.told();
    await session.barrier();
    const sent = fake.flowMods - before;
    expect(own(await missing(stateOf(20))), 'the port has nothing left to wait for').to.deep.equal([]);
    const rest = await early.settle(planned);
    expect([own(rest), rest.addMeters]).to.deep.equal([[], []]);
    expect(
      rest.modify.map(({ table_id }) => table_id),
      'local copies',
    ).to.deep.equal([50]);
    await sendPlan(session, rest);
    expect(isEmpty(await missing(stateOf(20)))).to.equal(true);
    expect(sent).to.equal(own(planned).length);
    expect(fake.flowMods - before, 'each once').to.equal(planned.add.length + planned.modify.length);
  });

  it('leaves other plans alone', async () => {
    await begin();
    const { plan } = difference(stateOf(), { flows: new Map(), groups: new Map(), meters: new Map() });
    early.open(session, prepared, 20);
    early.told();
    expect(await early.settle(plan)).to.equal(plan);
  });

  it('is taken back when the plan says otherwise, and the plan is sent whole', async () => {
    await begin();
    const plan = await missing(stateOf(21));
    early.open(session, prepared, 20);
    early.told();
    expect(await early.settle(plan)).to.equal(plan);
    expect(isEmpty(await missing(stateOf()))).to.equal(true);
    expect((await sendPlan(session, plan)).committed).to.equal(true);
    expect(isEmpty(await missing(stateOf(21)))).to.equal(true);
  });

  it('is taken back when the host should not have it, once the controller knows of it', async () => {
    await begin();
    early.open(session, prepared, 20);
    await early.keep(new Map());
    expect(own(await missing(stateOf(20))), 'not told yet').to.deep.equal([]);
    early.told();
    await early.keep(new Map([[PATH, 20]]));
    expect(own(await missing(stateOf(20))), 'wanted').to.deep.equal([]);
    await early.keep(new Map([[PATH, 21]]));
    expect(isEmpty(await missing(stateOf()))).to.equal(true);
    const before = fake.flowMods;
    await early.keep(new Map());
    expect(fake.flowMods, 'once').to.equal(before);
  });

  it('is taken back where a part of it is refused, and the plan is sent whole', async () => {
    const guardFlows = stateOf().flows.filter(({ table_id }) => table_id === 60).length;
    await begin({ 60: guardFlows + 1 });
    const plan = await missing(stateOf(20));
    early.open(session, prepared, 20);
    early.told();
    expect(await early.settle(plan)).to.equal(plan);
    expect(isEmpty(await missing(stateOf()))).to.equal(true);
  });

  it('is forgotten with the connection, and whoever waits for it is told', async () => {
    await begin();
    const plan = await missing(stateOf(20));
    session.close();
    early.open(session, prepared, 20);
    const error = await early.settle(plan).then(
      () => undefined,
      (found: Error) => found,
    );
    expect(error?.message).to.match(/closed/);
    early.open(session, prepared, 20);
    early.forget();
    expect(await early.settle(plan)).to.equal(plan);
  });
});
