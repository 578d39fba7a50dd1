/** An index over the replica's rows: from a key to the rows that have it, kept current by the changes. */
import type { UntypedRow } from '../schema/table.js';
import type { UntypedChange } from './replica.js';

/** The keys under which a row is found: none, one or several. */
export type KeysOf = (row: UntypedRow) => Iterable<unknown>;

const NONE: readonly UntypedRow[] = [];

export class RowIndex {
  readonly table: string;
  readonly #keysOf: KeysOf;
  readonly #rows = new Map<unknown, Map<string, UntypedRow>>();

  constructor(table: string, keysOf: KeysOf, rows: Iterable<UntypedRow>) {
    this.table = table;
    this.#keysOf = keysOf;
    for (const row of rows) this.#add(row);
  }

  /** The rows that have this key; several unless the schema forbids it. */
  get(key: unknown): readonly UntypedRow[] {
    const found = this.#rows.get(key);
    return found ? [...found.values()] : NONE;
  }

  apply(change: UntypedChange): void {
    if (change.table !== this.table) return;
    if (change.old) this.#remove(change.old);
    if (change.new) this.#add(change.new);
  }

  #add(row: UntypedRow): void {
    for (const key of this.#keysOf(row)) {
      const rows = this.#rows.get(key);
      if (rows) rows.set(row._uuid, row);
      else this.#rows.set(key, new Map([[row._uuid, row]]));
    }
  }

  #remove(row: UntypedRow): void {
    for (const key of this.#keysOf(row)) {
      const rows = this.#rows.get(key);
      rows?.delete(row._uuid);
      if (rows?.size === 0) this.#rows.delete(key);
    }
  }
}
