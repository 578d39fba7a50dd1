/**
 * The words that messages, actions and properties are declared in.
 *
 * A codec is a value that reads and writes one kind of thing; `struct` makes one from a list of named members, and
 * the TypeScript types of what is decoded (every member) and of what may be encoded (members with a default may be
 * left out) follow from that list. Nothing here knows OpenFlow.
 */
import { EncodeError } from '../errors.js';
import type { OpenFlowVersion } from '../version.js';
import { always, from, numberOf, type Outlined, octetsOf } from './outline.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

export { struct } from './struct.js';

/** Reads a `T`, writes an `I`: what may be given to encode can be less than what is decoded. */
export interface Codec<T, I = T> extends Outlined {
  read(r: Reader): T;
  write(w: Writer, value: I): void;
  /** How it stands in a fixed number of octets, where it does: `struct` then reads and writes it in line. */
  readonly fixed?: Fixed | undefined;
  /** As `read`, with members before its own, which the caller gives: a message's kind, or an action's. */
  leading?(lead: readonly string[]): (r: Reader, ...values: readonly unknown[]) => Record<string | symbol, unknown>;
}

/** What stands in a fixed number of octets. */
export type Fixed =
  | { readonly is: 'uint'; readonly octets: 1 | 2 | 3 | 4 | 6 | 8 }
  | { readonly is: 'padding'; readonly octets: number }
  /** A number that has a name; any other is the error `bad`. */
  | {
      readonly is: 'named';
      readonly octets: 1 | 2 | 3 | 4;
      readonly names: ReadonlyMap<number, string>;
      readonly numbers: ReadonlyMap<string, number>;
      readonly bad: string;
    }
  /** A number from a version on; padding before it, and the value `absent`. */
  | {
      readonly is: 'since';
      readonly version: OpenFlowVersion;
      readonly octets: 1 | 2 | 3 | 4;
      readonly absent: unknown;
    };

/** A codec whose member may be left out when encoding. */
export interface Defaulted<T, I = T> extends Codec<T, I> {
  readonly fallback: I;
}

/** A member that is not a value: padding. */
export interface Pad {
  readonly padding: number;
  read(r: Reader): undefined;
  write(w: Writer): void;
}

// The declaration table is the one place where a member's type is not known yet; users get the inferred types.
// biome-ignore lint/suspicious/noExplicitAny: bridges the declaration tables to their inferred types
export type AnyCodec = Codec<any, any>;

export type Shape = Readonly<Record<string, AnyCodec | Pad>>;
type Flat<T> = { [K in keyof T]: T[K] };
/** What a codec decodes to. */
export type Out<C> = C extends Codec<infer T, never> ? T : never;
/** What a codec encodes. */
export type In<C> = C extends { write(w: Writer, value: infer I): void } ? I : never;
/** The decoded members of a struct. */
export type OutOf<S extends Shape> = Flat<{ readonly [K in keyof S as S[K] extends Pad ? never : K]: Out<S[K]> }>;
/** The members of a struct to encode: those with a default are optional. */
export type InOf<S extends Shape> = Flat<
  {
    readonly [K in keyof S as S[K] extends Pad ? never : S[K] extends { readonly fallback: unknown } ? never : K]: In<
      S[K]
    >;
  } & { readonly [K in keyof S as S[K] extends { readonly fallback: unknown } ? K : never]?: In<S[K]> | undefined }
>;

/** A codec of named members, made by `struct`. */
export interface Struct<T, I> extends Codec<T, I> {
  leading(lead: readonly string[]): (r: Reader, ...values: readonly unknown[]) => Record<string | symbol, unknown>;
}

export const u8: Codec<number> = {
  fixed: { is: 'uint', octets: 1 },
  outline: numberOf(8),
  read: (r) => r.u8(),
  write: (w, v) => w.u8(v),
};
export const u16: Codec<number> = {
  fixed: { is: 'uint', octets: 2 },
  outline: numberOf(16),
  read: (r) => r.u16(),
  write: (w, v) => w.u16(v),
};
export const u24: Codec<number> = {
  fixed: { is: 'uint', octets: 3 },
  outline: numberOf(24),
  read: (r) => r.u24(),
  write: (w, v) => w.u24(v),
};
export const u32: Codec<number> = {
  fixed: { is: 'uint', octets: 4 },
  outline: numberOf(32),
  read: (r) => r.u32(),
  write: (w, v) => w.u32(v),
};
export const u48: Codec<number> = {
  fixed: { is: 'uint', octets: 6 },
  outline: numberOf(48),
  read: (r) => r.u48(),
  write: (w, v) => w.u48(v),
};
export const u64: Codec<bigint> = {
  fixed: { is: 'uint', octets: 8 },
  outline: { is: 'bigint', bits: 64 },
  read: (r) => r.u64(),
  write: (w, v) => w.u64(v),
};
export const u128: Codec<bigint> = {
  outline: { is: 'bigint', bits: 128 },
  read: (r) => r.big(16),
  write: (w, v) => w.big(v, 16),
};
/** Everything up to the end of the structure. */
export const rest: Codec<Buffer> = { outline: octetsOf(), read: (r) => r.rest(), write: (w, v) => w.bytes(v) };

/** `n` octets that mean nothing. */
export function pad(n: number): Pad {
  return { padding: n, read: (r) => void r.pad(n), write: (w) => w.pad(n) };
}

/** Exactly `n` octets. */
export function bytes(n: number): Codec<Buffer> {
  return {
    outline: octetsOf(n, n),
    read: (r) => r.bytes(n),
    write: (w, v) => {
      if (v.length !== n) throw new EncodeError(`${v.length} octets where ${n} are wanted`);
      w.bytes(v);
    },
  };
}

/**
 * Text in a field of `n` octets that ends at the first zero. What follows that zero is kept when it is not zero, and
 * octets that are not UTF-8 survive as Latin-1 (a name is for people; its octets are for the switch).
 */
export function text(n: number): Codec<string> {
  return {
    outline: { is: 'text', octets: n },
    read: (r) => {
      const octets = r.bytes(n);
      const zero = octets.indexOf(0);
      const used = zero < 0 || octets.subarray(zero).some((o) => o !== 0) ? octets : octets.subarray(0, zero);
      const decoded = used.toString('utf8');
      return Buffer.from(decoded, 'utf8').equals(used) ? decoded : `\u0000latin1:${used.toString('latin1')}`;
    },
    write: (w, v) => {
      const raw = v.startsWith('\u0000latin1:') ? Buffer.from(v.slice(8), 'latin1') : Buffer.from(v, 'utf8');
      if (raw.length > n) throw new EncodeError(`"${v}" is longer than ${n} octets`);
      w.bytes(raw);
      if (raw.length < n) w.bytes(Buffer.alloc(n - raw.length));
    },
  };
}

/** Gives a member the value it has when it is left out. */
export function opt<T, I>(codec: Codec<T, I>, fallback: I): Defaulted<T, I> {
  return { ...codec, fallback };
}

function fixedName(
  uint: Fixed | undefined,
  names: ReadonlyMap<number, string>,
  numbers: ReadonlyMap<string, number>,
  bad: string,
): Fixed | undefined {
  if (uint?.is !== 'uint' || uint.octets > 4) return undefined;
  return { is: 'named', octets: uint.octets as 1 | 2 | 3 | 4, names, numbers, bad };
}

/** A name for each number. An unknown number is the error `bad`, named as the specification names it. */
export function enumeration<const N extends Readonly<Record<string, number>>>(
  codec: Codec<number>,
  numbers: N,
  bad: string,
): Codec<keyof N & string> {
  const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
  return {
    fixed: fixedName(codec.fixed, names, new Map(Object.entries(numbers)), bad),
    outline: { is: 'one of', values: Object.keys(numbers) },
    read: (r) => {
      const at = r.at;
      const name = names.get(codec.read(r));
      if (name === undefined) throw r.error(bad, at);
      return name;
    },
    write: (w, v) => {
      const number = numbers[v];
      if (number === undefined) throw new EncodeError(`unknown value "${v}" (${bad})`);
      codec.write(w, number);
    },
  };
}

/** Items until the structure ends. Every item takes at least one octet, so this ends. */
export function list<T, I>(item: Codec<T, I>): Defaulted<readonly T[], readonly I[]> {
  return {
    fallback: [],
    outline: { is: 'list', item, least: 0 },
    read: (r) => {
      const items: T[] = [];
      while (r.at < r.end) {
        const at = r.at;
        items.push(item.read(r));
        if (r.at === at) throw r.error('empty item');
      }
      return items;
    },
    write: (w, items) => {
      for (const value of items) item.write(w, value);
    },
  };
}

/** Something preceded by the length of itself and of the length field, in 16 bits. */
export function lengthPrefixed<T, I>(codec: Codec<T, I>, what: string): Codec<T, I> {
  return {
    outline: codec.outline,
    read: (r) => {
      const at = r.at;
      const length = r.u16();
      if (length < 2) throw r.error(what, at);
      const outer = r.enter(length - 2, what);
      const value = codec.read(r);
      r.leave(outer, what);
      return value;
    },
    write: (w, value) => {
      const at = w.reserve(2);
      codec.write(w, value);
      w.patchU16(at, w.at - at);
    },
  };
}

/** A member that exists since a version; before it, `n` octets of padding stand there and it reads as `absent`. */
export function orPad<T>(version: OpenFlowVersion, codec: Codec<T>, n: number, absent: T): Defaulted<T> {
  const isFixed = codec.fixed?.is === 'uint' && codec.fixed.octets === n && n <= 4;
  return {
    fixed: isFixed ? { is: 'since', version, octets: n as 1 | 2 | 3 | 4, absent } : undefined,
    fallback: absent,
    outline: from(version, codec, always(absent)),
    read: (r) => {
      if (r.version >= version) return codec.read(r);
      if (n > 0) r.pad(n);
      return absent;
    },
    write: (w, v) => {
      if (w.version >= version) codec.write(w, v);
      else if (n > 0) w.pad(n);
    },
  };
}
