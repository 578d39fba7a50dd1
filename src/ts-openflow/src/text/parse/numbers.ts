/** Numbers as C's strtoul with base 0 reads them: decimal, 0x hexadecimal, 0 octal. */
import { TextError } from '../../errors.js';
import { type Names, reservedPort } from '../names.js';

/** An unsigned integer of at most `bits` bits. */
export function parseInteger(text: string, bits: number, column: number, what = 'a number'): bigint {
  const t = text.trim();
  let value: bigint;
  if (/^0[xX][0-9a-fA-F]+$/.test(t)) value = BigInt(t.toLowerCase());
  else if (/^0[0-7]+$/.test(t)) value = BigInt(`0o${t.slice(1)}`);
  else if (/^\d+$/.test(t)) value = BigInt(t);
  else throw new TextError(`"${text}": ${what} expected`, column);
  if (value >> BigInt(bits) !== 0n) throw new TextError(`"${text}" does not fit ${bits} bits`, column);
  return value;
}

/** As parseInteger, for numbers up to 48 bits. */
export function parseNumber(text: string, bits: number, column: number, what?: string): number {
  return Number(parseInteger(text, bits, column, what));
}

/** A port: a reserved name, a name of the switch's, or a number; 16-bit reserved numbers are widened. */
export function tryPort(text: string, names: Names | undefined): number | undefined {
  const t = text.trim().replace(/^"(.*)"$/, '$1');
  if (/^\d+$/.test(t)) {
    const port = Number(t);
    if (port < 0xff00) return port;
    if (port <= 0xffff) return port < 0xfff8 ? undefined : port + 0xffff0000;
    return port >= 0xffffff00 && port <= 0xffffffff ? port : undefined;
  }
  const reserved = reservedPort(t);
  if (reserved !== undefined) return reserved;
  for (const [port, name] of names?.ports ?? []) if (name === t) return port;
  return undefined;
}

/** As tryPort; what is no port is an error. */
export function parsePort(text: string, names: Names | undefined, column: number): number {
  const port = tryPort(text, names);
  if (port === undefined) throw new TextError(`"${text}": a port expected`, column);
  return port;
}

/** A table's number or name. */
export function parseTable(text: string, names: Names | undefined, column: number): number {
  const t = text.trim().replace(/^"(.*)"$/, '$1');
  for (const [table, name] of names?.tables ?? []) if (name === t) return table;
  return parseNumber(t, 8, column, 'a table');
}
