/**
 * A declared table joined to the server's schema: for every column that the server has, how to decode it, what it holds
 * when nothing was sent, and how a difference changes it.
 */
import { OvsdbError } from '../errors.js';
import { schemaMismatches } from './check.js';
import { type Atom, type DatabaseDeclaration, type Shape, shapeOf, type TableDeclaration } from './columns.js';
import { type AtomOf, DEFAULT_ATOM, decodeAtomOf, decoderOf, type ValueOf } from './decode.js';
import type { ColumnSchema, DatabaseSchema, TableSchema } from './server-schema.js';

export interface BoundColumn {
  readonly name: string;
  readonly shape: Shape;
  readonly decode: (json: unknown) => ValueOf;
  /** RFC 7047 section 5.2.1; monitor_cond leaves such values out of initial and inserted rows. */
  readonly empty: ValueOf;
  /** The value after a `modify` of update2/update3: a difference for sets and maps of more than one element, else the new value. */
  readonly change: (old: ValueOf, json: unknown) => ValueOf;
}
export interface BoundTable {
  readonly name: string;
  readonly columns: readonly BoundColumn[];
  readonly byName: ReadonlyMap<string, BoundColumn>;
}
export type UntypedRow = { readonly _uuid: string } & { readonly [column: string]: ValueOf };

/** A set's difference toggles members (ovsdb-server(7), "Update2 Notification"). */
export function toggleSet(old: ReadonlySet<AtomOf>, difference: ReadonlySet<AtomOf>): ReadonlySet<AtomOf> {
  const next = new Set(old);
  for (const member of difference) if (!next.delete(member)) next.add(member);
  return next;
}

/** A map's difference: a pair the map has is taken out, any other is put in or takes the place of its key's. */
export function toggleMap(
  old: ReadonlyMap<AtomOf, AtomOf>,
  difference: ReadonlyMap<AtomOf, AtomOf>,
): ReadonlyMap<AtomOf, AtomOf> {
  const next = new Map(old);
  for (const [key, value] of difference) {
    if (next.has(key) && next.get(key) === value) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

function emptyOf(shape: Shape, schema: ColumnSchema): ValueOf {
  const atom = (a: Atom) => DEFAULT_ATOM[a.base];
  if (shape.kind === 'atom') return atom(shape);
  if (shape.kind === 'optional') return undefined;
  if (shape.kind === 'set') return new Set(schema.min === 0 ? [] : [atom(shape.key)]);
  return new Map(schema.min === 0 ? [] : [[atom(shape.key), atom(shape.value)]]);
}

function changeOf(shape: Shape, schema: ColumnSchema, decode: (json: unknown) => ValueOf): BoundColumn['change'] {
  if (schema.max === 1 || shape.kind === 'atom' || shape.kind === 'optional') return (_old, json) => decode(json);
  return shape.kind === 'set'
    ? (old, json) => toggleSet(old as ReadonlySet<AtomOf>, decode(json) as ReadonlySet<AtomOf>)
    : (old, json) => toggleMap(old as ReadonlyMap<AtomOf, AtomOf>, decode(json) as ReadonlyMap<AtomOf, AtomOf>);
}

function bindTable(name: string, declaration: TableDeclaration, schema: TableSchema): BoundTable {
  const columns = Object.entries(declaration).flatMap(([column, type]): BoundColumn[] => {
    const actual = schema.columns[column];
    if (!actual) return [];
    const shape = shapeOf(type);
    const decode = named(`${name}.${column}`, decoderOf(shape));
    return [{ name: column, shape, decode, empty: emptyOf(shape, actual), change: changeOf(shape, actual, decode) }];
  });
  return { name, columns, byName: new Map(columns.map((column) => [column.name, column])) };
}

/** Names the column in what a decoder throws. */
function named(column: string, decode: (json: unknown) => ValueOf): (json: unknown) => ValueOf {
  return (json) => {
    try {
      return decode(json);
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      throw new OvsdbError(error.code, { details: `column ${column}: ${error.details}` });
    }
  };
}

/** Joins declaration and schema. Throws OvsdbError `schema mismatch` that lists every difference. */
export function bindDeclaration(
  declaration: DatabaseDeclaration,
  schema: DatabaseSchema,
): ReadonlyMap<string, BoundTable> {
  const wrong = schemaMismatches(declaration, schema);
  if (wrong.length > 0)
    throw new OvsdbError('schema mismatch', {
      details: `${schema.name} ${schema.version}: ${wrong.join('; ')}`,
    });
  const tables = Object.entries(declaration).flatMap(([name, columns]): [string, BoundTable][] => {
    const table = schema.tables[name];
    return table ? [[name, bindTable(name, columns, table)]] : [];
  });
  return new Map(tables);
}

/** Decodes rows of a declared table where the server's schema is not at hand, as in a `select`'s results. */
export function rowDecoder(name: string, columns: TableDeclaration): (json: Record<string, unknown>) => UntypedRow {
  const decoders = Object.entries(columns).map(
    ([column, type]) => [column, named(`${name}.${column}`, decoderOf(shapeOf(type)))] as const,
  );
  const uuid = decodeAtomOf({ kind: 'atom', base: 'uuid' });
  return (json) => {
    const row: Record<string, ValueOf> = {};
    if (json._uuid !== undefined) row._uuid = uuid(json._uuid);
    for (const [column, decode] of decoders) if (Object.hasOwn(json, column)) row[column] = decode(json[column]);
    return row as UntypedRow;
  };
}
