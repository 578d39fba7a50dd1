/**
 * Text cut into `key=value`, `key:value`, `key(value)` and `key(value)->value2`, as ovs-ofctl cuts it.
 *
 * Values may nest parentheses and brackets. Columns are of the whole text, so that an error says where.
 */
import { TextError } from '../../errors.js';

/** One item. `value` is undefined for a word alone, '' where a delimiter is followed by nothing. */
export interface Item {
  readonly key: string;
  readonly value: string | undefined;
  /** What stands after `->`. */
  readonly value2: string | undefined;
  /** Where key and value start, from 1. */
  readonly column: number;
  readonly valueColumn: number;
}

const DELIMITERS = ', \t\r\n';

function valueLength(text: string, from: number, delimiters: string): number {
  let at = from;
  let level = 0;
  while (at < text.length) {
    const c = text[at] as string;
    if (level === 0 && delimiters.includes(c)) break;
    if (c === '(' || c === '[') level++;
    else if ((c === ')' || c === ']') && level > 0) level--;
    at++;
  }
  return at - from;
}

/** Cuts text into items. `base` is the column before the first character. */
export function scan(text: string, base = 0): readonly Item[] {
  const items: Item[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && DELIMITERS.includes(text[at] as string)) at++;
    if (at >= text.length) return items;
    const start = at;
    while (at < text.length && !`:=(${DELIMITERS}`.includes(text[at] as string)) at++;
    const key = text.slice(start, at);
    const delimiter = text[at];
    const column = base + start + 1;
    if (delimiter === undefined || DELIMITERS.includes(delimiter)) {
      items.push({ key, value: undefined, value2: undefined, column, valueColumn: base + at + 1 });
      continue;
    }
    const valueStart = ++at;
    const length = valueLength(text, at, delimiter === '(' ? ')' : DELIMITERS);
    const value = text.slice(at, at + length);
    at += length;
    if (delimiter === '(' && text[at] !== ')') throw new TextError(`")" expected after ${key}(`, base + at + 1);
    if (delimiter === '(') at++;
    let value2: string | undefined;
    if (delimiter === '(' && text.startsWith('->', at)) {
      const from = at + 2;
      at = from + valueLength(text, from, DELIMITERS);
      value2 = text.slice(from, at);
    }
    items.push({ key, value, value2, column, valueColumn: base + valueStart + 1 });
  }
}
