/**
 * The fake server's database: tables of immutable rows, and transactions that either happen whole or not at all. Nothing is
 * stored on disk; there is no cluster.
 */
import { randomUUID } from 'node:crypto';
import { OvsdbError } from '../errors.js';
import { type DatabaseSchema, parseSchema, type TableSchema } from '../schema/server-schema.js';
import { settle } from './commit.js';
import { converted } from './convert.js';
import { type Datum, defaultDatum, fault } from './datum.js';
import { execute, type TransactionContext } from './operations.js';
import { type DatabaseView, type FakeChange, type FakeTables, NotYet } from './rows.js';
import { schemaToJson } from './schema-json.js';

/** The results of a transaction, or how long it may wait. */
export type Outcome =
  | { readonly kind: 'done'; readonly results: readonly unknown[]; readonly changes: readonly FakeChange[] }
  | { readonly kind: 'wait'; readonly timeoutMs: number };

export const faultToJson = ({ code, details }: OvsdbError) => ({
  error: code,
  ...(details === undefined ? {} : { details }),
});

export class FakeDatabase implements DatabaseView {
  /** The id of the last transaction. */
  lastTransaction = randomUUID() as string;
  #schema: DatabaseSchema;
  #schemaJson: unknown;
  #tables: FakeTables;

  constructor(schemaJson: unknown) {
    this.#schemaJson = schemaJson;
    this.#schema = parseSchema(schemaJson);
    this.#tables = new Map(Object.keys(this.schema.tables).map((name) => [name, new Map()]));
  }

  get schema(): DatabaseSchema {
    return this.#schema;
  }

  get schemaJson(): unknown {
    return schemaToJson(this.#schema, (this.#schemaJson as { cksum?: unknown }).cksum);
  }

  get tables(): FakeTables {
    return this.#tables;
  }

  table(name: unknown): TableSchema {
    const table =
      typeof name === 'string' && Object.hasOwn(this.schema.tables, name) ? this.schema.tables[name] : undefined;
    if (!table) throw fault('syntax error', `No table named ${String(name)}.`);
    return table;
  }

  defaults(table: TableSchema): { [column: string]: Datum } {
    return Object.fromEntries(Object.entries(table.columns).map(([name, column]) => [name, defaultDatum(column)]));
  }

  /** Carries out a transaction. `mayWait` false: a wait that does not hold has run out of time. */
  transact(operations: readonly unknown[], owns: (lock: string) => boolean, mayWait: boolean): Outcome {
    const context: TransactionContext = {
      database: this,
      rows: new Map([...this.#tables].map(([name, rows]) => [name, new Map(rows)])),
      names: new Map(),
      inserted: new Set(),
      owns,
      mayWait,
    };
    const results: unknown[] = [];
    try {
      for (const operation of operations) results.push(execute(context, operation));
      const changes = settle(this, context.rows);
      this.#commit(context.rows, changes);
      return { kind: 'done', results, changes };
    } catch (error) {
      if (error instanceof NotYet) return { kind: 'wait', timeoutMs: error.timeoutMs };
      if (!(error instanceof OvsdbError)) throw error;
      const rest = Math.max(0, operations.length - results.length - 1);
      return { kind: 'done', results: [...results, faultToJson(error), ...new Array(rest).fill(null)], changes: [] };
    }
  }

  /** Goes over to another schema. Throws the fault to answer with; nothing is changed then. */
  convert(schemaJson: unknown): void {
    const { schema, tables } = converted(this, schemaJson);
    this.#schema = schema;
    this.#schemaJson = schemaJson;
    this.#tables = tables;
    this.lastTransaction = randomUUID();
  }

  #commit(rows: FakeTables, changes: readonly FakeChange[]): void {
    if (changes.length === 0) return;
    this.#tables = rows;
    this.lastTransaction = randomUUID();
  }
}
