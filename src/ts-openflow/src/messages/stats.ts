/**
 * Flow statistics as OXS (ofp_stats, OpenFlow 1.5.1, 7.2.4), decoded to the members that 1.3 and 1.4 have.
 */

import { type Codec, opt, pad, struct, u32, u64 } from '../wire/codec.js';
import { either, maybe, members, merged } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import { preserved } from './preserved.js';

/** Counters of a flow. A counter that the switch does not have is all ones. */
export interface Stats {
  readonly duration_sec: number;
  readonly duration_nsec: number;
  readonly packet_count: bigint;
  readonly byte_count: bigint;
  /** Seconds and nanoseconds without a packet, where the switch tells (1.5). */
  readonly idle_sec?: number | undefined;
  readonly idle_nsec?: number | undefined;
  readonly flow_count?: number | undefined;
}
export type StatsInput = { readonly [K in keyof Stats]?: Stats[K] | undefined };

/** A counter that is not known. */
export const UNKNOWN_COUNT = 0xffffffffffffffffn;

const OXS_CLASS = 0x8002;

function readOxs(r: Reader, s: Record<string, unknown>): void {
  const at = r.at;
  const cls = r.u16();
  const field = r.u8() >>> 1;
  const length = r.u8();
  const outer = r.enter(length, 'OFPBMC_BAD_LEN');
  if (cls !== OXS_CLASS) r.rest();
  else if (field === 0 || field === 1) {
    s[field === 0 ? 'duration_sec' : 'idle_sec'] = r.u32();
    s[field === 0 ? 'duration_nsec' : 'idle_nsec'] = r.u32();
  } else if (field === 3) s.flow_count = r.u32();
  else if (field === 4) s.packet_count = r.u64();
  else if (field === 5) s.byte_count = r.u64();
  else r.rest();
  if (r.left !== 0) throw r.error('OFPBMC_BAD_LEN', at);
  r.leave(outer, 'OFPBMC_BAD_LEN');
}

function writeOxsPair(w: Writer, field: number, sec: number, nsec: number): void {
  w.u16(OXS_CLASS);
  w.u16((field << 9) | 8);
  w.u32(sec);
  w.u32(nsec);
}

function writeOxsCount(w: Writer, field: number, count: bigint): void {
  w.u16(OXS_CLASS);
  w.u16((field << 9) | 8);
  w.u64(count);
}

const plainOxs: Codec<Stats, StatsInput> = {
  outline: merged(
    members({ duration_sec: u32, duration_nsec: u32, packet_count: u64, byte_count: u64, flow_count: maybe(u32) }),
    { outline: either(members({}), members({ idle_sec: u32, idle_nsec: u32 })) },
  ),
  read: (r) => {
    const at = r.at;
    r.u16();
    const length = r.u16();
    if (length < 4) throw r.error('OFPBMC_BAD_LEN', at);
    const outer = r.enter(length - 4, 'OFPBMC_BAD_LEN');
    const s: Record<string, unknown> = {
      duration_sec: 0,
      duration_nsec: 0,
      packet_count: UNKNOWN_COUNT,
      byte_count: UNKNOWN_COUNT,
    };
    while (r.at < r.end) readOxs(r, s);
    r.leave(outer, 'OFPBMC_BAD_LEN');
    r.take((8 - (length & 7)) & 7);
    return s as unknown as Stats;
  },
  write: (w, s) => {
    const at = w.at;
    w.u16(0);
    w.reserve(2);
    if (s.duration_sec !== undefined || s.duration_nsec !== undefined)
      writeOxsPair(w, 0, s.duration_sec ?? 0, s.duration_nsec ?? 0);
    if (s.idle_sec !== undefined) writeOxsPair(w, 1, s.idle_sec, s.idle_nsec ?? 0);
    if (s.flow_count !== undefined) {
      w.u16(OXS_CLASS);
      w.u16((3 << 9) | 4);
      w.u32(s.flow_count);
    }
    if (s.packet_count !== undefined && s.packet_count !== UNKNOWN_COUNT) writeOxsCount(w, 4, s.packet_count);
    if (s.byte_count !== undefined && s.byte_count !== UNKNOWN_COUNT) writeOxsCount(w, 5, s.byte_count);
    w.patchU16(at + 2, w.at - at);
    w.bytes(Buffer.alloc((8 - ((w.at - at) & 7)) & 7));
  },
};

/** ofp_stats, kept as it came where it is spelled unusually. */
export const oxs: Codec<Stats, StatsInput> = preserved(plainOxs, isUsualOxs);

/** Whether OXS fields are those of one flow in order (duration, perhaps idle time, packets, bytes), with known counts. */
function isUsualOxs(octets: Buffer): boolean {
  let at = 4;
  let last = -1;
  const length = octets.readUInt16BE(2);
  if (octets.readUInt16BE(0) !== 0 || length !== octets.length) return false;
  while (at + 12 <= length) {
    const field = octets[at + 2] ?? 0;
    const isCount = field === 8 || field === 10;
    if (octets[at] !== 0x80 || octets[at + 1] !== 2 || octets[at + 3] !== 8 || field <= last) return false;
    if (!isCount && field !== 0 && field !== 2) return false;
    if (isCount && octets[at + 4] === 0xff) return false;
    last = field;
    at += 12;
  }
  return at === length && octets[6] === 0;
}

/** duration_sec and duration_nsec. */
export const duration = { duration_sec: opt(u32, 0), duration_nsec: opt(u32, 0) } as const;

/** packet_count and byte_count. */
export const counts = { packet_count: opt(u64, 0n), byte_count: opt(u64, 0n) } as const;

/** AGGREGATE in 1.3 and 1.4. */
export const aggregate13 = struct({ ...counts, flow_count: opt(u32, 0), _1: pad(4) });
