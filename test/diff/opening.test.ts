/** A plan that only opens may be carried out message by message: the proof holds after each of them. */
import { expect } from 'chai';
import { bindings, type DesiredState, desiredState, type World } from '../../src/desired/index.js';
import { applied, difference, type FlowPlan, openingMessages, openingOf } from '../../src/diff/index.js';
import { FENCE_METER } from '../../src/pipeline/index.js';
import { hostDump, verify } from '../../src/verify/index.js';
import { holding } from '../switch-model.js';
import { installation, portsOf, randomWorld } from '../verify/dumps.js';

const stateOf = (world: World, host: string): DesiredState => desiredState(world, host, bindings(world));

/** The world before one of a host's ports was there. */
function without(world: World, host: string, ifaceId: string): World {
  const facts = world.facts.get(host);
  const interfaces = (facts?.interfaces ?? []).filter((row) => row.ifaceId !== ifaceId);
  return { ...world, facts: new Map(world.facts).set(host, { tunnels: facts?.tunnels ?? [], interfaces }) };
}

/** What plugging in that port sends. */
const pluggedIn = (world: World, host: string, ifaceId: string): FlowPlan =>
  difference(stateOf(world, host), holding(stateOf(without(world, host, ifaceId), host))).plan;

describe('a plan that only opens', function () {
  this.timeout(30_000);

  it('leaves every tenant isolated after each of its messages, over random installations', () => {
    let plans = 0;
    for (let seed = 1; plans < 8; seed += 1) {
      expect(seed, 'seeds tried').to.be.lessThan(60);
      const world = randomWorld(seed);
      const { dumps, spec } = installation(world);
      for (const { name: host } of world.topology.hosts)
        for (const { ifaceId = '' } of world.facts.get(host)?.interfaces.slice(0, 2) ?? []) {
          const plan = pluggedIn(world, host, ifaceId);
          const flows = openingOf(plan);
          if (flows === undefined) continue;
          plans += 1;
          expect(flows.map((f) => f.identity).sort()).to.deep.equal(
            [...plan.add, ...plan.modify].map((f) => f.identity).sort(),
          );
          let actual = holding(stateOf(without(world, host, ifaceId), host));
          for (const flow of flows) {
            actual = applied(actual, { ...plan, add: [flow], modify: [] });
            const held = hostDump({
              host,
              flows: [...actual.flows.values()],
              groups: stateOf(world, host).groups,
              ports: portsOf(world, host),
            });
            const proof = verify([...dumps.filter((dump) => dump.host !== host), held], spec);
            expect(proof.verdict, `seed ${seed}, after ${flow.owner.id}: ${flow.why}`).to.equal('isolated');
          }
        }
    }
  });

  const world = randomWorld(3);
  const [host, plan] = (() => {
    for (const { name } of world.topology.hosts)
      for (const { ifaceId = '' } of world.facts.get(name)?.interfaces ?? []) {
        const found = pluggedIn(world, name, ifaceId);
        if (openingOf(found) !== undefined) return [name, found] as const;
      }
    throw new Error('no such port');
  })();

  it('ends with the flow that lets the new port in', () => {
    const last = openingOf(plan)?.at(-1);
    expect(last).to.include({ table_id: 0, priority: 100 });
    const { messages, undo } = openingMessages(plan, 6) ?? { messages: [], undo: [] };
    expect(messages).to.have.length(plan.addMeters.length + plan.add.length + plan.modify.length);
    expect(messages[0]?.message.kind).to.equal('MeterMod');
    expect(undo).to.have.length(plan.addMeters.length + plan.add.length);
  });

  it('is none that takes anything away, changes what is there, or is long', () => {
    const [flow] = stateOf(world, host).flows;
    const [removed] = holding(stateOf(world, host)).flows.values();
    if (flow === undefined || removed === undefined) throw new Error('no flows');
    const other: readonly Partial<FlowPlan>[] = [
      { remove: [removed] },
      { modify: [flow] },
      { removeGroups: [1] },
      { modifyMeters: [FENCE_METER] },
      { removeMeters: [1] },
      { groups: [{ group: { group_id: 1, owner: flow.owner, buckets: [] }, insert: [], remove: [], how: 'add' }] },
      { add: Array.from({ length: 50 }, () => flow) },
      { add: [] },
    ];
    for (const change of other)
      expect(openingOf({ ...plan, ...change }), JSON.stringify(Object.keys(change))).to.equal(undefined);
  });
});
