/** A switch that refuses some flows: everything else of its host is served, and the refusal is told by name. */
import { expect } from 'chai';
import fc from 'fast-check';
import { HostLook } from '../../src/controller/look.js';
import { type Memory, NOTHING_KNOWN } from '../../src/controller/memory.js';
import { reconcileHost } from '../../src/controller/reconcile.js';
import { initialState, reduce } from '../../src/controller/state.js';
import { type Confirmed, type DesiredFlow, desiredState, rememberingFlowsOf } from '../../src/desired/index.js';
import { type ActualState, applied, EMPTY, type FlowPlan, isEmpty } from '../../src/diff/index.js';
import type { HostLink } from '../../src/session/index.js';
import { CONTROLLER, rightRows } from '../rows.js';
import { topologyOf } from '../world.js';

const topology = topologyOf({ hosts: 2, ports: 4 });
const PORTS = ['red-vm1', 'red-vm3', 'blue-vm1', 'blue-vm3'];

/** A switch in memory: a plan with a refused flow changes nothing. */
class Switch implements HostLink {
  readonly name = 'hv1';
  state: ActualState = EMPTY;
  sent = 0;
  readonly #refuses: (flow: DesiredFlow) => boolean;

  constructor(refuses: (flow: DesiredFlow) => boolean) {
    this.#refuses = refuses;
  }

  readonly #rows = rightRows(topology, 'hv1', PORTS);
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
    const refused = [...plan.add, ...plan.modify].filter(this.#refuses);
    if (refused.length > 0)
      return Promise.resolve({
        committed: false,
        refusals: refused.map(({ owner, why }) => ({ about: `${owner.id}: ${why}`, error: 'no', owner })),
      });
    this.state = applied(this.state, plan);
    this.sent += isEmpty(plan) ? 0 : 1;
    return Promise.resolve({ committed: true, refusals: [] });
  };
  onPunt = () => undefined;
  answer = () => undefined;
  counted = () => Promise.resolve([]);
  dump = () => Promise.resolve({ flows: '', groups: '', meters: '', ports: '', interfaces: '' });
  dumpBridge = () => this.dump();
  close = () => Promise.resolve();
}

/** One pass over such a switch, and what it should hold. */
async function passOver(refuses: (flow: DesiredFlow) => boolean, memory: Memory = NOTHING_KNOWN) {
  const link = new Switch(refuses);
  const look = new HostLook().at(link, topology, CONTROLLER);
  if (look.facts === undefined) throw new Error('no facts');
  const state = reduce(initialState(topology), { kind: 'facts', host: 'hv1', facts: look.facts });
  const flowsOf = rememberingFlowsOf();
  const confirmed: Confirmed[] = [];
  const context = { link, look, state, version: 1, memory, flowsOf, now: () => 0, readEveryMs: 1000 };
  const onCommitted = (told: Confirmed) => void confirmed.push(told);
  const result = await reconcileHost({ ...context, onCommitted });
  return { link, result, confirmed, desired: desiredState(state.world, 'hv1', state.bound, flowsOf) };
}

const isOf = (paths: ReadonlySet<string>, { owner }: DesiredFlow): boolean =>
  paths.has(`${owner.network}/${owner.port}`);

describe('a flow that the switch refuses', () => {
  it('leaves out its port, and nothing else of its host; the refusal is an error of the host', async function () {
    this.timeout(60_000);
    const paths = topology.networks.flatMap((n) => n.ports.map((p) => p.path));
    const some = fc.subarray(paths, { minLength: 1 });
    // One flow of each of some ports, by its number among the port's.
    await fc.assert(
      fc.asyncProperty(some, fc.nat({ max: 20 }), async (refused, number) => {
        const ports = new Set(refused);
        const all = await passOver(() => false);
        const chosen = new Set(
          refused.flatMap((path) => {
            const flows = all.desired.flows.filter((flow) => isOf(new Set([path]), flow));
            return flows[number % flows.length]?.identity ?? [];
          }),
        );
        const { link, result, confirmed, desired } = await passOver(({ identity }) => chosen.has(identity));
        const wanted = desired.flows.filter((flow) => !isOf(ports, flow));
        expect([...link.state.flows.keys()].sort()).to.deep.equal(wanted.map((f) => f.identity).sort());
        expect(result.state).to.equal('blocked');
        for (const { owner, identity } of desired.flows)
          if (chosen.has(identity))
            expect(result.errors.some((e) => e.startsWith(`refused by the switch: ${owner.id}: `))).to.equal(true);
        expect([...(confirmed.at(-1)?.ports ?? [])].sort()).to.deep.equal(
          [...desired.ports].filter((path) => !ports.has(path)).sort(),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('of a whole network or of the host leaves everything as it is', async () => {
    for (const kind of ['network', 'host']) {
      const { link, result, confirmed } = await passOver(({ owner }) => owner.id.startsWith(kind));
      expect(result.state).to.equal('blocked');
      expect(link.state.flows.size).to.equal(0);
      expect(confirmed).to.deep.equal([]);
    }
  });
});
