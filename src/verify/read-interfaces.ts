/**
 * Interface rows as `ovs-vsctl --columns=name,ofport,type,options,external_ids list Interface` prints them: one column a
 * line, `name : value`, rows apart by an empty line. Columns that are not asked for are passed over.
 */
import { TextError } from 'ts-openflow';
import type { DumpMistake } from './dump-error.js';
import type { DumpPort } from './model.js';

type StringMap = Readonly<Record<string, string>>;

/** A string, in quotes or bare. */
function readString(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

const ITEM = /\s*("(?:[^"\\]|\\.)*"|[^=,{}"\s]+)=("(?:[^"\\]|\\.)*"|[^,{}"\s]*)\s*(,|$)/y;

/** `{key=value, "key 2"="value"}`. */
function readMap(text: string, column: number): StringMap {
  if (!text.startsWith('{') || !text.endsWith('}')) throw new TextError('{KEY=VALUE, …} expected', column);
  const body = text.slice(1, -1);
  const map: Record<string, string> = {};
  for (let at = 0; at < body.length; ) {
    ITEM.lastIndex = at;
    const found = ITEM.exec(body);
    if (found === null) throw new TextError('KEY=VALUE expected', column + 1 + at);
    map[readString(found[1] as string)] = readString(found[2] as string);
    at = ITEM.lastIndex;
  }
  return map;
}

interface Draft {
  name?: string;
  ofport?: number;
  type?: string;
  options?: StringMap;
  ids?: StringMap;
}

function readColumn(draft: Draft, line: string): void {
  const found = /^(\w+)\s*: (.*)$/.exec(line);
  if (found === null) throw new TextError('COLUMN : VALUE expected', 1);
  const [, column, value] = found as unknown as [string, string, string];
  const at = line.length - value.length + 1;
  if (column === 'name') draft.name = readString(value);
  else if (column === 'type') draft.type = readString(value);
  else if (column === 'ofport' && value !== '[]') {
    if (!/^-?\d+$/.test(value)) throw new TextError('a port number expected', at);
    draft.ofport = Number(value);
  } else if (column === 'options') draft.options = readMap(value, at);
  else if (column === 'external_ids') draft.ids = readMap(value, at);
}

/** Every row that has a name and a number. */
export function readInterfaces(text: string, file: string, mistakes: DumpMistake[]): readonly DumpPort[] {
  const rows: DumpPort[] = [];
  let draft: Draft = {};
  const finish = (): void => {
    const { name, ofport, type = '', options = {}, ids = {} } = draft;
    const ifaceId = ids['iface-id'];
    // A standby port receives nothing by Kakuri's rules (Documentation/topics/integration.rst).
    const active = ids['iface-status'] !== 'inactive';
    if (name !== undefined && ofport !== undefined && ofport > 0)
      rows.push({ name, ofport, type, options, ...(ifaceId === undefined || !active ? {} : { ifaceId }) });
    draft = {};
  };
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') {
      finish();
      continue;
    }
    try {
      readColumn(draft, line);
    } catch (error) {
      const at =
        error instanceof TextError
          ? error
          : error instanceof SyntaxError
            ? new TextError('a string expected')
            : undefined;
      if (at === undefined) throw error;
      mistakes.push({ file, line: i + 1, column: at.column, message: at.expected });
    }
  }
  finish();
  return rows;
}

const quoted = (text: string): string => (/^[a-zA-Z_][a-zA-Z0-9_.-]*$/.test(text) ? text : JSON.stringify(text));
const mapText = (map: StringMap): string =>
  `{${Object.entries(map)
    .map(([key, value]) => `${quoted(key)}=${quoted(value)}`)
    .join(', ')}}`;

/** Rows as text that `readInterfaces` reads. */
export function interfacesText(
  rows: readonly {
    readonly name: string;
    readonly ofport?: number | undefined;
    readonly type: string;
    readonly options: StringMap;
    readonly external_ids: StringMap;
  }[],
): string {
  const column = (name: string, value: string): string => `${name.padEnd(20)}: ${value}`;
  return rows
    .map(({ name, ofport, type, options, external_ids }) =>
      [
        column('name', quoted(name)),
        column('ofport', ofport === undefined ? '[]' : String(ofport)),
        column('type', type === '' ? '""' : quoted(type)),
        column('options', mapText(options)),
        column('external_ids', mapText(external_ids)),
        '',
      ].join('\n'),
    )
    .join('\n');
}
