/** Dumps of other controllers' hosts, as files: whose ports are whose, and what the proof says of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readFolder } from '../../src/cli/dump-folder.js';
import { foreignSpec, type HostDump, type Proof, verify } from '../../src/verify/index.js';

/** `test/` of the sources, seen from the compiled tests. */
const TESTS = fileURLToPath(new URL('../../../test/', import.meta.url));

export const LAB = join(TESTS, 'lab/foreign_installations.py');
export const fixture = (name: string): string => join(TESTS, 'fixtures/foreign', name);

export interface Foreign {
  readonly dumps: readonly HostDump[];
  readonly proof: Proof;
}

/** Reads and proves a folder, as `kakuri verify --dumps DIR --tenants DIR/tenants.yaml` does. */
export async function proveFolder(directory: string): Promise<Foreign> {
  const owners = parse(readFileSync(join(directory, 'tenants.yaml'), 'utf8')) as Record<string, string>;
  const dumps = await readFolder(directory);
  return { dumps, proof: verify(dumps, foreignSpec(new Map(Object.entries(owners)), dumps)) };
}

/** The reasons, each once, without host and port. */
export const reasonsOf = (proof: Proof): readonly string[] =>
  [...new Set(proof.unproven.map((text) => text.replace(/^\S+: (from \S.*?: )?/, '')))].sort();
