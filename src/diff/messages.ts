/**
 * A plan as messages, in the order that never leaves a flow pointing at nothing: meters (they do not fit in a bundle),
 * then in one bundle groups, flows, and last the groups nobody names any more; meters that are not needed after it.
 */
import { type Instruction, type MessageInput, OFPG_BUCKET, type OpenFlowVersion } from 'ts-openflow';
import type { DesiredBucket, DesiredFlow, Owner } from '../desired/index.js';
import type { Meter } from '../pipeline/index.js';
import { type ActualFlow, meterBands, meterFlags } from './actual.js';
import { matchAsRead } from './as-read.js';
import type { FlowPlan, GroupChange } from './diff.js';
import { openingOf } from './opening.js';

/** One message of a plan, with what it is about for reports. */
export interface PlannedMessage {
  readonly message: MessageInput;
  readonly about: string;
  /** Whose flow it adds. */
  readonly owner?: Owner;
}

export interface PlannedMessages {
  readonly before: readonly PlannedMessage[];
  readonly bundle: readonly PlannedMessage[];
  readonly after: readonly PlannedMessage[];
}

/** A plan that only opens (opening.ts): its messages in order, and what takes them back where one is refused. */
export interface OpeningMessages {
  readonly messages: readonly PlannedMessage[];
  readonly undo: readonly PlannedMessage[];
}

const OPENFLOW_15 = 6;
const EVERY_BIT = 0xffffffffffffffffn;

/** OpenFlow 1.5 has the meter as an action (clause 7.2.6.14), before all others; the versions before as an instruction. */
function metered(instructions: readonly Instruction[], version: OpenFlowVersion): Instruction[] {
  const meter = instructions.find((i) => i.kind === 'meter');
  if (version < OPENFLOW_15 || meter === undefined) return [...instructions];
  const apply = instructions.find((i) => i.kind === 'apply_actions');
  const actions = [{ kind: 'meter' as const, meter_id: meter.meter_id }, ...(apply?.actions ?? [])];
  return [{ kind: 'apply_actions', actions }, ...instructions.filter((i) => i !== meter && i !== apply)];
}

/** The message that adds a flow, wanted or read, or puts it in the place of another (OpenFlow 1.5.1 clause 6.4). */
export const flowMod = (
  flow: Pick<DesiredFlow, 'table_id' | 'priority' | 'cookie' | 'match' | 'instructions'>,
  version: OpenFlowVersion,
): Extract<MessageInput, { kind: 'FlowMod' }> => ({
  kind: 'FlowMod',
  command: 'ADD',
  table_id: flow.table_id,
  priority: flow.priority,
  cookie: flow.cookie,
  match: matchAsRead(flow.match, version),
  instructions: metered(flow.instructions, version),
});

const addFlow = (flow: DesiredFlow, version: OpenFlowVersion): PlannedMessage => ({
  message: flowMod(flow, version),
  get about() {
    return `${flow.owner.id}: ${flow.why}`;
  },
  owner: flow.owner,
});

/** The cookie in the request keeps a foreign flow that took the place meanwhile from being removed. */
const removeFlow = (
  flow: Pick<ActualFlow, 'table_id' | 'priority' | 'cookie' | 'match' | 'identity'>,
  version: OpenFlowVersion,
): PlannedMessage => ({
  message: {
    kind: 'FlowMod',
    command: 'DELETE_STRICT',
    table_id: flow.table_id,
    priority: flow.priority,
    cookie: flow.cookie,
    cookie_mask: EVERY_BIT,
    match: matchAsRead(flow.match, version),
    instructions: [],
  },
  about: `remove ${flow.identity}`,
});

const bucket = ({ bucket_id, actions }: DesiredBucket) => ({ bucket_id, actions: [...actions] });

/** Bucket by bucket where the version can (OpenFlow 1.5.1 clause 7.3.4.3), else the whole group. */
function groupMessages(change: GroupChange, version: OpenFlowVersion): readonly PlannedMessage[] {
  const { group, insert, remove, how } = change;
  const { group_id } = group;
  const about = `${group.owner.id}: group ${group_id}`;
  const type = 'all';
  if (how !== 'buckets' || version < OPENFLOW_15) {
    const command = how === 'add' ? 'ADD' : 'MODIFY';
    return [{ message: { kind: 'GroupMod', command, type, group_id, buckets: group.buckets.map(bucket) }, about }];
  }
  const removals = remove.map((command_bucket_id): PlannedMessage => {
    return {
      message: { kind: 'GroupMod', command: 'REMOVE_BUCKET', type, group_id, command_bucket_id, buckets: [] },
      about,
    };
  });
  const insertions = insert.map((b): PlannedMessage => {
    const command_bucket_id = OFPG_BUCKET.LAST;
    return {
      message: { kind: 'GroupMod', command: 'INSERT_BUCKET', type, group_id, command_bucket_id, buckets: [bucket(b)] },
      about,
    };
  });
  return [...removals, ...insertions];
}

const removeGroup = (group_id: number): PlannedMessage => ({
  message: { kind: 'GroupMod', command: 'DELETE', type: 'all', group_id, buckets: [] },
  about: `remove group ${group_id}`,
});

const setMeter =
  (command: 'ADD' | 'MODIFY') =>
  (meter: Meter): PlannedMessage => ({
    message: {
      kind: 'MeterMod',
      command,
      meter_id: meter.meter_id,
      flags: meterFlags(meter),
      bands: meterBands(meter),
    } as MessageInput,
    about: `meter ${meter.meter_id}: ${meter.why}`,
  });

const removeMeter = (meter_id: number): PlannedMessage => ({
  message: { kind: 'MeterMod', command: 'DELETE', meter_id, flags: 0, bands: [] } as MessageInput,
  about: `remove meter ${meter_id}`,
});

/** The plan's messages for a switch that speaks this version. */
export function planMessages(plan: FlowPlan, version: OpenFlowVersion): PlannedMessages {
  return {
    before: [...plan.addMeters.map(setMeter('ADD')), ...plan.modifyMeters.map(setMeter('MODIFY'))],
    bundle: [
      ...plan.groups.flatMap((change) => groupMessages(change, version)),
      ...plan.remove.map((flow) => removeFlow(flow, version)),
      ...plan.modify.map((flow) => addFlow(flow, version)),
      ...plan.add.map((flow) => addFlow(flow, version)),
      ...plan.removeGroups.map(removeGroup),
    ],
    after: plan.removeMeters.map(removeMeter),
  };
}

/** The same for a plan that only opens; undefined where it does more. A local copy that is one too many stops at the guard. */
export function openingMessages(plan: FlowPlan, version: OpenFlowVersion): OpeningMessages | undefined {
  const flows = openingOf(plan);
  if (flows === undefined) return undefined;
  return {
    messages: [...plan.addMeters.map(setMeter('ADD')), ...flows.map((flow) => addFlow(flow, version))],
    undo: [
      ...plan.add.map((flow) => removeFlow(flow, version)),
      ...plan.addMeters.map((meter) => removeMeter(meter.meter_id)),
    ],
  };
}
