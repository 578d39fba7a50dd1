/**
 * A server's schema as get_schema gives it (RFC 7047 section 3.2), in one normal form: every column's type written out
 * with key, value, min and max.
 */
import { OvsdbError } from '../errors.js';

export interface BaseType {
  readonly type: 'string' | 'integer' | 'real' | 'boolean' | 'uuid';
  readonly enum?: readonly unknown[];
  readonly minInteger?: number | bigint;
  readonly maxInteger?: number | bigint;
  readonly minReal?: number;
  readonly maxReal?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly refTable?: string;
  readonly refType?: 'strong' | 'weak';
}
export interface ColumnSchema {
  readonly key: BaseType;
  readonly value?: BaseType;
  readonly min: number;
  /** Infinity for "unlimited". */
  readonly max: number;
  readonly ephemeral: boolean;
  readonly mutable: boolean;
}
export interface TableSchema {
  readonly columns: { readonly [name: string]: ColumnSchema };
  readonly maxRows: number;
  readonly isRoot: boolean;
  readonly indexes: readonly (readonly string[])[];
}
export interface DatabaseSchema {
  readonly name: string;
  readonly version: string;
  readonly tables: { readonly [name: string]: TableSchema };
}

type Json = Record<string, unknown>;

function objectAt(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OvsdbError('bad reply', { details: `schema: ${where} is no object` });
  return value as Json;
}

/** The members of ["set", […]], or the one bare atom. */
function enumMembers(value: unknown): readonly unknown[] {
  return Array.isArray(value) && value[0] === 'set' ? (value[1] as unknown[]) : [value];
}

function baseType(value: unknown, where: string): BaseType {
  if (typeof value === 'string') return { type: value as BaseType['type'] };
  const { enum: members, ...rest } = objectAt(value, where);
  return { ...rest, ...(members === undefined ? {} : { enum: enumMembers(members) }) } as BaseType;
}

function columnSchema(value: unknown, where: string): ColumnSchema {
  const column = objectAt(value, where);
  const flags = { ephemeral: column.ephemeral === true, mutable: column.mutable !== false };
  if (typeof column.type === 'string') return { key: baseType(column.type, where), min: 1, max: 1, ...flags };
  const type = objectAt(column.type, `type of ${where}`);
  const max = type.max ?? 1;
  return {
    key: baseType(type.key, where),
    ...(type.value === undefined ? {} : { value: baseType(type.value, where) }),
    min: Number(type.min ?? 1),
    max: max === 'unlimited' ? Number.POSITIVE_INFINITY : Number(max),
    ...flags,
  };
}

function tableSchema(value: unknown, name: string, isRoot: boolean): TableSchema {
  const table = objectAt(value, name);
  const columns = Object.entries(objectAt(table.columns, `columns of ${name}`));
  return {
    columns: Object.fromEntries(columns.map(([column, type]) => [column, columnSchema(type, `${name}.${column}`)])),
    maxRows: Number(table.maxRows ?? Number.POSITIVE_INFINITY),
    isRoot,
    indexes: (table.indexes ?? []) as string[][],
  };
}

/** Normalises a get_schema result. Throws OvsdbError `bad reply`. */
export function parseSchema(value: unknown): DatabaseSchema {
  const schema = objectAt(value, 'the schema');
  const tables = Object.entries(objectAt(schema.tables, 'tables'));
  // RFC 7047 section 3.2: where no table is marked isRoot, every one is.
  const marked = tables.some(([, table]) => objectAt(table, 'table').isRoot === true);
  return {
    name: String(schema.name),
    version: String(schema.version ?? ''),
    tables: Object.fromEntries(
      tables.map(([name, table]) => [name, tableSchema(table, name, !marked || (table as Json).isRoot === true)]),
    ),
  };
}
