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

/** The type of `_uuid` and `_version`. */
export const UUID_COLUMN: ColumnSchema = { key: { type: 'uuid' }, min: 1, max: 1, ephemeral: false, mutable: false };

export type ValueOf = (column: string) => Datum;
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

/** Compiles one condition; `true` and `false` stand for themselves. */
export function parseCondition(json: unknown, columnOf: ColumnOf, names: NamedUuids): Test {
  if (typeof json === 'boolean') return () => json;
  if (!Array.isArray(json) || json.length !== 3) throw fault('syntax error', 'a condition has three elements');
  const [name, fn, value] = json as [string, string, unknown];
  const column = columnOf(name);
  const compare = FUNCTIONS[fn];
  const orders = ['<', '<=', '>', '>='].includes(fn);
  if (!compare) throw fault('unknown function', `no function named ${fn}`);
  if (orders && (column.max !== 1 || column.value || !['integer', 'real'].includes(column.key.type)))
    throw fault('syntax error', `type mismatch: ${fn} on column ${name}`);
  const wanted = parseDatum(value, column, names, true);
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
const unknownMutator = (mutator: string) => fault('unknown mutator', `No mutator named ${mutator}.`);
const outOfRange = () => fault('range error', 'Result of mutation is out of range.');

function integerResult(a: bigint, mutator: string, b: bigint): bigint {
  if (b === 0n && (mutator === '/=' || mutator === '%=')) throw fault('domain error', 'Division by zero.');
  const compute = INTEGER[mutator];
  if (!compute) throw unknownMutator(mutator);
  const result = compute(a, b);
  if (result < INT64.min || result > INT64.max) throw outOfRange();
  return result;
}

function realResult(a: number, mutator: string, b: number): number {
  if (b === 0 && mutator === '/=') throw fault('domain error', 'Division by zero.');
  const compute = REAL[mutator];
  if (!compute) throw unknownMutator(mutator);
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

/** The value after one mutation. `json` is its operand. */
export function mutated(datum: Datum, mutator: string, json: unknown, column: ColumnSchema, names: NamedUuids): Datum {
  if (!column.mutable) throw fault('constraint violation', 'Cannot mutate immutable column.');
  if (mutator !== 'insert' && mutator !== 'delete') {
    const operand = parseDatum(
      json,
      { key: { type: column.key.type }, min: 1, max: 1, ephemeral: false, mutable: true },
      names,
    );
    return arithmetic(datum, mutator, operand, column);
  }
  const keysOnly = mutator === 'delete' && column.value && Array.isArray(json) && json[0] !== 'map';
  const operand = parseDatum(json, keysOnly ? keysOf(column) : column, names, true);
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
}

function keysOf({ key, min, max, ephemeral, mutable }: ColumnSchema): ColumnSchema {
  return { key, min, max, ephemeral, mutable };
}
