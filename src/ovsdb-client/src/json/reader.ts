/**
 * Reads compact JSON token by token from octets, for values whose type is known beforehand: no tree is built in between, and
 * no object with tens of thousands of keys. It knows only what ovsdb-server writes (no white space between tokens); anything
 * else throws `Deviation`, upon which the caller parses the message in the ordinary way. Octets are compared and not
 * characters, for the latter cost V8 a look at the string's representation each.
 */
import { isUtf8 } from 'node:buffer';
import type { RecentStrings } from './recent-strings.js';

/** The text is not what was expected at `at`; it may be right all the same. */
export class Deviation extends Error {
  at = 0;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/** 1 for what stands for itself in a string: ASCII but the quote, the backslash and control characters. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, octet) =>
  Number(octet >= 0x20 && octet < 0x80 && octet !== QUOTE && octet !== BACKSLASH),
);

/** Text to look for, as octets. */
export type Token = Uint8Array;
export const token = (text: string): Token => Uint8Array.from(Buffer.from(text));
const UUID = token('["uuid","');
const UUID_LENGTH = 36;
const PAIR_END = token('"]');
const TRUE = token('true');
const FALSE = token('false');

/** Strings seen before in one place. */
export interface RepeatedStrings {
  readonly tokens: Token[];
  readonly values: string[];
  /** Where the next is looked for first: after the one found last. */
  place: number;
}
export const repeatedStrings = (): RepeatedStrings => ({ tokens: [], values: [], place: 0 });

/** A shorter part of a string is copied by `slice`; a longer one would refer to, and keep in memory, the whole text. */
const COPIED = 13;

/** Buffer's own methods, which the types leave out: `toString` without its detours. */
interface Slices {
  readonly latin1Slice: (start: number, end: number) => string;
  readonly utf8Slice: (start: number, end: number) => string;
}

export class OctetReader {
  /** Where it reads, and where what it has ends. */
  at = 0;
  end = 0;
  #octets: Uint8Array & Slices = Buffer.alloc(1) as unknown as Uint8Array & Slices;
  /** The same octets, each a character. */
  #text = '';
  /** One for all: an error made anew looks for its stack, which takes longer than many rows. */
  readonly #deviation = new Deviation('unexpected text');

  /** Reads on in other octets, from the first up to `end`, where there must be one more, which it sets to 0. */
  open(octets: Buffer, end: number): void {
    octets[end] = 0;
    this.at = 0;
    this.end = end;
    this.#octets = octets as unknown as Uint8Array & Slices;
    this.#text = this.#octets.latin1Slice(0, end);
  }

  /** ASCII as a string of its own. */
  #part(start: number, end: number): string {
    return end - start < COPIED ? this.#text.slice(start, end) : this.#octets.latin1Slice(start, end);
  }

  /** Throws Deviation. */
  fail(at = this.at): never {
    this.#deviation.at = at;
    throw this.#deviation;
  }

  /** Takes the token if it is next. */
  take(token: Token): boolean {
    const octets = this.#octets;
    const { at } = this;
    for (let i = 0; i < token.length; i++) if (octets[at + i] !== token[i]) return false;
    this.at = at + token.length;
    return true;
  }

  expect(token: Token): void {
    if (!this.take(token)) this.fail();
  }

  /** Takes the octet if it is next. */
  takeCode(code: number): boolean {
    if (this.#octets[this.at] !== code) return false;
    this.at++;
    return true;
  }

  /** The octets from `from` up to here, to look for them again. */
  since(from: number): Token {
    return Uint8Array.prototype.slice.call(this.#octets, from, this.at);
  }

  /** A string; one of the `recent` ones if it is among them. */
  string(recent?: RecentStrings): string {
    const octets = this.#octets;
    const start = this.at + 1;
    if (octets[this.at] !== QUOTE) this.fail();
    let end = start;
    while (PLAIN[octets[end] as number] === 1) end++;
    if (octets[end] !== QUOTE) return this.#otherString(end);
    this.at = end + 1;
    if (recent === undefined || !recent.useful) return this.#part(start, end);
    const place = recent.placeOf(octets, start, end);
    const known = recent.get(place, octets, start, end);
    if (known !== undefined) return known;
    const value = this.#part(start, end);
    recent.set(place, octets, start, end, value);
    return value;
  }

  /** The string that begins here, with an escape or an octet beyond ASCII at `from`. */
  #otherString(from: number): string {
    const octets = this.#octets;
    let end = from;
    for (; octets[end] !== QUOTE; end++) {
      if (octets[end] === BACKSLASH) end++;
      if (end >= this.end) this.fail(end);
    }
    if (!isUtf8(octets.subarray(this.at, end + 1))) this.fail();
    const value: unknown = JSON.parse(octets.utf8Slice(this.at, end + 1));
    this.at = end + 1;
    return value as string;
  }

  /**
   * The string that is next, if it is one of the `expected` tokens (as they stand in the text, quotes included, by value), tried
   * from `place` on; else whatever string it is, which is then added. Saves making anew what every row repeats.
   */
  repeated(expected: RepeatedStrings): string {
    const { tokens, values } = expected;
    const { at } = this;
    const from = expected.place < tokens.length ? expected.place : 0;
    for (let i = from, tried = 0; tried < tokens.length; tried++, i = i + 1 === tokens.length ? 0 : i + 1) {
      if (!this.take(tokens[i] as Token)) continue;
      expected.place = i + 1;
      return values[i] as string;
    }
    const value = this.string();
    if (tokens.length < 16 && value.length < 64) {
      tokens.push(this.since(at));
      values.push(value);
      expected.place = tokens.length;
    }
    return value;
  }

  uuid(): string {
    const { at } = this;
    this.expect(UUID);
    this.at += UUID_LENGTH;
    // Behind the end are octets of another time.
    if (this.at >= this.end || !this.take(PAIR_END)) this.fail(at);
    return this.#octets.latin1Slice(at + UUID.length, at + UUID.length + UUID_LENGTH);
  }

  /** The text of a number, as it stands. */
  #numberText(): string {
    const octets = this.#octets;
    let end = this.at;
    for (; ; end++) {
      const code = octets[end] as number;
      const part =
        (code >= 0x30 && code <= 0x39) || code === MINUS || code === 0x2b || code === 0x2e || (code | 0x20) === 0x65;
      if (!part) break;
    }
    if (end === this.at || end >= this.end) this.fail();
    const value = this.#part(this.at, end);
    this.at = end;
    return value;
  }

  /** An integer: a number, or beyond ±(2^53 - 1) a bigint. */
  integer(): number | bigint {
    const octets = this.#octets;
    const negative = octets[this.at] === MINUS;
    const first = negative ? this.at + 1 : this.at;
    let at = first;
    let value = 0;
    let code = octets[at] as number;
    for (; code >= 0x30 && code <= 0x39; code = octets[++at] as number) value = value * 10 + (code - 0x30);
    const digits = at - first;
    if (digits === 0 || at >= this.end || code === 0x2e || (code | 0x20) === 0x65) this.fail();
    if (digits > 15) return this.#longInteger();
    this.at = at;
    return negative && value !== 0 ? -value : value;
  }

  #longInteger(): number | bigint {
    const digits = this.#numberText();
    const value = Number(digits);
    return Number.isSafeInteger(value) ? value : BigInt(digits);
  }

  real(): number {
    const value = Number(this.#numberText());
    if (Number.isNaN(value)) this.fail();
    return value;
  }

  boolean(): boolean {
    if (this.take(TRUE)) return true;
    this.expect(FALSE);
    return false;
  }
}
