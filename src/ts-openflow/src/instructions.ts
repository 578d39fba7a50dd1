/**
 * Instructions (OpenFlow 1.5.1, 7.2.5), in the order they are given. One we do not know is kept as octets.
 */

import { actionList } from './actions/codec.js';
import { EncodeError } from './errors.js';
import { oxs } from './messages/stats.js';
import { type Codec, type Defaulted, type In, type Out, opt, pad, struct, u8, u32, u64 } from './wire/codec.js';
import { known } from './wire/outline.js';
import type { Reader } from './wire/reader.js';
import type { Writer } from './wire/writer.js';

const actions = struct({ _1: pad(4), actions: actionList });

/** Every instruction: its type and arguments. */
export const INSTRUCTIONS = {
  goto_table: { type: 1, codec: struct({ table_id: u8, _1: pad(3) }) },
  write_metadata: {
    type: 2,
    codec: struct({ _1: pad(4), metadata: u64, metadata_mask: opt(u64, 0xffffffffffffffffn) }),
  },
  write_actions: { type: 3, codec: actions },
  apply_actions: { type: 4, codec: actions },
  clear_actions: { type: 5, codec: struct({ _1: pad(4) }) },
  meter: { type: 6, codec: struct({ meter_id: u32 }) },
  stat_trigger: { type: 7, codec: struct({ flags: u32, thresholds: oxs }) },
} as const satisfies Record<string, { readonly type: number; readonly codec: Codec<unknown, never> }>;

type Table = typeof INSTRUCTIONS;
/** An instruction we do not know: type and everything after type and length. */
export interface UnknownInstruction {
  readonly kind: 'unknown';
  readonly type: number;
  readonly octets: Buffer;
}
/** An instruction as decoded. */
export type DecodedInstruction =
  | { [K in keyof Table]: { readonly kind: K } & Out<Table[K]['codec']> }[keyof Table]
  | UnknownInstruction;
/** An instruction to encode. */
export type Instruction =
  | { [K in keyof Table]: { readonly kind: K } & In<Table[K]['codec']> }[keyof Table]
  | UnknownInstruction;

// biome-ignore lint/suspicious/noExplicitAny: bridges the declaration table to its inferred types
type AnyRow = { readonly type: number; readonly codec: Codec<any, any> };
const ROWS: Readonly<Record<string, AnyRow>> = INSTRUCTIONS;
const BY_TYPE: ReadonlyMap<number, string> = new Map(Object.entries(ROWS).map(([kind, row]) => [row.type, kind]));

/** What a codec has just made, with its kind. */
function named(kind: string | undefined, value: Record<string, unknown>): Record<string, unknown> {
  value.kind = kind;
  return value;
}

function readInstruction(r: Reader): DecodedInstruction {
  const start = r.at;
  const type = r.u16();
  const length = r.u16();
  if (length < 8 || length % 8 !== 0) throw r.error('OFPBIC_BAD_LEN', start);
  const outer = r.enter(length - 4, 'OFPBIC_BAD_LEN');
  const kind = BY_TYPE.get(type);
  const row = kind === undefined ? undefined : ROWS[kind];
  const value = row === undefined ? { kind: 'unknown', type, octets: r.rest() } : named(kind, row.codec.read(r));
  r.leave(outer, 'OFPBIC_BAD_LEN');
  return value as DecodedInstruction;
}

function writeInstruction(w: Writer, instruction: Instruction): void {
  const start = w.at;
  const row = ROWS[instruction.kind];
  if (instruction.kind === 'unknown') {
    w.u16(instruction.type);
    w.reserve(2);
    w.bytes(instruction.octets);
  } else if (row === undefined) {
    throw new EncodeError(`unknown instruction ${(instruction as { kind: string }).kind}`);
  } else {
    w.u16(row.type);
    w.reserve(2);
    row.codec.write(w, instruction);
  }
  w.patchU16(start + 2, w.at - start);
}

/** Instructions up to the end of the structure. */
export const instructionList: Defaulted<readonly DecodedInstruction[], readonly Instruction[]> = {
  outline: known('instructions'),
  fallback: [],
  read: (r) => {
    const instructions: DecodedInstruction[] = [];
    while (r.at < r.end) instructions.push(readInstruction(r));
    return instructions;
  },
  write: (w, instructions) => {
    for (const instruction of instructions) writeInstruction(w, instruction);
  },
};
