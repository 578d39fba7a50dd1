/** Addresses between text and the numbers they are in memory, spelled as Open vSwitch spells them. */
import { TextError } from '../errors.js';

/** "02:00:00:00:00:01" as a 48-bit number. Throws TextError. */
export function mac(text: string): number {
  // Of twelve digits in their places the number is read at once, which is many times faster.
  if (/^(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text)) return digits(text, 0, 8) * 0x1000000 + digits(text, 9, 17);
  if (!/^([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}$/.test(text))
    throw new TextError(`"${text}" is not an Ethernet address`);
  return text.split(':').reduce((value, octet) => value * 256 + Number.parseInt(octet, 16), 0);
}

/** The hexadecimal digits of a part of a text as a number; what is between them is left out. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code !== COLON) value = value * 16 + (code <= NINE ? code & 15 : (code & 15) + 9);
  }
  return value;
}

const COLON = 0x3a;
const NINE = 0x39;
const DOT = 0x2e;

/** A 48-bit number as "02:00:00:00:00:01". */
export function formatMac(value: number): string {
  return (value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');
}

/** "10.0.0.1" as a 32-bit number. Throws TextError. */
export function ipv4(text: string): number {
  const refused = (): TextError => new TextError(`"${text}" is not an IPv4 address`);
  let [value, octet, length, dots] = [0, 0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (length === 0) throw refused();
      value = value * 256 + octet;
      octet = length = 0;
      dots += 1;
    } else {
      octet = octet * 10 + code - ZERO;
      length += 1;
      if (code < ZERO || code > NINE || length > 3 || octet > 255) throw refused();
    }
  }
  if (dots !== 3 || length === 0) throw refused();
  return value * 256 + octet;
}

const ZERO = 0x30;

/** A 32-bit number as "10.0.0.1". */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** "fd00::1" as a 128-bit bigint. Throws TextError. */
export function ipv6(text: string): bigint {
  const groups = ipv6Groups(text);
  if (groups === undefined) throw new TextError(`"${text}" is not an IPv6 address`);
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function ipv6Groups(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || text.includes(':::')) return undefined;
  const parts = halves.map(halfGroups);
  const [head, tail] = parts;
  if (head === undefined || parts.some((p) => p === undefined)) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  return missing < 1 ? undefined : [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
}

/** The 16-bit groups of a part without "::"; its last may be an IPv4 address. */
function halfGroups(half: string): readonly number[] | undefined {
  if (half === '') return [];
  const words = half.split(':');
  const last = words.at(-1) ?? '';
  const groups: number[] = [];
  for (const word of last.includes('.') ? words.slice(0, -1) : words) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(word)) return undefined;
    groups.push(Number.parseInt(word, 16));
  }
  if (!last.includes('.')) return groups;
  if (!/^(\d{1,3}\.){3}\d{1,3}$/.test(last) || last.split('.').some((o) => Number(o) > 255)) return undefined;
  const value = ipv4(last);
  return [...groups, value >>> 16, value & 0xffff];
}

/** A 128-bit bigint as inet_ntop(3) writes it: the longest run of zeros as "::", IPv4-mapped addresses dotted. */
export function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  const [start, length] = longestZeros(groups);
  const low = Number(value & 0xffffffffn);
  const dotted = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  if (dotted) return `::${length === 5 ? 'ffff:' : ''}${formatIpv4(low)}`;
  const hex = groups.map((g) => g.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeros(groups: readonly number[]): readonly [number, number] {
  let best: readonly [number, number] = [0, 0];
  for (let i = 0; i < groups.length; i++) {
    let n = 0;
    while (i + n < groups.length && groups[i + n] === 0) n++;
    if (n > best[1]) best = [i, n];
  }
  return best;
}
