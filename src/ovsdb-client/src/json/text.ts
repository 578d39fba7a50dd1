/**
 * JSON text to values and back without losing 64-bit integers: an integer literal beyond ±(2^53 - 1) is read as a bigint,
 * and a bigint is written as an integer literal. Everything else is JSON.parse and JSON.stringify.
 */
import { OvsdbError } from '../errors.js';

/** Sixteen digits in a row: the least an unsafe integer has. */
const LONG = /\d{16}/;
const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.])-?\d{16,}(?![\d.eE])/g;
/** No string of OVSDB holds U+0000 (RFC 7047 section 3.1), so a string that starts with it can be our mark. */
const MARK = '\u0000int:';

/** Parses JSON text. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text);
  const marked = text.replace(STRING_OR_LONG_INTEGER, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"\\u0000int:${token}"`,
  );
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  );
}

/** Writes JSON text. Throws OvsdbError `bad value` for U+0000, which ovsdb-server answers by closing the connection. */
export function writeJson(value: unknown): string {
  let text: string;
  let bigints = 0;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The one TypeError to expect is a bigint; a circle throws again here.
    text = JSON.stringify(value, (_key, member: unknown) => {
      if (typeof member === 'string' && member.includes('\0')) throw nul(member);
      if (typeof member !== 'bigint') return member;
      bigints++;
      return `${MARK}${member}`;
    }).replace(/"\\u0000int:(-?\d+)"/g, '$1');
  }
  if (bigints === 0 && text.includes('\\u0000') && /(?:^|[^\\])(?:\\\\)*\\u0000/.test(text)) throw nul(text);
  return text;
}

function nul(text: string): OvsdbError {
  return new OvsdbError('bad value', {
    details: `U+0000 cannot stand in an OVSDB string: ${JSON.stringify(text).slice(0, 200)}`,
  });
}
