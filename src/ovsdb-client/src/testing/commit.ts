/**
 * What ovsdb-server does at commit (ovsdb(7), RFC 7047 section 3.2): collects rows that nothing keeps, takes weak references to
 * missing rows away, and checks strong references, maxRows and indexes over the whole database.
 */
import { randomUUID } from 'node:crypto';
import type { BaseType, ColumnSchema } from '../schema/server-schema.js';
import { datumToJson, equalData, fault } from './datum.js';
import type { DatabaseView, FakeChange, FakeRow } from './rows.js';

/** What of the database the commit looks at. */
type CommitView = Pick<DatabaseView, 'schema' | 'tables'>;
type Rows = Map<string, Map<string, FakeRow>>;

interface Reference {
  readonly table: string;
  readonly uuid: string;
  readonly column: string;
  readonly target: string;
  readonly refTable: string;
  readonly strong: boolean;
}

const isReference = (base: BaseType | undefined) => base?.type === 'uuid' && base.refTable !== undefined;

function* referencesOf(
  schema: ColumnSchema,
  row: FakeRow,
  at: { table: string; uuid: string; column: string },
): Generator<Reference> {
  for (const element of row.columns[at.column] ?? []) {
    for (const [base, atom] of [
      [schema.key, element[0]],
      [schema.value, element[1]],
    ] as const)
      if (base && isReference(base))
        yield { ...at, target: String(atom), refTable: String(base.refTable), strong: base.refType !== 'weak' };
  }
}

function* references(database: CommitView, rows: Rows): Generator<Reference> {
  for (const [table, { columns }] of Object.entries(database.schema.tables)) {
    const names = Object.keys(columns).filter(
      (name) => isReference(columns[name]?.key) || isReference(columns[name]?.value),
    );
    for (const [uuid, row] of rows.get(table) ?? [])
      for (const column of names) yield* referencesOf(columns[column] as ColumnSchema, row, { table, uuid, column });
  }
}

/** Deletes rows of non-root tables that no other row keeps, until there is none. */
function collect(database: CommitView, rows: Rows): void {
  for (;;) {
    const kept = new Set<string>();
    for (const { strong, uuid, target } of references(database, rows)) if (strong && uuid !== target) kept.add(target);
    let deleted = 0;
    for (const [table, { isRoot }] of Object.entries(database.schema.tables)) {
      if (isRoot) continue;
      for (const uuid of [...(rows.get(table)?.keys() ?? [])])
        if (!kept.has(uuid)) deleted += rows.get(table)?.delete(uuid) ? 1 : 0;
    }
    if (deleted === 0) return;
  }
}

function checkStrong(database: CommitView, rows: Rows): void {
  for (const { table, uuid, column, target, refTable, strong } of references(database, rows)) {
    if (!strong || rows.get(refTable)?.has(target)) continue;
    const wasThere = database.tables.get(refTable)?.has(target);
    throw fault(
      'referential integrity violation',
      wasThere
        ? `cannot delete ${refTable} row ${target} because of 1 remaining reference(s)`
        : `Table ${table} column ${column} row ${uuid} references nonexistent row ${target} in table ${refTable}.`,
    );
  }
}

function dropWeak(database: CommitView, rows: Rows): void {
  for (const { table, uuid, column, target, refTable, strong } of [...references(database, rows)]) {
    if (strong || rows.get(refTable)?.has(target)) continue;
    const row = rows.get(table)?.get(uuid) as FakeRow;
    const datum = (row.columns[column] ?? []).filter((element) => !element.includes(target));
    const least = database.schema.tables[table]?.columns[column]?.min ?? 0;
    if (datum.length < least)
      throw fault(
        'constraint violation',
        `Weak reference column "${column}" in "${table}" row ${uuid} would become empty.`,
      );
    rows.get(table)?.set(uuid, { version: randomUUID(), columns: { ...row.columns, [column]: datum } });
  }
}

function checkTables(database: CommitView, rows: Rows): void {
  for (const [name, { maxRows, indexes, columns }] of Object.entries(database.schema.tables)) {
    const table = rows.get(name) as Map<string, FakeRow>;
    if (table.size > maxRows)
      throw fault(
        'constraint violation',
        `transaction causes "${name}" table to contain ${table.size} rows, greater than the schema-defined limit of ${maxRows} row(s)`,
      );
    for (const index of indexes) {
      const seen = new Set<string>();
      for (const row of table.values()) {
        const key = JSON.stringify(
          index.map((column) => datumToJson(row.columns[column] ?? [], columns[column] as ColumnSchema)),
          (_key, value) => (typeof value === 'bigint' ? `${value}n` : value),
        );
        if (seen.has(key))
          throw fault(
            'constraint violation',
            `Transaction causes multiple rows in "${name}" table to have identical values (${key}) for index on column ${index.join(', ')}.`,
          );
        seen.add(key);
      }
    }
  }
}

/** Brings the rows into a state fit to be committed, in place; gives what then differs from before. Throws the commit's fault. */
export function settle(database: CommitView, rows: Rows): FakeChange[] {
  collect(database, rows);
  checkStrong(database, rows);
  dropWeak(database, rows);
  checkTables(database, rows);
  const changes: FakeChange[] = [];
  for (const [table, fresh] of rows) {
    const before = database.tables.get(table) ?? new Map<string, FakeRow>();
    for (const [uuid, old] of before) if (!fresh.has(uuid)) changes.push({ table, uuid, old, new: undefined });
    for (const [uuid, row] of fresh) {
      const old = before.get(uuid);
      if (old === row) continue;
      if (
        old &&
        Object.keys(row.columns).every((name) => equalData(old.columns[name] ?? [], row.columns[name] ?? []))
      ) {
        fresh.set(uuid, old);
        continue;
      }
      changes.push({ table, uuid, old, new: row });
    }
  }
  return changes;
}
