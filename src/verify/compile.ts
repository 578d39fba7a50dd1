/**
 * From ts-openflow's matches and instructions to words and numbers (words.ts, ops.ts). What cannot be modelled is kept as
 * an `unknown` operation with its reason: nothing is ever left out in silence.
 */
import { type Action, type Instruction, type Match, OFPP } from 'ts-openflow';
import { havoc, type Masked, move, NOT_FOLLOWED, placed, pop, push, setField, unknown } from './compile-fields.js';
import { OP } from './ops.js';
import { ones32, subPieces } from './words.js';

/** A flow as the model keeps it. `terms` are triples word, value, mask in word order, one for each word. */
export interface CompiledFlow {
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly terms: readonly number[];
  readonly code: readonly number[];
}

/** The terms of a match; `partial` when it has a field that is not followed (the flow then matches less than they say). */
export function compileMatch(match: Match): { readonly terms: readonly number[]; readonly partial: boolean } {
  const words = new Map<number, [number, number]>();
  let partial = false;
  for (const [field, masked] of Object.entries(match)) {
    if (masked === undefined) continue;
    const at = 'octets' in masked && !('value' in masked) ? undefined : placed(field, masked as Masked);
    if (at === undefined) partial = true;
    for (const [word, value, mask] of at ?? []) {
      if (mask === 0) continue;
      const old = words.get(word) ?? [0, 0];
      words.set(word, [old[0] | value, old[1] | mask]);
    }
  }
  const terms = [...words].sort(([a], [b]) => a - b).flatMap(([word, [value, mask]]) => [word, value, mask]);
  return { terms, partial };
}

const zero = (...fields: readonly string[]): readonly number[] => fields.flatMap((f) => setField(f, { value: 0n }));

const output = (port: number): readonly number[] =>
  port === OFPP.CONTROLLER ? [OP.controller] : [OP.output, port | 0];

const nested = (op: readonly number[], actions: readonly Action[]): readonly number[] => {
  const code = compileActions(actions);
  return [...op, code.length, ...code];
};

/** Actions that change nothing that decides where a packet goes. */
const IDLE: ReadonlySet<string> = new Set([
  'note',
  'set_queue',
  'pop_queue',
  'fin_timeout',
  'sample',
  'debug_slow',
  'debug_recirc',
]);
const MPLS: ReadonlySet<string> = new Set([
  'push_mpls',
  'pop_mpls',
  'set_mpls_label',
  'set_mpls_tc',
  'set_mpls_ttl',
  'dec_mpls_ttl',
  'push_pbb',
  'pop_pbb',
  'copy_ttl_out',
  'copy_ttl_in',
]);

/** The first of the ports that a bundle chooses from, as its field would have it. */
function firstOf(
  dst: { readonly field: string; readonly start: number; readonly bits: number },
  members: readonly number[],
) {
  const [at, more] = subPieces(dst.field, dst.start, dst.bits) ?? [];
  const [port] = members;
  if (at === undefined || more !== undefined || port === undefined) return [];
  return [OP.guess, at.word, port << at.shift, ones32(at.width) << at.shift];
}

function compileRare(action: Action): readonly number[] {
  if (IDLE.has(action.kind)) return [];
  if (MPLS.has(action.kind)) return unknown('MPLS or PBB headers');
  switch (action.kind) {
    case 'learn':
      return unknown('learn makes flows that no dump shows beforehand');
    case 'encap':
    case 'decap':
      return unknown('encap or decap');
    case 'multipath':
      return havoc(action.dst);
    case 'bundle_load':
      return action.dst === undefined
        ? unknown('bundle or multipath')
        : [...havoc(action.dst), ...firstOf(action.dst, action.members)];
    case 'bundle':
      return unknown('bundle or multipath');
    case 'check_pkt_larger':
      return havoc(action.dst);
    case 'delete_field':
      return setField(action.field, { value: 0n });
    case 'ct_clear':
      return zero('ct_state', 'ct_zone', 'ct_mark', 'ct_label');
    case 'set_tunnel':
      return setField('tun_id', { value: action.tun_id });
    case 'output_trunc':
      return output(action.port);
    default:
      return unknown('an experimenter action that is not known');
  }
}

/** Actions that are one operation each. */
function compileSmall(action: Action): readonly number[] {
  switch (action.kind) {
    case 'push_vlan':
      return [OP.push_vlan];
    case 'pop_vlan':
      return [OP.pop_vlan];
    case 'conjunction':
      return [OP.conjunction, action.id | 0, action.clause, action.n_clauses];
    case 'meter':
      return [OP.meter, action.meter_id | 0];
    case 'controller':
      return [OP.controller];
    case 'exit':
      return [OP.exit];
    case 'dec_ttl':
    case 'dec_ttl_cnt_ids':
      return [OP.dec_ttl];
    case 'set_nw_ttl':
      return setField('nw_ttl', { value: action.nw_ttl });
    case 'write_metadata':
      return setField('metadata', { value: action.metadata, mask: action.metadata_mask ?? -1n });
    default:
      return compileRare(action);
  }
}

/** One action as numbers. */
function compileAction(action: Action): readonly number[] {
  switch (action.kind) {
    case 'output':
      return output(action.port);
    case 'output_reg': {
      const at = subPieces(action.src.field, action.src.start, action.src.bits);
      const [one] = at ?? [];
      return at?.length === 1 && one !== undefined ? [OP.output_reg, one.word, one.shift, one.width] : NOT_FOLLOWED;
    }
    case 'group':
      return [OP.group, action.group_id | 0];
    case 'resubmit':
    case 'resubmit_ct':
      return [OP.resubmit, action.table ?? 255, (action.in_port ?? OFPP.IN_PORT) | 0];
    case 'set_field':
      return setField(action.field, action as Masked);
    case 'load': {
      const mask = ((1n << BigInt(action.dst.bits)) - 1n) << BigInt(action.dst.start);
      return setField(action.dst.field, { value: action.value << BigInt(action.dst.start), mask });
    }
    case 'move':
      return move(action.src, action.dst);
    case 'push':
      return push(action.ref);
    case 'pop':
      return pop(action.ref);
    case 'clone':
      return nested([OP.clone], action.actions);
    case 'ct':
      return nested([OP.ct, action.table ?? 255], action.actions ?? []);
    default:
      return compileSmall(action);
  }
}

/** Actions as numbers. */
export const compileActions = (actions: readonly Action[]): readonly number[] => actions.flatMap(compileAction);

/** Execution order (OpenFlow 1.5.1 clause 5.5). */
const ORDER = ['meter', 'apply_actions', 'clear_actions', 'write_actions', 'write_metadata', 'goto_table'];

function compileInstruction(instruction: Instruction): readonly number[] {
  switch (instruction.kind) {
    case 'meter':
      return [OP.meter, instruction.meter_id | 0];
    case 'apply_actions':
      return compileActions(instruction.actions ?? []);
    case 'clear_actions':
      return [OP.clear];
    case 'write_actions':
      return nested([OP.write], instruction.actions ?? []);
    case 'write_metadata':
      return setField('metadata', { value: instruction.metadata, mask: instruction.metadata_mask ?? -1n });
    case 'goto_table':
      return [OP.goto, instruction.table_id];
    case 'stat_trigger':
      return [];
    default:
      return unknown('an experimenter action that is not known');
  }
}

/** Instructions as numbers, in the order in which a switch carries them out. */
export function compileInstructions(instructions: readonly Instruction[]): readonly number[] {
  const sorted = [...instructions].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return sorted.flatMap(compileInstruction);
}

/** What a flow is made from, wherever it comes from. */
export interface FlowSource {
  readonly table_id: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}

/** A flow as the model keeps it. A match that cannot be followed whole is told by an `unknown` operation. */
export function compileFlow(flow: FlowSource): CompiledFlow {
  const { terms, partial } = compileMatch(flow.match);
  const code = compileInstructions(flow.instructions);
  return {
    table: flow.table_id,
    priority: flow.priority,
    cookie: flow.cookie,
    terms,
    code: partial ? [...NOT_FOLLOWED, ...code] : code,
  };
}
