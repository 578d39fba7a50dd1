/**
 * Flows: FLOW_MOD, FLOW_REMOVED, and the requests and entries of flow statistics (OpenFlow 1.5.1, 7.3.4.2, 7.4.3, 7.3.5.2).
 *
 * OpenFlow 1.5 moved the counters into OXS and renamed the multiparts; they are decoded to the same members.
 */

import { OFP_NO_BUFFER, OFPG, OFPP, OFPTT } from '../constants.js';
import { instructionList } from '../instructions.js';
import { matchCodec } from '../match.js';
import {
  type Codec,
  enumeration,
  type In,
  lengthPrefixed,
  type Out,
  opt,
  orPad,
  pad,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '../wire/codec.js';
import { from, members, merged } from '../wire/outline.js';
import { WIRE } from './preserved.js';
import { counts, duration, oxs, type Stats, type StatsInput } from './stats.js';

const command = enumeration(
  u8,
  { ADD: 0, MODIFY: 1, MODIFY_STRICT: 2, DELETE: 3, DELETE_STRICT: 4 },
  'OFPFMFC_BAD_COMMAND',
);

/** OFPT_FLOW_MOD. */
export const flowMod = struct({
  cookie: opt(u64, 0n),
  cookie_mask: opt(u64, 0n),
  table_id: opt(u8, 0),
  command: opt(command, 'ADD'),
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
  priority: opt(u16, 0x8000),
  buffer_id: opt(u32, OFP_NO_BUFFER),
  out_port: opt(u32, OFPP.ANY),
  out_group: opt(u32, OFPG.ANY),
  flags: opt(u16, 0),
  importance: orPad(5, u16, 2, 0),
  match: matchCodec,
  instructions: instructionList,
});

/** A request for flows: those that the match covers, in a table or all. */
export const flowRequest = struct({
  table_id: opt(u8, OFPTT.ALL),
  _1: pad(3),
  out_port: opt(u32, OFPP.ANY),
  out_group: opt(u32, OFPG.ANY),
  _2: pad(4),
  cookie: opt(u64, 0n),
  cookie_mask: opt(u64, 0n),
  match: matchCodec,
});

const entry13 = struct({
  table_id: opt(u8, 0),
  _1: pad(1),
  ...duration,
  priority: opt(u16, 0x8000),
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
  flags: opt(u16, 0),
  importance: orPad(5, u16, 2, 0),
  _2: pad(2),
  cookie: opt(u64, 0n),
  ...counts,
  match: matchCodec,
  instructions: instructionList,
});
type Entry13 = Out<typeof entry13>;
type Entry13Input = In<typeof entry13>;

/** A flow as the statistics describe it: the same members in every version. */
export type FlowEntry = Entry13 & {
  readonly idle_sec?: number | undefined;
  readonly idle_nsec?: number | undefined;
  readonly flow_count?: number | undefined;
};
/** A flow to describe: members with a default may be left out. */
export type FlowEntryInput = Entry13Input & StatsInput;

const head15 = struct({
  _1: pad(2),
  table_id: opt(u8, 0),
  _2: pad(1),
  priority: opt(u16, 0x8000),
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
  flags: opt(u16, 0),
  importance: opt(u16, 0),
  cookie: opt(u64, 0n),
  match: matchCodec,
});

const entry15: Codec<FlowEntry, FlowEntryInput> = {
  outline: merged(head15, oxs, members({ instructions: instructionList })),
  read: (r) => {
    const h = head15.read(r);
    const s = oxs.read(r);
    // Written out, because spreading two objects costs more than all the rest of the entry.
    const entry = {
      table_id: h.table_id,
      duration_sec: s.duration_sec,
      duration_nsec: s.duration_nsec,
      priority: h.priority,
      idle_timeout: h.idle_timeout,
      hard_timeout: h.hard_timeout,
      flags: h.flags,
      importance: h.importance,
      cookie: h.cookie,
      packet_count: s.packet_count,
      byte_count: s.byte_count,
      match: h.match,
      instructions: instructionList.read(r),
    };
    const isPlain = s.idle_sec === undefined && s.flow_count === undefined && !(WIRE in s);
    return isPlain ? entry : { ...s, ...entry };
  },
  write: (w, e) => {
    head15.write(w, e);
    oxs.write(w, e);
    instructionList.write(w, e.instructions ?? []);
  },
};

/** One flow of OFPMP_FLOW (1.3, 1.4) and OFPMP_FLOW_DESC (1.5). */
export const flowEntry: Codec<FlowEntry, FlowEntryInput> = lengthPrefixed(
  {
    outline: from(6, entry15, entry13),
    read: (r): FlowEntry => (r.version >= 6 ? entry15.read(r) : entry13.read(r)),
    write: (w, e: FlowEntryInput) => (w.version >= 6 ? entry15.write(w, e) : entry13.write(w, e)),
  },
  'OFPBRC_BAD_LEN',
);

const flowStatsHead = struct({
  _1: pad(2),
  table_id: opt(u8, 0),
  reason: opt(u8, 0),
  priority: opt(u16, 0x8000),
  match: matchCodec,
});
type FlowStats = Out<typeof flowStatsHead> & Stats;
type FlowStatsInput = In<typeof flowStatsHead> & StatsInput;

/** One flow of OFPMP_FLOW_STATS (1.5). */
export const flowStats: Codec<FlowStats, FlowStatsInput> = lengthPrefixed(
  {
    outline: merged(flowStatsHead, oxs),
    read: (r): FlowStats => ({ ...flowStatsHead.read(r), ...oxs.read(r) }),
    write: (w, e: FlowStatsInput) => {
      flowStatsHead.write(w, e);
      oxs.write(w, e);
    },
  },
  'OFPBRC_BAD_LEN',
);

const removed13 = struct({
  cookie: opt(u64, 0n),
  priority: opt(u16, 0x8000),
  reason: opt(u8, 0),
  table_id: opt(u8, 0),
  ...duration,
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
  ...counts,
  match: matchCodec,
});
type Removed = Out<typeof removed13> & {
  readonly idle_sec?: number | undefined;
  readonly idle_nsec?: number | undefined;
  readonly flow_count?: number | undefined;
};
type RemovedInput = In<typeof removed13> & StatsInput;

const removedHead15 = struct({
  table_id: opt(u8, 0),
  reason: opt(u8, 0),
  priority: opt(u16, 0x8000),
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
  cookie: opt(u64, 0n),
  match: matchCodec,
});

/** OFPT_FLOW_REMOVED. */
export const flowRemoved: Codec<Removed, RemovedInput> = {
  outline: from(6, { outline: merged(removedHead15, oxs) }, removed13),
  read: (r) => {
    if (r.version < 6) return removed13.read(r);
    const head = removedHead15.read(r);
    return { ...head, ...oxs.read(r) };
  },
  write: (w, v) => {
    if (w.version < 6) {
      removed13.write(w, v);
      return;
    }
    removedHead15.write(w, v);
    oxs.write(w, v);
  },
};
