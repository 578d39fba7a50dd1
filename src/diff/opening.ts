/**
 * Plans that only open: flows are added, and the lists of local copies (table flood) grow; nothing is taken away, and no
 * packet gets another identity or destination than it had. Carried out from the last table to the first, such a plan is
 * right after each of its messages: what a new flow lets in finds everything behind it, and until the flow of table 0 is
 * there a new port's packets are dropped as before. So it needs no bundle, whose second round trip is half the time that
 * a new port waits for its switch.
 */
import type { DesiredFlow } from '../desired/index.js';
import { flood } from '../pipeline/index.js';
import type { FlowPlan } from './diff.js';

/** Messages that ovs-vswitchd reads from one connection before it looks at others (ofconn_run of 3.1.0: 50). */
const MOST = 48;

/** The plan's flows in that order; undefined where the plan does more than open, or is too long for one turn. */
export function openingOf(plan: FlowPlan): readonly DesiredFlow[] | undefined {
  const { add, modify, remove, groups, removeGroups, addMeters, modifyMeters, removeMeters } = plan;
  const takes = [remove, groups, removeGroups, modifyMeters, removeMeters].some((part) => part.length > 0);
  if (takes || add.length === 0 || add.length + modify.length + addMeters.length > MOST) return undefined;
  if (modify.some(({ table_id }) => table_id !== flood.id)) return undefined;
  return [...modify, ...add].sort((a, b) => b.table_id - a.table_id || a.priority - b.priority);
}
