/** Meters: METER_MOD and the meter multiparts (OpenFlow 1.5.1, 7.3.4.4, 7.3.5.11 to .13). */

import { OFPM } from '../constants.js';
import {
  type Codec,
  enumeration,
  lengthPrefixed,
  list,
  opt,
  pad,
  rest,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '../wire/codec.js';
import { always, either, from, members, merged } from '../wire/outline.js';
import { duration } from './stats.js';

/** A band: what happens above a rate. `prec_level` is of dscp_remark; `data` of bands we do not know. */
export interface Band {
  readonly type: 'drop' | 'dscp_remark' | number;
  readonly rate: number;
  readonly burst_size: number;
  readonly prec_level?: number | undefined;
  readonly data?: Buffer | undefined;
}
/** A band to encode: the burst size may be left out. */
export type BandInput = Omit<Band, 'burst_size'> & { readonly burst_size?: number | undefined };

const DROP = 1;
const DSCP_REMARK = 2;

const band: Codec<Band, BandInput> = {
  outline: either(
    members({ type: always('drop'), rate: u32, burst_size: u32 }),
    members({ type: always('dscp_remark'), rate: u32, burst_size: u32, prec_level: u8 }),
    members({
      type: { outline: { is: 'number', least: 3, most: 0xffff } },
      rate: u32,
      burst_size: u32,
      data: rest,
    }),
  ),
  read: (r) => {
    const at = r.at;
    const type = r.u16();
    const length = r.u16();
    if (length < 12) throw r.error('OFPBRC_BAD_LEN', at);
    const outer = r.enter(length - 4, 'OFPBRC_BAD_LEN');
    const rate = r.u32();
    const burst_size = r.u32();
    const read = (): Band => {
      if (type === DROP) {
        r.pad(4);
        return { type: 'drop', rate, burst_size };
      }
      if (type !== DSCP_REMARK) return { type, rate, burst_size, data: r.rest() };
      const prec_level = r.u8();
      r.pad(3);
      return { type: 'dscp_remark', rate, burst_size, prec_level };
    };
    const found = read();
    r.leave(outer, 'OFPBRC_BAD_LEN');
    return found;
  },
  write: (w, b) => {
    const at = w.at;
    w.u16(b.type === 'drop' ? DROP : b.type === 'dscp_remark' ? DSCP_REMARK : b.type);
    w.reserve(2);
    w.u32(b.rate);
    w.u32(b.burst_size ?? 0);
    if (b.type === 'drop') w.pad(4);
    else if (b.type === 'dscp_remark') {
      w.u8(b.prec_level ?? 0);
      w.pad(3);
    } else w.bytes(b.data ?? Buffer.alloc(0));
    w.patchU16(at + 2, w.at - at);
  },
};

const command = enumeration(u16, { ADD: 0, MODIFY: 1, DELETE: 2 }, 'OFPMMFC_BAD_COMMAND');

/** OFPT_METER_MOD. Flags: 1 kbps, 2 pktps, 4 burst, 8 stats. */
export const meterMod = struct({ command, flags: opt(u16, 1), meter_id: u32, bands: list(band) });

/** A request about one meter or all. */
export const meterRequest = struct({ meter_id: opt(u32, OFPM.ALL), _1: pad(4) });

/** One meter of OFPMP_METER_CONFIG (1.5: METER_DESC). */
export const meterConfig = lengthPrefixed(
  struct({ flags: opt(u16, 0), meter_id: u32, bands: list(band) }),
  'OFPBRC_BAD_LEN',
);

const meterStatsBody = struct({
  _1: pad(6),
  /** Flows that use the meter (1.5: ref_count). */
  flow_count: opt(u32, 0),
  packet_in_count: opt(u64, 0n),
  byte_in_count: opt(u64, 0n),
  ...duration,
  bands: list(struct({ packet_count: u64, byte_count: u64 })),
});
type MeterStats = ReturnType<typeof meterStatsBody.read> & { readonly meter_id: number };
type MeterStatsInput = Parameters<typeof meterStatsBody.write>[1] & { readonly meter_id: number };

/** One meter of OFPMP_METER. Its length stands after its id. */
export const meterStats: Codec<MeterStats, MeterStatsInput> = {
  outline: merged(members({ meter_id: u32 }), meterStatsBody),
  read: (r) => {
    const meter_id = r.u32();
    const length = r.u16();
    const outer = r.enter(length - 6, 'OFPBRC_BAD_LEN');
    const body = meterStatsBody.read(r);
    r.leave(outer, 'OFPBRC_BAD_LEN');
    return { meter_id, ...body };
  },
  write: (w, v) => {
    const at = w.at;
    w.u32(v.meter_id);
    w.reserve(2);
    meterStatsBody.write(w, v);
    w.patchU16(at + 4, w.at - at);
  },
};

const lastOf15 = list(struct({ features: u32, reserved: opt(u32, 0) }));
/** What 1.5 ends with and Open vSwitch 3.1 leaves out: none or one, as it was. */
const endOf15: Codec<ReturnType<typeof lastOf15.read>, Parameters<typeof lastOf15.write>[1]> = {
  outline: from(6, lastOf15, always([])),
  read: (r) => (r.version < 6 ? [] : lastOf15.read(r)),
  write: (w, v) => {
    if (w.version >= 6) lastOf15.write(w, v);
  },
};

/** OFPMP_METER_FEATURES. */
export const meterFeatures = struct({
  max_meter: u32,
  band_types: u32,
  capabilities: u32,
  max_bands: u8,
  max_color: u8,
  _1: pad(2),
  end: opt(endOf15, []),
});
