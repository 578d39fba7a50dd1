/** Reads the values of declared columns straight from JSON text: what decode.ts does with a parsed value, in one step. */
import { repeatedStrings, type TextReader } from '../json/reader.js';
import type { Atom, Base, Shape } from './columns.js';
import type { AtomOf, ValueOf } from './decode.js';

export type ReadValue = (reader: TextReader) => ValueOf;
type ReadAtom = (reader: TextReader) => AtomOf;

const COMMA = 0x2c;
const EMPTY_SET: ReadonlySet<AtomOf> = new Set();
const EMPTY_MAP: ReadonlyMap<AtomOf, AtomOf> = new Map();

const READ_ATOM: { readonly [B in Base]: ReadAtom } = {
  string: (reader) => reader.string(),
  // A bigint here is a value that does not fit: left to the ordinary decoder, which says so.
  integer: (reader) => {
    const value = reader.integer();
    return typeof value === 'bigint' ? reader.fail() : value;
  },
  int64: (reader) => BigInt(reader.integer()),
  real: (reader) => reader.real(),
  boolean: (reader) => reader.boolean(),
  uuid: (reader) => reader.uuid(),
};

function readSet(reader: TextReader, atom: ReadAtom): ReadonlySet<AtomOf> {
  if (!reader.take('["set",[')) return new Set([atom(reader)]);
  if (reader.take(']]')) return EMPTY_SET;
  const set = new Set<AtomOf>();
  do set.add(atom(reader));
  while (reader.takeCode(COMMA));
  reader.expect(']]');
  return set;
}

function readMap(reader: TextReader, key: ReadAtom, value: ReadAtom): ReadonlyMap<AtomOf, AtomOf> {
  reader.expect('["map",[');
  if (reader.take(']]')) return EMPTY_MAP;
  const map = new Map<AtomOf, AtomOf>();
  do {
    reader.expect('[');
    const k = key(reader);
    reader.expect(',');
    map.set(k, value(reader));
    reader.expect(']');
  } while (reader.takeCode(COMMA));
  reader.expect(']]');
  return map;
}

function readOptional(reader: TextReader, atom: ReadAtom): AtomOf | undefined {
  if (!reader.take('["set",[')) return atom(reader);
  if (reader.take(']]')) return undefined;
  const value = atom(reader);
  reader.expect(']]');
  return value;
}

/** For strings that recur: the keys of maps. */
function repeating(): ReadAtom {
  const expected = repeatedStrings();
  return (reader) => reader.repeated(expected);
}

/** So many different strings in a row, and they are taken to be different all. */
const GIVE_UP = 16;

/** For strings that are often those of the row before: `type`, `admin_state`, `fail_mode`. */
function lastAgain(): ReadAtom {
  let token = '';
  let value = '';
  let misses = 0;
  return (reader) => {
    if (misses === GIVE_UP) return reader.string();
    if (token !== '' && reader.take(token)) {
      misses = 0;
      return value;
    }
    misses++;
    const from = reader.at;
    value = reader.string();
    token = reader.text.slice(from, reader.at);
    return value;
  };
}

/** The reader of a column. */
export function readerOf(shape: Shape): ReadValue {
  const atomOf = (atom: Atom) => (atom.base === 'string' ? lastAgain() : READ_ATOM[atom.base]);
  switch (shape.kind) {
    case 'atom':
      return atomOf(shape);
    case 'optional': {
      const atom = atomOf(shape.key);
      return (reader) => readOptional(reader, atom);
    }
    case 'set': {
      const atom = atomOf(shape.key);
      return (reader) => readSet(reader, atom);
    }
    case 'map': {
      const [key, value] = [shape.key.base === 'string' ? repeating() : atomOf(shape.key), atomOf(shape.value)];
      return (reader) => readMap(reader, key, value);
    }
    default:
      return shape satisfies never;
  }
}
