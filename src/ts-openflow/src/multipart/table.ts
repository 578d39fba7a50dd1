/**
 * Every multipart: its number, what is asked and what is answered (OpenFlow 1.5.1, 7.3.5).
 *
 * The one place to add a multipart. Names are those of 1.3 where 1.5 only renamed one (FLOW is OFPMP_FLOW_DESC there).
 */

import { controllerStatus } from '../messages/async.js';
import { empty, payload } from '../messages/basic.js';
import { flowEntry, flowRequest, flowStats } from '../messages/flow.js';
import { groupDesc, groupDescRequest, groupFeatures, groupRequest, groupStats } from '../messages/group.js';
import { meterConfig, meterFeatures, meterRequest, meterStats } from '../messages/meter.js';
import {
  monitorRequest,
  monitorUpdate,
  nxMonitorRequest,
  nxMonitorUpdate,
  onfMonitorRequest,
  onfMonitorUpdate,
} from '../messages/monitor.js';
import { ipfixStats } from '../messages/nicira.js';
import { port, portRequest, portStats, queueDesc, queueRequest, queueStats } from '../messages/port.js';
import { propertyList } from '../messages/property.js';
import { aggregate13, oxs, type Stats, type StatsInput } from '../messages/stats.js';
import { tableDesc, tableFeatures, tableStats } from '../messages/table.js';
import type { OpenFlowVersion } from '../version.js';
import { type Codec, type In, list, type Out, opt, pad, struct, text, u16, u32 } from '../wire/codec.js';
import { always, from, members, merged } from '../wire/outline.js';

interface Row<Q, QI, A, AI> {
  readonly type: number;
  /** An experimenter's multipart: type is the exp_type. */
  readonly experimenter?: number;
  readonly from: OpenFlowVersion;
  readonly to: OpenFlowVersion;
  readonly request: Codec<Q, QI>;
  readonly reply: Codec<A, AI>;
}

function multipart<Q, QI, A, AI>(
  type: number,
  request: Codec<Q, QI>,
  reply: Codec<A, AI>,
  o: { readonly from?: OpenFlowVersion; readonly to?: OpenFlowVersion; readonly experimenter?: number } = {},
): Row<Q, QI, A, AI> {
  return {
    type,
    request,
    reply,
    from: o.from ?? 4,
    to: o.to ?? 6,
    ...(o.experimenter === undefined ? {} : { experimenter: o.experimenter }),
  };
}

const aggregate: Codec<Stats, StatsInput> = {
  outline: from(6, oxs, {
    outline: merged(members({ duration_sec: always(0), duration_nsec: always(0) }), aggregate13),
  }),
  read: (r) => (r.version < 6 ? { duration_sec: 0, duration_nsec: 0, ...aggregate13.read(r) } : oxs.read(r)),
  write: (w, v) => (w.version < 6 ? aggregate13.write(w, v) : oxs.write(w, v)),
};

/** The port request of PORT_DESC, which takes a port only from 1.5 on; it may be left out before. */
const portDescRequest: Codec<{ readonly port_no: number }, { readonly port_no?: number | undefined }> = {
  outline: from(6, portRequest, members({ port_no: always(0xffffffff) })),
  read: (r) => (r.left === 0 ? { port_no: 0xffffffff } : portRequest.read(r)),
  write: (w, v) => {
    if (w.version >= 6) portRequest.write(w, v);
  },
};

const description = struct({
  mfr_desc: text(256),
  hw_desc: text(256),
  sw_desc: text(256),
  serial_num: text(32),
  dp_desc: text(256),
});
const tableFeaturesList = list(tableFeatures);
const NICIRA = 0x2320;
const ONF = 0x4f4e4600;

/** Octets that only their experimenter understands. */
const experimenterBody = struct({ experimenter: u32, exp_type: u32, data: payload });

/** All multiparts. */
export const MULTIPARTS = {
  DESC: multipart(0, empty, description),
  FLOW: multipart(1, flowRequest, list(flowEntry)),
  AGGREGATE: multipart(2, flowRequest, aggregate),
  TABLE: multipart(3, empty, list(tableStats)),
  PORT: multipart(4, portRequest, list(portStats)),
  QUEUE: multipart(5, queueRequest, list(queueStats)),
  GROUP: multipart(6, groupRequest, list(groupStats)),
  GROUP_DESC: multipart(7, groupDescRequest, list(groupDesc)),
  GROUP_FEATURES: multipart(8, empty, groupFeatures),
  METER: multipart(9, meterRequest, list(meterStats)),
  METER_CONFIG: multipart(10, meterRequest, list(meterConfig)),
  METER_FEATURES: multipart(11, empty, meterFeatures),
  TABLE_FEATURES: multipart(12, tableFeaturesList, tableFeaturesList),
  PORT_DESC: multipart(13, portDescRequest, list(port)),
  TABLE_DESC: multipart(14, empty, list(tableDesc), { from: 5 }),
  QUEUE_DESC: multipart(15, queueRequest, list(queueDesc), { from: 5 }),
  FLOW_MONITOR: multipart(16, monitorRequest, list(monitorUpdate), { from: 5 }),
  FLOW_STATS: multipart(17, flowRequest, list(flowStats), { from: 6 }),
  CONTROLLER_STATUS: multipart(18, empty, list(controllerStatus), { from: 6 }),
  BUNDLE_FEATURES: multipart(
    19,
    struct({ feature_request_flags: opt(u32, 0), _1: pad(4), properties: propertyList }),
    struct({ capabilities: u16, _1: pad(6), properties: propertyList }),
    { from: 6 },
  ),
  NX_FLOW_MONITOR: multipart(2, nxMonitorRequest, list(nxMonitorUpdate), { experimenter: NICIRA }),
  NX_IPFIX_BRIDGE: multipart(3, empty, ipfixStats, { experimenter: NICIRA }),
  NX_IPFIX_FLOW: multipart(4, empty, list(ipfixStats), { experimenter: NICIRA }),
  ONF_FLOW_MONITOR: multipart(1870, onfMonitorRequest, list(onfMonitorUpdate), { experimenter: ONF, to: 4 }),
  EXPERIMENTER: multipart(0xffff, experimenterBody, experimenterBody),
} as const;

type Table = typeof MULTIPARTS;
/** The name of a multipart. */
export type MultipartType = keyof Table;
/** The body of a reply of that type. */
export type ReplyBody<K extends MultipartType> = Out<Table[K]['reply']>;

/** A multipart request. */
export type MultipartRequest = {
  [K in MultipartType]: { readonly type: K; readonly flags: number; readonly body: Out<Table[K]['request']> };
}[MultipartType];
export type MultipartRequestInput = {
  [K in MultipartType]: {
    readonly type: K;
    readonly flags?: number | undefined;
    readonly body?: In<Table[K]['request']> | undefined;
  };
}[MultipartType];
/** A part of a multipart reply. Bodies that are lists can be put together by concatenation. */
export type MultipartReply = {
  [K in MultipartType]: { readonly type: K; readonly flags: number; readonly body: Out<Table[K]['reply']> };
}[MultipartType];
export type MultipartReplyInput = {
  [K in MultipartType]: { readonly type: K; readonly flags?: number | undefined; readonly body: In<Table[K]['reply']> };
}[MultipartType];
