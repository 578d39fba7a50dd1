/**
 * A group's bucket as Open vSwitch carries it out: not as the list that it is written as but as an action set
 * (ofpacts_execute_action_set; tried on 3.1.0). Tags and TTL come first, then all that sets or copies fields, and at the
 * end one action that sends: the last `group`, else the last `output`, else `resubmit`, else `ct`. Without one of these
 * nothing happens, and actions of other kinds (clone, push, pop, learn, output to a field, exit) are passed over.
 */
import type { Action } from 'ts-openflow';

type Kind = Action['kind'];

/** Of each only the last counts; in this order. */
const ONCE: readonly (readonly Kind[])[] = [
  ['pop_vlan'],
  ['pop_mpls'],
  ['decap'],
  ['encap'],
  ['push_mpls'],
  ['push_vlan'],
  ['dec_ttl', 'dec_ttl_cnt_ids'],
  ['dec_mpls_ttl'],
];
/** Fields set, loaded and copied, in the order in which they are written. */
const FIELDS: ReadonlySet<Kind> = new Set<Kind>([
  'set_field',
  'load',
  'move',
  'set_tunnel',
  'set_queue',
  'set_nw_ttl',
  'set_mpls_label',
  'set_mpls_tc',
  'set_mpls_ttl',
]);
/** What sends: of the first kind that is there, the last. */
const LAST: readonly (readonly Kind[])[] = [
  ['group'],
  ['output', 'output_trunc'],
  ['resubmit', 'resubmit_ct'],
  ['ct_clear'],
  ['ct'],
];
/** Effects that nobody models stay where a switch may have them. */
const UNKNOWN: ReadonlySet<Kind> = new Set<Kind>(['unknown', 'push_pbb', 'pop_pbb', 'copy_ttl_in', 'copy_ttl_out']);

const lastOf = (actions: readonly Action[], kinds: readonly Kind[]): readonly Action[] => {
  const found = actions.findLast(({ kind }) => kinds.includes(kind));
  return found === undefined ? [] : [found];
};

/** The actions of a bucket, as they are carried out. */
export function actionSet(actions: readonly Action[]): readonly Action[] {
  const unknown = actions.filter(({ kind }) => UNKNOWN.has(kind));
  const final = LAST.map((kinds) => lastOf(actions, kinds)).find(({ length }) => length > 0);
  if (final === undefined) return unknown;
  return [
    ...unknown,
    ...ONCE.flatMap((kinds) => lastOf(actions, kinds)),
    ...actions.filter(({ kind }) => FIELDS.has(kind)),
    ...final,
  ];
}
