/** learn: the flow that a packet makes (ovs-actions(7), "The learn action"). */
import type { FieldRef } from '../../actions/fieldref.js';
import type { LearnSpec } from '../../actions/layouts.js';
import { TextError } from '../../errors.js';
import { FIELDS, type Field, type FieldName } from '../../fields.js';
import { setFlowField } from '../flow-fields.js';
import { type Context, needPrerequisite, needWritable } from './context.js';
import { arrow } from './field-actions.js';
import { satisfies } from './match.js';
import { parseInteger, parseNumber, parseTable } from './numbers.js';
import { type Item, scan } from './scan.js';
import { fieldByName, parseSubfield, withOldHeader } from './subfield.js';
import { parseValue } from './value.js';

type Members = Record<string, number | bigint | FieldRef>;

const NUMBERS: Readonly<Record<string, number>> = {
  priority: 16,
  idle_timeout: 16,
  hard_timeout: 16,
  fin_idle_timeout: 16,
  fin_hard_timeout: 16,
  limit: 32,
};
const FLAGS: Readonly<Record<string, number>> = { send_flow_rem: 1, delete_learned: 2 };

const old = (cx: Context, ref: FieldRef): FieldRef => withOldHeader(ref, cx.version);

function source(cx: Context, text: string, column: number): FieldRef {
  const src = parseSubfield(text, column);
  needPrerequisite(cx, src.field, column);
  return old(cx, src);
}

function loadSpec(cx: Context, item: Item, learned: Context): LearnSpec {
  const [from, to, column] = arrow(item.value ?? '', item.valueColumn);
  const dst = parseSubfield(to, column);
  needWritable(dst.field, column);
  needPrerequisite(learned, dst.field, column);
  const field = old(cx, dst);
  if (/^\d/.test(from.trim()))
    return { dst: 'load', bits: dst.bits, value: parseInteger(from, dst.bits, item.valueColumn), field };
  const src = source(cx, from, item.valueColumn);
  if (src.bits !== dst.bits)
    throw new TextError(`${item.value}: source is ${src.bits} bits wide, destination ${dst.bits}`, column);
  return { dst: 'load', bits: dst.bits, src, field };
}

function matchSpec(cx: Context, item: Item, learned: Context): LearnSpec {
  const plain = /^[a-z]\w*$/.test(item.key) ? fieldByName(item.key) : undefined;
  const dst =
    plain === undefined
      ? parseSubfield(item.key, item.column)
      : { field: plain, start: 0, bits: (FIELDS[plain] as Field).bits };
  if (learned !== undefined && !satisfies(FIELDS[dst.field as FieldName], learned.flow))
    throw new TextError(`learn: ${item.key} lacks its prerequisite`, item.column);
  const field = old(cx, dst);
  if (item.value === undefined) {
    needPrerequisite(cx, dst.field, item.column);
    return { dst: 'match', bits: dst.bits, src: field, field };
  }
  const immediate = immediateValue(cx, dst, item, plain !== undefined);
  if (immediate !== undefined) {
    if (dst.start === 0) setFlowField(learned.flow, dst.field as FieldName, immediate, undefined);
    return { dst: 'match', bits: dst.bits, value: immediate, field };
  }
  const src = source(cx, item.value, item.valueColumn);
  if (src.bits !== dst.bits)
    throw new TextError(`${item.key}=${item.value}: ${dst.bits} and ${src.bits} bits`, item.valueColumn);
  return { dst: 'match', bits: dst.bits, src, field };
}

function immediateValue(cx: Context, dst: FieldRef, item: Item, named: boolean): bigint | undefined {
  const text = item.value ?? '';
  try {
    if (!named) return /^\d/.test(text) ? parseInteger(text, dst.bits, item.valueColumn) : undefined;
    const { value, exact } = parseValue(item.key, FIELDS[dst.field as FieldName], text, cx.names, item.valueColumn);
    return exact ? value : undefined;
  } catch (e) {
    // What is no value may still be a field.
    if (e instanceof TextError && /^[A-Za-z_]/.test(text)) return undefined;
    throw e;
  }
}

function spec(cx: Context, item: Item, learned: Context): LearnSpec {
  if (item.key === 'load') return loadSpec(cx, item, learned);
  if (item.key !== 'output') return matchSpec(cx, item, learned);
  const src = source(cx, item.value ?? '', item.valueColumn);
  return { dst: 'output', bits: src.bits, src };
}

function setMember(cx: Context, members: Members, item: Item): boolean {
  const bits = NUMBERS[item.key];
  const flag = FLAGS[item.key];
  if (bits !== undefined) members[item.key] = parseNumber(item.value ?? '', bits, item.valueColumn);
  else if (flag !== undefined && item.value === undefined) members.flags = (members.flags as number) | flag;
  else if (item.key === 'table') {
    members.table = parseTable(item.value ?? '', cx.names, item.valueColumn);
    if (members.table === 255) throw new TextError('learn: table 255 is not valid', item.valueColumn);
  } else if (item.key === 'cookie') members.cookie = parseInteger(item.value ?? '', 64, item.valueColumn);
  else if (item.key === 'result_dst') {
    const ref = parseSubfield(item.value ?? '', item.valueColumn);
    if (ref.bits !== 1) throw new TextError('result_dst: a single bit expected', item.valueColumn);
    needWritable(ref.field, item.valueColumn);
    members.result = old(cx, ref);
    members.flags = (members.flags as number) | 4;
  } else return false;
  return true;
}

export function parseLearn(cx: Context, item: Item): void {
  const members: Members = { table: 1, priority: 0x8000, flags: 0 };
  const learned: Context = { ...cx, flow: new Map() };
  const specs: LearnSpec[] = [];
  for (const part of scan(item.value ?? '', item.valueColumn - 1)) {
    if (!setMember(cx, members, part)) specs.push(spec(cx, part, learned));
  }
  cx.actions.push({ kind: 'learn', ...members, specs } as Parameters<typeof cx.actions.push>[0]);
}
