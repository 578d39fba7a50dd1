/**
 * Reads compact JSON token by token from a text, for values whose type is known beforehand: no tree is built in between, and
 * no object with tens of thousands of keys. It knows only what ovsdb-server writes (no white space between tokens); anything
 * else throws `Deviation`, upon which the caller parses the message in the ordinary way.
 */

/** The text is not what was expected at `at`; it may be right all the same. */
export class Deviation extends Error {
  constructor(readonly at: number) {
    super(`unexpected text at ${at}`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/** Strings seen before in one place. */
export interface RepeatedStrings {
  readonly tokens: string[];
  readonly values: string[];
  /** Where the next is looked for first: after the one found last. */
  place: number;
}
export const repeatedStrings = (): RepeatedStrings => ({ tokens: [], values: [], place: 0 });

/** A shorter part of a string is copied by `slice`; a longer one would refer to, and keep in memory, the whole text. */
const COPIED = 13;

/** Buffer's own method, which the types leave out: `toString('latin1', …)` without its detours. */
interface Latin1 {
  readonly latin1Slice: (start: number, end: number) => string;
}

export class TextReader {
  text = '';
  at = 0;
  #octets: Latin1 | undefined;

  /** Reads on in another text; if it is ASCII, `octets` begin with the same. */
  open(text: string, octets: Buffer | undefined): void {
    this.text = text;
    this.at = 0;
    this.#octets = octets as Latin1 | undefined;
  }

  /** A part of the text, as a string of its own where it can be had. */
  #part(start: number, end: number): string {
    if (end - start < COPIED || this.#octets === undefined) return this.text.slice(start, end);
    return this.#octets.latin1Slice(start, end);
  }

  fail(): never {
    throw new Deviation(this.at);
  }

  /** Takes the token if it is next. */
  take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) this.fail();
  }

  /** Takes the character of this code if it is next. */
  takeCode(code: number): boolean {
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at++;
    return true;
  }

  string(): string {
    const { text } = this;
    let end = this.at;
    if (text.charCodeAt(end++) !== QUOTE) this.fail();
    for (;;) {
      const code = text.charCodeAt(end);
      if (code === QUOTE) break;
      if (code === BACKSLASH || !(code >= 0x20)) return this.#escapedString(end);
      end++;
    }
    const value = this.#part(this.at + 1, end);
    this.at = end + 1;
    return value;
  }

  #escapedString(from: number): string {
    const { text } = this;
    let end = from;
    for (; text.charCodeAt(end) !== QUOTE; end++) {
      if (end >= text.length) throw new Deviation(end);
      if (text.charCodeAt(end) === BACKSLASH) end++;
    }
    const value: unknown = JSON.parse(text.slice(this.at, end + 1));
    this.at = end + 1;
    return value as string;
  }

  /**
   * The string that is next, if it is one of the `expected` tokens (as they stand in the text, quotes included, by value), tried
   * from `place` on; else whatever string it is, which is then added. Saves making anew what every row repeats.
   */
  repeated(expected: RepeatedStrings): string {
    const { tokens, values } = expected;
    const { text, at } = this;
    const from = expected.place < tokens.length ? expected.place : 0;
    for (let i = from, tried = 0; tried < tokens.length; tried++, i = i + 1 === tokens.length ? 0 : i + 1) {
      const token = tokens[i] as string;
      if (!text.startsWith(token, at)) continue;
      this.at = at + token.length;
      expected.place = i + 1;
      return values[i] as string;
    }
    const value = this.string();
    if (tokens.length < 16 && value.length < 64) {
      // A text of their own, so that they do not keep this one in memory.
      tokens.push(Buffer.from(text.slice(at, this.at)).toString());
      values.push(Buffer.from(value).toString());
      expected.place = tokens.length;
    }
    return value;
  }

  uuid(): string {
    const { text, at } = this;
    if (!text.startsWith('["uuid","', at) || !text.startsWith('"]', at + 45)) this.fail();
    this.at = at + 47;
    return this.#part(at + 9, at + 45);
  }

  /** The text of a number, as it stands. */
  #numberText(): string {
    const { text } = this;
    let end = this.at;
    for (; ; end++) {
      const code = text.charCodeAt(end);
      const part =
        (code >= 0x30 && code <= 0x39) || code === MINUS || code === 0x2b || code === 0x2e || (code | 0x20) === 0x65;
      if (!part) break;
    }
    if (end === this.at || end >= text.length) this.fail();
    const value = text.slice(this.at, end);
    this.at = end;
    return value;
  }

  /** An integer: a number, or beyond ±(2^53 - 1) a bigint. */
  integer(): number | bigint {
    const { text } = this;
    let at = this.at;
    const negative = text.charCodeAt(at) === MINUS;
    if (negative) at++;
    const first = at;
    let value = 0;
    let code = text.charCodeAt(at);
    for (; code >= 0x30 && code <= 0x39; code = text.charCodeAt(++at)) value = value * 10 + (code - 0x30);
    const digits = at - first;
    if (digits === 0 || at >= text.length || code === 0x2e || (code | 0x20) === 0x65) this.fail();
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
    if (this.take('true')) return true;
    this.expect('false');
    return false;
  }
}
