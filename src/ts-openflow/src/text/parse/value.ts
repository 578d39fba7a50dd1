/** Values of fields with their masks, in every form that ovs-fields(7) allows. */
import { TextError } from '../../errors.js';
import type { Field } from '../../fields.js';
import { ipv4, ipv6, mac } from '../address.js';
import { CT_STATE, TCP_FLAGS, TUN_FLAGS } from '../flags.js';
import type { Names } from '../names.js';
import { parseInteger, parsePort } from './numbers.js';

/** A parsed value; the mask has all bits of the field's octets where none was given. */
export interface ParsedValue {
  readonly value: bigint;
  readonly mask: bigint;
  readonly exact: boolean;
}

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** An address, with the column of the value in its error. */
function at<T>(column: number, parse: () => T): T {
  try {
    return parse();
  } catch (e) {
    if (e instanceof TextError) throw new TextError(e.expected, column);
    throw e;
  }
}

function prefixMask(text: string, bits: number, column: number): bigint | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const length = Number(text);
  if (length > bits) throw new TextError(`/${text}: at most ${bits} bits expected`, column);
  return ones(length) << BigInt(bits - length);
}

function flagBits(text: string, names: readonly string[], column: number): bigint {
  if (/^(0x)?[0-9a-fA-F]+$/.test(text) && /^(0x|\d)/.test(text)) return parseInteger(text, 32, column);
  return text.split('|').reduce((bits, name) => {
    const bit = names.indexOf(name.trim());
    if (bit < 0) throw new TextError(`unknown flag "${name}", one of ${names.join(', ')} expected`, column);
    return bits | (1n << BigInt(bit));
  }, 0n);
}

/** `+trk-new`, `syn|ack`, or numbers with a mask. */
function parseFlags(
  text: string,
  mask: string | undefined,
  names: readonly string[],
  all: bigint,
  column: number,
): ParsedValue {
  if (mask !== undefined)
    return { value: parseInteger(text, 32, column), mask: parseInteger(mask, 32, column), exact: false };
  if (!/^[+-]/.test(text)) return { value: flagBits(text, names, column), mask: all, exact: true };
  let value = 0n;
  let bits = 0n;
  let rest = text;
  while (rest !== '') {
    const m = /^([+-])(\[?\w+\]?)/.exec(rest);
    if (m === null) throw new TextError(`"${rest}": + or - and a flag expected`, column);
    const bit = flagBits(m[2] as string, names, column);
    if ((bits & bit) !== 0n) throw new TextError(`flag ${m[2]} is given twice`, column);
    bits |= bit;
    if (m[1] === '+') value |= bit;
    rest = rest.slice(m[0].length);
  }
  return { value, mask: bits, exact: bits === all };
}

const FRAGS: Readonly<Record<string, readonly [value: bigint, mask: bigint]>> = {
  no: [0n, 3n],
  yes: [1n, 1n],
  first: [1n, 3n],
  later: [3n, 3n],
  not_later: [0n, 2n],
};

function parseFrag(text: string, mask: string | undefined, column: number): ParsedValue {
  const word = mask === undefined ? FRAGS[text] : undefined;
  if (word === undefined) throw new TextError(`"${text}": no, yes, first, later or not_later expected`, column);
  return { value: word[0], mask: word[1], exact: word[1] === 3n };
}

function parsePacketType(text: string, column: number): ParsedValue {
  const m = /^\(?\s*(\w+)\s*,\s*(\w+)\s*\)?$/.exec(text);
  if (m === null) throw new TextError(`"${text}": (ns,type) expected`, column);
  const value = (parseInteger(m[1] as string, 16, column) << 16n) | parseInteger(m[2] as string, 16, column);
  return { value, mask: ones(32), exact: true };
}

function parsePlain(
  field: Field,
  value: string,
  mask: string | undefined,
  names: Names | undefined,
  column: number,
): ParsedValue {
  const width = field.octets === 0 ? 992 : field.octets * 8;
  const all = ones(width);
  const masked = (v: bigint, m: bigint | undefined): ParsedValue => ({
    value: v,
    mask: m ?? all,
    exact: m === undefined || m === all,
  });
  switch (field.format) {
    case 'ethernet':
      return masked(
        BigInt(at(column, () => mac(value))),
        mask === undefined ? undefined : BigInt(at(column, () => mac(mask))),
      );
    case 'ipv4':
      return masked(
        BigInt(at(column, () => ipv4(value))),
        mask === undefined ? undefined : (prefixMask(mask, 32, column) ?? BigInt(at(column, () => ipv4(mask)))),
      );
    case 'ipv6':
      return masked(
        at(column, () => ipv6(value)),
        mask === undefined ? undefined : (prefixMask(mask, 128, column) ?? at(column, () => ipv6(mask))),
      );
    case 'port':
      return masked(
        BigInt(parsePort(value, names, column)),
        mask === undefined ? undefined : parseInteger(mask, 32, column),
      );
    case 'port16':
      return masked(BigInt(parsePort(value, names, column) & 0xffff), undefined);
    case 'frag':
      return parseFrag(value, mask, column);
    case 'ct_state':
      return parseFlags(value, mask, CT_STATE, ones(8), column);
    case 'tcp_flags':
      return parseFlags(value, mask, TCP_FLAGS, ones(16), column);
    case 'tunnel_flags':
      return parseFlags(value, mask, TUN_FLAGS, ones(16), column);
    case 'packet_type':
      return parsePacketType(value, column);
    default:
      return masked(
        parseInteger(value, width, column),
        mask === undefined ? undefined : parseInteger(mask, width, column),
      );
  }
}

/** A value with an optional mask after a slash. Bits that the field does not have are an error. */
export function parseValue(
  name: string,
  field: Field,
  text: string,
  names: Names | undefined,
  column: number,
): ParsedValue {
  const slash = text.indexOf('/');
  const value = slash < 0 ? text : text.slice(0, slash);
  const mask = slash < 0 ? undefined : text.slice(slash + 1);
  const parsed = parsePlain(field, value, mask, names, column);
  // The VLAN id of OXM has a bit above its 12, which says that there is a tag.
  const bits = name === 'ct_state' ? 8 : name === 'vlan_vid' ? 13 : field.bits;
  if (parsed.value >> BigInt(bits) !== 0n)
    throw new TextError(`${value} is not a valid value for field ${name}`, column);
  if (!parsed.exact && !field.maskable) throw new TextError(`${text}: field ${name} does not support masks`, column);
  return { ...parsed, value: parsed.value & parsed.mask };
}
