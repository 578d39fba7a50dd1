/** Flows as ovs-ofctl prints them: FLOW_MOD, entries of the flow statistics, FLOW_REMOVED. */
import { OFP_NO_BUFFER, OFPP } from '../constants.js';
import type { Instruction } from '../instructions.js';
import type { Match } from '../match.js';
import type { MessageInputOf } from '../message.js';
import type { FlowEntryInput } from '../messages/flow.js';
import { UNKNOWN_COUNT } from '../messages/stats.js';
import { formatInstructions } from './actions.js';
import { formatDuration, hex0 } from './common.js';
import { formatMatch } from './match.js';
import { formatPort, formatTable, type Names } from './names.js';

const FLAGS = ['send_flow_rem', 'check_overlap', 'reset_counts', 'no_packet_counts', 'no_byte_counts'] as const;

function flags(set: number): string {
  return FLAGS.filter((_, bit) => (set >>> bit) & 1)
    .map((name) => `${name} `)
    .join('');
}

const COMMANDS = {
  ADD: 'ADD',
  MODIFY: 'MOD',
  MODIFY_STRICT: 'MOD_STRICT',
  DELETE: 'DEL',
  DELETE_STRICT: 'DEL_STRICT',
} as const;

/** A FLOW_MOD without its header. */
export function formatFlowMod(m: MessageInputOf<'FlowMod'>, names?: Names): string {
  const command = m.command ?? 'ADD';
  const match = formatMatch(m.match ?? {}, names, m.priority);
  const { cookie = 0n, cookie_mask = 0n, buffer_id = OFP_NO_BUFFER, out_port = OFPP.ANY } = m;
  return [
    `${COMMANDS[command]} `,
    m.table_id ? `table:${formatTable(m.table_id, names)} ` : '',
    match === '' ? '' : `${match} `,
    command === 'ADD' && cookie !== 0n && cookie !== UNKNOWN_COUNT ? `cookie:${hex0(cookie)} ` : '',
    command !== 'ADD' && cookie_mask !== 0n ? `cookie:${hex0(cookie)}/${hex0(cookie_mask)} ` : '',
    m.idle_timeout ? `idle:${m.idle_timeout} ` : '',
    m.hard_timeout ? `hard:${m.hard_timeout} ` : '',
    m.importance ? `importance:${m.importance} ` : '',
    buffer_id === OFP_NO_BUFFER ? '' : `buf:${hex0(buffer_id)} `,
    out_port === OFPP.ANY ? '' : `out_port:${formatPort(out_port, names)} `,
    flags(m.flags ?? 0),
    `actions=${formatInstructions(m.instructions ?? [], names)}`,
  ].join('');
}

/** What a flow needs to be printed as `ovs-ofctl dump-flows` prints it; counters are optional. */
export type PrintableFlow = Partial<FlowEntryInput> & {
  readonly match?: Match | undefined;
  readonly instructions?: readonly Instruction[] | undefined;
};

/** A flow with its counters, as in a flow statistics reply. */
export function formatFlowEntry(f: PrintableFlow, names?: Names): string {
  const match = formatMatch(f.match ?? {}, names, f.priority);
  return [
    `cookie=${hex0(f.cookie ?? 0n)}, duration=${formatDuration(f.duration_sec ?? 0, f.duration_nsec ?? 0)}, table=${formatTable(f.table_id ?? 0, names)}, `,
    f.packet_count === UNKNOWN_COUNT ? '' : `n_packets=${f.packet_count ?? 0n}, `,
    f.byte_count === UNKNOWN_COUNT ? '' : `n_bytes=${f.byte_count ?? 0n}, `,
    body(f),
    f.idle_sec === undefined ? '' : `idle_age=${f.idle_sec}, `,
    match === '' ? '' : `${match} `,
    `actions=${formatInstructions(f.instructions ?? [], names)}`,
  ].join('');
}

function body(f: PrintableFlow): string {
  return [
    f.idle_timeout ? `idle_timeout=${f.idle_timeout}, ` : '',
    f.hard_timeout ? `hard_timeout=${f.hard_timeout}, ` : '',
    flags(f.flags ?? 0),
    f.importance ? `importance=${f.importance}, ` : '',
  ].join('');
}

/** A flow without its counters, as in `ovs-ofctl --no-stats dump-flows`: what it is, and nothing that changes. */
export function formatFlow(f: PrintableFlow, names?: Names): string {
  const match = formatMatch(f.match ?? {}, names, f.priority);
  return [
    f.cookie ? `cookie=${hex0(f.cookie)}, ` : '',
    f.table_id ? `table=${formatTable(f.table_id, names)}, ` : '',
    body(f),
    match === '' ? '' : `${match} `,
    `actions=${formatInstructions(f.instructions ?? [], names)}`,
  ].join('');
}

const REASONS = ['idle', 'hard', 'delete', 'group_delete', 'meter_delete', 'eviction'] as const;

/** FLOW_REMOVED and NXT_FLOW_REMOVED. */
export function formatFlowRemoved(
  r: MessageInputOf<'FlowRemoved'> | MessageInputOf<'NxFlowRemoved'>,
  names?: Names,
): string {
  const match = formatMatch(r.match ?? {}, names, r.priority);
  const reason = REASONS[r.reason ?? 0] ?? String(r.reason);
  const hard = 'hard_timeout' in r && r.hard_timeout ? ` hard${r.hard_timeout}` : '';
  const table = r.table_id === 255 ? '' : ` table_id=${formatTable(r.table_id ?? 0, names)}`;
  const cookie = r.cookie ? ` cookie:${hex0(r.cookie)}` : '';
  return ` ${match} reason=${reason}${table}${cookie} duration${formatDuration(r.duration_sec ?? 0, r.duration_nsec ?? 0)} idle${r.idle_timeout ?? 0}${hard} pkts${r.packet_count ?? 0n} bytes${r.byte_count ?? 0n}`;
}
