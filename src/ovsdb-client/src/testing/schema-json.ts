/**
 * A schema as ovsdb-server gives it, whatever the file it was read from looked like: defaults left out, bare names for types
 * without constraints (RFC 7047 section 3.2).
 */
import type { BaseType, ColumnSchema, DatabaseSchema, TableSchema } from '../schema/server-schema.js';
import { type Atom, compareAtoms } from './datum.js';

type Json = Record<string, unknown>;
const mapped = <T>(object: { readonly [name: string]: T }, write: (value: T) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, write(value)]));

function baseJson({ type, enum: members, refType, ...constraints }: BaseType): unknown {
  const said: Json = { ...constraints };
  // A set is written in order, and bare if it has one member, as in a value.
  const sorted = [...((members ?? []) as Atom[])].sort(compareAtoms);
  if (sorted.length > 0) said.enum = sorted.length === 1 ? sorted[0] : ['set', sorted];
  if (refType === 'weak') said.refType = 'weak';
  return Object.keys(said).length === 0 ? type : { type, ...said };
}

function columnJson({ key, value, min, max, mutable, ephemeral }: ColumnSchema): Json {
  const base = baseJson(key);
  const bare = typeof base === 'string' && !value && min === 1 && max === 1;
  const type = {
    key: base,
    ...(value ? { value: baseJson(value) } : {}),
    ...(min === 1 ? {} : { min }),
    ...(max === 1 ? {} : { max: Number.isFinite(max) ? max : 'unlimited' }),
  };
  return { type: bare ? base : type, ...(mutable ? {} : { mutable }), ...(ephemeral ? { ephemeral } : {}) };
}

function tableJson({ columns, maxRows, isRoot, indexes }: TableSchema, allRoots: boolean): Json {
  return {
    columns: mapped(columns, columnJson),
    ...(Number.isFinite(maxRows) ? { maxRows } : {}),
    ...(isRoot && !allRoots ? { isRoot } : {}),
    ...(indexes.length > 0 ? { indexes } : {}),
  };
}

/** What `get_schema` answers. */
export function schemaToJson({ name, version, tables }: DatabaseSchema, cksum: unknown): Json {
  const allRoots = Object.values(tables).every(({ isRoot }) => isRoot);
  return {
    name,
    ...(version === '' ? {} : { version }),
    ...(typeof cksum === 'string' && cksum !== '' ? { cksum } : {}),
    tables: mapped(tables, (table) => tableJson(table, allRoots)),
  };
}
