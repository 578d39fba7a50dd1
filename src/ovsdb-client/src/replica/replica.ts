/**
 * The local copy of the monitored tables. Updates are applied whole: nobody sees half a transaction. A snapshot that
 * follows a reconnect is compared with what was known, so that only real differences are reported.
 */
import { OvsdbError } from '../errors.js';
import type { BoundTable, UntypedRow } from '../schema/table.js';
import { equalRows, nextRow, type RowUpdate } from './reduce.js';
import { RowMap } from './row-map.js';

export interface UntypedChange {
  readonly table: string;
  readonly uuid: string;
  readonly old: UntypedRow | undefined;
  readonly new: UntypedRow | undefined;
}
export type TableUpdates = { readonly [table: string]: { readonly [uuid: string]: RowUpdate } };

export class Replica {
  #bound: ReadonlyMap<string, BoundTable> = new Map();
  readonly #rows = new Map<string, RowMap>();

  constructor(tables: readonly string[]) {
    for (const table of tables) this.#rows.set(table, new RowMap());
  }

  /** The rows of a table by uuid: a live view that each update changes. */
  rows(table: string): ReadonlyMap<string, UntypedRow> {
    const rows = this.#rows.get(table);
    if (!rows) throw new OvsdbError('bad value', { details: `table ${table} is not declared` });
    return rows;
  }

  /** The tables as the server now connected has them. */
  bind(bound: ReadonlyMap<string, BoundTable>): void {
    this.#bound = bound;
  }

  get bound(): ReadonlyMap<string, BoundTable> {
    return this.#bound;
  }

  /** Takes a full copy; gives what differs from the rows known before. */
  replace(updates: TableUpdates): UntypedChange[] {
    const snapshot = new Snapshot(this.#bound);
    for (const [table, rows] of Object.entries(updates))
      for (const [uuid, update] of Object.entries(rows)) snapshot.add(table, uuid, update);
    return this.adopt(snapshot);
  }

  /** As `replace`, for a copy that was gathered row by row. */
  adopt(snapshot: Snapshot): UntypedChange[] {
    const changes: UntypedChange[] = [];
    for (const [table, rows] of this.#rows) {
      const fresh = snapshot.rowsOf(table);
      if (rows.size > 0) this.#compare(table, rows, fresh, changes);
      else {
        rows.become(fresh);
        for (const row of rows.values()) changes.push({ table, uuid: row._uuid, old: undefined, new: row });
      }
    }
    return changes;
  }

  /** As `adopt`, into an empty replica, where nobody asks for the changes. */
  load(snapshot: Snapshot): void {
    for (const [table, rows] of this.#rows) rows.become(snapshot.rowsOf(table));
  }

  #compare(table: string, rows: RowMap, fresh: RowMap, changes: UntypedChange[]): void {
    const bound = this.#bound.get(table);
    for (const [uuid, old] of rows) {
      if (fresh.has(uuid)) continue;
      rows.delete(uuid);
      changes.push({ table, uuid, old, new: undefined });
    }
    for (const row of fresh.values()) {
      const old = rows.get(row._uuid);
      if (old && bound && equalRows(bound, old, row)) continue;
      rows.add(row);
      changes.push({ table, uuid: row._uuid, old, new: row });
    }
  }

  /** Applies one update. If it throws, nothing was changed. */
  apply(updates: TableUpdates): UntypedChange[] {
    const changes: UntypedChange[] = [];
    for (const [name, rows] of Object.entries(updates)) {
      const table = this.#bound.get(name);
      if (!table) continue;
      const known = this.rows(name);
      for (const [uuid, update] of Object.entries(rows)) {
        const old = known.get(uuid);
        const next = nextRow(table, uuid, old, update);
        if (old || next) changes.push({ table: name, uuid, old, new: next });
      }
    }
    for (const { table, uuid, new: row } of changes) {
      const rows = this.#rows.get(table) as RowMap;
      if (row) rows.add(row);
      else rows.delete(uuid);
    }
    return changes;
  }
}

/** A full copy in the making: the rows of each table. */
export class Snapshot {
  readonly #rows = new Map<string, RowMap>();
  readonly #bound: ReadonlyMap<string, BoundTable>;

  constructor(bound: ReadonlyMap<string, BoundTable>) {
    this.#bound = bound;
  }

  add(name: string, uuid: string, update: RowUpdate): void {
    const table = this.#bound.get(name);
    const row = table && nextRow(table, uuid, undefined, update);
    if (row) this.rowsOf(name).add(row);
  }

  /** The rows of a table so far, to add to. */
  rowsOf(name: string): RowMap {
    const known = this.#rows.get(name);
    if (known) return known;
    const rows = new RowMap();
    this.#rows.set(name, rows);
    return rows;
  }
}
