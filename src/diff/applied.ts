/**
 * What a switch holds after a plan that it has taken. The reconciler computes with it until the read-back, some
 * milliseconds later, says what is really there: a change that comes in between need not wait for that.
 */
import { type ActualGroup, type ActualState, actualOf, contentOf } from './actual.js';
import type { FlowPlan } from './diff.js';

/** The groups after the plan. */
export function groupsAfter(actual: ActualState, plan: FlowPlan): ActualState['groups'] {
  if (plan.groups.length + plan.removeGroups.length === 0) return actual.groups;
  const groups = new Map<number, ActualGroup>(actual.groups);
  for (const { group, insert, remove, how } of plan.groups) {
    const present = groups.get(group.group_id);
    const kept =
      how === 'buckets' ? (present?.buckets ?? []).filter((b) => !remove.some((id) => id === b.bucket_id)) : [];
    groups.set(group.group_id, { group_id: group.group_id, type: 'all', buckets: [...kept, ...insert] });
  }
  for (const id of plan.removeGroups) groups.delete(id);
  return groups;
}

/** The state after the plan, all of it. */
export function applied(actual: ActualState, plan: FlowPlan): ActualState {
  const flows = new Map(actual.flows);
  for (const flow of plan.remove) flows.delete(flow.identity);
  for (const flow of [...plan.modify, ...plan.add]) flows.set(flow.identity, actualOf(flow));
  const meters = new Map(actual.meters);
  for (const meter of [...plan.addMeters, ...plan.modifyMeters]) meters.set(meter.meter_id, contentOf(meter));
  for (const id of plan.removeMeters) meters.delete(id);
  return { flows, groups: groupsAfter(actual, plan), meters };
}
