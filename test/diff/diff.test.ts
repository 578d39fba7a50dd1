import { expect } from 'chai';
import fc from 'fast-check';
import { bindings, type DesiredState, desiredState, rememberingFlowsOf, type World } from '../../src/desired/index.js';
import type { NetworkSlice } from '../../src/desired/slices.js';
import {
  type ActualState,
  actualOf,
  applied,
  changedParts,
  difference,
  EMPTY,
  flowModCount,
  isEmpty,
} from '../../src/diff/index.js';
import { FENCE_METER } from '../../src/pipeline/index.js';
import { holding } from '../switch-model.js';
import { topologyOf, worldOf } from '../world.js';

/** The desired state of hv1 where each host has confirmed what it should hold. */
function settled(world: World): DesiredState {
  const bound = bindings(world);
  const confirmed = new Map(
    world.topology.hosts.map(({ name }) => {
      const { ports, peers, sends } = desiredState(world, name, bound);
      return [name, { ports, peers, sends }];
    }),
  );
  return desiredState({ ...world, confirmed }, 'hv1', bound, rememberingFlowsOf());
}

const worlds = fc
  .record({
    hosts: fc.integer({ min: 1, max: 4 }),
    ports: fc.integer({ min: 0, max: 6 }),
    tenants: fc.uniqueArray(fc.constantFrom('red', 'blue', 'green'), { minLength: 1 }),
    tunnels: fc.constantFrom('mesh' as const, 'flow' as const),
    encapsulation: fc.constantFrom('geneve' as const, 'vxlan' as const, 'gre' as const),
  })
  .map((options) => settled(worldOf(options)));

const without = (state: ActualState, identities: ReadonlySet<string>): ActualState => ({
  ...state,
  flows: new Map([...state.flows].filter(([identity]) => !identities.has(identity))),
});

describe('difference', function () {
  this.timeout(60_000);
  const desired = settled(worldOf());

  it('is empty for a switch that is right', () => {
    fc.assert(fc.property(worlds, (d) => isEmpty(difference(d, holding(d)).plan)));
  });

  it('leads from any state to the desired one, and no right flow is touched', () => {
    fc.assert(
      fc.property(worlds, worlds, (d, other) => {
        const start = holding(other);
        const { plan } = difference(d, start);
        const end = applied(start, plan);
        expect(isEmpty(difference(d, end).plan)).to.equal(true);
        expect([...end.flows.keys()].sort()).to.deep.equal(d.flows.map((f) => f.identity).sort());
        const right = d.flows.filter((f) => start.flows.get(f.identity)?.content === f.content).length;
        const gone = [...start.flows.keys()].filter((i) => !d.flows.some((f) => f.identity === i)).length;
        expect(flowModCount(plan)).to.equal(d.flows.length - right + gone);
      }),
    );
  });

  it('is the same by changed parts alone, for tables that are known', () => {
    const options = fc.record({
      ports: fc.integer({ min: 0, max: 6 }),
      tenants: fc.uniqueArray(fc.constantFrom('red', 'blue', 'green'), { minLength: 1 }),
      tunnels: fc.constantFrom('mesh' as const, 'flow' as const),
    });
    let judged = 0;
    fc.assert(
      fc.property(options, options, (one, other) => {
        const of = rememberingFlowsOf();
        const topology = topologyOf({ hosts: 3, ...one });
        const [held, next] = [one, { ...one, ...other, tunnels: one.tunnels }].map((o) => {
          const world = { ...worldOf({ hosts: 3, ...o }), topology };
          return desiredState(world, 'hv1', bindings(world), of);
        }) as [DesiredState, DesiredState];
        const actual = holding(held);
        const whole = difference(next, actual);
        const parts = changedParts(next, held);
        if (parts === undefined) return;
        judged += 1;
        const spelled = ({ plan, pure }: typeof whole) => ({
          ...plan,
          add: plan.add.map((f) => f.identity).sort(),
          modify: plan.modify.map((f) => f.identity).sort(),
          remove: plan.remove.map((f) => f.identity).sort(),
          pure,
        });
        expect(spelled(parts)).to.deep.equal(spelled(whole));
        expect(isEmpty(parts.plan)).to.equal(isEmpty(whole.plan));
      }),
    );
    expect(judged).to.be.greaterThan(50);
  });

  it('is left to the whole comparison where a place is wanted twice', () => {
    const held = settled(worldOf({ ports: 1 }));
    const next = settled(worldOf({ ports: 3 }));
    const { slices } = next;
    const twiceIn = ({ local, ...head }: NetworkSlice['head']) => ({
      ...head,
      local: { ...local, ports: [...local.ports, ...local.ports] },
    });
    const networks = [...slices.networks].map(
      ([path, slice]) => [path, { ...slice, head: twiceIn(slice.head) }] as const,
    );
    const twice = { ...next, slices: { ...slices, networks: new Map(networks) } };
    expect(changedParts(twice, held)).to.equal(undefined);
    const same = changedParts(held, held);
    expect(same !== undefined && isEmpty(same.plan)).to.equal(true);
  });

  it('adds everything to an empty switch', () => {
    const { plan } = difference(desired, EMPTY);
    expect(plan.add).to.have.length(desired.flows.length);
    expect(plan.groups.map((g) => g.how)).to.deep.equal(['add', 'add']);
    expect(plan.addMeters).to.deep.equal(desired.meters);
    expect(plan.addMeters[0]).to.equal(FENCE_METER);
  });

  it('changes a meter in its place when its rate is another, and takes off the ones nobody needs', () => {
    const meter = { meter_id: 0x1ffff, unit: 'packets', rate: 100, burst: 100, why: 'a test' } as const;
    const held = holding({ ...desired, meters: [...desired.meters, meter] });
    const faster = { ...meter, rate: 200 };
    const wanted = { ...desired, meters: [...desired.meters, faster] };
    const { plan } = difference(wanted, held);
    expect(plan).to.deep.include({ addMeters: [], modifyMeters: [faster], removeMeters: [] });
    expect(isEmpty(difference(wanted, applied(held, plan)).plan)).to.equal(true);
    const less = difference(desired, held).plan;
    expect(less).to.deep.include({ addMeters: [], modifyMeters: [], removeMeters: [meter.meter_id] });
    expect(isEmpty(difference(desired, applied(held, less)).plan)).to.equal(true);
  });

  it('removes nothing of somebody else, tells it, and holds back what would overwrite it', () => {
    const taken = desired.flows[0];
    if (taken === undefined) throw new Error('no flow');
    const foreign = { ...actualOf(taken), cookie: 0x1234n, content: 'theirs' };
    const stranger = { ...foreign, identity: '0 7 in_port=9' };
    const start = without(holding(desired), new Set([taken.identity]));
    const actual = {
      ...start,
      flows: new Map([...start.flows, [foreign.identity, foreign], [stranger.identity, stranger]]),
    };
    const found = difference(desired, actual);
    expect(isEmpty(found.plan)).to.equal(true);
    expect(found.foreign.map((f) => f.identity).sort()).to.deep.equal([foreign.identity, stranger.identity].sort());
    expect(found.heldBack).to.deep.equal([taken]);
  });

  it('keeps what belongs to an owner nobody can judge yet, and removes it once judged', () => {
    const flow = desired.flows.find((f) => f.owner.id.startsWith('remote '));
    if (flow === undefined) throw new Error('no remote flow');
    const less = { ...desired, flows: desired.flows.filter((f) => f.owner.id !== flow.owner.id) };
    expect(isEmpty(difference({ ...less, keepOwners: new Set([flow.owner.cookie]) }, holding(desired)).plan)).to.equal(
      true,
    );
    expect(difference(less, holding(desired)).plan.remove.map((f) => f.identity)).to.deep.equal([flow.identity]);
  });

  it('changes a group bucket by bucket, and keeps a bucket nobody can judge', () => {
    const group = desired.groups[0];
    const bucket = group?.buckets[0];
    if (group === undefined || bucket === undefined) throw new Error('no bucket');
    const { group_id, owner, buckets } = group;
    const fewer = { ...desired, groups: [{ group_id, owner, buckets: [] }, ...desired.groups.slice(1)] };
    expect(difference(fewer, holding(desired)).plan.groups).to.deep.include({
      group: fewer.groups[0],
      insert: [],
      remove: [bucket.bucket_id],
      how: 'buckets',
    });
    expect(difference(desired, holding(fewer)).plan.groups).to.deep.include({
      group: { group_id, owner, buckets },
      insert: [bucket],
      remove: [],
      how: 'buckets',
    });
    const keep = { ...fewer, keepBuckets: new Set([`${group.group_id} ${bucket.bucket_id}`]) };
    expect(difference(keep, holding(desired)).plan.groups).to.deep.equal([]);
    const wrong = {
      ...desired,
      groups: [{ ...group, buckets: [{ ...bucket, content: 'other' }] }, ...desired.groups.slice(1)],
    };
    expect(difference(wrong, holding(desired)).plan.groups[0]).to.deep.include({
      remove: [bucket.bucket_id],
      how: 'buckets',
    });
  });

  it('tells two owners that want one place', () => {
    const [a, b] = desired.flows;
    if (a === undefined || b === undefined) throw new Error('no flows');
    const clash = { ...b, identity: a.identity };
    expect(difference({ ...desired, flows: [a, clash] }, holding(desired)).clashes).to.deep.equal([[a, clash]]);
  });
});
