/**
 * Structs: the reader and the writer of a list of named members, compiled once from the declaration.
 *
 * Code that names the members runs several times faster than a loop over their names, and every struct makes objects
 * of one shape. Runs of members of fixed width take their octets at once. Only names, numbers and defaults of the
 * declaration become code, never anything that was received.
 */
import { EncodeError } from '../errors.js';
import type { AnyCodec, Fixed, InOf, OutOf, Pad, Shape, Struct } from './codec.js';
import type { Reader } from './reader.js';
import { joinU64 } from './uint64.js';
import type { Writer } from './writer.js';

interface Member {
  readonly name: string;
  readonly codec: AnyCodec;
  readonly fixed: Fixed | undefined;
  readonly hasFallback: boolean;
  readonly fallback: unknown;
}

function membersOf(shape: Shape): readonly Member[] {
  return Object.entries(shape).map(([name, codec]) => ({
    name,
    codec: codec as AnyCodec,
    fixed: 'padding' in codec ? { is: 'padding', octets: (codec as Pad).padding } : codec.fixed,
    hasFallback: 'fallback' in codec,
    fallback: 'fallback' in codec ? codec.fallback : undefined,
  }));
}

const isPadding = (m: Member): boolean => m.fixed?.is === 'padding';

/** Octets `from`, `from + 1`, … of a run, most significant first, as an unsigned number of up to 48 bits. */
export function uintSource(from: number, octets: number): string {
  const byte = (i: number): string => `b[at + ${from + i}]`;
  if (octets === 1) return byte(0);
  const upTo32 = (first: number, n: number): string =>
    Array.from({ length: n }, (_, i) => `${byte(first + i)} << ${(n - 1 - i) * 8}`).join(' | ');
  if (octets < 4) return `(${upTo32(0, octets)})`;
  if (octets === 4) return `((${upTo32(0, 4)}) >>> 0)`;
  if (octets === 6) return `((${upTo32(0, 2)}) * 0x100000000 + ((${upTo32(2, 4)}) >>> 0))`;
  return `u64(${upTo32(0, 4)}, ${upTo32(4, 4)})`;
}

/** Padding is read only so far that it is known to be zero. */
function readPadding(from: number, octets: number): string {
  if (octets === 0) return 'r.pads++;';
  if (octets > 16) return `r.padAt(at + ${from}, ${octets});`;
  const any = Array.from({ length: octets }, (_, i) => `b[at + ${from + i}]`).join(' | ');
  return `if ((${any}) !== 0) r.keepPadding(at + ${from}, ${octets}); r.pads++;`;
}

function readFixed(fixed: Fixed, i: number, from: number): string {
  switch (fixed.is) {
    case 'padding':
      return readPadding(from, fixed.octets);
    case 'uint':
      return `const m${i} = ${uintSource(from, fixed.octets)};`;
    case 'named': {
      const name = `const m${i} = c[${i}].fixed.names.get(${uintSource(from, fixed.octets)});`;
      return `${name} if (m${i} === undefined) throw r.error(c[${i}].fixed.bad, at + ${from});`;
    }
    case 'since': {
      const newer = `m${i} = ${uintSource(from, fixed.octets)};`;
      return `let m${i} = d[${i}]; if (r.version >= ${fixed.version}) { ${newer} } else { ${readPadding(from, fixed.octets)} }`;
    }
  }
}

/** The value of a member to be written, as `m${i}`: the default where it is left out. */
function valueSource(m: Member, i: number): string {
  const name = JSON.stringify(m.name);
  if (!m.hasFallback || m.fallback === undefined)
    return `const m${i} = v[${name}]; if (m${i} == null) missing(${name});`;
  const literal = ['number', 'string'].includes(typeof m.fallback) ? JSON.stringify(m.fallback) : `d[${i}]`;
  return `const m${i} = v[${name}] ?? ${literal};`;
}

function writePadding(from: number, octets: number): string {
  if (octets > 16) return `w.padAt(at + ${from}, ${octets});`;
  const zeros = Array.from({ length: octets }, (_, i) => `b[at + ${from + i}] = 0;`).join(' ');
  return `${zeros} if (w.odd !== undefined) w.padAt(at + ${from}, ${octets});`;
}

function writeUint(name: string, from: number, octets: number): string {
  const bytes = Array.from({ length: octets }, (_, i) => {
    const shift = (octets - 1 - i) * 8;
    return `b[at + ${from + i}] = ${name}${shift === 0 ? '' : ` >>> ${shift}`};`;
  }).join(' ');
  if (octets === 8) return `w.u64At(at + ${from}, ${name});`;
  if (octets === 6) return `w.u48At(at + ${from}, ${name});`;
  const fits = octets === 4 ? `${name} >>> 0` : `(${name} & ${2 ** (octets * 8) - 1})`;
  return `if (${fits} !== ${name}) w.refuse(${name}, ${octets * 8}); ${bytes}`;
}

function writeFixed(m: Member, i: number, from: number): string {
  const fixed = m.fixed as Fixed;
  switch (fixed.is) {
    case 'padding':
      return writePadding(from, fixed.octets);
    case 'uint':
      return `${valueSource(m, i)} ${writeUint(`m${i}`, from, fixed.octets)}`;
    case 'named': {
      const number = `const n${i} = c[${i}].fixed.numbers.get(m${i}) ?? unknown(m${i}, c[${i}].fixed.bad);`;
      return `${valueSource(m, i)} ${number} ${writeUint(`n${i}`, from, fixed.octets)}`;
    }
    case 'since': {
      const newer = `${valueSource(m, i)} ${writeUint(`m${i}`, from, fixed.octets)}`;
      return `if (w.version >= ${fixed.version}) { ${newer} } else { ${writePadding(from, fixed.octets)} }`;
    }
  }
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
      if (m.fixed === undefined) break;
      body.push(fixed(m, i, from));
      from += m.fixed.octets;
    }
    if (body.length > 0) parts.push(run(from, body.join('\n')));
    const m = members[i];
    if (m !== undefined) parts.push(other(m, i++));
  }
  return parts.join('\n');
}

/** A function that reads the members one after another and returns them, after those of `lead`, as one object literal. */
function readerSource(members: readonly Member[], lead: readonly string[]): string {
  const body = statements(
    members,
    (octets, fixed) => `at = r.take(${octets}); ${fixed}`,
    (m, i, from) => readFixed(m.fixed as Fixed, i, from),
    (_, i) => `const m${i} = c[${i}].read(r);`,
  );
  const own = members.flatMap((m, i) => (isPadding(m) ? [] : [`${JSON.stringify(m.name)}: m${i}`]));
  const literal = [...lead.map((name, i) => `${JSON.stringify(name)}: lead${i}`), ...own].join(', ');
  const parameters = ['r', ...lead.map((_, i) => `lead${i}`)].join(', ');
  return `return (${parameters}) => { const b = r.octets; let at = 0;\n${body}\nreturn { ${literal} }; };`;
}

function writerSource(members: readonly Member[]): string {
  const body = statements(
    members,
    (octets, fixed) => `at = w.reserve(${octets}); b = w.octets; ${fixed}`,
    writeFixed,
    (m, i) => `${valueSource(m, i)} c[${i}].write(w, m${i});`,
  );
  return `return (w, v) => { let at = 0; let b;\n${body}\n};`;
}

function missing(name: string): never {
  throw new EncodeError(`member ${name} is missing`);
}

function unknown(value: unknown, bad: string): never {
  throw new EncodeError(`unknown value "${value}" (${bad})`);
}

/** Reads with members put first, whose values the caller gives. */
export type LeadingReader = (r: Reader, ...lead: readonly unknown[]) => Record<string | symbol, unknown>;

/** Members in wire order. */
export function struct<const S extends Shape>(shape: S): Struct<OutOf<S>, InOf<S>> {
  const members = membersOf(shape);
  const codecs = members.map((m) => m.codec);
  const defaults = members.map((m) => (m.fixed?.is === 'since' ? m.fixed.absent : m.fallback));
  const leading = (lead: readonly string[]): LeadingReader =>
    new Function('c', 'd', 'u64', readerSource(members, lead))(codecs, defaults, joinU64) as LeadingReader;
  const write = new Function('c', 'd', 'missing', 'unknown', writerSource(members));
  const outline = { is: 'members', members: shape };
  return {
    outline,
    read: leading([]),
    leading,
    write: write(codecs, defaults, missing, unknown) as (w: Writer, v: unknown) => void,
  } as unknown as Struct<OutOf<S>, InOf<S>>;
}

/** Reads what a codec reads, into one object with the members `lead` before. */
export function leadingReader(codec: AnyCodec, lead: readonly string[]): LeadingReader {
  if (codec.leading !== undefined) return codec.leading(lead);
  return (r, ...values) => {
    const start: Record<string, unknown> = {};
    for (let i = 0; i < lead.length; i++) start[lead[i] as string] = values[i];
    return Object.assign(start, codec.read(r));
  };
}
