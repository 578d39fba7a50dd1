/** Meters as ovs-ofctl prints them. */
import { OFPM } from '../constants.js';
import type { MessageInputOf } from '../message.js';
import type { BandInput } from '../messages/meter.js';
import type { ReplyBody } from '../multipart/table.js';
import { formatBits, formatDuration } from './common.js';

/** A meter's number or reserved name; `separator` stands between the word and it. */
export function formatMeterId(id: number, separator: string): string {
  const name =
    id === OFPM.SLOWPATH ? 'slowpath' : id === OFPM.CONTROLLER ? 'controller' : id === OFPM.ALL ? 'all' : String(id);
  return `meter${separator}${name}`;
}

const FLAGS = ['kbps', 'pktps', 'burst', 'stats'] as const;

function band(b: BandInput, flags: number): string {
  const type = b.type === 'drop' || b.type === 'dscp_remark' ? b.type : 'unknown';
  const burst = flags & 4 ? ` burst_size=${b.burst_size ?? 0}` : '';
  const level = b.type === 'dscp_remark' ? ` prec_level=${b.prec_level ?? 0}` : '';
  return `\ntype=${type} rate=${b.rate}${burst}${level}`;
}

/** A meter's flags and bands. */
export function formatMeter(m: {
  readonly meter_id: number;
  readonly flags?: number | undefined;
  readonly bands?: readonly BandInput[] | undefined;
}): string {
  const flags = m.flags ?? 1;
  return `${formatMeterId(m.meter_id, '=')} ${flags === 0 ? '' : `${formatBits(FLAGS, flags)} `}bands=${(m.bands ?? []).map((b) => band(b, flags)).join('')}`;
}

const COMMANDS = { ADD: 'ADD', MODIFY: 'MOD', DELETE: 'DEL' } as const;

/** A METER_MOD without its header. */
export function formatMeterMod(m: MessageInputOf<'MeterMod'>): string {
  return ` ${COMMANDS[m.command]} ${formatMeter(m)}`;
}

/** One meter's statistics. */
export function formatMeterStats(s: ReplyBody<'METER'>[number]): string {
  const bands = s.bands.map((b, i) => `\n${i}: packet_count:${b.packet_count} byte_count:${b.byte_count}`);
  return `${formatMeterId(s.meter_id, ':')} flow_count:${s.flow_count} packet_in_count:${s.packet_in_count} byte_in_count:${s.byte_in_count} duration:${formatDuration(s.duration_sec, s.duration_nsec)} bands:${bands.join('')}`;
}

/** What a switch's meters can do. */
export function formatMeterFeatures(f: ReplyBody<'METER_FEATURES'>): string {
  const types = [f.band_types & 2 ? 'drop' : '', f.band_types & 4 ? 'dscp_remark' : '']
    .filter((t) => t !== '')
    .join(' ');
  return `\nmax_meter:${f.max_meter} max_bands:${f.max_bands} max_color:${f.max_color}\nband_types: ${types === '' ? '0' : types}\ncapabilities: ${formatBits(FLAGS, f.capabilities)}`;
}
