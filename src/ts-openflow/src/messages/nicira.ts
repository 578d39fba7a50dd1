/** The smaller messages of Open vSwitch's own (nicira-ext.h). */

import { type Match, readOxmFields, writeOxmFields } from '../match.js';
import { type Codec, list, opt, pad, struct, u8, u16, u32, u64 } from '../wire/codec.js';
import { known, members, merged } from '../wire/outline.js';
import { propertyList } from './property.js';

/** NXT_FLOW_MOD_TABLE_ID. */
export const flowModTableId = struct({ set: u8, _1: pad(7) });
/** NXT_SET_FLOW_FORMAT and NXT_SET_PACKET_IN_FORMAT. */
export const format = struct({ format: u32 });
/** NXT_SET_CONTROLLER_ID. */
export const controllerId = struct({ _1: pad(6), controller_id: u16 });
/** NXT_FLOW_MONITOR_CANCEL and ONFT_FLOW_MONITOR_CANCEL. */
export const monitorId = struct({ id: u32 });
/** NXT_CT_FLUSH_ZONE. */
export const ctFlushZone = struct({ _1: pad(6), zone_id: u16 });
/** NXT_CT_FLUSH. Properties: 0 original tuple, 1 reply tuple, 2 zone, 3 mark, 4 label. */
export const ctFlush = struct({ ip_proto: opt(u8, 0), _1: pad(7), properties: propertyList });

const tlvMap = struct({ option_class: u16, option_type: u8, option_len: u8, index: u16, _1: pad(2) });
/** NXT_TLV_TABLE_MOD: 0 add, 1 delete, 2 clear. */
export const tlvTableMod = struct({ command: u16, _1: pad(6), mappings: list(tlvMap) });
/** NXT_TLV_TABLE_REPLY. */
export const tlvTableReply = struct({ max_option_space: u32, max_fields: u16, _1: pad(10), mappings: list(tlvMap) });

/** Statistics of IPFIX, of a bridge or of a set of collectors (nx_ipfix_stats_reply). */
export const ipfixStats = struct({
  total_flows: opt(u64, 0n),
  current_flows: opt(u64, 0n),
  pkts: opt(u64, 0n),
  ipv4_pkts: opt(u64, 0n),
  ipv6_pkts: opt(u64, 0n),
  error_pkts: opt(u64, 0n),
  ipv4_error_pkts: opt(u64, 0n),
  ipv6_error_pkts: opt(u64, 0n),
  tx_pkts: opt(u64, 0n),
  tx_errors: opt(u64, 0n),
  collector_set_id: opt(u32, 0),
  _1: pad(4),
});

const removedHead = struct({
  cookie: opt(u64, 0n),
  priority: opt(u16, 0x8000),
  reason: opt(u8, 0),
  table_id: opt(u8, 0),
  duration_sec: opt(u32, 0),
  duration_nsec: opt(u32, 0),
  idle_timeout: opt(u16, 0),
});
type RemovedHead = ReturnType<typeof removedHead.read>;
const nxFields: Codec<Match> = {
  outline: known('match'),
  read: readOxmFields,
  write: writeOxmFields,
};
type NxFlowRemoved = RemovedHead & {
  readonly packet_count: bigint;
  readonly byte_count: bigint;
  readonly match: Match;
};
type NxFlowRemovedInput = Partial<NxFlowRemoved>;

/** NXT_FLOW_REMOVED: the length of the match stands before the counts. */
export const nxFlowRemoved: Codec<NxFlowRemoved, NxFlowRemovedInput> = {
  outline: merged(removedHead, members({ packet_count: u64, byte_count: u64, match: nxFields })),
  read: (r) => {
    const head = removedHead.read(r);
    const at = r.at;
    r.take(2);
    const packet_count = r.u64();
    const byte_count = r.u64();
    const length = r.octets.readUInt16BE(at);
    const outer = r.enter(length, 'OFPBMC_BAD_LEN');
    const fields = nxFields.read(r);
    r.leave(outer, 'OFPBMC_BAD_LEN');
    r.pad((8 - (length & 7)) & 7);
    return { ...head, packet_count, byte_count, match: fields };
  },
  write: (w, v) => {
    removedHead.write(w, v);
    const at = w.reserve(2);
    w.u64(v.packet_count ?? 0n);
    w.u64(v.byte_count ?? 0n);
    const start = w.at;
    nxFields.write(w, v.match ?? {});
    w.patchU16(at, w.at - start);
    w.padTo8(start);
  },
};
