/**
 * Reads the answer to a monitor request, however big, while it comes: row by row into a Snapshot, giving way between rows so that
 * other sessions are served meanwhile. The octets are seen once: nothing looks for the end of the message beforehand, and it is
 * never in memory as a whole text.
 *
 *   {"id":N,"result":{TABLE:{UUID:{"initial":{COLUMN:VALUE,…}},…},…},"error":null}      monitor (`new`), monitor_cond
 *   {"id":N,"result":[false,"TXN",{TABLE:…}],"error":null}                              monitor_cond_since
 */
import { type OctetReader, type Token, token } from '../json/reader.js';
import type { Window } from '../json/window.js';
import type { ValueOf } from '../schema/decode.js';
import { type ReadValue, readerOf } from '../schema/read.js';
import type { BoundTable, UntypedRow } from '../schema/table.js';
import type { Reading } from '../session/big-answer.js';
import { Snapshot } from './replica.js';
import type { RowMap } from './row-map.js';

/** A snapshot that has been read, with what monitor_cond_since says beside it. */
export interface SnapshotAnswer {
  readonly snapshot: Snapshot;
  readonly found: boolean;
  readonly last: string | undefined;
}

/** Rows between two chances to give way. */
const ROWS_A_STEP = 32;
const COMMA = 0x2c;
const FORMS = ['{"initial":{', '{"new":{', '{"insert":{'].map(token);
const [OPEN, CLOSE, CLOSE_BOTH, CLOSE_LIST] = [token('{'), token('}'), token('}}'), token(']')];
const [TABLE, NAMED, NEXT] = [token(':{'), token(':'), token(',')];
const [RESULT, ID, NO_ERROR] = [token('"result":'), token('"id":'), token('"error":null')];
const [NOT_FOUND, UPDATES] = [token('[false,'), token(',{')];

interface ColumnReader {
  readonly name: string;
  /** The key as it stands in the text, colon included. */
  readonly key: Token;
  readonly read: ReadValue;
}

/** Reads rows of one table. The server writes the columns of all rows in one order: each is looked for where it was last. */
class RowReader {
  readonly #columns: ColumnReader[];
  readonly #template: UntypedRow;

  constructor(table: BoundTable) {
    this.#columns = table.columns.map(({ name, shape }) => ({
      name,
      key: token(`${JSON.stringify(name)}:`),
      read: readerOf(shape),
    }));
    this.#template = Object.fromEntries([
      ['_uuid', ''],
      ...table.columns.map(({ name, empty }) => [name, empty]),
    ]) as unknown as UntypedRow;
  }

  read(reader: OctetReader, uuid: string): UntypedRow {
    const row: { _uuid: string; [column: string]: ValueOf } = { ...this.#template };
    row._uuid = uuid;
    if (reader.take(CLOSE_BOTH)) return row;
    let place = 0;
    do {
      const column = this.#columnAt(reader, place++);
      row[column.name] = column.read(reader);
    } while (reader.takeCode(COMMA));
    reader.expect(CLOSE_BOTH);
    return row;
  }

  #columnAt(reader: OctetReader, place: number): ColumnReader {
    const columns = this.#columns;
    for (let i = place; i < columns.length; i++) {
      const column = columns[i] as ColumnReader;
      if (!reader.take(column.key)) continue;
      if (i !== place) {
        columns.splice(i, 1);
        columns.splice(place, 0, column);
      }
      return column;
    }
    return reader.fail();
  }
}

/**
 * Reads the message from its first octet to its last, giving way between rows (`turn`) and waiting for more octets (`hungry`). Throws
 * Deviation where it is not a snapshot in the compact form.
 */
export function* readSnapshot(window: Window, bound: ReadonlyMap<string, BoundTable>): Reading<SnapshotAnswer> {
  const { reader } = window;
  let answer: SnapshotAnswer | undefined;
  let member: 'result' | 'other' | 'end' = yield* attempt(window, () => {
    reader.expect(OPEN);
    return memberOf(reader);
  });
  window.depth++;
  while (member !== 'end') {
    if (member === 'result') answer = yield* readResult(window, bound);
    member = yield* attempt(window, () => {
      if (reader.takeCode(COMMA)) return memberOf(reader);
      reader.expect(CLOSE);
      return 'end';
    });
  }
  return answer ?? reader.fail();
}

/** Takes a whole member but `result`, of which it takes the name. */
function memberOf(reader: OctetReader): 'result' | 'other' {
  if (reader.take(RESULT)) return 'result';
  if (reader.take(ID)) reader.integer();
  else reader.expect(NO_ERROR);
  return 'other';
}

/** Reads what may be cut off by the end of the window, again if it is: `read` must do nothing else before it succeeds. */
function* attempt<T>(window: Window, read: () => T): Reading<T> {
  for (;;) {
    const mark = window.reader.at;
    try {
      return read();
    } catch (error) {
      while (!window.extend(mark, error)) yield 'hungry';
    }
  }
}

function* readResult(window: Window, bound: ReadonlyMap<string, BoundTable>): Reading<SnapshotAnswer> {
  const { reader } = window;
  const snapshot = new Snapshot(bound);
  const last = yield* attempt(window, () => {
    if (!reader.take(NOT_FOUND)) {
      reader.expect(OPEN);
      return undefined;
    }
    const id = reader.string();
    reader.expect(UPDATES);
    return id;
  });
  const around = window.depth;
  window.depth += last === undefined ? 1 : 2;
  yield* readTables(window, bound, snapshot);
  window.depth--;
  if (last !== undefined) yield* attempt(window, () => reader.expect(CLOSE_LIST));
  window.depth = around;
  return { snapshot, found: false, last };
}

function* readTables(window: Window, bound: ReadonlyMap<string, BoundTable>, snapshot: Snapshot): Reading<void> {
  const { reader } = window;
  const next = (first: boolean) => () => {
    if (reader.take(CLOSE)) return undefined;
    if (!first) reader.expect(NEXT);
    const table = bound.get(reader.string()) ?? reader.fail();
    reader.expect(TABLE);
    return table;
  };
  let table = yield* attempt(window, next(true));
  while (table) {
    window.depth++;
    yield* readRows(window, table, snapshot.rowsOf(table.name));
    window.depth--;
    table = yield* attempt(window, next(false));
  }
}

function* readRows(window: Window, table: BoundTable, rows: RowMap): Reading<void> {
  const { reader } = window;
  const rowReader = new RowReader(table);
  const row = () => {
    const uuid = reader.string();
    reader.expect(NAMED);
    if (!FORMS.some((form) => reader.take(form))) reader.fail();
    const read = rowReader.read(reader, uuid);
    const more = reader.takeCode(COMMA);
    if (!more) reader.expect(CLOSE);
    rows.add(read);
    return more;
  };
  for (let more = true, count = 1; more; count++) {
    const mark = reader.at;
    try {
      more = row();
    } catch (error) {
      while (!window.extend(mark, error)) yield 'hungry';
      continue;
    }
    if (count % ROWS_A_STEP === 0) yield 'turn';
  }
}
