/**
 * One row's next value from its present one and what a monitor says of it. Pure; the three monitor methods' forms:
 *
 *   update  (RFC 7047 4.1.6)        {"new"} insert · {"old","new"} modify, `new` is the whole row · {"old"} delete
 *   update2, update3 (ovsdb-server(7) 4.1.14, .16)  {"initial"} · {"insert"} without default values · {"modify"} a difference · {"delete"}
 */
import { OvsdbError } from '../errors.js';
import { equalValues, type ValueOf } from '../schema/decode.js';
import type { BoundTable, UntypedRow } from '../schema/table.js';

type Json = Record<string, unknown>;
export type RowUpdate = { readonly [form in 'new' | 'old' | 'initial' | 'insert' | 'modify' | 'delete']?: unknown };

/** A row from JSON in which columns of default value may be absent. */
export function wholeRow(table: BoundTable, uuid: string, json: Json): UntypedRow {
  const row: { _uuid: string; [column: string]: ValueOf } = { _uuid: uuid };
  for (const { name, decode, empty } of table.columns) {
    row[name] = Object.hasOwn(json, name) ? decode(json[name]) : empty;
  }
  return row;
}

function modifiedRow(table: BoundTable, old: UntypedRow, difference: Json): UntypedRow {
  const row: { _uuid: string; [column: string]: ValueOf } = { ...old };
  for (const name of Object.keys(difference)) {
    const column = table.byName.get(name);
    if (column) row[name] = column.change(old[name], difference[name]);
  }
  return row;
}

/** The row after the update; undefined when it is deleted. Throws OvsdbError `bad reply` for a modify of an unknown row. */
export function nextRow(
  table: BoundTable,
  uuid: string,
  old: UntypedRow | undefined,
  update: RowUpdate,
): UntypedRow | undefined {
  const whole = update.new ?? update.initial ?? update.insert;
  if (whole) return wholeRow(table, uuid, whole as Json);
  if (!update.modify) return undefined;
  if (!old) throw new OvsdbError('bad reply', { details: `modify of ${table.name} ${uuid}, a row never seen` });
  return modifiedRow(table, old, update.modify as Json);
}

/** Whether two versions of a row are equal in every column of the table. */
export function equalRows(table: BoundTable, a: UntypedRow, b: UntypedRow): boolean {
  return table.columns.every(({ name }) => equalValues(a[name], b[name]));
}
