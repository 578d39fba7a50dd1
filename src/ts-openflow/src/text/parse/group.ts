/** Groups from ovs-ofctl's text: `group_id=1,type=select,bucket=weight:10,actions=output:1,bucket=actions=output:2`. */
import { OFPG_BUCKET } from '../../constants.js';
import { TextError } from '../../errors.js';
import { FIELDS, type Field } from '../../fields.js';
import { type Match, writeOxmFields } from '../../match.js';
import type { MessageInputOf } from '../../message.js';
import type { BucketInput } from '../../messages/group.js';
import type { Property } from '../../messages/property.js';
import type { OpenFlowVersion } from '../../version.js';
import { Writer } from '../../wire/writer.js';
import type { Names } from '../names.js';
import { parseActions } from './actions.js';
import { parseInteger, parseNumber, parsePort } from './numbers.js';
import { type Item, scan } from './scan.js';
import { fieldByName } from './subfield.js';
import { parseValue } from './value.js';

/** How to read a group. */
export interface ParseGroupOptions {
  readonly version: OpenFlowVersion;
  /** ADD unless told otherwise. */
  readonly command?: MessageInputOf<'GroupMod'>['command'];
  readonly names?: Names | undefined;
}

const TYPES = ['all', 'select', 'indirect', 'ff'] as const;
const NTR = 0x154d;
const BUCKETS: Readonly<Record<string, number>> = {
  first: OFPG_BUCKET.FIRST,
  last: OFPG_BUCKET.LAST,
  all: OFPG_BUCKET.ALL,
};

/** What a column within a part is in the whole text. */
function shifted<T>(by: number, parse: () => T): T {
  try {
    return parse();
  } catch (e) {
    if (!(e instanceof TextError)) throw e;
    throw new TextError(e.expected, e.column + by);
  }
}

/** `weight` is what a bucket has that does not say. */
function bucket(text: string, at: number, bucket_id: number, weight: number, o: ParseGroupOptions): BucketInput {
  const found = /(^|,)actions?=/.exec(text);
  const head = found === null ? text : text.slice(0, found.index);
  const b: Record<string, unknown> = { bucket_id, weight };
  for (const { key, value = '', column, valueColumn } of scan(head, at)) {
    if (key === 'bucket_id') b.bucket_id = parseNumber(value, 32, valueColumn);
    else if (key === 'weight') b.weight = parseNumber(value, 16, valueColumn);
    else if (key === 'watch_port') b.watch_port = parsePort(value, o.names, valueColumn);
    else if (key === 'watch_group') b.watch_group = parseNumber(value, 32, valueColumn);
    else throw new TextError(`bucket: unknown argument "${key}"`, column);
  }
  const from = found === null ? text.length : found.index + found[0].length;
  const { version, names } = o;
  const actions = text.slice(from).replace(/,\s*$/, '');
  b.actions = shifted(at + from, () =>
    parseActions(actions, { version, ofAnyPacket: true, ...(names === undefined ? {} : { names }) }),
  );
  return b;
}

/** Fields to hash: a name, or a name and the bits of it that count. */
function hashFields(item: Item): Match {
  const match: Record<string, { value: number | bigint }> = {};
  for (const { key, value, column, valueColumn } of scan(item.value ?? '', item.valueColumn - 1)) {
    const name = fieldByName(key);
    if (name === undefined) throw new TextError(`fields: unknown field "${key}"`, column);
    const field: Field = FIELDS[name];
    const all = (1n << BigInt(field.bits)) - 1n;
    const bits = value === undefined ? all : parseValue(key, field, value, undefined, valueColumn).value;
    match[name] = { value: field.kind === 'bigint' ? bits : Number(bits) };
  }
  return match as unknown as Match;
}

/** The selection method, a property of Netronome's that Open vSwitch speaks. */
function selection(method: string, param: bigint, fields: Match, version: OpenFlowVersion): Property {
  const w = new Writer(version, 128);
  w.u32(NTR);
  w.u32(1);
  w.pad(4);
  w.bytes(Buffer.from(method.padEnd(16, '\0'), 'latin1'));
  w.u64(param);
  writeOxmFields(w, fields);
  return { type: 0xffff, octets: w.take() };
}

function head(text: string, o: ParseGroupOptions): Record<string, unknown> {
  const g: Record<string, unknown> = { group_id: undefined };
  let method: string | undefined;
  let param = 0n;
  let fields: Match = {};
  for (const item of scan(text)) {
    const { key, value = '', column, valueColumn } = item;
    if (key === 'group_id') g.group_id = value === 'all' ? 0xfffffffc : parseNumber(value, 32, valueColumn);
    else if (key === 'type') {
      const type = value === 'fast_failover' ? 'ff' : value;
      if (!(TYPES as readonly string[]).includes(type))
        throw new TextError(`type: one of ${TYPES.join(', ')} expected`, valueColumn);
      g.type = type;
    } else if (key === 'command_bucket_id') g.command_bucket_id = BUCKETS[value] ?? parseNumber(value, 32, valueColumn);
    else if (key === 'selection_method') method = value;
    else if (key === 'selection_method_param') param = parseInteger(value, 64, valueColumn);
    else if (key === 'fields') fields = hashFields(item);
    else throw new TextError(`unknown keyword "${key}"`, column);
  }
  if (g.group_id === undefined) throw new TextError('group_id= expected', 1);
  if (method === undefined || method === '') return g;
  if (method.length > 15) throw new TextError('selection_method: at most 15 characters expected', 1);
  return { ...g, properties: [selection(method, param, fields, o.version)] };
}

/** A GROUP_MOD from text. Throws TextError with column and what was expected. */
export function parseGroup(text: string, options: ParseGroupOptions): MessageInputOf<'GroupMod'> {
  const marks = [...text.matchAll(/(^|,)\s*buckets?=/g)];
  const first = marks[0]?.index ?? text.length;
  const group = head(text.slice(0, first), options);
  const buckets = marks.map((mark, i) => {
    const from = mark.index + mark[0].length;
    return bucket(
      text.slice(from, marks[i + 1]?.index ?? text.length),
      from,
      i,
      group.type === 'select' ? 1 : 0,
      options,
    );
  });
  const { command = 'ADD' } = options;
  return { kind: 'GroupMod', command, ...group, buckets } as unknown as MessageInputOf<'GroupMod'>;
}
