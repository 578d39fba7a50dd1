/**
 * Ports and queues: PORT_STATUS, PORT_MOD and their multiparts (OpenFlow 1.5.1, 7.2.1, 7.3.4.1, 7.4.4, 7.3.5.6 and .14).
 *
 * OpenFlow 1.4 moved the Ethernet members into a property; they are decoded to the same members.
 */

import { OFPP, OFPQ_ALL } from '../constants.js';
import {
  type Codec,
  type In,
  lengthPrefixed,
  list,
  type Out,
  opt,
  pad,
  struct,
  text,
  u8,
  u32,
  u48,
  u64,
} from '../wire/codec.js';
import { from, maybe, members, merged } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import { preserved } from './preserved.js';
import { type Property, propertiesAbove, propertyContent, propertyList, propertyOf } from './property.js';

const ethernet = {
  curr: opt(u32, 0),
  advertised: opt(u32, 0),
  supported: opt(u32, 0),
  peer: opt(u32, 0),
  curr_speed: opt(u32, 0),
  max_speed: opt(u32, 0),
} as const;
const head = { hw_addr: u48, _2: pad(2), name: text(16), config: opt(u32, 0), state: opt(u32, 0) } as const;
const port13 = struct({ port_no: u32, _1: pad(4), ...head, ...ethernet });
const portHead14 = struct(head);
const ethernetProperty = struct({ reserved: u32, ...ethernet });

/** The first Ethernet property as members, and the other properties. */
type Port = Out<typeof port13> & { readonly properties?: readonly Property[] | undefined };
type PortInput = In<typeof port13> & { readonly properties?: readonly Property[] | undefined };

/** Properties with one kind (type 0) taken apart. */
function withFirst<T extends object>(
  codec: Codec<T, never>,
  absent: T,
): Codec<T & { readonly properties?: readonly Property[] | undefined }, object> {
  return preserved({
    outline: merged(codec, members({ properties: maybe(propertiesAbove(0)) })),
    read: (r: Reader) => {
      const others: Property[] = [];
      let first: T | undefined;
      for (const p of propertyList.read(r)) {
        if (p.type === 0 && first === undefined) first = propertyContent(p, codec as unknown as Codec<T>, r.version);
        else others.push(p);
      }
      return { ...(first ?? absent), ...(others.length === 0 ? {} : { properties: others }) };
    },
    write: (w: Writer, v: object) => {
      const { properties = [] } = v as { readonly properties?: readonly Property[] };
      propertyList.write(w, [
        propertyOf(0, codec as unknown as Codec<T, object>, { reserved: 0, ...v }, w.version),
        ...properties,
      ]);
    },
  });
}

const NO_ETHERNET = { reserved: 0, curr: 0, advertised: 0, supported: 0, peer: 0, curr_speed: 0, max_speed: 0 };
const portProperties = withFirst(ethernetProperty, NO_ETHERNET);

/** ofp_port. */
export const port: Codec<Port, PortInput> = {
  outline: from(5, { outline: merged(members({ port_no: u32 }), portHead14, portProperties) }, port13),
  read: (r) => {
    if (r.version < 5) return port13.read(r);
    const at = r.at;
    const port_no = r.u32();
    const length = r.u16();
    r.pad(2);
    const outer = r.enter(length - 8, 'OFPBRC_BAD_LEN');
    const members = { port_no, ...portHead14.read(r), ...portProperties.read(r) };
    if (r.at - at !== length) throw r.error('OFPBRC_BAD_LEN', at);
    r.leave(outer, 'OFPBRC_BAD_LEN');
    return members;
  },
  write: (w, p) => {
    if (w.version < 5) {
      port13.write(w, p);
      return;
    }
    const at = w.at;
    w.u32(p.port_no);
    w.reserve(2);
    w.pad(2);
    portHead14.write(w, p);
    portProperties.write(w, p);
    w.patchU16(at + 4, w.at - at);
  },
};

/** OFPT_PORT_STATUS: 0 add, 1 delete, 2 modify. */
export const portStatus: Codec<
  { readonly reason: number; readonly port: Port },
  { readonly reason: number; readonly port: PortInput }
> = {
  outline: { is: 'members', members: { reason: u8, port } },
  read: (r) => {
    const reason = r.octets[r.take(1)] as number;
    r.pad(7);
    return { reason, port: port.read(r) };
  },
  write: (w, v) => {
    w.u8(v.reason);
    w.pad(7);
    port.write(w, v.port);
  },
};

const portModHead = struct({
  port_no: u32,
  _1: pad(4),
  hw_addr: u48,
  _2: pad(2),
  config: opt(u32, 0),
  mask: opt(u32, 0),
});
const portModTail13 = struct({ advertise: opt(u32, 0), _1: pad(4) });
const portModProperties = withFirst(struct({ advertise: opt(u32, 0) }), { advertise: 0 });
type PortMod = Out<typeof portModHead> & {
  readonly advertise: number;
  readonly properties?: readonly Property[] | undefined;
};
type PortModInput = In<typeof portModHead> & {
  readonly advertise?: number | undefined;
  readonly properties?: readonly Property[] | undefined;
};

/** OFPT_PORT_MOD. */
export const portMod: Codec<PortMod, PortModInput> = {
  outline: from(
    5,
    { outline: merged(portModHead, portModProperties) },
    { outline: merged(portModHead, portModTail13) },
  ),
  read: (r) => ({ ...portModHead.read(r), ...(r.version < 5 ? portModTail13.read(r) : portModProperties.read(r)) }),
  write: (w, v) => {
    portModHead.write(w, v);
    if (w.version < 5) portModTail13.write(w, v);
    else portModProperties.write(w, v);
  },
};

/** A request about one port or all. */
export const portRequest = struct({ port_no: opt(u32, OFPP.ANY), _1: pad(4) });

const trafficCounts = {
  rx_packets: opt(u64, 0n),
  tx_packets: opt(u64, 0n),
  rx_bytes: opt(u64, 0n),
  tx_bytes: opt(u64, 0n),
  rx_dropped: opt(u64, 0n),
  tx_dropped: opt(u64, 0n),
  rx_errors: opt(u64, 0n),
  tx_errors: opt(u64, 0n),
} as const;
const ethernetCounts = {
  rx_frame_err: opt(u64, 0n),
  rx_over_err: opt(u64, 0n),
  rx_crc_err: opt(u64, 0n),
  collisions: opt(u64, 0n),
} as const;
const durations = { duration_sec: opt(u32, 0), duration_nsec: opt(u32, 0) } as const;
const portStats13 = struct({ port_no: u32, _1: pad(4), ...trafficCounts, ...ethernetCounts, ...durations });
const portStatsHead14 = struct({ _1: pad(2), port_no: u32, ...durations, ...trafficCounts });
const NO_COUNT = 0xffffffffffffffffn;
const portStatsProperties = withFirst(struct({ reserved: u32, ...ethernetCounts }), {
  reserved: 0,
  rx_frame_err: NO_COUNT,
  rx_over_err: NO_COUNT,
  rx_crc_err: NO_COUNT,
  collisions: NO_COUNT,
});
type PortStats = Out<typeof portStats13> & { readonly properties?: readonly Property[] | undefined };
type PortStatsInput = In<typeof portStats13> & { readonly properties?: readonly Property[] | undefined };

const portStats14: Codec<PortStats, PortStatsInput> = lengthPrefixed(
  {
    outline: merged(portStatsHead14, portStatsProperties),
    read: (r): PortStats => ({ ...portStatsHead14.read(r), ...portStatsProperties.read(r) }),
    write: (w, v: PortStatsInput) => {
      portStatsHead14.write(w, v);
      portStatsProperties.write(w, v);
    },
  },
  'OFPBRC_BAD_LEN',
);

/** One port of OFPMP_PORT (OFPMP_PORT_STATS). */
export const portStats: Codec<PortStats, PortStatsInput> = {
  outline: from(5, portStats14, portStats13),
  read: (r) => (r.version < 5 ? portStats13.read(r) : portStats14.read(r)),
  write: (w, v) => (w.version < 5 ? portStats13.write(w, v) : portStats14.write(w, v)),
};

/** A request about one queue of one port, or all. */
export const queueRequest = struct({ port_no: opt(u32, OFPP.ANY), queue_id: opt(u32, OFPQ_ALL) });

const queueCounts = {
  port_no: u32,
  queue_id: u32,
  tx_bytes: opt(u64, 0n),
  tx_packets: opt(u64, 0n),
  tx_errors: opt(u64, 0n),
  ...durations,
} as const;
const queueStats13 = struct(queueCounts);
const queueStats14 = lengthPrefixed(struct({ _1: pad(6), ...queueCounts, properties: propertyList }), 'OFPBRC_BAD_LEN');
type QueueStats = Out<typeof queueStats13> & { readonly properties?: readonly Property[] | undefined };
type QueueStatsInput = In<typeof queueStats13> & { readonly properties?: readonly Property[] | undefined };

/** One queue of OFPMP_QUEUE (OFPMP_QUEUE_STATS). */
export const queueStats: Codec<QueueStats, QueueStatsInput> = {
  outline: from(5, queueStats14, queueStats13),
  read: (r) => (r.version < 5 ? queueStats13.read(r) : queueStats14.read(r)),
  write: (w, v) => (w.version < 5 ? queueStats13.write(w, v) : queueStats14.write(w, v)),
};

/** Bodies that have their length after two words. */
function lengthAfter8<T extends object, I>(
  codec: Codec<T, I>,
): Codec<T & { readonly a: number; readonly b: number }, I & { readonly a: number; readonly b: number }> {
  return {
    outline: codec.outline,
    read: (r) => {
      const a = r.u32();
      const b = r.u32();
      const length = r.u16();
      r.pad(6);
      const outer = r.enter(length - 16, 'OFPBRC_BAD_LEN');
      const body = codec.read(r);
      r.leave(outer, 'OFPBRC_BAD_LEN');
      return { a, b, ...body };
    },
    write: (w, v) => {
      const at = w.at;
      w.u32(v.a);
      w.u32(v.b);
      w.reserve(2);
      w.pad(6);
      codec.write(w, v);
      w.patchU16(at + 8, w.at - at);
    },
  };
}

/** Renames the two words before the length. */
function queueHead<T extends object, I>(
  codec: Codec<T, I>,
  aIsPort: boolean,
): Codec<
  T & { readonly port_no: number; readonly queue_id: number },
  I & { readonly port_no: number; readonly queue_id: number }
> {
  const inner = lengthAfter8(codec);
  return {
    outline: merged(members({ port_no: u32, queue_id: u32 }), codec),
    read: (r) => {
      const { a, b, ...body } = inner.read(r);
      return { port_no: aIsPort ? a : b, queue_id: aIsPort ? b : a, ...body } as unknown as T & {
        readonly port_no: number;
        readonly queue_id: number;
      };
    },
    write: (w, v) => inner.write(w, { ...v, a: aIsPort ? v.port_no : v.queue_id, b: aIsPort ? v.queue_id : v.port_no }),
  };
}

/** One queue of OFPMP_QUEUE_DESC. Properties: 1 min_rate, 2 max_rate, in tenths of a percent. */
export const queueDesc = queueHead(struct({ properties: propertyList }), true);

/** OFPT_QUEUE_GET_CONFIG_REQUEST and _REPLY (1.3). */
export const queueConfigRequest = struct({ port: u32, _1: pad(4) });
export const queueConfigReply = struct({
  port: u32,
  _1: pad(4),
  queues: list(queueHead(struct({ properties: propertyList }), false)),
});
