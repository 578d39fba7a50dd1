/**
 * The least change that turns what a switch holds into what it should hold. Pure: no clock, no socket, no log.
 *
 *  - A flow that is right is not touched, whatever order or masks the switch reads it back with.
 *  - A flow of ours that nobody wants is removed, unless its owner is one that cannot be judged yet (`keepOwners`).
 *  - A flow of somebody else is never touched; where one stands in the place of ours, ours is held back and both are told.
 *  - A flow whose content or cookie differs is added again in its place: MODIFY would leave the cookie alone
 *    (OpenFlow 1.5.1 clause 6.4).
 */

import {
  type DesiredFlow,
  type DesiredGroup,
  type DesiredState,
  type PartsBetween,
  type Piece,
  partsBetween,
} from '../desired/index.js';
import { isOurs, type Meter, ownerOf } from '../pipeline/index.js';
import {
  type ActualFlow,
  type ActualGroup,
  type ActualState,
  actualOf,
  type Beside,
  contentOf,
  heldOtherwise,
} from './actual.js';

export interface GroupChange {
  readonly group: DesiredGroup;
  /** Buckets to insert; all of the group's when it is new. */
  readonly insert: DesiredGroup['buckets'];
  readonly remove: readonly number[];
  /** `add`: the group is not there. `replace`: it is of another type, or a bucket has other actions. */
  readonly how: 'add' | 'replace' | 'buckets';
}

export interface FlowPlan {
  readonly add: readonly DesiredFlow[];
  /** In their place stands one of ours with another content. */
  readonly modify: readonly DesiredFlow[];
  readonly remove: readonly ActualFlow[];
  readonly groups: readonly GroupChange[];
  readonly removeGroups: readonly number[];
  readonly addMeters: readonly Meter[];
  /** There, with another rate. */
  readonly modifyMeters: readonly Meter[];
  readonly removeMeters: readonly number[];
}

export interface Difference {
  readonly plan: FlowPlan;
  /** Flows in the switch that are not ours. */
  readonly foreign: readonly ActualFlow[];
  /** Flows of ours that cannot be added because a foreign flow has their place. */
  readonly heldBack: readonly DesiredFlow[];
  /** Two owners want the same place: a defect of a table, told with both reasons. */
  readonly clashes: readonly (readonly [DesiredFlow, DesiredFlow])[];
  /** True when the tables hold the desired state, and nothing beside it, once the plan is carried out. */
  readonly pure: boolean;
  /** What they hold beside it then, where that is known: only what nobody can judge yet. */
  readonly beside?: { readonly flows: Beside['flows']; readonly groups: boolean };
  /** What stands in the places of the plan's `modify`, where that is known. */
  readonly replaced?: readonly (ActualFlow | DesiredFlow)[];
  /** The pieces of the state that the plan's flows are in, where they were found so. */
  readonly pieces?: readonly Piece[];
}

/** True when there is nothing to send. */
export const isEmpty = (plan: FlowPlan): boolean =>
  plan.add.length +
    plan.modify.length +
    plan.remove.length +
    plan.groups.length +
    plan.removeGroups.length +
    plan.addMeters.length +
    plan.modifyMeters.length +
    plan.removeMeters.length ===
  0;

/** How many flow_mods a plan costs. */
export const flowModCount = (plan: FlowPlan): number => plan.add.length + plan.modify.length + plan.remove.length;

/** True when some bucket of the group belongs to a host nobody can judge yet. */
const keepsSome = (group_id: number, keep: ReadonlySet<string>): boolean =>
  [...keep].some((bucket) => bucket.startsWith(`${group_id} `));

/** Without numbers, buckets are told apart by what they do; the whole group is replaced where they differ. */
function unnumberedChange(wanted: DesiredGroup, present: ActualGroup, desired: DesiredState): GroupChange | undefined {
  const want = new Set(wanted.buckets.map((b) => b.content));
  const have = new Set(present.buckets.map((b) => b.content));
  const others = present.buckets.filter((b) => !want.has(b.content));
  const extra = others.length > 0 && keepsSome(wanted.group_id, desired.keepBuckets) ? [] : others;
  const same = extra.length === 0 && wanted.buckets.every((b) => have.has(b.content));
  return same ? undefined : { group: wanted, insert: wanted.buckets, remove: [], how: 'replace' };
}

function groupChange(
  wanted: DesiredGroup,
  present: ActualGroup | undefined,
  desired: DesiredState,
): GroupChange | undefined {
  if (present?.buckets === wanted.buckets) return undefined;
  if (present === undefined) return { group: wanted, insert: wanted.buckets, remove: [], how: 'add' };
  if (present.type !== 'all') return { group: wanted, insert: wanted.buckets, remove: [], how: 'replace' };
  if (present.buckets.some((b) => b.bucket_id === undefined)) return unnumberedChange(wanted, present, desired);
  const have = new Map(present.buckets.map((b) => [b.bucket_id, b.content]));
  const want = new Set<number | undefined>(wanted.buckets.map((b) => b.bucket_id));
  const insert = wanted.buckets.filter((b) => have.get(b.bucket_id) !== b.content);
  const changed = insert.filter((b) => have.has(b.bucket_id)).map((b) => b.bucket_id);
  const gone = present.buckets.flatMap(({ bucket_id: id }) =>
    id === undefined || want.has(id) || desired.keepBuckets.has(`${wanted.group_id} ${id}`) ? [] : [id],
  );
  const remove = [...gone, ...changed];
  return insert.length + remove.length === 0 ? undefined : { group: wanted, insert, remove, how: 'buckets' };
}

/** The wanted flows by place, and the pairs that want the same one. */
function places(desired: readonly DesiredFlow[]): {
  readonly wanted: ReadonlyMap<string, DesiredFlow>;
  readonly clashes: Difference['clashes'];
} {
  const wanted = new Map<string, DesiredFlow>();
  const clashes: (readonly [DesiredFlow, DesiredFlow])[] = [];
  for (const flow of desired) {
    const other = wanted.get(flow.identity);
    if (other === undefined) wanted.set(flow.identity, flow);
    else clashes.push([other, flow]);
  }
  return { wanted, clashes };
}

/** A meter that some flow stays with is kept: taking a meter away takes its flows with it (clause 6.5.2). */
function meterChanges(desired: DesiredState, actual: Pick<ActualState, 'meters'>) {
  const wanted = new Set(desired.meters.map((m) => m.meter_id));
  const present = (m: Meter) => actual.meters.get(m.meter_id);
  return {
    addMeters: desired.meters.filter((m) => present(m) === undefined),
    modifyMeters: desired.meters.filter((m) => present(m) !== undefined && present(m) !== contentOf(m)),
    removeMeters: [...actual.meters.keys()].filter((id) => !wanted.has(id)),
  };
}

/** The same by what has gone and come; what is the same meter and the same limit in both is none. */
function meterChangesBetween({ gone, come }: PartsBetween['meters']): ReturnType<typeof meterChanges> {
  const was = new Map(gone.map((meter) => [meter.meter_id, contentOf(meter)]));
  const is = new Set(come.map(({ meter_id }) => meter_id));
  return {
    addMeters: come.filter(({ meter_id }) => !was.has(meter_id)),
    modifyMeters: come.filter((m) => was.has(m.meter_id) && was.get(m.meter_id) !== contentOf(m)),
    removeMeters: [...was.keys()].filter((id) => !is.has(id)),
  };
}

/** True when a group has a bucket that is not wanted and stays, because nobody can judge it. */
function keepsBuckets(
  groups: readonly DesiredGroup[],
  desired: DesiredState,
  actual: Pick<ActualState, 'groups'>,
): boolean {
  return groups.some((wanted) => {
    const present = actual.groups.get(wanted.group_id);
    if (present === undefined || present.buckets === wanted.buckets) return false;
    const want = new Set<number | string>(wanted.buckets.flatMap((b) => [b.bucket_id, b.content]));
    return present.buckets.some(({ bucket_id: id, content }) =>
      id === undefined
        ? !want.has(content) && keepsSome(wanted.group_id, desired.keepBuckets)
        : !want.has(id) && desired.keepBuckets.has(`${wanted.group_id} ${id}`),
    );
  });
}

/** What of the groups and meters differs; `pure` when nothing of them stays beside what is wanted. `right`: known to be. */
function otherwise(
  desired: DesiredState,
  actual: Pick<ActualState, 'groups'>,
  meters: ReturnType<typeof meterChanges>,
  right: ReadonlySet<DesiredGroup> = new Set(),
): Omit<FlowPlan, 'add' | 'modify' | 'remove'> & { readonly pure: boolean } {
  const wanted = new Set(desired.groups.map((g) => g.group_id));
  const doubtful = desired.groups.filter((group) => !right.has(group)).map(spelt);
  const present = new Map(
    doubtful.flatMap(({ group_id: id }) => {
      const group = actual.groups.get(id);
      return group === undefined ? [] : [[id, { ...group, buckets: group.buckets }] as const];
    }),
  );
  return {
    groups: doubtful.flatMap((g) => groupChange(g, present.get(g.group_id), desired) ?? []),
    removeGroups: [...actual.groups.keys()].filter((id) => !wanted.has(id)),
    ...meters,
    pure: !keepsBuckets(doubtful, desired, { groups: present }),
  };
}

/** Its buckets are made when they are asked for: here once, however often they are looked at. */
const spelt = ({ group_id, owner, buckets }: DesiredGroup): DesiredGroup => ({ group_id, owner, buckets });

/** The same from a switch whose flows are right, all of them and no other: what of its groups and meters differs. */
export function besideFlows(desired: DesiredState, actual: Pick<ActualState, 'groups' | 'meters'>): Difference {
  const { pure, ...rest } = otherwise(desired, actual, meterChanges(desired, actual));
  const plan = { add: [], modify: [], remove: [], ...rest };
  return { plan, foreign: [], heldBack: [], clashes: [], pure, beside: { flows: new Map(), groups: !pure } };
}

/** To a switch without flows all are sent; a place wanted twice is told when they are read back. */
function everything(desired: DesiredState, add: readonly DesiredFlow[], actual: ActualState): Difference {
  const { pure, ...rest } = otherwise(desired, actual, meterChanges(desired, actual));
  const plan = { add, modify: [], remove: [], ...rest };
  return { plan, foreign: [], heldBack: [], clashes: [], pure, beside: { flows: new Map(), groups: !pure } };
}

/** The difference between what one host's switch should hold and what it holds. `flows`: the desired ones, where they are made already. */
export function difference(
  desired: DesiredState,
  given: ActualState,
  flows: readonly DesiredFlow[] = desired.flows,
): Difference {
  // What is spelt out when it is asked for is asked for once.
  const actual = { flows: given.flows, groups: given.groups, meters: given.meters };
  if (actual.flows.size === 0) return everything(desired, flows, actual);
  const { wanted, clashes } = places(flows);
  const add: DesiredFlow[] = [];
  const modify: DesiredFlow[] = [];
  const replaced: ActualFlow[] = [];
  const heldBack: DesiredFlow[] = [];
  for (const flow of wanted.values()) {
    const present = actual.flows.get(flow.identity);
    if (present === undefined) add.push(flow);
    else if (!isOurs(present.cookie)) heldBack.push(flow);
    else if (present.content !== flow.content || present.odd) {
      modify.push(flow);
      replaced.push(present);
    }
  }
  const foreign: ActualFlow[] = [];
  const remove: ActualFlow[] = [];
  const kept = new Map<string, ActualFlow>();
  for (const flow of actual.flows.values()) {
    if (!isOurs(flow.cookie)) foreign.push(flow);
    else if (wanted.has(flow.identity)) continue;
    else if (desired.keepOwners.has(ownerOf(flow.cookie))) kept.set(flow.identity, flow);
    else remove.push(flow);
  }
  const { pure, ...rest } = otherwise(desired, actual, meterChanges(desired, actual));
  const known = foreign.length + heldBack.length + clashes.length === 0;
  return {
    plan: { add, modify, remove, ...rest },
    foreign,
    heldBack,
    clashes,
    replaced,
    pure: pure && known && kept.size === 0,
    ...(known ? { beside: { flows: kept, groups: !pure } } : {}),
  };
}

const NOTHING: Beside = { flows: new Map() };

/**
 * The same difference from a state that the tables are known to hold, exactly and with nothing beside it but what nobody
 * could judge: only objects that are not the same are looked at, and what they are was sent and read back. Undefined
 * where that is not enough to judge, and everything has to be compared.
 */
export function changedParts(
  desired: DesiredState,
  held: DesiredState,
  beside: Beside = NOTHING,
): Difference | undefined {
  const { gone: former, come, meters, pieces } = partsBetween(held, desired);
  // Where nothing goes and nothing is beside, all that comes is added; a place wanted twice is told when it is read back.
  if (former.length === 0 && beside.flows.size === 0) {
    const rest = restBetween(desired, held, beside, meters);
    const plan = { add: come.flat(), modify: [], remove: [], ...rest.plan };
    return { ...rest, plan, replaced: [], pieces };
  }
  const gone = new Map<string, DesiredFlow>();
  for (const part of former) for (const flow of part) gone.set(flow.identity, flow);
  const add: DesiredFlow[] = [];
  const modify: DesiredFlow[] = [];
  const replaced: (ActualFlow | DesiredFlow)[] = [];
  const seen = new Set<string>();
  for (const part of come) {
    for (const flow of part) {
      // Two owners want one place.
      if (seen.has(flow.identity)) return undefined;
      seen.add(flow.identity);
      const kept = beside.flows.get(flow.identity);
      const present = gone.get(flow.identity) ?? kept;
      if (present === undefined) add.push(flow);
      else if (present.content !== flow.content || (present === kept && kept.odd)) {
        modify.push(flow);
        replaced.push(present);
      }
    }
  }
  const remove: ActualFlow[] = [];
  const kept = new Map<string, ActualFlow>();
  const left = (flow: ActualFlow): void => {
    if (seen.has(flow.identity)) return;
    if (desired.keepOwners.has(ownerOf(flow.cookie))) kept.set(flow.identity, flow);
    else remove.push(flow);
  };
  for (const flow of gone.values()) if (!seen.has(flow.identity)) left(actualOf(flow));
  for (const flow of beside.flows.values()) left(flow);
  const rest = restBetween(desired, held, beside, meters);
  return {
    ...rest,
    plan: { add, modify, remove, ...rest.plan },
    pure: rest.pure && kept.size === 0,
    beside: { flows: kept, groups: !rest.pure },
    replaced,
    pieces,
  };
}

/** The same of groups and meters, for a state whose flows leave nothing beside them. */
function restBetween(
  desired: DesiredState,
  held: DesiredState,
  { groups }: Beside,
  meters: PartsBetween['meters'],
): Omit<Difference, 'plan'> & { readonly plan: Omit<FlowPlan, 'add' | 'modify' | 'remove'> } {
  const changes = meterChangesBetween(meters);
  const { pure, ...plan } =
    groups === undefined
      ? otherwise(desired, { groups: heldOtherwise(held).groups }, changes, new Set(held.groups))
      : otherwise(desired, { groups }, changes);
  return { plan, foreign: [], heldBack: [], clashes: [], pure, beside: { flows: new Map(), groups: !pure } };
}
