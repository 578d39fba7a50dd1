/** Meters from ovs-ofctl's text: `meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=200`. */
import { OFPM } from '../../constants.js';
import { TextError } from '../../errors.js';
import type { MessageInputOf } from '../../message.js';
import type { BandInput } from '../../messages/meter.js';
import { parseNumber } from './numbers.js';
import { scan } from './scan.js';

const FLAGS: Readonly<Record<string, number>> = { kbps: 1, pktps: 2, burst: 4, stats: 8 };
const METERS: Readonly<Record<string, number>> = { all: OFPM.ALL, controller: 0xfffffffe, slowpath: 0xfffffffd };
const TYPES = ['drop', 'dscp_remark'] as const;

function bandsOf(text: string, at: number): readonly BandInput[] {
  const bands: Record<string, unknown>[] = [];
  for (const { key, value = '', column, valueColumn } of scan(text, at)) {
    if (key === 'type') {
      if (!(TYPES as readonly string[]).includes(value))
        throw new TextError('type: drop or dscp_remark expected', valueColumn);
      bands.push({ type: value, burst_size: 0 });
      continue;
    }
    const band = bands.at(-1);
    if (band === undefined) throw new TextError('bands: type= expected first', column);
    if (key === 'rate' || key === 'burst_size') band[key] = parseNumber(value, 32, valueColumn);
    else if (key === 'prec_level') band[key] = parseNumber(value, 8, valueColumn);
    else throw new TextError(`band: unknown argument "${key}"`, column);
  }
  if (bands.some((band) => band.rate === undefined)) throw new TextError('band: rate= expected', at + 1);
  return bands as unknown as readonly BandInput[];
}

/** A METER_MOD (ADD unless told otherwise) from text. Throws TextError with column and what was expected. */
export function parseMeter(
  text: string,
  options: { readonly command?: MessageInputOf<'MeterMod'>['command'] } = {},
): MessageInputOf<'MeterMod'> {
  const found = /(^|[\s,])bands?=/.exec(text);
  const head = found === null ? text : text.slice(0, found.index);
  const from = found === null ? text.length : found.index + found[0].length;
  let meter_id: number | undefined;
  let flags = 0;
  for (const { key, value, column, valueColumn } of scan(head)) {
    const flag = value === undefined ? FLAGS[key] : undefined;
    if (flag !== undefined) flags |= flag;
    else if (key === 'meter') meter_id = METERS[value ?? ''] ?? parseNumber(value ?? '', 32, valueColumn);
    else throw new TextError(`unknown keyword "${key}"`, column);
  }
  if (meter_id === undefined) throw new TextError('meter= expected', 1);
  if ((flags & 3) === 3) throw new TextError('one of kbps and pktps expected', 1);
  // Kilobits are what a rate counts where nothing is said.
  const unit = (flags & 3) === 0 && options.command !== 'DELETE' ? 1 : 0;
  return {
    kind: 'MeterMod',
    command: options.command ?? 'ADD',
    meter_id,
    flags: flags | unit,
    bands: bandsOf(text.slice(from), from),
  };
}
