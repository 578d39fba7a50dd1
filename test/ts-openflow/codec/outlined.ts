/**
 * Arbitraries from the library's declarations: whatever codec has an outline has an arbitrary, so a message, multipart
 * or action that is added to the tables is generated from then on. A codec without outline is an error, not a gap.
 */
import fc from 'fast-check';
import { type OpenFlowVersion, WIRE_ORDER } from 'ts-openflow';
import { type Declarations, type DeclaredField, declarations, type Known, type Outlined } from 'ts-openflow/testing';

type Any = fc.Arbitrary<unknown>;
type Values = Readonly<Record<string, unknown>>;
const object = (arbitrary: Any): fc.Arbitrary<Values> => arbitrary as fc.Arbitrary<Values>;
const buffer = (least: number, most: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((o) => Buffer.from(o));
const bits = (n: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: (1n << BigInt(n)) - 1n });
const EMPTY: Any = fc.constant({});

/** Arbitraries of one version. */
export interface Arbitraries {
  readonly declared: Declarations;
  /** A message of that name, every member given. */
  message(kind: string): fc.Arbitrary<Values>;
  /** A multipart of that type. */
  multipart(kind: 'MultipartRequest' | 'MultipartReply', type: string): fc.Arbitrary<Values>;
}

const NESTING = new Set(['BundleAddMessage', 'RequestForward']);
const MULTIPART = new Set(['MultipartRequest', 'MultipartReply']);

/** A value of a field, for `octets` octets, in the type that its kind has. */
function fieldValue(field: DeclaredField, octets: number): fc.Arbitrary<number | bigint> {
  return bits(octets * 8).map((v) => (field.field.kind === 'bigint' ? v : Number(v)));
}

const and = (value: number | bigint, mask: number | bigint): number | bigint =>
  typeof value === 'bigint' ? value & (mask as bigint) : Number(BigInt(value) & BigInt(mask));

/** Value, perhaps mask and another header; octets where the length is variable. */
function masked(field: DeclaredField): fc.Arbitrary<Values> {
  const variable = field.field.octets === 0;
  const octets = variable ? fc.integer({ min: 1, max: 60 }) : fc.constant(field.field.octets);
  const header =
    field.alternates.length === 0
      ? fc.constant(undefined)
      : fc.option(fc.constantFrom(...field.alternates.map((h) => h.name)));
  return octets.chain((n) =>
    fc.record({ value: fieldValue(field, n), mask: fc.option(fieldValue(field, n)), header }).map((v) => ({
      value: v.mask === null ? v.value : and(v.value, v.mask),
      ...(v.mask === null ? {} : { mask: v.mask }),
      ...(v.header === undefined || v.header === null ? {} : { header: v.header }),
      ...(variable ? { octets: n } : {}),
    })),
  );
}

const hex8 = (v: number): string => (v >>> 0).toString(16).padStart(8, '0');
/** A field that nobody declared: its name and its octets. */
const unknownField: fc.Arbitrary<readonly [string, Buffer]> = fc.oneof(
  fc.tuple(fc.integer({ min: 0x2000, max: 0x7fff }), fc.nat(255), buffer(0, 20)).map(([cls, odd, octets]) => {
    const name = `oxm_${hex8(cls * 0x10000 + odd * 0x100 + octets.length)}`;
    return [name, octets] as const;
  }),
  fc.tuple(fc.integer({ min: 1, max: 0x1fff }), fc.nat(255), buffer(0, 20)).map(([experimenter, odd, octets]) => {
    const name = `oxm_${hex8(0xffff0000 + odd * 0x100 + octets.length + 4)}${hex8(experimenter)}`;
    return [name, octets] as const;
  }),
);

/** A match in any order; one that is not the canonical order says so, as a decoded one does. */
function anyMatch(fields: readonly DeclaredField[]): Any {
  const rank = new Map<string, number>(fields.map((f, i) => [f.name, i]));
  const one = fc.constantFrom(...fields).chain((f) => masked(f).map((v) => [f.name, v] as readonly [string, unknown]));
  const other = unknownField.map(([name, octets]) => [name, { octets }] as readonly [string, unknown]);
  const entry = fc.oneof({ weight: 9, arbitrary: one }, { weight: 1, arbitrary: other });
  return fc
    .tuple(fc.uniqueArray(entry, { maxLength: 6, selector: ([name]) => name }), fc.boolean())
    .map(([entries, sorted]) => {
      const place = ([name]: readonly [string, unknown]): number => rank.get(name) ?? Number.POSITIVE_INFINITY;
      const list = sorted ? entries.toSorted((a, b) => (place(a) < place(b) ? -1 : 1)) : entries;
      const ranks = list.map(place);
      const ordered = ranks.every((r, i) => i === 0 || (ranks[i - 1] as number) < r);
      const match: Record<string | symbol, unknown> = Object.fromEntries(list);
      if (!ordered) match[WIRE_ORDER] = Object.keys(match);
      return match;
    });
}

/** A field's header alone: known, by another header, or one that nobody declared; `narrow` ones have 32 bits. */
function fieldHeader(fields: readonly DeclaredField[], narrow = false): fc.Arbitrary<Values> {
  const all = fields.flatMap(({ name, field, canonical, alternates }) => [
    { name, field, canonical, header: {} },
    ...alternates.map((h) => ({ name, field, canonical: h, header: { header: h.name } })),
  ]);
  const usable = all.filter(({ canonical }) => !narrow || canonical.experimenter === undefined);
  const declared = fc.constantFrom(...usable).chain(({ name, field, header }) =>
    (field.octets === 0 ? fc.option(fc.integer({ min: 1, max: 123 })) : fc.constant(null)).map((octets) => ({
      field: name,
      ...header,
      ...(octets === null ? {} : { octets }),
    })),
  );
  const other = unknownField.filter(([field]) => !narrow || field.length === 12).map(([field]) => ({ field }));
  return fc.oneof({ weight: 19, arbitrary: declared }, { weight: 1, arbitrary: other });
}

function fieldPart(fields: readonly DeclaredField[], most: number, narrow: boolean): Any {
  return fieldHeader(fields, narrow).chain((header) => {
    const field = fields.find((f) => f.name === header.field);
    const width = field?.field.bits ?? 32;
    return fc
      .record({ bits: fc.integer({ min: 1, max: Math.min(most, width) }), from: fc.nat(width - 1) })
      .map((v) => ({ ...header, bits: v.bits, start: Math.min(v.from, width - v.bits) }));
  });
}

function fieldValueOf(fields: readonly DeclaredField[]): Any {
  const declared = fc.constantFrom(...fields).chain((f) => masked(f).map((v) => ({ field: f.name, ...v })));
  const other = unknownField.map(([field, unknown]) => ({ field, value: 0, unknown }));
  return fc.oneof({ weight: 19, arbitrary: declared }, { weight: 1, arbitrary: other });
}

/** Walks outlines for one version; `depth` counts how far actions stand within actions. */
class Walk {
  private readonly made = new Map<string, Any>();
  private readonly byOutline = new Map<unknown, Any>();

  constructor(
    readonly version: OpenFlowVersion,
    readonly declared: Declarations,
    private readonly depth: number,
  ) {}

  /** What a codec's values are; made once. */
  of(codec: Outlined): Any {
    const outline = codec.outline;
    if (outline === undefined) throw new Error(`a codec without outline: ${JSON.stringify(Object.keys(codec))}`);
    const before = this.byOutline.get(outline);
    if (before !== undefined) return before;
    const arbitrary = this.make(outline);
    this.byOutline.set(outline, arbitrary);
    return arbitrary;
  }

  private make(o: NonNullable<Outlined['outline']>): Any {
    switch (o.is) {
      case 'number':
        return fc.oneof(fc.integer({ min: o.least ?? 0, max: o.most }), fc.constantFrom(o.least ?? 0, o.most));
      case 'bigint':
        return bits(o.bits);
      case 'octets':
        return fc
          .integer({ min: 0, max: Math.floor((o.most - o.least) / o.step) })
          .chain((n) => buffer(o.least + n * o.step, o.least + n * o.step));
      case 'text':
        return fc
          .string({ unit: 'binary', maxLength: o.octets })
          .map((s) => s.replaceAll('\0', ''))
          .filter((s) => Buffer.byteLength(s) <= o.octets && Buffer.from(s).toString() === s);
      case 'one of':
        return fc.constantFrom(...o.values);
      case 'members':
        return this.record(o.members);
      case 'merged':
        return fc.tuple(...o.parts.map((part) => object(this.of(part)))).map((parts) => Object.assign({}, ...parts));
      case 'list':
        return fc.array(this.of(o.item), { minLength: o.least, maxLength: 3 });
      case 'tuple':
        return fc.tuple(...o.items.map((item) => this.of(item)));
      case 'either':
        return fc.oneof(...o.of.map((one) => this.of(one)));
      case 'maybe':
        return fc.option(this.of(o.of), { nil: undefined });
      case 'by version':
        return this.of(o.at(this.version));
      case 'settled':
        return object(this.of(o.of)).map((v) => o.settle(v, this.version));
      case 'field part':
        return fieldPart(this.declared.fields, o.most, o.narrow);
      case 'known':
        return this.known(o.what);
    }
  }

  /** Members that are padding have no outline; a member that is undefined is left out. */
  private record(shape: Readonly<Record<string, Outlined>>): Any {
    const given = Object.entries(shape).filter(([, codec]) => !('padding' in codec));
    if (given.length === 0) return EMPTY;
    return fc
      .record(Object.fromEntries(given.map(([name, codec]) => [name, this.of(codec)])))
      .map((v) => Object.fromEntries(Object.entries(v).filter(([, value]) => value !== undefined)));
  }

  private known(what: Known): Any {
    const before = this.made.get(what);
    if (before !== undefined) return before;
    const arbitrary = this.makeKnown(what);
    this.made.set(what, arbitrary);
    return arbitrary;
  }

  private makeKnown(what: Known): Any {
    const { fields } = this.declared;
    if (what === 'match') return anyMatch(fields);
    if (what === 'field header') return fieldHeader(fields);
    if (what === 'field value') return fieldValueOf(fields);
    if (what === 'actions') return this.actions();
    if (what === 'instructions') return this.instructions();
    if (what === 'message') return this.anyMessage();
    const side = what === 'multipart request' ? 'request' : 'reply';
    return fc.oneof(...[...this.declared.multiparts.keys()].map((type) => this.multipart(side, type)));
  }

  private actions(): Any {
    if (this.depth > 1) return fc.constant([]);
    const inner = new Walk(this.version, this.declared, this.depth + 1);
    const each = this.declared.actions.map(({ kind, args, wireOf }) =>
      object(inner.of(args)).map((v) => ({ ...v, ...wireOf(v), kind })),
    );
    const unknown = fc
      .record({ type: fc.integer({ min: 100, max: 0xfffe }), n: fc.nat(3) })
      .chain(({ type, n }) => buffer(4 + 8 * n, 4 + 8 * n).map((octets) => ({ kind: 'unknown', type, octets })));
    return fc.array(fc.oneof(...each, unknown), { maxLength: 4 });
  }

  private instructions(): Any {
    const each = [...this.declared.instructions].map(([kind, codec]) =>
      object(this.of(codec)).map((v) => ({ ...v, kind })),
    );
    const unknown = fc
      .record({ type: fc.integer({ min: 100, max: 0xffff }), n: fc.nat(3) })
      .chain(({ type, n }) => buffer(4 + 8 * n, 4 + 8 * n).map((octets) => ({ kind: 'unknown', type, octets })));
    return fc.array(fc.oneof(...each, unknown), { maxLength: 3 });
  }

  multipart(side: 'request' | 'reply', type: string): Any {
    const row = this.declared.multiparts.get(type);
    if (row === undefined) throw new Error(`no multipart ${type}`);
    return fc.record({ type: fc.constant(type), flags: fc.integer({ min: 0, max: 0xffff }), body: this.of(row[side]) });
  }

  message(kind: string, body: Outlined | Any): fc.Arbitrary<Values> {
    const members = object(body instanceof fc.Arbitrary ? body : this.of(body as Outlined));
    return fc
      .record({ xid: fc.integer({ min: 0, max: 0xffffffff }), members })
      .map((v) => ({ kind, xid: v.xid, version: this.version, ...v.members }));
  }

  /** A message within a message: one that holds none itself. */
  private anyMessage(): Any {
    const flat = [...this.declared.messages].filter(([kind]) => !NESTING.has(kind) && !MULTIPART.has(kind));
    return fc.oneof(...flat.map(([kind, codec]) => this.message(kind, codec)));
  }
}

/** The arbitraries of a version. */
export function arbitraries(version: OpenFlowVersion): Arbitraries {
  const declared = declarations(version);
  const walk = new Walk(version, declared, 0);
  return {
    declared,
    message: (kind) => {
      const codec = declared.messages.get(kind);
      if (codec === undefined) throw new Error(`no message ${kind}`);
      return walk.message(kind, codec);
    },
    multipart: (kind, type) =>
      walk.message(kind, walk.multipart(kind === 'MultipartRequest' ? 'request' : 'reply', type)),
  };
}
