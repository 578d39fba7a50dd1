/** Whole flows from ovs-ofctl's text: `table=1,priority=100,tcp,tp_dst=80,actions=output:2`. */
import { OFPFF, OFPG } from '../../constants.js';
import { TextError } from '../../errors.js';
import type { MessageInputOf } from '../../message.js';
import type { OpenFlowVersion } from '../../version.js';
import { toMatch } from '../flow-fields.js';
import type { Names } from '../names.js';
import { parseInstructions } from './actions.js';
import { finishDraft, newDraft, setMatchItem } from './match.js';
import { parseInteger, parseNumber, parsePort, parseTable } from './numbers.js';
import { type Item, scan } from './scan.js';

/** How to read a flow. */
export interface ParseFlowOptions {
  readonly version: OpenFlowVersion;
  readonly command?: MessageInputOf<'FlowMod'>['command'];
  readonly names?: Names;
}

const FLAGS: Readonly<Record<string, number>> = {
  send_flow_rem: OFPFF.SEND_FLOW_REM,
  check_overlap: OFPFF.CHECK_OVERLAP,
  reset_counts: OFPFF.RESET_COUNTS,
  no_packet_counts: OFPFF.NO_PKT_COUNTS,
  no_byte_counts: OFPFF.NO_BYT_COUNTS,
};

/** What a dump prints and a flow to add does not have. */
const COUNTERS: readonly string[] = ['duration', 'n_packets', 'n_bytes', 'idle_age', 'hard_age'];

type Members = Record<string, number | bigint>;

function setMember(m: Members, item: Item, names: Names | undefined, deletes: boolean): boolean {
  const flag = FLAGS[item.key];
  const value = item.value ?? '';
  if (flag !== undefined && item.value === undefined) m.flags = (m.flags as number) | flag;
  else if (item.key === 'table') m.table_id = parseTable(value, names, item.valueColumn);
  else if (
    item.key === 'priority' ||
    item.key === 'idle_timeout' ||
    item.key === 'hard_timeout' ||
    item.key === 'importance'
  )
    m[item.key] = parseNumber(value, 16, item.valueColumn);
  else if (item.key === 'out_port' && deletes) m.out_port = parsePort(value, names, item.valueColumn);
  else if (item.key === 'out_group' && deletes)
    m.out_group = value.toLowerCase() === 'any' ? OFPG.ANY : parseNumber(value, 32, item.valueColumn);
  else if (item.key === 'cookie') setCookie(m, item);
  else return COUNTERS.includes(item.key);
  return true;
}

function setCookie(m: Members, item: Item): void {
  const [cookie = '', mask] = (item.value ?? '').split('/');
  if (mask !== undefined)
    m.cookie_mask =
      cookie.trim() === '-1'
        ? 0n
        : parseInteger(mask.trim() === '-1' ? '0xffffffffffffffff' : mask, 64, item.valueColumn);
  m.cookie = parseInteger(cookie, 64, item.valueColumn);
}

/** A FLOW_MOD (ADD unless told otherwise) from text. Throws TextError with line, column and what was expected. */
export function parseFlow(text: string, options: ParseFlowOptions): MessageInputOf<'FlowMod'> {
  const command = options.command ?? 'ADD';
  try {
    return parse(text, options, command);
  } catch (e) {
    if (!(e instanceof TextError)) throw e;
    // Columns count from the start of the text; a text of several lines gets the line as well.
    const before = text.slice(0, Math.max(0, e.column - 1));
    const line = before.split('\n').length;
    throw new TextError(e.expected, e.column - (before.lastIndexOf('\n') + 1), line);
  }
}

function parse(
  text: string,
  o: ParseFlowOptions,
  command: NonNullable<ParseFlowOptions['command']>,
): MessageInputOf<'FlowMod'> {
  const found = /(^|[\s,])actions?\s*[=:]?/.exec(text);
  const needsActions = command === 'ADD' || command === 'MODIFY' || command === 'MODIFY_STRICT';
  if (found === null && needsActions)
    throw new TextError('must specify an action: "actions=" expected', text.length + 1);
  const head = found === null ? text : text.slice(0, found.index);
  const at = found === null ? text.length : found.index + found[0].length;
  const members: Members = { flags: 0 };
  const draft = newDraft();
  for (const item of scan(head)) {
    if (!setMember(members, item, o.names, !needsActions) && !setMatchItem(draft, item, o.names))
      throw new TextError(`unknown keyword "${item.key}"`, item.column);
  }
  if (command === 'ADD' && members.cookie_mask !== undefined && members.cookie_mask !== 0n)
    throw new TextError('cannot set cookie mask', 1);
  if (command === 'ADD' && members.table_id === 255) throw new TextError('table 255 is not a table to add to', 1);
  const flow = finishDraft(draft);
  const match = toMatch(flow, o.version);
  const table = members.table_id as number | undefined;
  const instructions = parseInstructions(text.slice(at), {
    version: o.version,
    names: o.names,
    flow,
    table: table ?? 0,
    column: at,
  });
  return { kind: 'FlowMod', command, ...members, match, instructions };
}
