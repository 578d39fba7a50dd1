/** Ports and queues as ovs-ofctl prints them. */

import { OFPP, OFPQ_ALL } from '../constants.js';
import type { MessageInputOf, MessageOf } from '../message.js';
import type { Property } from '../messages/property.js';
import type { ReplyBody } from '../multipart/table.js';
import { formatMac } from './address.js';
import { formatBits, formatDuration } from './common.js';
import { formatPort, type Names } from './names.js';

/** ofp_port_features by bit. */
const FEATURES = [
  '10MB-HD',
  '10MB-FD',
  '100MB-HD',
  '100MB-FD',
  '1GB-HD',
  '1GB-FD',
  '10GB-FD',
  '40GB-FD',
  '100GB-FD',
  '1TB-FD',
  'OTHER',
  'COPPER',
  'FIBER',
  'AUTO_NEG',
  'AUTO_PAUSE',
  'AUTO_PAUSE_ASYM',
] as const;
const CONFIG = ['PORT_DOWN', 'NO_STP', 'NO_RECV', 'NO_RECV_STP', 'NO_FLOOD', 'NO_FWD', 'NO_PACKET_IN'] as const;
const STATE = ['LINK_DOWN', 'BLOCKED', 'LIVE'] as const;

type Port = ReplyBody<'PORT_DESC'>[number];

function feature(label: string, bits: number): string {
  return bits === 0 ? '' : `     ${label}${formatBits(FEATURES, bits)}\n`;
}

/** One port of PORT_DESC or PORT_STATUS. */
export function formatPortDesc(p: Port, names?: Names): string {
  return [
    ` ${formatPort(p.port_no, names)}(${p.name}): addr:${formatMac(p.hw_addr)}\n`,
    `     config:     ${formatBits(CONFIG, p.config)}\n`,
    `     state:      ${formatBits(STATE, p.state)}\n`,
    feature('current:    ', p.curr),
    feature('advertised: ', p.advertised),
    feature('supported:  ', p.supported),
    feature('peer:       ', p.peer),
    `     speed: ${Math.floor(p.curr_speed / 1000)} Mbps now, ${Math.floor(p.max_speed / 1000)} Mbps max\n`,
  ].join('');
}

/** PORT_STATUS. */
export function formatPortStatus(m: MessageOf<'PortStatus'>, names?: Names): string {
  const reason = m.reason === 0 ? ' ADD:' : m.reason === 1 ? ' DEL:' : m.reason === 2 ? ' MOD:' : '';
  return `${reason}${formatPortDesc(m.port, names)}`;
}

/** PORT_MOD. */
export function formatPortMod(m: MessageInputOf<'PortMod'>, names?: Names): string {
  const config = m.config ?? 0;
  return [
    ` port: ${formatPort(m.port_no, names)}: addr:${formatMac(m.hw_addr)}\n`,
    `     config: ${formatBits(CONFIG, config)}\n`,
    `     mask:   ${formatBits(CONFIG, m.mask ?? 0)}\n`,
    `     advertise: ${m.advertise ? formatBits(FEATURES, m.advertise) : 'UNCHANGED'}\n`,
  ].join('');
}

const NONE = 0xffffffffffffffffn;
function counts(...pairs: readonly (readonly [label: string, value: bigint, always?: boolean])[]): string {
  return pairs
    .filter(([, value, always]) => value !== NONE || always !== false)
    .map(([label, value]) => `${label}=${value === NONE ? '?' : value}`)
    .join(', ');
}

/** One port's statistics. */
export function formatPortStats(s: ReplyBody<'PORT'>[number], names?: Names): string {
  const port = formatPort(s.port_no, names);
  const rx = counts(
    ['pkts', s.rx_packets],
    ['bytes', s.rx_bytes],
    ['drop', s.rx_dropped],
    ['errs', s.rx_errors],
    ['frame', s.rx_frame_err],
    ['over', s.rx_over_err],
    ['crc', s.rx_crc_err],
  );
  const tx = counts(
    ['pkts', s.tx_packets],
    ['bytes', s.tx_bytes],
    ['drop', s.tx_dropped],
    ['errs', s.tx_errors],
    ['coll', s.collisions],
  );
  const duration =
    s.duration_sec === 0xffffffff ? '' : `           duration=${formatDuration(s.duration_sec, s.duration_nsec)}\n`;
  return `  port ${/^\d+$/.test(port) ? port.padStart(2) : port}: rx ${rx}\n           tx ${tx}\n${duration}${customStats(s.properties ?? [])}`;
}

const INTEL = 0x0000aa01;

/** Counters that OVS sends in experimenter properties: those with names of their own. */
function customStats(properties: readonly Property[]): string {
  const custom = properties.find(
    (p) =>
      p.type === 0xffff &&
      p.octets.length >= 12 &&
      p.octets.readUInt32BE(0) === INTEL &&
      p.octets.readUInt32BE(4) === 2,
  );
  if (custom === undefined) return '';
  const n = custom.octets.readUInt16BE(10);
  const parts: string[] = [];
  let at = 12;
  for (let i = 0; i < n && at < custom.octets.length; i++) {
    const length = custom.octets[at] ?? 0;
    if (at + 1 + length + 8 > custom.octets.length) break;
    parts.push(
      `${custom.octets.toString('latin1', at + 1, at + 1 + length)}=${custom.octets.readBigUInt64BE(at + 1 + length)}`,
    );
    at += 1 + length + 8;
  }
  const rows: string[] = [];
  for (let i = 0; i < parts.length; i += 3) rows.push(`                      ${parts.slice(i, i + 3).join(', ')},`);
  return rows.length === 0 ? '' : `           CUSTOM Statistics\n${rows.join('\n')}\n`;
}

/** One queue's statistics. */
export function formatQueueStats(s: ReplyBody<'QUEUE'>[number], names?: Names): string {
  const duration = s.duration_sec === 0xffffffff ? '?' : formatDuration(s.duration_sec, s.duration_nsec);
  return `  port ${formatPort(s.port_no, names)} queue ${s.queue_id}: ${counts(['bytes', s.tx_bytes], ['pkts', s.tx_packets], ['errors', s.tx_errors])}, duration=${duration}\n`;
}

const rate = (tenths: number): string => (tenths > 1000 ? '(disabled)' : `${Math.floor(tenths / 10)}.${tenths % 10}%`);

/** One queue's configuration. `offset` is where a rate stands in its property: 4 octets of padding come first in 1.3. */
export function formatQueueDesc(
  q: { readonly queue_id: number; readonly properties: readonly Property[] },
  offset: number,
): string {
  const of = (type: number, label: string): string => {
    const p = q.properties.find((x) => x.type === type && x.octets.length >= offset + 2);
    const tenths = p?.octets.readUInt16BE(offset);
    return tenths === undefined || tenths === 0xffff ? '' : ` ${label}:${rate(tenths)}`;
  };
  return `queue ${q.queue_id}:${of(1, 'min_rate')}${of(2, 'max_rate')}`;
}

/** A request for queues. */
export function formatQueueRequest(port: number, queue: number, names?: Names): string {
  return ` port=${port === OFPP.ANY ? 'ANY' : formatPort(port, names)}${queue === OFPQ_ALL ? ' queue=ALL' : ` queue=${queue}`}`;
}
