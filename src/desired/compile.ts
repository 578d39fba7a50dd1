/** From the pipeline's tables to flows of one owner: every table is asked for the flows of every kind of object. */
import type { Instruction } from 'ts-openflow';
import { DROPS, dropCookie, type ObjectKind, type ObjectValues, TABLES, type TableFlow } from '../pipeline/index.js';
import { canonicalInstructions, canonicalMatch } from './canonical.js';
import { messageOctets } from './limits.js';
import type { Owner } from './owners.js';
import type { DesiredFlow } from './state.js';

function instructionsOf(flow: TableFlow): readonly Instruction[] {
  const list: Instruction[] = [];
  if (flow.meter !== undefined) list.push({ kind: 'meter', meter_id: flow.meter });
  if (flow.actions !== undefined && flow.actions.length > 0)
    list.push({ kind: 'apply_actions', actions: flow.actions });
  if (flow.goto !== undefined) list.push({ kind: 'goto_table', table_id: flow.goto.id });
  return list;
}

/** The name of a flow's place: table, priority and match. */
export const flowIdentity = (table_id: number, priority: number, match: Parameters<typeof canonicalMatch>[0]): string =>
  `${table_id} ${priority} ${canonicalMatch(match)}`;

/** The flow's content as compared: cookie and instructions. */
export const flowContent = (cookie: bigint, instructions: readonly Instruction[]): string =>
  `${cookie.toString(16)} ${canonicalInstructions(instructions)}`;

function compiled(table_id: number, flow: TableFlow, owner: Owner): DesiredFlow {
  const cookie = flow.drop === undefined ? owner.cookie : dropCookie(owner.cookie, DROPS[flow.drop].code);
  const instructions = instructionsOf(flow);
  const { match, priority, why, drop } = flow;
  return {
    table_id,
    priority,
    match,
    instructions,
    cookie,
    owner,
    why,
    octets: messageOctets({ match, instructions }),
    ...(drop === undefined ? {} : { drop }),
    identity: flowIdentity(table_id, priority, match),
    content: flowContent(cookie, instructions),
  };
}

/** The flows that one object needs, over all tables. */
export function flowsOf<K extends ObjectKind>(kind: K, object: ObjectValues[K], owner: Owner): readonly DesiredFlow[] {
  return TABLES.flatMap((table) =>
    (table[kind]?.(object as never) ?? []).map((flow) => compiled(table.id, flow, owner)),
  );
}
