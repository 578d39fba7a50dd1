/**
 * Which flow a packet matches: the one of the highest priority, conjunctions included. Open vSwitch's way with them
 * (classifier.c; tried on 3.1.0): where clauses of a conjunction are all there above the best match so far, the lookup
 * among all other flows is made again with that conjunction's id in `conj_id`, and counts if it finds any.
 */
import { type FlowSet, isClause } from './model.js';
import { OP } from './ops.js';
import { wordOf } from './words.js';

const CONJ_ID = wordOf('conj_id');

/** True when the words match the flow's terms. */
export function matches(flows: FlowSet, flow: number, words: Int32Array): boolean {
  const { body } = flows;
  const end = flows.codeAt(flow);
  for (let at = flows.termsAt(flow); at < end; at += 3)
    if (((words[body[at] as number] as number) & (body[at + 2] as number)) !== body[at + 1]) return false;
  return true;
}

/** The id of a conjunction of which every clause is among these flows; the lowest, or undefined. */
function satisfied(flows: FlowSet, clauses: readonly number[]): number | undefined {
  const found = new Map<number, { readonly of: number; readonly seen: Set<number> }>();
  for (const flow of clauses)
    for (let at = flows.codeAt(flow); at < flows.endAt(flow); at += 4) {
      if (flows.body[at] !== OP.conjunction) continue;
      const [id, clause, of] = flows.body.subarray(at + 1, at + 4) as unknown as [number, number, number];
      const entry = found.get(id) ?? { of, seen: new Set<number>() };
      entry.seen.add(clause);
      found.set(id, entry);
    }
  const ids = [...found].filter(([, { of, seen }]) => seen.size >= of).map(([id]) => id >>> 0);
  return ids.length === 0 ? undefined : Math.min(...ids);
}

/** The flow that a packet matches in a table; −1 for none. */
export function matchFlow(flows: FlowSet, table: number, words: Int32Array): number {
  const list = flows.ofTable(table);
  for (let i = 0; i < list.length; ) {
    const priority = flows.priority(list[i] as number);
    const clauses: number[] = [];
    let hard = -1;
    for (; i < list.length && flows.priority(list[i] as number) === priority; i++) {
      const flow = list[i] as number;
      if (!matches(flows, flow, words)) continue;
      if (isClause(flows, flow)) clauses.push(flow);
      else if (hard < 0) hard = flow;
    }
    if (hard >= 0) return hard;
    const id = clauses.length === 0 ? undefined : satisfied(flows, clauses);
    if (id !== undefined) {
      const again = words.slice();
      again[CONJ_ID] = id | 0;
      const found = list.find((flow) => !isClause(flows, flow) && matches(flows, flow, again));
      if (found !== undefined) return found;
    }
  }
  return -1;
}
