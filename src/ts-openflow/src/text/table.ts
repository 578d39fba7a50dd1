/** Tables as ovs-ofctl prints them: TABLE_MOD, TABLE_STATUS, statistics and descriptions. */
import type { MessageOf } from '../message.js';
import type { Property } from '../messages/property.js';
import type { ReplyBody } from '../multipart/table.js';
import { formatTable, type Names } from './names.js';

const EVICTION = 2;
const VACANCY = 3;
const MISS: readonly string[] = ['controller', 'continue', 'drop'];

interface Config {
  readonly config: number;
  readonly properties: readonly Property[];
}

function evictionFlags(flags: number): string {
  const names = ['OTHER', 'IMPORTANCE', 'LIFETIME'].filter((_, bit) => (flags >>> bit) & 1);
  return names.length === 0 ? '0' : names.join('|');
}

/** TABLE_MOD. */
export function formatTableMod(m: MessageOf<'TableMod'>, names?: Names): string {
  const id = m.table_id === 255 ? ' table_id: ALL_TABLES' : ` table_id=${formatTable(m.table_id, names)}`;
  if (m.version < 5) return `${id}${m.config & 3 ? `, flow_miss_config=${MISS[m.config & 3] ?? m.config}` : ''}`;
  // The flags of eviction are the switch's to tell: ovs-ofctl takes them for a mistake in a request.
  const asks = m.properties.some((p) => p.type === EVICTION);
  const eviction = asks ? '***error***' : m.config & 4 ? 'on' : 'off';
  const limits = m.properties.find((p) => p.type === VACANCY && p.octets.length >= 2)?.octets;
  const vacancy =
    (m.config & 8) === 0 ? 'off' : `on${limits === undefined ? '' : ` vacancy:${limits[0]},${limits[1]}`}`;
  return `${id}, eviction=${eviction}, vacancy=${vacancy}`;
}

function vacancy(t: Config): readonly string[] {
  const p = t.properties.find((x) => x.type === VACANCY && x.octets.length >= 4);
  if (p === undefined) return [];
  return [`vacancy_down=${p.octets[0]}%`, `vacancy_up=${p.octets[1]}%`, `vacancy=${p.octets[2]}%`];
}

/** One table of TABLE_DESC. */
export function formatTableDesc(t: ReplyBody<'TABLE_DESC'>[number], names?: Names): string {
  const eviction = t.properties.find((p) => p.type === EVICTION && p.octets.length >= 4);
  const on = (t.config & 4) !== 0;
  const flags = eviction !== undefined ? ` eviction_flags=${evictionFlags(eviction.octets.readUInt32BE(0))}` : '';
  const vac = t.config & 8 ? ` vacancy=on ${vacancy(t).join(' ')}` : ' vacancy=off';
  return `\n  table ${formatTable(t.table_id, names)}:\n   eviction=${on ? 'on' : 'off'}${flags}\n  ${vac}\n`;
}

/** TABLE_STATUS. */
export function formatTableStatus(m: MessageOf<'TableStatus'>, names?: Names): string {
  const reason = m.reason === 3 ? 'VACANCY_DOWN' : m.reason === 4 ? 'VACANCY_UP' : String(m.reason);
  return ` reason=${reason}\ntable_desc:-${formatTableDesc(m.table, names)}`;
}

/** One table's statistics, or "ditto" where they are those of the table before. */
export function formatTableStats(stats: ReplyBody<'TABLE'>, names?: Names): string {
  const lines: string[] = [];
  let previous = '';
  let skipped: number[] = [];
  const flush = (): void => {
    const [first] = skipped;
    if (first === undefined) return;
    const last = skipped.at(-1) ?? first;
    lines.push(
      skipped.length === 1
        ? `\n  table ${formatTable(first, names)}: ditto\n`
        : `\n  tables ${first}...${last}: ditto\n`,
    );
    skipped = [];
  };
  for (const t of stats) {
    const text = `    active=${t.active_count}, lookup=${t.lookup_count}, matched=${t.matched_count}\n`;
    if (text === previous) skipped.push(t.table_id);
    else {
      flush();
      lines.push(`${lines.length === 0 ? '' : '\n'}  table ${formatTable(t.table_id, names)}:\n${text}`);
      previous = text;
    }
  }
  flush();
  return `\n${lines.join('')}`;
}
