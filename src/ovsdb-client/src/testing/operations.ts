/** The operations of a transaction in the fake server (RFC 7047 section 5.2). Each gives its result or throws its fault. */
import { randomUUID } from 'node:crypto';
import type { ColumnSchema, TableSchema } from '../schema/server-schema.js';
import { parseCondition, parseMutation, UUID_COLUMN, valuesOf } from './condition.js';
import { type Datum, datumToJson, equalData, fault, parseDatum } from './datum.js';
import { checkMembers } from './members.js';
import { type DatabaseView, type FakeRow, NotYet } from './rows.js';

type Json = Record<string, unknown>;

export interface TransactionContext {
  readonly database: DatabaseView;
  /** A copy of the tables that the transaction changes. */
  readonly rows: Map<string, Map<string, FakeRow>>;
  /** The uuids that names of this transaction stand for, used or declared. */
  readonly names: Map<string, string>;
  readonly inserted: Set<string>;
  readonly owns: (lock: string) => boolean;
  readonly mayWait: boolean;
}

interface Target {
  readonly name: string;
  readonly schema: TableSchema;
  readonly rows: Map<string, FakeRow>;
}

function target({ database, rows }: TransactionContext, { table }: Json): Target {
  const schema = database.table(table);
  return { name: String(table), schema, rows: rows.get(String(table)) as Map<string, FakeRow> };
}

/** A name's uuid: fixed at its first use, before or after the insert that declares it. */
const namesOf = (context: TransactionContext) => (name: string) => {
  const uuid = context.names.get(name) ?? randomUUID();
  context.names.set(name, uuid);
  return uuid;
};

function columnOf({ columns }: TableSchema, table: string): (name: string) => ColumnSchema {
  return (name) => {
    if (name === '_uuid' || name === '_version') return UUID_COLUMN;
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (!column) throw fault('unknown column', `No column ${name} in table ${table}.`);
    return column;
  };
}

function matching(context: TransactionContext, operation: Json): [string, FakeRow][] {
  const { name, schema, rows } = target(context, operation);
  const tests = (operation.where as unknown[]).map((each) =>
    parseCondition(each, columnOf(schema, name), namesOf(context)),
  );
  return [...rows].filter(([uuid, row]) => tests.every((test) => test(valuesOf(uuid, row))));
}

/** The columns an operation names, if it does. */
function columnsOf({ name, schema }: Target, { columns }: Json): string[] | undefined {
  if (columns === undefined) return undefined;
  const known = new Set(['_uuid', '_version', ...Object.keys(schema.columns)]);
  for (const column of columns as unknown[])
    if (!known.delete(column as string))
      throw fault('syntax error', `array of distinct column names of ${name} expected`);
  return columns as string[];
}

function parseRow(context: TransactionContext, { name, schema }: Target, json: unknown): { [column: string]: Datum } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw fault('syntax error', 'object expected');
  const columns = columnOf(schema, name);
  return Object.fromEntries(
    Object.entries(json).map(([column, value]) => [column, parseDatum(value, columns(column), namesOf(context))]),
  );
}

function insert(context: TransactionContext, operation: Json): Json {
  const at = target(context, operation);
  const name = operation['uuid-name'];
  if (typeof name === 'string' && context.inserted.has(name))
    throw fault('duplicate uuid-name', `This "uuid-name" appeared on an earlier "insert" operation.`);
  if (typeof name === 'string') context.inserted.add(name);
  const uuid = typeof name === 'string' ? namesOf(context)(name) : randomUUID();
  const columns = { ...context.database.defaults(at.schema), ...parseRow(context, at, operation.row) };
  at.rows.set(uuid, { version: randomUUID(), columns });
  return { uuid: ['uuid', uuid] };
}

function select(context: TransactionContext, operation: Json): Json {
  const at = target(context, operation);
  const { name, schema } = at;
  const columns = columnsOf(at, operation) ?? ['_uuid', '_version', ...Object.keys(schema.columns)];
  const rows = matching(context, operation).map(([uuid, row]) =>
    Object.fromEntries(
      columns.map((column) => [column, datumToJson(valuesOf(uuid, row)(column), columnOf(schema, name)(column))]),
    ),
  );
  // Equal rows are given once.
  const text = (row: Json) => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return { rows: [...new Map(rows.map((row) => [text(row), row])).values()] };
}

function change(
  context: TransactionContext,
  operation: Json,
  next: (row: FakeRow) => { [column: string]: Datum },
): Json {
  const { rows } = target(context, operation);
  const found = matching(context, operation);
  for (const [uuid, row] of found) rows.set(uuid, { version: randomUUID(), columns: { ...row.columns, ...next(row) } });
  return { count: found.length };
}

function update(context: TransactionContext, operation: Json): Json {
  const at = target(context, operation);
  const values = parseRow(context, at, operation.row);
  for (const column of Object.keys(values))
    if (!columnOf(at.schema, at.name)(column).mutable)
      throw fault('constraint violation', `Cannot update immutable column ${column} in table ${at.name}.`);
  return change(context, operation, () => values);
}

function mutate(context: TransactionContext, operation: Json): Json {
  const { name, schema } = target(context, operation);
  const columns = columnOf(schema, name);
  const mutations = (operation.mutations as unknown[]).map((each) => parseMutation(each, columns, namesOf(context)));
  return change(context, operation, (row) => {
    const next: { [column: string]: Datum } = {};
    for (const { column, apply } of mutations) next[column] = apply(next[column] ?? row.columns[column] ?? []);
    return next;
  });
}

function wait(context: TransactionContext, operation: Json): Json {
  const at = target(context, operation);
  const columns = columnsOf(at, operation) ?? Object.keys(at.schema.columns);
  if (operation.until !== '==' && operation.until !== '!=') throw fault('syntax error', '"==" or "!=" expected');
  const { timeout } = operation;
  if (typeof timeout === 'number' && timeout < 0) throw fault('syntax error', 'timeout must be nonnegative');
  const project = (row: { [column: string]: Datum }) => columns.map((name) => row[name] ?? []);
  const actual = distinct(matching(context, operation).map(([, row]) => project(row.columns)));
  const defaults = context.database.defaults(at.schema);
  const wanted = distinct(
    (operation.rows as Json[]).map((row) => project({ ...defaults, ...parseRow(context, at, row) })),
  );
  const same = actual.length === wanted.length && actual.every((row) => wanted.some((other) => equalRows(row, other)));
  if (same === (operation.until === '==')) return {};
  if (context.mayWait && timeout !== 0)
    throw new NotYet(typeof timeout === 'number' ? timeout : Number.POSITIVE_INFINITY);
  throw fault('timed out', `"wait" timed out after ${timeout} ms`);
}

const equalRows = (a: readonly Datum[], b: readonly Datum[]) => a.every((datum, i) => equalData(datum, b[i] ?? []));
const distinct = (rows: readonly Datum[][]) =>
  rows.filter((row, i) => !rows.slice(0, i).some((other) => equalRows(row, other)));

const OPERATIONS: { readonly [op: string]: (context: TransactionContext, operation: Json) => Json } = {
  insert,
  select,
  update,
  mutate,
  delete: (context, operation) => {
    const { rows } = target(context, operation);
    const found = matching(context, operation);
    for (const [uuid] of found) rows.delete(uuid);
    return { count: found.length };
  },
  wait,
  commit: () => ({}),
  comment: () => ({}),
  abort: () => {
    throw fault('aborted', 'aborted by request');
  },
  assert: ({ owns }, { lock }) => {
    if (!owns(lock as string)) throw fault('not owner', `Asserted lock ${lock} not held.`);
    return {};
  },
};

/** Carries out one operation. Throws its fault, or NotYet. */
export function execute(context: TransactionContext, operation: unknown): Json {
  const json = checkMembers(operation);
  const run = OPERATIONS[json.op as string] as (typeof OPERATIONS)[string];
  return run(context, json);
}
