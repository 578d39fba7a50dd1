/** Conditions and mutations of the fake server (RFC 7047 section 5.1). */
import type { ColumnSchema } from '../schema/server-schema.js';
import {
  type Atom,
  checkConstraints,
  compareAtoms,
  type Datum,
  type Element,
  equalData,
  fault,
  type NamedUuids,
  parseDatum,
  sortedDatum,
} from './datum.js';
import type { FakeRow } from './rows.js';

/** The type of `_uuid` and `_version`. */
export const UUID_COLUMN: ColumnSchema = { key: { type: 'uuid' }, min: 1, max: 1, ephemeral: false, mutable: false };

export type ValueOf = (column: string) => Datum;
/** A row's values, those of the columns that every row has included. */
export const valuesOf =
  (uuid: string, row: FakeRow): ValueOf =>
  (name) =>
    name === '_uuid' ? [[uuid]] : name === '_version' ? [[row.version]] : (row.columns[name] ?? []);

export type Test = (value: ValueOf) => boolean;
export type ColumnOf = (name: string) => ColumnSchema;

const has = (datum: Datum, [k, v]: Element) => datum.some((element) => element[0] === k && element[1] === v);

const FUNCTIONS: { readonly [fn: string]: (actual: Datum, wanted: Datum) => boolean } = {
  '==': equalData,
  '!=': (actual, wanted) => !equalData(actual, wanted),
  includes: (actual, wanted) => wanted.every((element) => has(actual, element)),
  excludes: (actual, wanted) => !wanted.some((element) => has(actual, element)),
  '<': (actual, wanted) => ordered(actual, wanted, (order) => order < 0),
  '<=': (actual, wanted) => ordered(actual, wanted, (order) => order <= 0),
  '>': (actual, wanted) => ordered(actual, wanted, (order) => order > 0),
  '>=': (actual, wanted) => ordered(actual, wanted, (order) => order >= 0),
};

function ordered([a]: Datum, [b]: Datum, holds: (order: number) => boolean): boolean {
  return a !== undefined && b !== undefined && holds(compareAtoms(a[0], b[0]));
}

const isScalar = ({ value, min, max }: ColumnSchema) => value === undefined && min === 1 && max === 1;
const isNumber = ({ key }: ColumnSchema) => key.type === 'integer' || key.type === 'real';

/** The type a condition's value must be of: for sets and maps, fewer elements with `includes`, any number with `excludes`. */
function comparedType(column: ColumnSchema, fn: string): ColumnSchema {
  if (isScalar(column)) return column;
  if (fn === 'includes') return { ...column, min: 0 };
  return fn === 'excludes' ? { ...column, min: 0, max: Number.POSITIVE_INFINITY } : column;
}

/** Compiles one condition; `true` and `false` stand for themselves. */
export function parseCondition(json: unknown, columnOf: ColumnOf, names: NamedUuids): Test {
  if (typeof json === 'boolean') return () => json;
  if (!Array.isArray(json) || json.length !== 3 || typeof json[0] !== 'string' || typeof json[1] !== 'string')
    throw fault('syntax error', 'Parse error in condition.');
  const [name, fn, value] = json as [string, string, unknown];
  const column = columnOf(name);
  const compare = Object.hasOwn(FUNCTIONS, fn) ? FUNCTIONS[fn] : undefined;
  if (!compare) throw fault('unknown function', `No function named ${fn}.`);
  if (/[<>]/.test(fn) && (column.max !== 1 || column.value || !isNumber(column)))
    throw fault('syntax error', `Type mismatch: "${fn}" operator may not be applied to column ${name}.`);
  const wanted = parseDatum(value, comparedType(column, fn), names);
  return (actual) => compare(actual(name), wanted);
}

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

const INTEGER: { readonly [mutator: string]: (a: bigint, b: bigint) => bigint } = {
  '+=': (a, b) => a + b,
  '-=': (a, b) => a - b,
  '*=': (a, b) => a * b,
  '/=': (a, b) => a / b,
  '%=': (a, b) => a % b,
};
const REAL: { readonly [mutator: string]: (a: number, b: number) => number } = {
  '+=': (a, b) => a + b,
  '-=': (a, b) => a - b,
  '*=': (a, b) => a * b,
  '/=': (a, b) => a / b,
};
const outOfRange = () => fault('range error', 'Result of mutation is out of range.');

function integerResult(a: bigint, mutator: string, b: bigint): bigint {
  if (b === 0n && (mutator === '/=' || mutator === '%=')) throw fault('domain error', 'Division by zero.');
  const compute = INTEGER[mutator] as (typeof INTEGER)[string];
  const result = compute(a, b);
  if (result < INT64.min || result > INT64.max) throw outOfRange();
  return result;
}

function realResult(a: number, mutator: string, b: number): number {
  if (b === 0 && mutator === '/=') throw fault('domain error', 'Division by zero.');
  const compute = REAL[mutator] as (typeof REAL)[string];
  const result = compute(a, b);
  if (!Number.isFinite(result)) throw outOfRange();
  return result;
}

function arithmetic(datum: Datum, mutator: string, [operand]: Datum, column: ColumnSchema): Datum {
  const b = operand?.[0];
  const result = datum.map(([a]): [Atom] => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return [integerResult(a, mutator, b)];
    if (typeof a === 'number' && typeof b === 'number') return [realResult(a, mutator, b)];
    throw fault('syntax error', `type mismatch: ${mutator}`);
  });
  if (new Set(result.map(([a]) => a)).size < result.length)
    throw fault('constraint violation', 'Result of mutation contains duplicates.');
  const sorted = sortedDatum(result, false);
  checkConstraints(sorted, column);
  return sorted;
}

/** A mutation, compiled: its column, and what it makes of a value. */
export interface Mutation {
  readonly column: string;
  readonly apply: (datum: Datum) => Datum;
}

/** Compiles one mutation; like ovsdb-server, finds every mistake in it before any row is looked at. */
export function parseMutation(json: unknown, columnOf: ColumnOf, names: NamedUuids): Mutation {
  if (!Array.isArray(json) || json.length !== 3 || typeof json[0] !== 'string' || typeof json[1] !== 'string')
    throw fault('syntax error', 'Parse error in mutation.');
  const [name, mutator, value] = json as [string, string, unknown];
  const column = columnOf(name);
  const mismatch = () =>
    fault('syntax error', `Type mismatch: "${mutator}" operator may not be applied to column ${name}.`);
  if (!column.mutable) throw fault('constraint violation', `Cannot mutate immutable column ${name}.`);
  if (mutator === 'insert' || mutator === 'delete') {
    if (isScalar(column)) throw mismatch();
    return { column: name, apply: membership(mutator, value, column, names) };
  }
  if (!Object.hasOwn(INTEGER, mutator)) throw fault('unknown mutator', `No mutator named ${mutator}.`);
  if (!isNumber(column) || column.value || (column.key.type === 'real' && mutator === '%=')) throw mismatch();
  const one = { key: { type: column.key.type }, min: 1, max: 1, ephemeral: false, mutable: true };
  const operand = parseDatum(value, one, names);
  return { column: name, apply: (datum) => arithmetic(datum, mutator, operand, column) };
}

function membership(mutator: 'insert' | 'delete', json: unknown, column: ColumnSchema, names: NamedUuids) {
  const isPairs = Array.isArray(json) && json[0] === 'map';
  const keysOnly = mutator === 'delete' && column.value !== undefined && !isPairs;
  const operand = parseDatum(json, keysOnly ? keysOf(column) : column, names, true);
  return (datum: Datum): Datum => {
    const result =
      mutator === 'insert'
        ? [...datum, ...operand.filter(([k]) => !datum.some(([known]) => known === k))]
        : datum.filter((element) => !(keysOnly ? operand.some(([k]) => k === element[0]) : has(operand, element)));
    if (result.length < column.min || result.length > column.max)
      throw fault(
        'constraint violation',
        `Attempted to store ${result.length} elements where between ${column.min} and ${column.max} are allowed.`,
      );
    return sortedDatum(result, column.value !== undefined);
  };
}

/** The type of a map's keys alone. */
function keysOf({ key, min, max, ephemeral, mutable }: ColumnSchema): ColumnSchema {
  return { key, min, max, ephemeral, mutable };
}
