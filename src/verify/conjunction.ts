/**
 * Conjunctions for the exact pass: a flow that asks for conj_id n is met only by packets that match, of each clause of
 * conjunction n in its table, at least one flow. Priorities of clauses are not looked at: more packets are followed than
 * in truth, never fewer.
 */
import { type Cube, intersectAll } from './cube.js';
import { type FlowSet, isClause } from './model.js';
import { OP } from './ops.js';
import { mapTerms, type Provenance } from './provenance.js';
import { wordOf } from './words.js';

const CONJ_ID = wordOf('conj_id');
/** Cubes beyond which packets are no longer told apart by clauses. */
const MOST_CUBES = 2_000;

/** The conjunction that a flow asks for; undefined: none (0 is what packets have without one). */
function conjunctionOf(flows: FlowSet, flow: number): number | undefined {
  for (let at = flows.termsAt(flow); at < flows.codeAt(flow); at += 3)
    if (flows.body[at] === CONJ_ID) return flows.body[at + 1] === 0 ? undefined : flows.body[at + 1];
  return undefined;
}

/** Flows of each clause of a conjunction; undefined where one has none. */
function clausesOf(flows: FlowSet, list: readonly number[], id: number): readonly (readonly number[])[] | undefined {
  const clauses: number[][] = [];
  let count = 0;
  for (const flow of list) {
    if (!isClause(flows, flow)) continue;
    for (let at = flows.codeAt(flow); at < flows.endAt(flow) && flows.body[at] === OP.conjunction; at += 4) {
      if (flows.body[at + 1] !== id) continue;
      const clause = flows.body[at + 2] as number;
      count = Math.max(count, flows.body[at + 3] as number);
      clauses[clause] = [...(clauses[clause] ?? []), flow];
    }
  }
  const all = Array.from({ length: count }, (_, i) => clauses[i]);
  return count > 0 && all.every((clause) => clause !== undefined) ? all : undefined;
}

/** Of these packets those that a flow's conjunction lets through to it; all of them for a flow that asks for none. */
export function throughClauses(
  flows: FlowSet,
  list: readonly number[],
  flow: number,
  region: readonly Cube[],
  from: Provenance,
): readonly Cube[] {
  const id = conjunctionOf(flows, flow);
  if (id === undefined || region.length === 0) return region;
  let left = region;
  for (const clause of clausesOf(flows, list, id) ?? [[]]) {
    const next = clause.flatMap((one) => {
      const mapped = mapTerms(from, flows.body, flows.termsAt(one), flows.codeAt(one));
      return mapped === undefined ? [] : intersectAll(left, mapped.terms);
    });
    if (next.length > MOST_CUBES) return left;
    left = next;
  }
  return left;
}
