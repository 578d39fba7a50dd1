/** The controller under random faults on a virtual clock; KAKURI_SEED takes one seed, as a failure prints it. */
import { expect } from 'chai';
import { type ActualState, applied, type FlowPlan } from '../../src/diff/index.js';
import { simulate } from './simulation.js';

const EVENTS = 40;
const given = process.env.KAKURI_SEED;
const seeds = given === undefined ? [1, 2, 3, 4] : [Number(given)];

describe('the controller under random faults', function () {
  this.timeout(60_000);

  for (const seed of seeds)
    it(`ends with the tables that a new one makes, and no needless FLOW_MOD (seed ${seed})`, async () => {
      const { flowMods } = await simulate({ seed, events: EVENTS });
      expect(flowMods).to.be.greaterThan(100);
    });

  it('does the same again from the same seed, and something else from another', async () => {
    const [one, again] = [await simulate({ seed: 7, events: EVENTS }), await simulate({ seed: 7, events: EVENTS })];
    expect(again).to.deep.equal(one);
    expect((await simulate({ seed: 8, events: EVENTS })).trace).not.to.equal(one.trace);
  });

  it('finds a switch that says it has deleted a flow and has not', async () => {
    const carryOut = (state: ActualState, plan: FlowPlan) => applied(state, { ...plan, remove: plan.remove.slice(1) });
    const failure = await simulate({ seed: 1, events: EVENTS, carryOut }).then(
      () => 'found nothing',
      (error: Error) => error.message,
    );
    expect(failure).to.match(/seed 1, step \d+: [\s\S]*last events:[\s\S]*again: KAKURI_SEED=1/);
  });
});
