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

/** Reads a `T`, writes an `I`: what may be given to encode can be less than what is decoded. */
export interface Codec<T, I = T> extends Outlined {
  read(r: Reader): T;
  write(w: Writer, value: I): void;
}

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
type AnyCodec = Codec<any, any>;

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

/** A codec of named members, which can also fill in an object that exists already. */
export interface Struct<T, I> extends Codec<T, I> {
  into(r: Reader, target: Record<string, unknown>): void;
}

/** A codec that is one method of reader and writer; `struct` calls that method itself. */
interface Direct {
  readonly method: 'u8' | 'u16' | 'u24' | 'u32' | 'u48' | 'u64';
}

export const u8: Codec<number> & Direct = {
  method: 'u8',
  outline: numberOf(8),
  read: (r) => r.u8(),
  write: (w, v) => w.u8(v),
};
export const u16: Codec<number> & Direct = {
  method: 'u16',
  outline: numberOf(16),
  read: (r) => r.u16(),
  write: (w, v) => w.u16(v),
};
export const u24: Codec<number> & Direct = {
  method: 'u24',
  outline: numberOf(24),
  read: (r) => r.u24(),
  write: (w, v) => w.u24(v),
};
export const u32: Codec<number> & Direct = {
  method: 'u32',
  outline: numberOf(32),
  read: (r) => r.u32(),
  write: (w, v) => w.u32(v),
};
export const u48: Codec<number> & Direct = {
  method: 'u48',
  outline: numberOf(48),
  read: (r) => r.u48(),
  write: (w, v) => w.u48(v),
};
export const u64: Codec<bigint> & Direct = {
  method: 'u64',
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

/** A name for each number. An unknown number is the error `bad`, named as the specification names it. */
export function enumeration<const N extends Readonly<Record<string, number>>>(
  codec: Codec<number>,
  numbers: N,
  bad: string,
): Codec<keyof N & string> {
  const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
  return {
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

interface Member {
  readonly name: string;
  readonly codec: AnyCodec;
  readonly padding: number | undefined;
  readonly method: string | undefined;
  readonly fallback: unknown;
}

function membersOf(shape: Shape): readonly Member[] {
  return Object.entries(shape).map(([name, codec]) => ({
    name,
    codec: codec as AnyCodec,
    padding: 'padding' in codec ? codec.padding : undefined,
    method: 'method' in codec ? (codec.method as string) : undefined,
    fallback: 'fallback' in codec ? codec.fallback : undefined,
  }));
}

/** Octets of a member whose width is fixed and that a run of such members can take together. */
function widthOf(m: Member): number | undefined {
  if (m.padding !== undefined) return m.padding;
  return m.method === undefined ? undefined : { u8: 1, u16: 2, u32: 4, u64: 8 }[m.method];
}

/** Expressions for `octets` octets of `b` from `at + from` on, as an unsigned number. */
function bytesToNumber(from: number, octets: number): string {
  const byte = (i: number): string => `b[at + ${from + i}]`;
  if (octets === 1) return byte(0);
  if (octets === 2) return `(${byte(0)} << 8) | ${byte(1)}`;
  return `${byte(0)} * 0x1000000 + ((${byte(1)} << 16) | (${byte(2)} << 8) | ${byte(3)})`;
}

function readFixed(m: Member, i: number, from: number): string {
  if (m.padding !== undefined) return `r.padAt(at + ${from}, ${m.padding});`;
  if (m.method !== 'u64') return `const m${i} = ${bytesToNumber(from, widthOf(m) as number)};`;
  const [high, low] = [bytesToNumber(from, 4), bytesToNumber(from + 4, 4)];
  return `const h${i} = ${high}; const m${i} = h${i} === 0 ? BigInt(${low}) : (BigInt(h${i}) << 32n) | BigInt(${low});`;
}

function writeFixed(m: Member, i: number, from: number): string {
  if (m.padding !== undefined) return `w.padAt(at + ${from}, ${m.padding});`;
  const name = JSON.stringify(m.name);
  const get = `const m${i} = v[${name}] ?? f[${i}]; if (m${i} === undefined) missing(${name});`;
  const byte = (j: number, shift: number): string =>
    `b[at + ${from + j}] = m${i}${shift === 0 ? '' : ` >>> ${shift}`};`;
  if (m.method === 'u64') return `${get} w.u64At(at + ${from}, m${i});`;
  if (m.method === 'u8') return `${get} if ((m${i} & 0xff) !== m${i}) w.refuse(m${i}, 8); ${byte(0, 0)}`;
  if (m.method === 'u16')
    return `${get} if ((m${i} & 0xffff) !== m${i}) w.refuse(m${i}, 16); ${byte(0, 8)} ${byte(1, 0)}`;
  return `${get} if (m${i} >>> 0 !== m${i}) w.refuse(m${i}, 32); ${byte(0, 24)} ${byte(1, 16)} ${byte(2, 8)} ${byte(3, 0)}`;
}

/** Statements for the members in order; runs of members of fixed width take their octets at once. */
function statements(
  members: readonly Member[],
  run: (octets: number, body: string) => string,
  fixed: (m: Member, i: number, from: number) => string,
  other: (m: Member, i: number) => string,
): string {
  const parts: string[] = [];
  for (let i = 0; i < members.length; ) {
    let from = 0;
    const body: string[] = [];
    for (; i < members.length; i++) {
      const m = members[i] as Member;
      const width = widthOf(m);
      if (width === undefined) break;
      body.push(fixed(m, i, from));
      from += width;
    }
    if (body.length > 0) parts.push(run(from, body.join(' ')));
    const m = members[i];
    if (m !== undefined) parts.push(other(m, i++));
  }
  return parts.join('\n');
}

/** The body of a function that reads the members one after another and returns them as one object literal. */
function readerSource(members: readonly Member[]): string {
  const body = statements(
    members,
    (octets, fixed) => `at = r.take(${octets}); ${fixed}`,
    readFixed,
    (m, i) => (m.method === undefined ? `const m${i} = c[${i}].read(r);` : `const m${i} = r.${m.method}();`),
  );
  const literal = members.flatMap((m, i) => (m.padding === undefined ? [`${JSON.stringify(m.name)}: m${i}`] : []));
  return `return (r) => { const b = r.octets; let at = 0;\n${body}\nreturn { ${literal.join(', ')} }; };`;
}

function writerSource(members: readonly Member[]): string {
  const body = statements(
    members,
    (octets, fixed) => `at = w.reserve(${octets}); b = w.octets; ${fixed}`,
    writeFixed,
    (m, i) => {
      const name = JSON.stringify(m.name);
      const value = `const m${i} = v[${name}] ?? f[${i}]; if (m${i} === undefined) missing(${name});`;
      return `${value} ${m.method === undefined ? `c[${i}].write(w, m${i})` : `w.${m.method}(m${i})`};`;
    },
  );
  return `return (w, v) => { let at = 0; let b;\n${body}\n};`;
}

function missing(name: string): never {
  throw new EncodeError(`member ${name} is missing`);
}

/**
 * Members in wire order.
 *
 * The reader and the writer are compiled once from the declaration: code that names the members runs several times
 * faster than a loop over their names. Only names and numbers of the declaration become code.
 */
export function struct<const S extends Shape>(shape: S): Struct<OutOf<S>, InOf<S>> {
  const members = membersOf(shape);
  const codecs = members.map((m) => m.codec);
  const fallbacks = members.map((m) => m.fallback);
  const read = new Function('c', readerSource(members))(codecs) as (r: Reader) => Record<string, unknown>;
  const write: unknown = new Function('c', 'f', 'missing', writerSource(members))(codecs, fallbacks, missing);
  const into = (r: Reader, target: Record<string, unknown>): void => {
    Object.assign(target, read(r));
  };
  const outline = { is: 'members', members: shape };
  return { outline, read, into, write } as unknown as Struct<OutOf<S>, InOf<S>>;
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
  return {
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
