/** The least model of a switch's tables for the tests of the diff: a plan is applied as a switch would. */
import type { DesiredFlow, DesiredState } from '../src/desired/index.js';
import type { ActualFlow, ActualGroup, ActualState, FlowPlan } from '../src/diff/index.js';

export const actualOf = (flow: DesiredFlow): ActualFlow => ({
  table_id: flow.table_id,
  priority: flow.priority,
  match: flow.match,
  instructions: flow.instructions,
  cookie: flow.cookie,
  identity: flow.identity,
  content: flow.content,
  odd: false,
});

/** A switch that holds exactly the desired state. */
export const holding = (desired: DesiredState): ActualState => ({
  flows: new Map(desired.flows.map((f) => [f.identity, actualOf(f)])),
  groups: new Map(desired.groups.map((g) => [g.group_id, { group_id: g.group_id, type: 'all', buckets: g.buckets }])),
  meters: new Set(desired.meters),
});

function groupsAfter(actual: ActualState, plan: FlowPlan): Map<number, ActualGroup> {
  const groups = new Map(actual.groups);
  for (const { group, insert, remove, how } of plan.groups) {
    const present = groups.get(group.group_id);
    const kept =
      how === 'buckets' ? (present?.buckets ?? []).filter((b) => !remove.some((id) => id === b.bucket_id)) : [];
    groups.set(group.group_id, { group_id: group.group_id, type: 'all', buckets: [...kept, ...insert] });
  }
  for (const id of plan.removeGroups) groups.delete(id);
  return groups;
}

/** The switch after the plan. */
export function applied(actual: ActualState, plan: FlowPlan): ActualState {
  const flows = new Map(actual.flows);
  for (const flow of plan.remove) flows.delete(flow.identity);
  for (const flow of [...plan.modify, ...plan.add]) flows.set(flow.identity, actualOf(flow));
  const meters = new Set([...actual.meters, ...plan.addMeters].filter((id) => !plan.removeMeters.includes(id)));
  return { flows, groups: groupsAfter(actual, plan), meters };
}
