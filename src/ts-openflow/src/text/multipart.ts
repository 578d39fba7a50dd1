/** Multiparts as ovs-ofctl prints them. */
import { OFPG, OFPP } from '../constants.js';
import type { Match } from '../match.js';
import { encodeMessage, type MessageOf } from '../message.js';
import type { MonitorUpdate, NxUpdate } from '../messages/monitor.js';
import type { MultipartType, ReplyBody } from '../multipart/table.js';
import { formatActions, formatInstructions } from './actions.js';
import { hex0, hexDump } from './common.js';
import { formatFlowEntry } from './flow.js';
import { formatGroup, formatGroupFeatures, formatGroupId, formatGroupStats } from './group.js';
import { formatMatch } from './match.js';
import { formatMeter, formatMeterFeatures, formatMeterId, formatMeterStats } from './meter.js';
import { formatPort, formatTable, type Names } from './names.js';
import { formatPortDesc, formatPortStats, formatQueueDesc, formatQueueRequest, formatQueueStats } from './port.js';
import { formatTableDesc, formatTableStats } from './table.js';
import { formatTableFeatures } from './table-features.js';

type Request = MessageOf<'MultipartRequest'>;
type Reply = MessageOf<'MultipartReply'>;

const NAMES: Partial<Record<MultipartType, string>> = {
  FLOW_STATS: 'OFPST_FLOW_STATS',
  NX_FLOW_MONITOR: 'NXST_FLOW_MONITOR',
  NX_IPFIX_BRIDGE: 'NXST_IPFIX_BRIDGE',
  NX_IPFIX_FLOW: 'NXST_IPFIX_FLOW',
  ONF_FLOW_MONITOR: 'ONFST_FLOW_MONITOR',
};

/** "OFPST_FLOW reply" and its like. */
export function multipartName(m: Request | Reply): string {
  return `${NAMES[m.type] ?? `OFPST_${m.type}`} ${m.kind === 'MultipartRequest' ? 'request' : 'reply'}`;
}

interface FlowRequest {
  readonly table_id: number;
  readonly out_port: number;
  readonly match: Match;
}

function flowRequest(q: FlowRequest, names: Names | undefined): string {
  const match = formatMatch(q.match, names);
  return `${q.table_id === 255 ? '' : ` table=${formatTable(q.table_id, names)}`}${q.out_port === OFPP.ANY ? '' : ` out_port=${formatPort(q.out_port, names)}`} ${match}`;
}

const MONITOR_FLAGS: readonly (readonly [bit: number, word: string])[] = [
  [0, 'initial'],
  [1, 'add'],
  [2, 'delete'],
  [3, 'modify'],
  [4, 'actions'],
  [6, 'own'],
];
const NX_MONITOR_FLAGS: readonly (readonly [bit: number, word: string])[] = [
  [0, 'initial'],
  [1, 'add'],
  [2, 'delete'],
  [3, 'modify'],
  [4, 'actions'],
  [5, 'own'],
];

function monitorFlags(flags: number, bits: typeof MONITOR_FLAGS): string {
  const words = bits.filter(([bit]) => (flags >>> bit) & 1).map(([, word]) => word);
  return words.length === 0 ? '0' : words.join(',');
}

function monitorRequest(m: Extract<Request, { readonly type: 'FLOW_MONITOR' }>, names: Names | undefined): string {
  return m.body
    .map((q) => {
      if (q.command === 'DELETE') return `\n id=${q.monitor_id} command=delete`;
      const match = formatMatch(q.match, names);
      const out = q.out_port === OFPP.ANY ? '' : ` out_port=${formatPort(q.out_port, names)}`;
      const group = q.out_group === OFPG.ANY ? '' : ` out_group=${q.out_group}`;
      const table = q.table_id === 255 ? '' : ` table=${formatTable(q.table_id, names)}`;
      return `\n id=${q.monitor_id} flags=${monitorFlags(q.flags, MONITOR_FLAGS)}${out}${group}${table}${match === '' ? '' : ` ${match}`}`;
    })
    .join('');
}

function nxMonitorRequest(
  m: Extract<Request, { readonly type: 'NX_FLOW_MONITOR' | 'ONF_FLOW_MONITOR' }>,
  names: Names | undefined,
): string {
  return m.body
    .map((q) => {
      const out =
        q.out_port === 0xffff || q.out_port === OFPP.ANY
          ? ''
          : ` out_port=${formatPort(q.out_port >= 0xff00 && q.out_port <= 0xffff ? q.out_port + 0xffff0000 : q.out_port, names)}`;
      const table = q.table_id === 255 ? '' : ` table=${formatTable(q.table_id, names)}`;
      const match = formatMatch(q.match, names);
      return `\n id=${q.id} flags=${monitorFlags(q.flags, NX_MONITOR_FLAGS)}${out}${table}${match === '' ? '' : ` ${match}`}`;
    })
    .join('');
}

const UPDATE_REASONS = ['idle', 'hard', 'delete', 'group_delete', 'meter_delete', 'eviction'] as const;

function monitorUpdate(u: MonitorUpdate | NxUpdate, names: Names | undefined): string {
  if (u.event === 'ABBREV') return `\n event=ABBREV xid=${hex0(u.xid ?? 0)}`;
  if (u.event === 'PAUSED' || u.event === 'RESUMED') return `\n event=${u.event}`;
  const event = u.event === 'REMOVED' ? 'DELETED' : u.event;
  const reason = u.event === 'REMOVED' ? ` reason=${UPDATE_REASONS[u.reason ?? 0] ?? u.reason}` : '';
  const timeouts = `${u.idle_timeout ? ` idle_timeout=${u.idle_timeout}` : ''}${u.hard_timeout ? ` hard_timeout=${u.hard_timeout}` : ''}`;
  // ovs-ofctl leaves the priority out here.
  const match = formatMatch(u.match ?? {}, names);
  const actions =
    'instructions' in u && u.instructions?.length
      ? formatInstructions(u.instructions, names)
      : 'actions' in u && u.actions?.length
        ? formatActions(u.actions, names)
        : '';
  const shown = actions === '' ? '' : ` actions=${actions}`;
  return `\n event=${event}${reason} table=${formatTable(u.table_id ?? 0, names)}${timeouts} cookie=${u.cookie === 0n ? '0' : hex0(u.cookie ?? 0n)}${match === '' ? '' : ` ${match}`}${shown}`;
}

type Ipfix = ReplyBody<'NX_IPFIX_BRIDGE'>;

/** Statistics of IPFIX on two lines, the second indented. */
function ipfix(s: Ipfix, indent: number): string {
  const first = `flows=${s.total_flows}, current flows=${s.current_flows}, sampled pkts=${s.pkts}, ipv4 ok=${s.ipv4_pkts}, ipv6 ok=${s.ipv6_pkts}, tx pkts=${s.tx_pkts}`;
  const second = `pkts errs=${s.error_pkts}, ipv4 errs=${s.ipv4_error_pkts}, ipv6 errs=${s.ipv6_error_pkts}, tx errs=${s.tx_errors}`;
  return `${first}\n${' '.repeat(indent)}${second}\n`;
}

/** Queues of a port: the port once, before them. */
function formatQueues(queues: ReplyBody<'QUEUE_DESC'>, names: Names | undefined): string {
  const [first] = queues;
  if (first === undefined) return '';
  return ` port=${formatPort(first.port_no, names)}\n${queues.map((q) => `${formatQueueDesc(q, 0)}\n`).join('')}`;
}

/** Replies that ovs-ofctl does not know: their octets. */
function others(m: Reply): string {
  const octets = encodeMessage(m, m.version).subarray(MULTIPART_HEAD);
  return octets.length === 0 ? '' : `\n${hexDump(octets)}`;
}
const MULTIPART_HEAD = 16;

/** A request without its header. */
export function formatMultipartRequest(m: Request, names?: Names): string {
  const flags =
    m.flags === 0 ? '' : ` flags=${m.flags & 1 ? '[more]' : ''}${m.flags & ~1 ? '[***unknown flags***]' : ''}`;
  switch (m.type) {
    case 'FLOW':
    case 'AGGREGATE':
    case 'FLOW_STATS':
      return `${flags}${flowRequest(m.body, names)}`;
    case 'PORT':
      return `${flags} port_no=${formatPort(m.body.port_no, names)}`;
    case 'PORT_DESC':
      return `${flags} port=${formatPort(m.body.port_no, names)}`;
    case 'QUEUE':
      return `${flags}${formatQueueRequest(m.body.port_no, m.body.queue_id, names)}`;
    case 'QUEUE_DESC':
      return `${flags} port=${formatPort(m.body.port_no, names)}${m.body.queue_id === 0xffffffff ? '' : ` queue=${m.body.queue_id}`}`;
    case 'GROUP':
      return `${flags} group_id=${formatGroupId(m.body.group_id)}`;
    case 'GROUP_DESC':
      return `${flags} group_id=${formatGroupId(m.body.group_id)}`;
    case 'METER':
    case 'METER_CONFIG':
      return `${flags} ${formatMeterId(m.body.meter_id, '=')}`;
    case 'TABLE_FEATURES':
      return `${flags}${m.body.length === 0 ? '' : formatTableFeatures(m.body, m.version, names)}`;
    case 'FLOW_MONITOR':
      return `${flags}${monitorRequest(m, names)}`;
    case 'ONF_FLOW_MONITOR':
    case 'NX_FLOW_MONITOR':
      return `${flags}${nxMonitorRequest(m, names)}`;
    default:
      return flags;
  }
}

/** A reply without its header. */
export function formatMultipartReply(m: Reply, names?: Names): string {
  const flags =
    m.flags === 0 ? '' : ` flags=${m.flags & 1 ? '[more]' : ''}${m.flags & ~1 ? '[***unknown flags***]' : ''}`;
  return `${flags}${replyBody(m, names)}`;
}

function replyBody(m: Reply, names: Names | undefined): string {
  switch (m.type) {
    case 'DESC': {
      const { mfr_desc, hw_desc, sw_desc, serial_num, dp_desc } = m.body;
      return `\nManufacturer: ${mfr_desc}\nHardware: ${hw_desc}\nSoftware: ${sw_desc}\nSerial Num: ${serial_num}\nDP Description: ${dp_desc}\n`;
    }
    case 'FLOW':
      return m.body.map((f) => `\n ${formatFlowEntry(f, names)}`).join('');
    case 'AGGREGATE':
      return ` packet_count=${m.body.packet_count} byte_count=${m.body.byte_count} flow_count=${m.body.flow_count ?? 0}`;
    case 'TABLE':
      return formatTableStats(m.body, names);
    case 'TABLE_DESC':
      return m.body.map((t) => formatTableDesc(t, names)).join('');
    case 'TABLE_FEATURES':
      return formatTableFeatures(m.body, m.version, names);
    case 'PORT':
      return ` ${m.body.length} ports\n${m.body.map((p) => formatPortStats(p, names)).join('')}`;
    case 'PORT_DESC':
      return `\n${m.body
        .toSorted((a, b) => a.port_no - b.port_no)
        .map((p) => formatPortDesc(p, names))
        .join('')}`;
    case 'QUEUE':
      return ` ${m.body.length} queues\n${m.body.map((q) => formatQueueStats(q, names)).join('')}`;
    case 'QUEUE_DESC':
      return formatQueues(m.body, names);
    default:
      return groupsAndMeters(m, names);
  }
}

function groupsAndMeters(m: Reply, names: Names | undefined): string {
  switch (m.type) {
    case 'GROUP':
      return `\n${m.body.map((g) => ` ${formatGroupStats(g)}\n`).join('')}`;
    case 'GROUP_DESC':
      return `\n${m.body.map((g) => ` ${formatGroup(g, m.version, names)}\n`).join('')}`;
    case 'GROUP_FEATURES':
      return formatGroupFeatures(m.body);
    case 'METER':
      return m.body.map((s) => `\n${formatMeterStats(s)}\n`).join('');
    case 'METER_CONFIG':
      return `${m.body.map((c) => `\n${formatMeter(c)}\n`).join('')}`;
    case 'METER_FEATURES':
      return formatMeterFeatures(m.body);
    case 'FLOW_MONITOR':
    case 'ONF_FLOW_MONITOR':
    case 'NX_FLOW_MONITOR':
      return (m.body as readonly (MonitorUpdate | NxUpdate)[]).map((u) => monitorUpdate(u, names)).join('');
    case 'NX_IPFIX_BRIDGE':
      return `\n  bridge ipfix: ${ipfix(m.body, 16)}`;
    case 'NX_IPFIX_FLOW':
      return ` ${m.body.length} ids\n${m.body.map((s) => `  id ${String(s.collector_set_id).padStart(3)}: ${ipfix(s, 10)}`).join('')}`;
    default:
      return others(m);
  }
}
