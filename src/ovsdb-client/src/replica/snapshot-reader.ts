/**
 * Reads the answer to a monitor request, however big, row by row into a Snapshot, giving way between rows so that other
 * sessions are served meanwhile. The text is decoded in windows that end between rows, so that a row that lives long keeps a
 * few kilobytes of its message in memory and not all of it.
 *
 *   {"id":N,"result":{TABLE:{UUID:{"initial":{COLUMN:VALUE,…}},…},…},"error":null}      monitor (`new`), monitor_cond
 *   {"id":N,"result":[false,"TXN",{TABLE:…}],"error":null}                              monitor_cond_since
 */
import { isAscii } from 'node:buffer';
import { TextReader } from '../json/reader.js';
import type { ValueOf } from '../schema/decode.js';
import { type ReadValue, readerOf } from '../schema/read.js';
import type { BoundTable, UntypedRow } from '../schema/table.js';
import { Snapshot } from './replica.js';

/** A snapshot that has been read, with what monitor_cond_since says beside it. */
export interface SnapshotAnswer {
  readonly snapshot: Snapshot;
  readonly found: boolean;
  readonly last: string | undefined;
}

/** Octets decoded at a time. */
const WINDOW = 16 << 10;
/** Rows between two chances to give way. */
const ROWS_A_STEP = 32;
/** Less than so many characters before the end of a window, the next one is decoded: most rows are shorter. */
const MARGIN = 2 << 10;
const COMMA = 0x2c;
const FORMS = ['{"initial":{', '{"new":{', '{"insert":{'] as const;

/** A window on the octets of a message. */
class Window {
  readonly reader = new TextReader();
  readonly #octets: Buffer;
  readonly #ascii: boolean;
  #base = 0;
  #end = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
    this.#ascii = isAscii(octets);
    this.#open(0, WINDOW);
  }

  get atEnd(): boolean {
    return this.#end === this.#octets.length;
  }

  /** Between two rows: goes on to the next window if this one is nearly used up. */
  advance(): void {
    const { reader } = this;
    if (reader.text.length - reader.at < MARGIN && !this.atEnd) this.#open(this.#offset(), WINDOW);
  }

  /** The row from `mark` on is longer than the window: reads it again through a larger one. */
  enlarge(mark: number): void {
    this.reader.at = mark;
    this.#open(this.#offset(), (this.#end - this.#base) * 4);
  }

  #offset(): number {
    const { reader } = this;
    return this.#base + (this.#ascii ? reader.at : Buffer.byteLength(reader.text.slice(0, reader.at)));
  }

  #open(base: number, size: number): void {
    this.#base = base;
    this.#end = Math.min(this.#octets.length, base + size);
    this.reader.text = this.#octets.toString(this.#ascii ? 'latin1' : 'utf8', base, this.#end);
    this.reader.at = 0;
  }
}

interface ColumnReader {
  readonly name: string;
  /** The key as it stands in the text, colon included. */
  readonly key: string;
  readonly read: ReadValue;
}

/** Reads rows of one table. The server writes the columns of all rows in one order: each is looked for where it was last. */
class RowReader {
  readonly #columns: ColumnReader[];
  readonly #template: UntypedRow;

  constructor(table: BoundTable) {
    this.#columns = table.columns.map(({ name, shape }) => ({
      name,
      key: `${JSON.stringify(name)}:`,
      read: readerOf(shape),
    }));
    this.#template = Object.fromEntries([
      ['_uuid', ''],
      ...table.columns.map(({ name, empty }) => [name, empty]),
    ]) as unknown as UntypedRow;
  }

  read(reader: TextReader, uuid: string): UntypedRow {
    const row: { _uuid: string; [column: string]: ValueOf } = { ...this.#template };
    row._uuid = uuid;
    if (reader.take('}}')) return row;
    let place = 0;
    do {
      const column = this.#columnAt(reader, place++);
      row[column.name] = column.read(reader);
    } while (reader.takeCode(COMMA));
    reader.expect('}}');
    return row;
  }

  #columnAt(reader: TextReader, place: number): ColumnReader {
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

/** Reads the message; yields now and then between rows. Throws Deviation where it is not a snapshot in the compact form. */
export function* readSnapshot(
  octets: Buffer,
  bound: ReadonlyMap<string, BoundTable>,
): Generator<undefined, SnapshotAnswer, undefined> {
  const window = new Window(octets);
  const { reader } = window;
  let answer: SnapshotAnswer | undefined;
  reader.expect('{');
  do {
    if (reader.take('"result":')) answer = yield* readResult(window, bound);
    else if (reader.take('"id":')) reader.integer();
    else reader.expect('"error":null');
  } while (reader.takeCode(COMMA));
  reader.expect('}');
  return answer ?? reader.fail();
}

function* readResult(
  window: Window,
  bound: ReadonlyMap<string, BoundTable>,
): Generator<undefined, SnapshotAnswer, undefined> {
  const { reader } = window;
  const snapshot = new Snapshot(bound);
  if (!reader.take('[false,')) {
    yield* readTables(window, bound, snapshot);
    return { snapshot, found: false, last: undefined };
  }
  const last = reader.string();
  reader.expect(',');
  yield* readTables(window, bound, snapshot);
  reader.expect(']');
  return { snapshot, found: false, last };
}

function* readTables(
  window: Window,
  bound: ReadonlyMap<string, BoundTable>,
  snapshot: Snapshot,
): Generator<undefined, void, undefined> {
  const { reader } = window;
  reader.expect('{');
  if (reader.take('}')) return;
  do {
    const table = bound.get(reader.string()) ?? reader.fail();
    reader.expect(':{');
    yield* readRows(window, table, snapshot.rowsOf(table.name));
  } while (reader.takeCode(COMMA));
  reader.expect('}');
  window.advance();
}

function* readRows(window: Window, table: BoundTable, rows: UntypedRow[]): Generator<undefined, void, undefined> {
  const { reader } = window;
  const rowReader = new RowReader(table);
  const row = () => {
    const uuid = reader.string();
    reader.expect(':');
    if (!FORMS.some((form) => reader.take(form))) reader.fail();
    rows.push(rowReader.read(reader, uuid));
    if (reader.takeCode(COMMA)) return true;
    reader.expect('}');
    return false;
  };
  for (let more = true, count = 1; more; count++) {
    window.advance();
    const mark = reader.at;
    try {
      more = row();
    } catch (error) {
      if (window.atEnd) throw error;
      window.enlarge(mark);
      continue;
    }
    if (count % ROWS_A_STEP === 0) yield;
  }
}
