/** The example of the library's README. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
/** Where the example finds its switch. */
const ADDRESS = 'tcp:127.0.0.1:6653';

/** The first block of code of the README. */
export function example(): string {
  const readme = readFileSync(`${ROOT}/src/ts-openflow/README.md`, 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(code).to.include(ADDRESS);
  return code;
}

/** That code, for a switch elsewhere. */
export const exampleFor = (address: string): string => example().replace(ADDRESS, address);
