/** Reads the values of declared columns straight from JSON text: what decode.ts does with a parsed value, in one step. */
import { type OctetReader, repeatedStrings, token } from '../json/reader.js';
import { RecentStrings } from '../json/recent-strings.js';
import type { Atom, Base, Shape } from './columns.js';
import type { AtomOf, ValueOf } from './decode.js';

export type ReadValue = (reader: OctetReader) => ValueOf;
type ReadAtom = (reader: OctetReader) => AtomOf;

const COMMA = 0x2c;
const [SET, MAP, END] = [token('["set",['), token('["map",['), token(']]')];
const [OPEN, CLOSE] = [0x5b, 0x5d];
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

function readSet(reader: OctetReader, atom: ReadAtom): ReadonlySet<AtomOf> {
  if (!reader.take(SET)) return new Set([atom(reader)]);
  if (reader.take(END)) return EMPTY_SET;
  const set = new Set<AtomOf>();
  do set.add(atom(reader));
  while (reader.takeCode(COMMA));
  reader.expect(END);
  return set;
}

function readMap(reader: OctetReader, key: ReadAtom, value: ReadAtom): ReadonlyMap<AtomOf, AtomOf> {
  reader.expect(MAP);
  if (reader.take(END)) return EMPTY_MAP;
  const map = new Map<AtomOf, AtomOf>();
  do {
    if (!reader.takeCode(OPEN)) reader.fail();
    const k = key(reader);
    if (!reader.takeCode(COMMA)) reader.fail();
    map.set(k, value(reader));
    if (!reader.takeCode(CLOSE)) reader.fail();
  } while (reader.takeCode(COMMA));
  reader.expect(END);
  return map;
}

function readOptional(reader: OctetReader, atom: ReadAtom): AtomOf | undefined {
  if (!reader.take(SET)) return atom(reader);
  if (reader.take(END)) return undefined;
  const value = atom(reader);
  reader.expect(END);
  return value;
}

/** For strings that recur: the keys of maps. */
function repeating(): ReadAtom {
  const expected = repeatedStrings();
  return (reader) => reader.repeated(expected);
}

/** For strings that may recur: `type`, `admin_state`, `fail_mode`. */
function recurring(): ReadAtom {
  const recent = new RecentStrings();
  return (reader) => reader.string(recent);
}

/** The reader of a column. */
export function readerOf(shape: Shape): ReadValue {
  const atomOf = (atom: Atom) => (atom.base === 'string' ? recurring() : READ_ATOM[atom.base]);
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
