/**
 * Values of a declared column to the JSON of RFC 7047 section 5.1. What the column's type cannot carry is refused here,
 * before anything is sent, by an error that names the value; the server's own constraints are left to the server.
 */
import { OvsdbError } from '../errors.js';
import type { Atom, Base, Column, Shape } from './columns.js';
import { shapeOf } from './columns.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** The least normal double. */
const LEAST_REAL = 2.2250738585072014e-308;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function misfit(value: unknown, type: string): OvsdbError {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return new OvsdbError('bad value', { details: `${text.slice(0, 200)} is no ${type}` });
}

function encodeInteger(value: unknown): unknown {
  if (Number.isSafeInteger(value)) return value;
  if (typeof value === 'bigint' && value >= INT64_MIN && value <= INT64_MAX)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  throw misfit(value, typeof value === 'bigint' ? '64-bit integer' : 'integer within ±(2^53 - 1); write a bigint');
}

/** String.prototype.isWellFormed, which Node.js 20 has and ES2023's types have not. */
const isWellFormed = (text: string) => (text as unknown as { isWellFormed: () => boolean }).isWellFormed();

/** Strings up to this length are looked through here: for short ones the calls into V8's runtime take longer. */
const SHORT = 64;

/** Whether there is neither U+0000 nor any surrogate. */
function isOrdinary(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || (code & 0xf800) === 0xd800) return false;
  }
  return true;
}

const ENCODE_ATOM: { readonly [B in Base]: (value: unknown) => unknown } = {
  string: (value) => {
    if (typeof value !== 'string') throw misfit(value, 'string');
    if (value.length <= SHORT && isOrdinary(value)) return value;
    if (value.includes('\0')) throw misfit(value, 'OVSDB string: it holds U+0000');
    if (!isWellFormed(value)) throw misfit(value, 'string of whole characters: it holds half a surrogate pair');
    return value;
  },
  integer: encodeInteger,
  int64: encodeInteger,
  real: (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw misfit(String(value), 'finite real');
    if (value === 0 || Math.abs(value) >= LEAST_REAL) return value;
    throw misfit(value, 'real ovsdb-server reads: it closes the connection upon a denormal');
  },
  boolean: (value) => {
    if (typeof value === 'boolean') return value;
    throw misfit(value, 'boolean');
  },
  uuid: (value) => {
    if (typeof value === 'string' && UUID.test(value)) return ['uuid', value];
    if (typeof value === 'object' && value !== null && 'namedUuid' in value) return ['named-uuid', value.namedUuid];
    throw misfit(value, 'uuid');
  },
};

const isCollection = (value: unknown): value is readonly unknown[] | ReadonlySet<unknown> =>
  Array.isArray(value) || value instanceof Set;

function encodeSet(value: unknown, key: Atom): unknown {
  const members = isCollection(value) ? [...value] : [value];
  return ['set', members.map(ENCODE_ATOM[key.base])];
}

const integerOf = (text: string) => (/^-?\d+$/.test(text) ? BigInt(text) : Number.NaN);

/** The pairs of a Map or a plain object; the keys of an object are text, so integer keys are read back. */
function pairsOf(value: unknown, key: Atom): readonly (readonly [unknown, unknown])[] {
  if (value instanceof Map) return [...value];
  if (typeof value !== 'object' || value === null || isCollection(value)) throw misfit(value, 'map');
  const entries = Object.entries(value);
  if (key.base === 'integer' || key.base === 'int64') return entries.map(([k, v]) => [integerOf(k), v]);
  return key.base === 'real' ? entries.map(([k, v]) => [Number(k), v]) : entries;
}

function encodeMap(value: unknown, key: Atom, item: Atom): unknown {
  const [encodeKey, encodeItem] = [ENCODE_ATOM[key.base], ENCODE_ATOM[item.base]];
  const encoded: [unknown, unknown][] = [];
  for (const pair of pairsOf(value, key)) encoded.push([encodeKey(pair[0]), encodeItem(pair[1])]);
  return ['map', encoded];
}

function encodeShape(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'atom':
      return ENCODE_ATOM[shape.base](value);
    case 'optional':
      return value === undefined ? ['set', []] : ENCODE_ATOM[shape.key.base](value);
    case 'set':
      return encodeSet(value, shape.key);
    case 'map':
      return encodeMap(value, shape.key, shape.value);
    default:
      return shape satisfies never;
  }
}

function named(column: string, error: unknown): unknown {
  if (!(error instanceof OvsdbError)) return error;
  return new OvsdbError('bad value', { details: `column ${column}: ${error.details}` });
}

/** Runs `encode`, naming the column in what it throws. */
function naming<T>(column: string, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    throw named(column, error);
  }
}

/** The JSON of a column's whole value. Every row of every transaction passes here: the name is put together only where it is needed. */
export function encodeColumn(table: string, name: string, column: Column, value: unknown): unknown {
  try {
    return encodeShape(shapeOf(column), value);
  } catch (error) {
    throw named(`${table}.${name}`, error);
  }
}

/** The JSON of a value in a condition: a whole value, or one member of a set or optional column. */
export function encodeCondition(name: string, column: Column, value: unknown): unknown {
  const shape = shapeOf(column);
  return naming(name, () =>
    shape.kind === 'optional' && isCollection(value) ? encodeSet(value, shape.key) : encodeShape(shape, value),
  );
}

/** The JSON of a mutation's value. Members to delete from a map may be keys alone. */
export function encodeMutation(name: string, column: Column, mutator: string, value: unknown): unknown {
  const shape = shapeOf(column);
  return naming(name, () => {
    if (mutator !== 'insert' && mutator !== 'delete')
      return ENCODE_ATOM[shape.kind === 'atom' ? shape.base : shape.key.base](value);
    if (shape.kind === 'map')
      return isCollection(value) ? encodeSet(value, shape.key) : encodeMap(value, shape.key, shape.value);
    return encodeSet(value, shape.kind === 'atom' ? shape : shape.key);
  });
}
