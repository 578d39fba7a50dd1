/**
 * A column's value in the fake server: its elements in order, each a key or a pair of key and value (RFC 7047 section 5.1). Parsing
 * checks everything the column's type says, with ovsdb-server's error codes.
 */
import { OvsdbError } from '../errors.js';
import type { BaseType, ColumnSchema } from '../schema/server-schema.js';

export type Atom = string | bigint | number | boolean;
export type Element = readonly [key: Atom, value?: Atom];
export type Datum = readonly Element[];
/** Gives the uuid a name of this transaction stands for. */
export type NamedUuids = (name: string) => string;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ID = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ZERO = '00000000-0000-0000-0000-000000000000';

export const fault = (code: string, details: string) => new OvsdbError(code, { details });
const syntax = (value: unknown, what: string) =>
  fault('syntax error', `${JSON.stringify(value, plain)?.slice(0, 200)} is no ${what}`);
const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** The order of elements: of code points for strings (as strcmp orders UTF-8), of numbers, false before true. */
export function compareAtoms(a: Atom, b: Atom): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function parseUuid(value: unknown, names: NamedUuids): string {
  if (Array.isArray(value) && value.length === 2 && typeof value[1] === 'string') {
    if (value[0] === 'named-uuid' && ID.test(value[1])) return names(value[1]);
    if (value[0] === 'uuid' && UUID.test(value[1])) return value[1].toLowerCase();
  }
  throw syntax(value, 'valid UUID');
}

function parseBase(value: unknown, type: BaseType['type'], names: NamedUuids): Atom {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'integer':
      if (typeof value === 'bigint' || Number.isSafeInteger(value)) return BigInt(value as number | bigint);
      break;
    case 'real':
      if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'uuid':
      return parseUuid(value, names);
    default:
      return type satisfies never;
  }
  throw syntax(value, type);
}

/** Whether an atom is within its type's constraints; a sentence if not. */
function broken(atom: Atom, type: BaseType): string | undefined {
  if (type.enum) {
    const allowed = type.enum.map((member) => parseBase(member, type.type, () => ZERO));
    return allowed.includes(atom)
      ? undefined
      : `${atom} is not one of the allowed values ([${allowed.sort(compareAtoms).join(', ')}])`;
  }
  if (typeof atom === 'string' && type.type === 'string') return brokenLength(atom, type);
  if (typeof atom !== 'bigint' && typeof atom !== 'number') return undefined;
  const least = type.minInteger ?? type.minReal;
  const most = type.maxInteger ?? type.maxReal;
  if ((least !== undefined && atom < least) || (most !== undefined && atom > most))
    return `${atom} is not in the valid range ${least ?? ''} to ${most ?? ''}`;
  return undefined;
}

function brokenLength(
  text: string,
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: BaseType,
): string | undefined {
  const { length } = [...text];
  if (length < minLength) return `"${text}" length ${length} is less than minimum allowed length ${minLength}`;
  return length > maxLength
    ? `"${text}" length ${length} is greater than maximum allowed length ${maxLength}`
    : undefined;
}

/** Checks every element against the constraints of its type. Throws `constraint violation`. */
export function checkConstraints(datum: Datum, { key, value }: ColumnSchema): void {
  for (const [k, v] of datum) {
    const why = broken(k, key) ?? (value && v !== undefined ? broken(v, value) : undefined);
    if (why !== undefined) throw fault('constraint violation', why);
  }
}

/** The members of `["set", […]]` or `["map", […]]`. */
function tagged(json: unknown, tag: 'set' | 'map'): unknown[] | undefined {
  if (!Array.isArray(json) || json[0] !== tag) return undefined;
  if (json.length !== 2 || !Array.isArray(json[1])) throw syntax(json, tag);
  return json[1];
}

function parseElements(json: unknown, { key, value }: ColumnSchema, names: NamedUuids): Element[] {
  if (!value) return (tagged(json, 'set') ?? [json]).map((member) => [parseBase(member, key.type, names)]);
  const pairs = tagged(json, 'map');
  if (!pairs) throw syntax(json, 'map');
  return pairs.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw syntax(pair, 'pair');
    return [parseBase(pair[0], key.type, names), parseBase(pair[1], value.type, names)];
  });
}

/** In order, without duplicates. */
export function sortedDatum(elements: readonly Element[], map: boolean): Datum {
  const sorted = [...elements].sort(([a], [b]) => compareAtoms(a, b));
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i]?.[0] === sorted[i - 1]?.[0])
      throw fault('ovsdb error', map ? 'map contains duplicate key' : 'set contains duplicate');
  return sorted;
}

/** Reads a value for a column. `anySize` for conditions and mutations, whose values may have more or fewer elements. */
export function parseDatum(json: unknown, column: ColumnSchema, names: NamedUuids, anySize = false): Datum {
  const datum = sortedDatum(parseElements(json, column, names), column.value !== undefined);
  checkConstraints(datum, column);
  const { length } = datum;
  if (!anySize && (length < column.min || length > column.max))
    throw fault('syntax error', `${length} elements where the type requires between ${column.min} and ${column.max}`);
  return datum;
}

/** RFC 7047 section 5.2.1. */
export function defaultDatum({ key, value, min }: ColumnSchema): Datum {
  const atom = (type: BaseType): Atom =>
    type.type === 'string'
      ? ''
      : type.type === 'boolean'
        ? false
        : type.type === 'uuid'
          ? ZERO
          : type.type === 'real'
            ? 0
            : 0n;
  return min === 0 ? [] : [value ? [atom(key), atom(value)] : [atom(key)]];
}

function atomToJson(atom: Atom, type: BaseType): unknown {
  if (type.type === 'uuid') return ['uuid', atom];
  if (type.type === 'real') return Number((atom as number).toPrecision(15)); // as ovsdb-server 3.1 writes it
  return typeof atom === 'bigint' && Number.isSafeInteger(Number(atom)) ? Number(atom) : atom;
}

/** As ovsdb-server writes it: a set of one element bare. */
export function datumToJson(datum: Datum, { key, value }: ColumnSchema): unknown {
  if (value) return ['map', datum.map(([k, v]) => [atomToJson(k, key), atomToJson(v as Atom, value)])];
  const [first] = datum;
  return datum.length === 1 && first ? atomToJson(first[0], key) : ['set', datum.map(([k]) => atomToJson(k, key))];
}

export function equalData(a: Datum, b: Datum): boolean {
  return a.length === b.length && a.every(([k, v], i) => k === b[i]?.[0] && v === b[i]?.[1]);
}

/** The difference of update2: what toggles `from` into `to`; for at most one element the new value. */
export function differenceOf(from: Datum, to: Datum, column: ColumnSchema): Datum {
  if (column.max === 1) return to;
  const has = (datum: Datum, [k, v]: Element) => datum.some((element) => element[0] === k && element[1] === v);
  const hasKey = (datum: Datum, k: Atom) => datum.some((element) => element[0] === k);
  const gone = from.filter((element) => !has(to, element) && !hasKey(to, element[0]));
  const come = to.filter((element) => !has(from, element));
  return sortedDatum([...gone, ...come], column.value !== undefined);
}
