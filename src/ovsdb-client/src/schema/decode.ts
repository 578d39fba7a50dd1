/**
 * Values of RFC 7047 section 5.1 (`["set", …]`, `["map", …]`, `["uuid", …]`, bare atoms) to the values of a declared
 * column. Everything that does not fit the column is an error that names it.
 */
import { OvsdbError } from '../errors.js';
import type { Atom, Base, Shape } from './columns.js';

export type AtomOf = string | number | bigint | boolean;
export type ValueOf = AtomOf | undefined | ReadonlySet<AtomOf> | ReadonlyMap<AtomOf, AtomOf>;

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/** RFC 7047 section 5.2.1: what a column holds when nothing was said. */
export const DEFAULT_ATOM: { readonly [B in Base]: AtomOf } = {
  string: '',
  integer: 0,
  int64: 0n,
  real: 0,
  boolean: false,
  uuid: ZERO_UUID,
};

function misfit(value: unknown, type: string): OvsdbError {
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return new OvsdbError('bad reply', { details: `${text?.slice(0, 200)} is no ${type}` });
}

type DecodeAtom = (value: unknown) => AtomOf;

const DECODE_ATOM: { readonly [B in Base]: DecodeAtom } = {
  string: (value) => {
    if (typeof value === 'string') return value;
    throw misfit(value, 'string');
  },
  integer: (value) => {
    if (Number.isSafeInteger(value)) return value as number;
    throw misfit(value, 'integer within ±(2^53 - 1); declare the column int64');
  },
  int64: (value) => {
    if (typeof value === 'bigint') return value;
    if (Number.isSafeInteger(value)) return BigInt(value as number);
    throw misfit(value, 'integer');
  },
  real: (value) => {
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    throw misfit(value, 'real');
  },
  boolean: (value) => {
    if (typeof value === 'boolean') return value;
    throw misfit(value, 'boolean');
  },
  uuid: (value) => {
    if (Array.isArray(value) && value[0] === 'uuid' && typeof value[1] === 'string') return value[1];
    throw misfit(value, 'uuid');
  },
};

/** The members of a set: of ["set", […]], or the one atom that stands bare. */
function members(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value[0] !== 'set') return [value];
  if (!Array.isArray(value[1])) throw misfit(value, 'set');
  return value[1];
}

function pairs(value: unknown): readonly (readonly unknown[])[] {
  if (Array.isArray(value) && value[0] === 'map' && Array.isArray(value[1])) return value[1];
  throw misfit(value, 'map');
}

function decodeMap(value: unknown, key: DecodeAtom, item: DecodeAtom): ReadonlyMap<AtomOf, AtomOf> {
  const map = new Map<AtomOf, AtomOf>();
  for (const pair of pairs(value)) map.set(key(pair[0]), item(pair[1]));
  return map;
}

function decodeOptional(value: unknown, atom: DecodeAtom): AtomOf | undefined {
  const found = members(value);
  if (found.length > 1) throw misfit(value, 'optional value');
  return found.length === 0 ? undefined : atom(found[0]);
}

export const decodeAtomOf = (atom: Atom): DecodeAtom => DECODE_ATOM[atom.base];

/** The decoder of a column. */
export function decoderOf(shape: Shape): (value: unknown) => ValueOf {
  switch (shape.kind) {
    case 'atom':
      return decodeAtomOf(shape);
    case 'optional': {
      const atom = decodeAtomOf(shape.key);
      return (value) => decodeOptional(value, atom);
    }
    case 'set': {
      const atom = decodeAtomOf(shape.key);
      return (value) => new Set(members(value).map(atom));
    }
    case 'map': {
      const [key, item] = [decodeAtomOf(shape.key), decodeAtomOf(shape.value)];
      return (value) => decodeMap(value, key, item);
    }
    default:
      return shape satisfies never;
  }
}

/** Whether two values of one column are equal; sets and maps whatever their order. */
export function equalValues(a: ValueOf, b: ValueOf): boolean {
  if (a === b || typeof a !== 'object' || typeof b !== 'object') return Object.is(a, b) || a === b;
  if (a.size !== b.size) return false;
  if (a instanceof Map && b instanceof Map) {
    for (const [key, value] of a) if (b.get(key) !== value || !b.has(key)) return false;
    return true;
  }
  for (const member of a.keys()) if (!b.has(member)) return false;
  return true;
}
