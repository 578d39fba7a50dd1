/** A saved plan: the file that `kakuri plan --out` writes, and what the controller is sent of it to apply it. */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { formatTopology, type Topology } from '../topology/index.js';
import type { Plan } from '../verify/index.js';
import { CliError } from './errors.js';

const VERSION = 1;

const lines = z.array(z.string());

const SAVED = z.object({
  kakuriPlan: z.literal(VERSION),
  /** When it was made, ISO 8601. */
  made: z.string(),
  /** The topology in effect when it was made, as a file, keys included. */
  before: z.string(),
  /** The topology that it leads to, the same way. */
  after: z.string(),
  verdict: z.enum(['isolated', 'leak', 'unproven']),
  /** Of each host that changes: everything that it held, a line each, sorted. */
  hosts: z.array(z.object({ name: z.string(), holds: lines, add: lines, remove: lines, modify: lines })),
});

export type SavedPlan = z.infer<typeof SAVED>;

/** What the controller needs to apply a plan: the plan, and the text of the topology file. */
export const APPLY_REQUEST = z.object({ plan: SAVED, text: z.string(), file: z.string() });
export type ApplyRequest = z.infer<typeof APPLY_REQUEST>;

export function savedPlan(plan: Plan, before: Topology, after: Topology): SavedPlan {
  return {
    kakuriPlan: VERSION,
    made: new Date().toISOString(),
    before: formatTopology(before),
    after: formatTopology(after),
    verdict: plan.proof.verdict,
    hosts: plan.hosts.map(({ name, holds, add, remove, modify }) => ({
      name,
      holds: [...holds],
      add: [...add],
      remove: [...remove],
      modify: [...modify],
    })),
  };
}

/** Throws CliError 2 where it cannot be written. */
export async function writePlan(file: string, plan: SavedPlan): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, undefined, 1)}\n`);
  } catch (error) {
    throw new CliError(`--out ${file}: ${(error as Error).message}`, 2);
  }
}

/** Throws CliError 2 where the file is no plan. */
export async function readPlan(file: string): Promise<SavedPlan> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CliError(`--plan ${file}: ${(error as Error).message}`, 2);
  }
  const read = SAVED.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new CliError(
    `--plan ${file}: not a plan that kakuri plan --out wrote (${issue?.path.join('.') || 'the whole'}: ${issue?.message})`,
    2,
  );
}
