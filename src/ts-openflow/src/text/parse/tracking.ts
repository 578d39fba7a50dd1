/** Connection tracking: ct with the actions within it, and nat (ovs-actions(7), "ct"). */
import type { Nat } from '../../actions/layouts.js';
import type { Action } from '../../actions/types.js';
import { TextError } from '../../errors.js';
import { ipv4, ipv6 } from '../address.js';
import { flowTypes } from '../flow-fields.js';
import { args, unknownArgument } from './arguments.js';
import { type Context, inconsistent, isIp, needPrerequisite } from './context.js';
import { parseNumber, parseTable } from './numbers.js';
import type { Item } from './scan.js';
import { parseSubfield, withOldHeader } from './subfield.js';

/** Parses a nested list of actions; given by the table of actions, which also has these. */
export type Nested = (cx: Context, text: string, column: number, inside: Context['inside']) => readonly Action[];

export function parseNat(cx: Context, item: Item): void {
  if (!isIp(cx)) throw inconsistent('nat', item.column);
  const nat: { -readonly [K in keyof Nat]?: Nat[K] } = { flags: 0 };
  let flags = 0;
  for (const part of args(item)) {
    if (part.key === 'src' || part.key === 'dst') {
      flags |= part.key === 'src' ? 1 : 2;
      if (part.value !== undefined && part.value !== '') natRange(cx, nat, part);
    } else if (part.key === 'persistent') flags |= 4;
    else if (part.key === 'hash') flags |= 8;
    else if (part.key === 'random') flags |= 16;
    else throw unknownArgument(part, 'nat');
  }
  if ((flags & 3) === 3) throw new TextError('nat: one of src and dst expected', item.valueColumn);
  if ((flags & 3) === 0 && flags !== 0) throw new TextError('nat: src or dst expected', item.valueColumn);
  if ((flags & 24) === 24) throw new TextError('nat: one of hash and random expected', item.valueColumn);
  cx.actions.push({ kind: 'nat', ...nat, flags });
}

type Range = { -readonly [K in keyof Nat]?: Nat[K] };

function natRange(cx: Context, nat: Range, part: Item): void {
  const given = part.value ?? '';
  // An IPv6 address that ports may follow stands in brackets; without brackets all of it is address.
  const text =
    given.includes('[') || given.split(':').length < 3
      ? given
      : given
          .split('-')
          .map((a) => `[${a}]`)
          .join('-');
  const m =
    /^(?:\[([^\]]*)\](?:-\[([^\]]*)\])?|([^-:]+(?:-[^-:]+)?)|([0-9a-fA-F:.]+?)(?:-([0-9a-fA-F:.]+))?)(?::(\d+)(?:-(\d+))?)?$/.exec(
      text,
    );
  if (m === null) throw new TextError(`nat: "${text}": a range of addresses expected`, part.valueColumn);
  const { dlType } = flowTypes(cx.flow);
  if (m[3] !== undefined) {
    const [low = '', high] = m[3].split('-');
    if (dlType !== 0x800) throw inconsistent('nat', part.column);
    nat.ipv4_min = ipv4(low);
    if (high !== undefined && ipv4(high) < nat.ipv4_min)
      throw new TextError('nat: the range ends before it starts', part.valueColumn);
    if (high !== undefined && ipv4(high) !== nat.ipv4_min) nat.ipv4_max = ipv4(high);
  } else {
    if (dlType !== 0x86dd) throw inconsistent('nat', part.column);
    const high = m[2] ?? m[5];
    nat.ipv6_min = ipv6(m[1] ?? m[4] ?? '');
    if (high !== undefined && ipv6(high) < nat.ipv6_min)
      throw new TextError('nat: the range ends before it starts', part.valueColumn);
    if (high !== undefined && ipv6(high) !== nat.ipv6_min) nat.ipv6_max = ipv6(high);
  }
  if (m[6] !== undefined) nat.proto_min = parseNumber(m[6], 16, part.valueColumn);
  if (m[7] !== undefined) nat.proto_max = parseNumber(m[7], 16, part.valueColumn);
  if (nat.proto_max !== undefined && nat.proto_min !== undefined && nat.proto_max < nat.proto_min)
    throw new TextError('nat: the range of ports ends before it starts', part.valueColumn);
}

export function parseCt(nested: Nested) {
  return (cx: Context, item: Item): void => {
    if (!isIp(cx)) throw inconsistent('ct', item.column);
    const ct: Record<string, unknown> = {};
    let flags = 0;
    const actions: Action[] = [];
    for (const part of args(item)) {
      if (part.key === 'commit') flags |= 1;
      else if (part.key === 'force') flags |= 2;
      else if (part.key === 'nat')
        actions.unshift(
          ...nested(cx, `nat${part.value === undefined ? '' : `(${part.value})`}`, part.column - 1, 'ct'),
        );
      else if (part.key === 'exec') actions.push(...nested(cx, part.value ?? '', part.valueColumn - 1, 'ct'));
      else ctArgument(cx, ct, part);
    }
    if ((flags & 2) !== 0 && (flags & 1) === 0) throw new TextError('ct: force needs commit', item.column);
    cx.actions.push({ kind: 'ct', ...ct, flags, actions } as Action);
  };
}

function ctArgument(cx: Context, ct: Record<string, unknown>, part: Item): void {
  const value = part.value ?? '';
  if (part.key === 'table') {
    ct.table = parseTable(value, cx.names, part.valueColumn);
    if (ct.table === 255) throw new TextError('ct: table 255 is not valid', part.valueColumn);
  } else if (part.key === 'zone') {
    if (/^\d/.test(value)) ct.zone = parseNumber(value, 16, part.valueColumn);
    else {
      const ref = parseSubfield(value, part.valueColumn);
      if (ref.bits !== 16) throw new TextError('ct: zone of 16 bits expected', part.valueColumn);
      needPrerequisite(cx, ref.field, part.valueColumn);
      ct.zone = withOldHeader(ref, cx.version);
    }
  } else if (part.key === 'alg') {
    const alg = value === 'ftp' ? 21 : value === 'tftp' ? 69 : undefined;
    const { nwProto } = flowTypes(cx.flow);
    if ((alg === 21 && nwProto !== 6) || (alg === 69 && nwProto !== 17)) throw inconsistent('alg', part.column);
    ct.alg = alg ?? parseNumber(value, 16, part.valueColumn, 'ftp or tftp');
  } else throw unknownArgument(part, 'ct');
}
