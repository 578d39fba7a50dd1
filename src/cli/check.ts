/**
 * `kakuri check FILE`: every mistake of a topology file, each with its place; nothing is changed and no host is asked.
 * With `--state`, given keys are compared with those that rest there, as `run` with that directory would.
 */
import { readFile } from 'node:fs/promises';
import { KeyStoreError, loadKeyMemory, stateDirectory } from '../session/key-store.js';
import {
  allocateKeys,
  EMPTY_MEMORY,
  type KeyMemory,
  type Problem,
  parseTopology,
  type TopologyDraft,
} from '../topology/index.js';
import { CliError } from './errors.js';

export interface CheckOptions {
  readonly json?: boolean;
  readonly state?: string;
}

/** Prints the answer; the exit code is 2 if there are problems. */
export async function check(file: string, options: CheckOptions): Promise<void> {
  const { draft, problems: mistakes } = parseTopology(await readTopology(file), file);
  const memory = await memoryOf(options.state);
  const problems = draft ? allocateKeys(draft, memory, Date.now()).problems : mistakes;
  if (problems.length > 0) process.exitCode = 2;
  if (options.json) process.stdout.write(`${JSON.stringify(problems.map(plain))}\n`);
  else for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (draft && problems.length === 0 && !options.json) process.stdout.write(`${file}: ${summary(draft)}\n`);
}

/** The text of a topology file. Throws CliError if there is none to read. */
export async function readTopology(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    const reason = error instanceof TypeError ? 'not a text in UTF-8' : (error as Error).message;
    throw new CliError(`${file}: cannot read it: ${reason}`, 2);
  }
}

/** `FILE:LINE:COL: message`. */
export function formatProblem({ file, line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}

async function memoryOf(state: string | undefined): Promise<KeyMemory> {
  if (state === undefined) return EMPTY_MEMORY;
  try {
    return await loadKeyMemory(stateDirectory(state));
  } catch (error) {
    if (error instanceof KeyStoreError) throw new CliError(error.message, 2);
    throw error;
  }
}

const plain = ({ file, line, column, code, message }: Problem) => ({ file, line, column, code, message });

function summary({ hosts, networks }: TopologyDraft): string {
  const tenants = new Set(networks.map((network) => network.tenant)).size;
  const ports = networks.reduce((sum, network) => sum + network.ports.length, 0);
  const counts = [
    [hosts.length, 'host'],
    [tenants, 'tenant'],
    [networks.length, 'network'],
    [ports, 'port'],
  ] as const;
  return counts.map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`).join(', ');
}
