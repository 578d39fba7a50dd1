/** From the pipeline's tables to flows of one owner: every table is asked for the flows of every kind of object. */
import type { Instruction } from 'ts-openflow';
import {
  DROPS,
  type DropReason,
  dropCookie,
  type ObjectKind,
  type ObjectValues,
  TABLES,
  type TableFlow,
} from '../pipeline/index.js';
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

/** A flow of one owner. What only a comparison needs is spelt when it is asked for, once. */
class CompiledFlow implements DesiredFlow {
  readonly table_id: number;
  readonly priority: number;
  readonly match: TableFlow['match'];
  readonly instructions: readonly Instruction[];
  readonly cookie: bigint;
  readonly owner: Owner;
  readonly why: string;
  readonly drop?: DropReason;
  #identity: string | undefined;
  #content: string | undefined;

  constructor(table_id: number, flow: TableFlow, owner: Owner) {
    this.table_id = table_id;
    this.priority = flow.priority;
    this.match = flow.match;
    this.instructions = instructionsOf(flow);
    this.cookie = flow.drop === undefined ? owner.cookie : dropCookie(owner.cookie, DROPS[flow.drop].code);
    this.owner = owner;
    this.why = flow.why;
    if (flow.drop !== undefined) this.drop = flow.drop;
  }

  get octets(): number {
    return messageOctets(this);
  }

  get identity(): string {
    this.#identity ??= flowIdentity(this.table_id, this.priority, this.match);
    return this.#identity;
  }

  get content(): string {
    this.#content ??= flowContent(this.cookie, this.instructions);
    return this.#content;
  }
}

type TableOf = { readonly id: number; readonly of: (object: never) => readonly TableFlow[] };

const tablesWith = (kind: ObjectKind): readonly TableOf[] =>
  TABLES.flatMap((table) => {
    const of = table[kind] as TableOf['of'] | undefined;
    return of === undefined ? [] : [{ id: table.id, of }];
  });

/** The tables that have flows for each kind of object. */
const TABLES_OF: Readonly<Record<ObjectKind, readonly TableOf[]>> = {
  host: tablesWith('host'),
  tunnel: tablesWith('tunnel'),
  vtep: tablesWith('vtep'),
  network: tablesWith('network'),
  port: tablesWith('port'),
  address: tablesWith('address'),
  remote: tablesWith('remote'),
  peer: tablesWith('peer'),
  sender: tablesWith('sender'),
};

/** The flows that one object needs, over all tables. */
export function flowsOf<K extends ObjectKind>(kind: K, object: ObjectValues[K], owner: Owner): readonly DesiredFlow[] {
  const flows: DesiredFlow[] = [];
  for (const { id, of } of TABLES_OF[kind])
    for (const flow of of(object as never)) flows.push(new CompiledFlow(id, flow, owner));
  return flows;
}
