/** What `kakuri apply` does: sends the plan and the file to the controller, and waits until every host has confirmed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../controller/index.js';
import type { DumpDifference } from '../verify/index.js';
import type { ApplyOptions } from './apply.js';
import { ask, request } from './ask.js';
import { readTopology } from './check.js';
import { CliError } from './errors.js';
import { type ApplyRequest, readPlan } from './plan-file.js';

const POLL_MS = 100;

interface Applied {
  readonly generation?: number;
  readonly changed?: readonly DumpDifference[];
}

/** What of a host is not as it was when the plan was made. */
const staleText = ({ host, removed, added }: DumpDifference): string =>
  [`${host} is not as it was:`, ...removed.map((l) => `  - ${l}`), ...added.map((l) => `  + ${l}`)].join('\n');

/** Waits until every host of that generation is ready. Throws CliError 3 when that takes too long. */
async function confirmed(generation: number, options: ApplyOptions): Promise<Status> {
  const end = performance.now() + Number(options.timeout) * 1000;
  for (;;) {
    const status = await ask<Status>('/status', options);
    const waiting = status.hosts.filter(({ state }) => state !== 'ready');
    if (status.generation >= generation && waiting.length === 0) return status;
    if (performance.now() > end)
      throw new CliError(
        `applied, but not confirmed after ${options.timeout} s: ${waiting.map(({ name, state, errors }) => [`${name} is ${state}`, ...errors].join(': ')).join('; ')}`,
        3,
      );
    await sleep(POLL_MS);
  }
}

/** Exit code 0 when every host has confirmed, 1 when the plan is stale: nothing was changed then. Throws CliError. */
export async function runApply(file: string, options: ApplyOptions): Promise<number> {
  if (!(Number(options.timeout) > 0)) throw new CliError('--timeout: a number of seconds above 0 expected', 2);
  const plan = await readPlan(options.plan);
  const asked: ApplyRequest = { plan, text: await readTopology(file), file };
  const { ok, status, body } = await request<Applied>('/apply', options, asked);
  if (!ok) {
    const changed = body.changed ?? [];
    const message = [body.error ?? `HTTP status ${status}`, ...changed.map(staleText)].join('\n');
    if (options.json) console.log(JSON.stringify({ applied: false, error: body.error, changed }));
    throw new CliError(message, status === 409 ? 1 : status === 400 ? 2 : 3);
  }
  const { hosts, generation } = await confirmed(body.generation ?? 0, options);
  if (options.json) console.log(JSON.stringify({ applied: true, generation }));
  else console.log(`applied: generation ${generation}, confirmed by ${hosts.length} hosts`);
  return 0;
}
