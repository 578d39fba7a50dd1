/** The file that says whose each port of another controller's hosts is: a line `PORT: TENANT` each. */
import { readFile } from 'node:fs/promises';
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { CliError } from './errors.js';

/** Port (iface-id or interface name) → tenant. Throws CliError 2 with every mistake, as `FILE:LINE:COL: message`. */
export async function readTenants(file: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(`${file}: ${(error as Error).message}`, 2);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const mistakes = document.errors.map(({ pos, message }) => at(file, lines, pos[0], message));
  const tenants = new Map<string, string>();
  const wrong = (node: unknown): void => {
    const place = (node as Node | null)?.range?.[0] ?? 0;
    mistakes.push(at(file, lines, place, 'PORT: TENANT expected, a line for each port'));
  };
  if (!isMap(document.contents)) {
    if (mistakes.length === 0) wrong(document.contents);
  } else
    for (const { key, value } of document.contents.items) {
      if (!isScalar(key)) wrong(key);
      else if (!isScalar(value) || value.value === null || value.value === '') wrong(isScalar(value) ? key : value);
      else tenants.set(String(key.source ?? key.value), String(value.source ?? value.value));
    }
  if (mistakes.length > 0) throw new CliError(mistakes.join('\n'), 2);
  return tenants;
}

function at(file: string, lines: LineCounter, offset: number, message: string): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}: ${message}`;
}
