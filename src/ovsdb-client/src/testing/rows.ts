/** The rows of the fake server, and what its parts see of a database. */
import type { DatabaseSchema, TableSchema } from '../schema/server-schema.js';
import type { Datum } from './datum.js';

export interface FakeRow {
  readonly version: string;
  readonly columns: { readonly [column: string]: Datum };
}
export type FakeTables = ReadonlyMap<string, ReadonlyMap<string, FakeRow>>;
export interface FakeChange {
  readonly table: string;
  readonly uuid: string;
  readonly old: FakeRow | undefined;
  readonly new: FakeRow | undefined;
}
/** Thrown by a `wait` that does not hold yet. */
export class NotYet extends Error {
  constructor(readonly timeoutMs: number) {
    super('not yet');
  }
}

/** A database as operations and the commit see it. */
export interface DatabaseView {
  readonly schema: DatabaseSchema;
  /** The rows as last committed. */
  readonly tables: FakeTables;
  /** The schema of a table. Throws `syntax error`. */
  readonly table: (name: unknown) => TableSchema;
  /** A row's columns when nothing was said. */
  readonly defaults: (table: TableSchema) => { [column: string]: Datum };
}
