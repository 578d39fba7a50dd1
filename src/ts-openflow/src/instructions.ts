/**
 * Instructions (OpenFlow 1.5.1, 7.2.5), in the order they are given. One we do not know is kept as octets.
 */

import { actionList } from './actions/codec.js';
import { EncodeError } from './errors.js';
import { oxs } from './messages/stats.js';
import {
  type AnyCodec,
  type Codec,
  type Defaulted,
  type In,
  type Out,
  opt,
  pad,
  struct,
  u8,
  u32,
  u64,
} from './wire/codec.js';
import { known } from './wire/outline.js';
import type { Reader } from './wire/reader.js';
import { type LeadingReader, leadingReader } from './wire/struct.js';
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

interface Row {
  readonly kind: string;
  readonly type: number;
  readonly codec: AnyCodec;
  /** Reads the arguments into an instruction; given its kind. */
  readonly read: LeadingReader;
}
const ROWS: readonly Row[] = Object.entries(INSTRUCTIONS).map(([kind, { type, codec }]) => ({
  kind,
  type,
  codec,
  read: leadingReader(codec, ['kind']),
}));
const BY_KIND: ReadonlyMap<string, Row> = new Map(ROWS.map((row) => [row.kind, row]));
const BY_TYPE: readonly (Row | undefined)[] = Array.from({ length: 8 }, (_, type) =>
  ROWS.find((row) => row.type === type),
);

function readInstruction(r: Reader): DecodedInstruction {
  const start = r.take(4);
  const b = r.octets;
  const type = ((b[start] as number) << 8) | (b[start + 1] as number);
  const length = ((b[start + 2] as number) << 8) | (b[start + 3] as number);
  if (length < 8 || length % 8 !== 0) throw r.error('OFPBIC_BAD_LEN', start);
  const outer = r.enter(length - 4, 'OFPBIC_BAD_LEN');
  const row = type < BY_TYPE.length ? BY_TYPE[type] : undefined;
  const value = row === undefined ? { kind: 'unknown', type, octets: r.rest() } : row.read(r, row.kind);
  r.leave(outer, 'OFPBIC_BAD_LEN');
  return value as unknown as DecodedInstruction;
}

function writeInstruction(w: Writer, instruction: Instruction): void {
  const row = BY_KIND.get(instruction.kind);
  const start = w.reserve(4);
  if (row !== undefined) {
    w.octets[start] = 0;
    w.octets[start + 1] = row.type;
    row.codec.write(w, instruction);
  } else if (instruction.kind === 'unknown') {
    w.patchU16(start, instruction.type);
    w.bytes(instruction.octets);
  } else {
    throw new EncodeError(`unknown instruction ${(instruction as { kind: string }).kind}`);
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
