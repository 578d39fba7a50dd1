/**
 * What changed, in words for the log: entries of a switch that are found otherwise than they were confirmed, though nobody here
 * changed them (an operator's ovs-ofctl, a defect), and the rows of OVSDB that a host's configuration writes anew.
 */
import type { Change, HostRows } from '../desired/index.js';
import type { FlowPlan } from '../diff/index.js';
import { flowText } from './flow-text.js';

/** So many are told one by one. */
const MOST = 10;

/** The first of the lines, and how many more there are. */
const short = (lines: readonly string[]): readonly string[] =>
  lines.length <= MOST ? lines : [...lines.slice(0, MOST), `and ${lines.length - MOST} more`];

/** What of the tables drifted, given the plan that takes it back. */
export function tableDrift(plan: FlowPlan): readonly string[] {
  return short([
    ...plan.add.map(({ owner, why }) => `flow gone: ${owner.id}: ${why}`),
    ...plan.modify.map(({ owner, why }) => `flow changed: ${owner.id}: ${why}`),
    ...plan.remove.map((flow) => `flow that should not be there: ${flowText(flow)}`),
    ...plan.groups.map(({ group, how }) => `group ${group.group_id} ${how === 'add' ? 'gone' : 'changed'}`),
    ...plan.removeGroups.map((id) => `group ${id} should not be there`),
    ...plan.addMeters.map(({ meter_id }) => `meter ${meter_id} gone`),
    ...plan.modifyMeters.map(({ meter_id }) => `meter ${meter_id} changed`),
    ...plan.removeMeters.map((id) => `meter ${id} should not be there`),
  ]);
}

/** What a name is to a row: its own, or a Controller's target. */
function nameOf(uuid: string, { root, ...tables }: HostRows): string {
  if (root?._uuid === uuid) return '.';
  for (const rows of Object.values(tables))
    for (const row of rows) if (row._uuid === uuid) return ('name' in row ? row.name : undefined) ?? uuid;
  return uuid;
}

const changeText = (change: Change, rows: HostRows): string => {
  if (change.op === 'insert') return `${change.table} ${change.name} added`;
  if (change.op === 'update')
    return `${change.table} ${nameOf(change.uuid, rows)} set: ${Object.keys(change.row).join(', ')}`;
  const at = 'uuid' in change.at ? nameOf(change.at.uuid, rows) : change.at.inserted;
  return `${change.table} ${at} ${change.column}: ${change.mutator}`;
};

/** What a host's transactions write. */
export function rowTexts(transactions: readonly (readonly Change[])[], rows: HostRows | undefined): readonly string[] {
  return rows === undefined ? [] : short(transactions.flat().map((change) => changeText(change, rows)));
}
