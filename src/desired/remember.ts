/**
 * flowsOf that remembers: what one object needs is compiled once and given again as long as nothing it was made of changed.
 * The result is the same, always; only the time is not. Of the values an object is made of, networks and ports of the
 * topology count by identity (a topology that is read again has new ones), everything else by value.
 */
import type { ObjectKind, ObjectValues } from '../pipeline/index.js';
import { flowsOf } from './compile.js';
import type { Owner } from './owners.js';
import type { DesiredFlow } from './state.js';

export type FlowsOf = typeof flowsOf;

/** More objects than this, and all is forgotten and compiled anew: a bound on memory, not a working size. */
const MOST = 100_000;

/** Members that hold objects of the topology. */
const TOPOLOGICAL = new Set(['network', 'port']);

/** A flowsOf of one's own, with its memory. */
export function rememberingFlowsOf(most = MOST): FlowsOf {
  const numbers = new WeakMap<object, number>();
  const known = new Map<string, readonly DesiredFlow[]>();
  let next = 1;

  const numberOf = (object: object): number => {
    const number = numbers.get(object) ?? next++;
    numbers.set(object, number);
    return number;
  };
  const byIdentity = (member: string, value: unknown): unknown =>
    TOPOLOGICAL.has(member) && typeof value === 'object' && value !== null ? numberOf(value) : value;

  return <K extends ObjectKind>(kind: K, object: ObjectValues[K], owner: Owner): readonly DesiredFlow[] => {
    const key = `${kind} ${owner.id} ${JSON.stringify(object, byIdentity)}`;
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    if (known.size >= most) known.clear();
    const flows = flowsOf(kind, object, owner);
    known.set(key, flows);
    return flows;
  };
}
