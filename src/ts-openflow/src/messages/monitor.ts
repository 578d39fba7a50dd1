/** Flow monitors (OpenFlow 1.4.1, 7.3.5.17; NXST_FLOW_MONITOR): requests, and the updates that switches send. */

import { actionList } from '../actions/codec.js';
import type { Action, DecodedAction } from '../actions/types.js';
import { OFPG, OFPP } from '../constants.js';
import { instructionList } from '../instructions.js';
import { type Match, matchCodec } from '../match.js';
import {
  type Codec,
  enumeration,
  type In,
  lengthPrefixed,
  list,
  type Out,
  opt,
  pad,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '../wire/codec.js';
import { always, either, members, merged, oneOf } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import { readNxMatch, writeNxMatch } from './packet.js';

const command = enumeration(u8, { ADD: 0, MODIFY: 1, DELETE: 2 }, 'OFPMOFC_BAD_COMMAND');

/** Monitors to set, one after another. */
export const monitorRequest = list(
  struct({
    monitor_id: u32,
    out_port: opt(u32, OFPP.ANY),
    out_group: opt(u32, OFPG.ANY),
    flags: opt(u16, 0),
    table_id: opt(u8, 255),
    command: opt(command, 'ADD'),
    match: matchCodec,
  }),
);

const EVENTS = ['INITIAL', 'ADDED', 'REMOVED', 'MODIFIED', 'ABBREV', 'PAUSED', 'RESUMED'] as const;
/** NXST has no INITIAL: its events start at ADDED. */
const NX_EVENTS = ['ADDED', 'REMOVED', 'MODIFIED', 'ABBREV'] as const;
const FULL: readonly string[] = ['INITIAL', 'ADDED', 'REMOVED', 'MODIFIED'];

const full = struct({
  table_id: opt(u8, 0),
  reason: opt(u8, 0),
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
  priority: opt(u16, 0),
  _1: pad(4),
  cookie: opt(u64, 0n),
  match: matchCodec,
  instructions: instructionList,
});
type Event = (typeof EVENTS)[number];
/** What happened: to a flow (all members), by our own request (xid), or to the monitor. */
export type MonitorUpdate = {
  readonly event: Event;
  readonly xid?: number | undefined;
  readonly octets?: Buffer | undefined;
} & Partial<Out<typeof full>>;
export type MonitorUpdateInput = {
  readonly event: Event;
  readonly xid?: number | undefined;
  readonly octets?: Buffer | undefined;
} & In<typeof full>;

const update: Codec<MonitorUpdate, MonitorUpdateInput> = lengthPrefixed(
  {
    outline: either(
      { outline: merged(members({ event: oneOf(...FULL) }), full) },
      members({ event: always('ABBREV'), xid: u32 }),
      members({ event: oneOf('PAUSED', 'RESUMED') }),
    ),
    read: (r: Reader): MonitorUpdate => {
      const at = r.at;
      const event = EVENTS[r.u16()];
      if (event === undefined) throw r.error('OFPBRC_BAD_LEN', at);
      if (FULL.includes(event)) return { event, ...full.read(r) };
      if (event === 'ABBREV') return { event, xid: r.u32() };
      r.pad(r.left);
      return { event };
    },
    write: (w: Writer, v: MonitorUpdateInput) => {
      w.u16(EVENTS.indexOf(v.event));
      if (FULL.includes(v.event)) full.write(w, v);
      else if (v.event === 'ABBREV') w.u32(v.xid ?? 0);
      else w.pad(4);
    },
  },
  'OFPBRC_BAD_LEN',
);
/** One update of OFPMP_FLOW_MONITOR. */
export const monitorUpdate = update;

const nxHead = struct({ id: u32, flags: opt(u16, 0), out_port: opt(u16, 0xffff) });
type NxRequest = Out<typeof nxHead> & { readonly table_id: number; readonly match: Match };
type NxRequestInput = In<typeof nxHead> & {
  readonly table_id?: number | undefined;
  readonly match?: Match | undefined;
};
const nxRequest: Codec<NxRequest, NxRequestInput> = {
  outline: merged(nxHead, members({ table_id: u8, match: matchCodec })),
  read: (r) => {
    const head = nxHead.read(r);
    const length = r.u16();
    const table_id = r.u8();
    r.pad(5);
    return { ...head, table_id, match: readNxMatch(r, length) };
  },
  write: (w, v) => {
    nxHead.write(w, v);
    const at = w.reserve(2);
    w.u8(v.table_id ?? 255);
    w.pad(5);
    w.patchU16(at, writeNxMatch(w, v.match ?? {}));
  },
};
/** The request of NXST_FLOW_MONITOR. */
export const nxMonitorRequest = list(nxRequest);

/** The request of the ONF extension for 1.3: Nicira's with a port of 32 bits and an ofp_match. */
export const onfMonitorRequest: Codec<readonly NxRequest[], readonly NxRequestInput[]> = list({
  outline: members({ id: u32, flags: u16, out_port: u32, table_id: u8, match: matchCodec }).outline,
  read: (r: Reader): NxRequest => {
    const id = r.u32();
    const flags = r.u16();
    r.take(2);
    const out_port = r.u32();
    const table_id = r.u8();
    r.pad(3);
    return { id, flags, out_port, table_id, match: matchCodec.read(r) };
  },
  write: (w: Writer, v: NxRequestInput) => {
    w.u32(v.id);
    w.u16(v.flags ?? 0);
    const at = w.reserve(2);
    w.u32(v.out_port ?? OFPP.ANY);
    w.u8(v.table_id ?? 255);
    w.pad(3);
    const start = w.at;
    matchCodec.write(w, v.match ?? {});
    w.patchU16(at, w.peekU16(start + 2));
  },
});

const nxFullHead = struct({
  reason: opt(u16, 0),
  priority: opt(u16, 0),
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
});
type NxEvent = (typeof NX_EVENTS)[number];
export type NxUpdate = { readonly event: NxEvent; readonly xid?: number } & Partial<
  Out<typeof nxFullHead> & {
    readonly table_id: number;
    readonly cookie: bigint;
    readonly match: Match;
    readonly actions: readonly DecodedAction[];
  }
>;
export type NxUpdateInput = { readonly event: NxEvent; readonly xid?: number } & In<typeof nxFullHead> & {
    readonly table_id?: number;
    readonly cookie?: bigint;
    readonly match?: Match;
    readonly actions?: readonly Action[];
  };

/** One update of NXST_FLOW_MONITOR. */
export const nxMonitorUpdate: Codec<NxUpdate, NxUpdateInput> = lengthPrefixed(
  {
    outline: either(
      {
        outline: merged(
          members({ event: oneOf('ADDED', 'REMOVED', 'MODIFIED') }),
          nxFullHead,
          members({ table_id: u8, cookie: u64, match: matchCodec, actions: actionList }),
        ),
      },
      members({ event: always('ABBREV'), xid: u32 }),
    ),
    read: (r: Reader): NxUpdate => {
      const at = r.at;
      const event = NX_EVENTS[r.u16()];
      if (event === undefined) throw r.error('OFPBRC_BAD_LEN', at);
      if (event === 'ABBREV') return { event, xid: r.u32() };
      const head = nxFullHead.read(r);
      const length = r.u16();
      const table_id = r.u8();
      r.pad(1);
      const cookie = r.u64();
      return { event, ...head, table_id, cookie, match: readNxMatch(r, length), actions: actionList.read(r) };
    },
    write: (w: Writer, v: NxUpdateInput) => {
      w.u16(NX_EVENTS.indexOf(v.event));
      if (v.event === 'ABBREV') {
        w.u32(v.xid ?? 0);
        return;
      }
      nxFullHead.write(w, v);
      const at = w.reserve(2);
      w.u8(v.table_id ?? 0);
      w.pad(1);
      w.u64(v.cookie ?? 0n);
      w.patchU16(at, writeNxMatch(w, v.match ?? {}));
      actionList.write(w, v.actions ?? []);
    },
  },
  'OFPBRC_BAD_LEN',
);

type OnfUpdate = { readonly event: NxEvent; readonly xid?: number } & Partial<
  Out<typeof nxFullHead> & Out<typeof onfTail>
>;
type OnfUpdateInput = { readonly event: NxEvent; readonly xid?: number } & In<typeof nxFullHead> & In<typeof onfTail>;
const onfTail = struct({
  table_id: opt(u8, 0),
  _1: pad(1),
  cookie: opt(u64, 0n),
  match: matchCodec,
  instructions: instructionList,
});

/** One update of the ONF extension for 1.3: Nicira's events and head, with an ofp_match and instructions. */
export const onfMonitorUpdate: Codec<OnfUpdate, OnfUpdateInput> = lengthPrefixed(
  {
    outline: either(
      { outline: merged(members({ event: oneOf('ADDED', 'REMOVED', 'MODIFIED') }), nxFullHead, onfTail) },
      members({ event: always('ABBREV'), xid: u32 }),
    ),
    read: (r: Reader): OnfUpdate => {
      const at = r.at;
      const event = NX_EVENTS[r.u16()];
      if (event === undefined) throw r.error('OFPBRC_BAD_LEN', at);
      if (event === 'ABBREV') return { event, xid: r.u32() };
      const head = nxFullHead.read(r);
      // The length of the match, which the match says as well.
      const length = r.u16();
      if (r.left >= 14 && r.octets.readUInt16BE(r.at + 12) !== length) throw r.error('OFPBMC_BAD_LEN');
      return { event, ...head, ...onfTail.read(r) };
    },
    write: (w: Writer, v: OnfUpdateInput) => {
      w.u16(NX_EVENTS.indexOf(v.event));
      if (v.event === 'ABBREV') {
        w.u32(v.xid ?? 0);
        return;
      }
      nxFullHead.write(w, v);
      const at = w.reserve(2);
      onfTail.write(w, v);
      w.patchU16(at, w.peekU16(at + 2 + 2 + 8 + 2));
    },
  },
  'OFPBRC_BAD_LEN',
);
