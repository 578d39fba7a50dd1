/**
 * `convert` in the fake server (ovsdb-server(7) 4.1.9): the rows of a database under another schema. Columns keep their values
 * where both schemas have them, others begin with their default; the result must be one that a transaction could commit.
 *
 * Where a value does not fit its new column the fake answers `constraint violation`; ovsdb-server 3.1.0 dies of it.
 */
import { OvsdbError } from '../errors.js';
import { type DatabaseSchema, parseSchema, type TableSchema } from '../schema/server-schema.js';
import { settle } from './commit.js';
import { checkConstraints, type Datum, defaultDatum, fault } from './datum.js';
import type { DatabaseView, FakeRow } from './rows.js';

export interface Converted {
  readonly schema: DatabaseSchema;
  readonly tables: Map<string, Map<string, FakeRow>>;
}

/** Reads the schema and checks it in itself. Throws `syntax error`. */
function schemaOf(json: unknown): DatabaseSchema {
  const schema = parsed(json);
  for (const [name, { columns }] of Object.entries(schema.tables)) {
    if (Object.keys(columns).length === 0) throw fault('syntax error', `table ${name} must have at least one column`);
    for (const [column, { key, value }] of Object.entries(columns))
      for (const base of [key, value])
        if (base?.refTable !== undefined && !Object.hasOwn(schema.tables, base.refTable))
          throw fault('syntax error', `column ${column} refers to undefined table ${base.refTable}`);
  }
  return schema;
}

function parsed(json: unknown): DatabaseSchema {
  try {
    return parseSchema(json);
  } catch (error) {
    if (!(error instanceof OvsdbError)) throw error;
    throw fault('syntax error', `Parsing database schema failed: ${error.details}`);
  }
}

function convertRow(row: FakeRow, from: TableSchema, to: TableSchema): FakeRow {
  const columns: { [column: string]: Datum } = {};
  for (const [name, type] of Object.entries(to.columns)) {
    const before = Object.hasOwn(from.columns, name) ? from.columns[name] : undefined;
    const datum = row.columns[name];
    if (!before || !datum) {
      columns[name] = defaultDatum(type);
      continue;
    }
    const sameTypes = before.key.type === type.key.type && before.value?.type === type.value?.type;
    if (!sameTypes || datum.length < type.min || datum.length > type.max)
      throw fault('constraint violation', `the value of column ${name} does not fit its new type`);
    checkConstraints(datum, type);
    columns[name] = datum;
  }
  return { ...row, columns };
}

/** The database under the new schema. Throws the fault `convert` is answered with; nothing is changed then. */
export function converted(database: DatabaseView, json: unknown): Converted {
  const schema = schemaOf(json);
  const { name } = database.schema;
  if (schema.name !== name)
    throw fault('invalid parameters', `new schema name (${schema.name}) does not match database name (${name})`);
  const tables = new Map<string, Map<string, FakeRow>>();
  for (const [table, to] of Object.entries(schema.tables)) {
    const from = Object.hasOwn(database.schema.tables, table) ? database.schema.tables[table] : undefined;
    const rows = from ? [...(database.tables.get(table) ?? [])] : [];
    tables.set(table, new Map(rows.map(([uuid, row]) => [uuid, convertRow(row, from as TableSchema, to)])));
  }
  settle({ schema, tables: database.tables }, tables);
  return { schema, tables };
}
