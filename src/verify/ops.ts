/**
 * What flows do, as numbers: a list of actions is a run of 32-bit integers, an operation's code followed by its operands.
 * A million flows then are a few arrays, and the proof, the interpreter and the mutants of the tests read one form.
 */

/** Operation codes. In brackets: the operands. `len` counts the integers of the nested list that follows. */
export const OP = {
  /** [port] */
  output: 1,
  /** [word, shift, width] */
  output_reg: 2,
  /** [group] */
  group: 3,
  /** [table] */
  goto: 4,
  /** [table or 255 for the same, in_port or OFPP_IN_PORT for the same] */
  resubmit: 5,
  /** [word, value, mask] */
  set: 6,
  /** [word, shift, from word, from shift, width] */
  move: 7,
  /** [len] and the nested actions */
  clone: 8,
  /** [table or 255, len] and the nested actions: connection tracking */
  ct: 9,
  /** [] */
  push_vlan: 10,
  pop_vlan: 11,
  /** [word, shift, width, lo]: bits lo… of an entry of the stack; lo 0 begins a new one */
  push: 12,
  /** [word, shift, width, lo, last]: out of the entry on top; `last` (1) takes it away */
  pop: 13,
  /** [id, clause from 0, clauses] */
  conjunction: 14,
  /** [meter] */
  meter: 15,
  /** [] to the controller */
  controller: 16,
  /** [word, mask] bits become anything */
  havoc: 17,
  /** [] ends everything */
  exit: 18,
  /** [len] and the nested actions: the action set */
  write: 19,
  clear: 20,
  /** [] decrements nw_ttl; a packet whose TTL runs out goes no further */
  dec_ttl: 21,
  /** [name's index in UNKNOWN] an action whose effect is not modelled */
  unknown: 22,
  /** [] after a write by the 16-bit name of in_port: the upper half of the 32 bits follows from the lower one */
  port: 23,
  /** [word, value, mask] after a havoc: what an interpreter may take it for (a gateway that works, of those there are) */
  guess: 24,
} as const;

/** Operands of each code, nested lists not counted. */
export const OPERANDS: readonly number[] = [0, 1, 3, 1, 1, 2, 3, 5, 1, 2, 0, 0, 4, 5, 3, 1, 0, 2, 0, 1, 0, 0, 1, 0, 3];

/** Reserved ports as 16 bits, and the lowest as 32. */
const RESERVED16 = 0xff00;
/** A port that a field of 16 bits says, as one of 32: the reserved ones are the last 256 of either. */
export const portOf16 = (bits: number): number => (bits >= RESERVED16 ? (bits + 0xffff0000) | 0 : bits);
/** The port that `output:FIELD` sends to; undefined for a value that is no port (Open vSwitch reads 16 bits of any width). */
export const portOfField = (bits: number): number | undefined => (bits >>> 0 > 0xffff ? undefined : portOf16(bits));

/** Why a packet's way is not known exactly, in words. */
export const UNKNOWN = [
  'learn makes flows that no dump shows beforehand',
  'an experimenter action that is not known',
  'encap or decap',
  'MPLS or PBB headers',
  'a field that is not followed',
  'bundle or multipath',
] as const;

/** Where the operation after the one at `at` starts. */
export function nextOp(code: Int32Array, at: number): number {
  const op = code[at] as number;
  const operands = OPERANDS[op] as number;
  const nested = op === OP.clone || op === OP.write ? code[at + 1] : op === OP.ct ? code[at + 2] : 0;
  return at + 1 + operands + (nested as number);
}

/** Actions laid out as numbers, and where each starts. */
export function* opsOf(code: Int32Array, from: number, to: number): Generator<number> {
  for (let at = from; at < to; at = nextOp(code, at)) yield at;
}
