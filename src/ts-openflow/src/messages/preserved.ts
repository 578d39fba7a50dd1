/**
 * Structures that OpenFlow lets a switch spell in more than one way (order of properties, defaults sent or not).
 *
 * They are decoded to plain members; when those members would be written in other octets than they came in, the
 * octets are kept beside them, and are used again as long as the members are still the same.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '../wire/codec.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';

/** Where the octets are kept: a symbol, so that they are no member. */
export const WIRE: unique symbol = Symbol('octets as they came');

/**
 * A codec up to the end of its structure that keeps an unusual spelling. `isUsual` may say cheaply that octets are
 * those that would be written; where it says no, they are compared.
 */
export function preserved<T extends object, I extends object>(
  codec: Codec<T, I>,
  isUsual: (octets: Buffer) => boolean = () => false,
): Codec<T, I> {
  const decode = (octets: Buffer, version: 4 | 5 | 6): T => codec.read(new Reader(octets, version));
  const encode = (value: I, version: 4 | 5 | 6): Buffer => {
    const w = new Writer(version, 128);
    codec.write(w, value);
    return w.take();
  };
  return {
    outline: codec.outline,
    read: (r) => {
      const at = r.at;
      const ordinal = r.nextPadding;
      const value = codec.read(r);
      r.forgetPadding(ordinal);
      const octets = r.octets.subarray(at, r.at);
      if (isUsual(octets)) return value;
      // A decoded value is always one that can be encoded: every codec writes what it reads.
      if (!encode(value as unknown as I, r.version).equals(octets)) (value as Record<symbol, unknown>)[WIRE] = octets;
      return value;
    },
    write: (w, value) => {
      const octets = (value as Readonly<Record<symbol, Buffer | undefined>>)[WIRE];
      if (octets !== undefined && same(decode(octets, w.version), value)) w.bytes(octets);
      else w.bytes(encode(value, w.version));
    },
  };
}

/** Members that a structure of ours may have or not; all others of a decoded structure are always there. */
const OPTIONAL = ['properties', 'idle_sec', 'idle_nsec', 'flow_count'];

/** Whether the members of the area are still those that were decoded; the object may have other members besides. */
function same(decoded: object, value: object): boolean {
  const then = decoded as Readonly<Record<string, unknown>>;
  const now = value as Readonly<Record<string, unknown>>;
  return [...Object.keys(then), ...OPTIONAL].every((name) => isDeepStrictEqual(then[name], now[name]));
}
