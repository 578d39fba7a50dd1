/** Packets to and from the controller (OpenFlow 1.5.1, 7.3.6 and 7.4.1), and their Nicira forms. */

import { actionList } from '../actions/codec.js';
import type { Action, DecodedAction } from '../actions/types.js';
import { OFP_NO_BUFFER, OFPP } from '../constants.js';
import { type Match, matchCodec, readOxmFields, writeOxmFields } from '../match.js';
import { type Codec, opt, pad, rest, struct, u8, u16, u32, u64 } from '../wire/codec.js';
import { always, from, known, members, settled } from '../wire/outline.js';
import { type Property, propertyList } from './property.js';

/** OFPT_PACKET_IN. `match` has the packet's metadata, in_port among it. */
export const packetIn = struct({
  buffer_id: opt(u32, OFP_NO_BUFFER),
  total_len: u16,
  reason: opt(u8, 1),
  table_id: opt(u8, 0),
  cookie: opt(u64, 0n),
  match: matchCodec,
  _1: pad(2),
  data: rest,
});

/** A packet to send. `match` (1.5) is the metadata it gets; in_port in it is the member in_port. */
export interface PacketOut {
  readonly buffer_id: number;
  readonly in_port: number;
  readonly match: Match;
  readonly actions: readonly DecodedAction[];
  readonly data: Buffer;
}
export interface PacketOutInput {
  readonly buffer_id?: number | undefined;
  readonly in_port?: number | undefined;
  readonly match?: Match | undefined;
  readonly actions?: readonly Action[] | undefined;
  readonly data?: Buffer | undefined;
}

/** OFPT_PACKET_OUT. */
export const packetOut: Codec<PacketOut, PacketOutInput> = {
  outline: from(
    6,
    {
      outline: settled(members({ buffer_id: u32, match: matchCodec, actions: actionList, data: rest }), inPortOfMatch),
    },
    members({ buffer_id: u32, in_port: u32, match: always({}), actions: actionList, data: rest }),
  ),
  read: (r) => {
    const buffer_id = r.u32();
    const before = r.version < 6 ? r.u32() : undefined;
    const length = r.u16();
    r.pad(before === undefined ? 2 : 6);
    const match = before === undefined ? matchCodec.read(r) : {};
    const outer = r.enter(length, 'OFPBAC_BAD_LEN');
    const actions = actionList.read(r);
    r.leave(outer, 'OFPBAC_BAD_LEN');
    return { buffer_id, in_port: before ?? match.in_port?.value ?? OFPP.ANY, match, actions, data: r.rest() };
  },
  write: (w, v) => {
    w.u32(v.buffer_id ?? OFP_NO_BUFFER);
    if (w.version < 6) w.u32(v.in_port ?? OFPP.CONTROLLER);
    const at = w.reserve(2);
    w.pad(w.version < 6 ? 6 : 2);
    if (w.version >= 6) matchCodec.write(w, withInPort(v));
    const start = w.at;
    actionList.write(w, v.actions ?? []);
    w.patchU16(at, w.at - start);
    w.bytes(v.data ?? Buffer.alloc(0));
  },
};

/** From 1.5 on the port stands in the match. */
function inPortOfMatch(v: Record<string, unknown>): object {
  return { ...v, in_port: (v.match as Match).in_port?.value ?? OFPP.ANY };
}

function withInPort(v: PacketOutInput): Match {
  const match = v.match ?? {};
  const in_port = v.in_port ?? (v.match === undefined ? OFPP.CONTROLLER : OFPP.ANY);
  return match.in_port !== undefined || in_port === OFPP.ANY ? match : { ...match, in_port: { value: in_port } };
}

/** A bare list of fields whose length stands before it, `gap` octets earlier, and padding to 8 octets after it. */
export function nxMatch(gap: number): Codec<Match> {
  return {
    outline: known('match'),
    read: (r) => {
      const length = r.u16();
      if (gap > 0) r.pad(gap);
      return readNxMatch(r, length);
    },
    write: (w, match) => {
      const at = w.reserve(2);
      if (gap > 0) w.pad(gap);
      w.patchU16(at, writeNxMatch(w, match));
    },
  };
}

/** Reads `length` octets of fields and the padding after them. */
export function readNxMatch(r: Parameters<Codec<Match>['read']>[0], length: number): Match {
  const outer = r.enter(length, 'OFPBMC_BAD_LEN');
  const match = readOxmFields(r);
  r.leave(outer, 'OFPBMC_BAD_LEN');
  r.pad((8 - (length & 7)) & 7);
  return match;
}

/** Writes fields and the padding after them; returns the fields' length. */
export function writeNxMatch(w: Parameters<Codec<Match>['write']>[0], match: Match): number {
  const start = w.at;
  writeOxmFields(w, match);
  const length = w.at - start;
  w.padTo8(start);
  return length;
}

/** NXT_PACKET_IN. */
export const nxPacketIn = struct({
  buffer_id: opt(u32, OFP_NO_BUFFER),
  total_len: u16,
  reason: opt(u8, 1),
  table_id: opt(u8, 0),
  cookie: opt(u64, 0n),
  match: nxMatch(6),
  _1: pad(2),
  data: rest,
});

/** NXT_PACKET_IN2 and NXT_RESUME: all in properties, which `packetIn2` of the text side reads. */
export const nxPacketIn2: Codec<{ readonly properties: readonly Property[] }> = struct({ properties: propertyList });
