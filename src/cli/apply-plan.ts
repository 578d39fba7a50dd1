/**
 * The controller's side of `kakuri apply`: a plan is carried out only while everything it was made from is still so: the
 * topology in effect, what the file means, and what each host that it changes holds. Then the controller's own topology
 * file becomes the new one, whole or not at all, and is followed as any edit of it is.
 */
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import type { ApplyAnswer } from '../api/index.js';
import { type Controller, dumpReport } from '../controller/index.js';
import { changeText, formatTopology, parseTopology, type Topology, topologyChanges } from '../topology/index.js';
import { contentLines, type DumpDifference } from '../verify/index.js';
import { dumpsOf, textsOf } from './dump-folder.js';
import { CliError } from './errors.js';
import { loadTopology } from './load.js';
import { APPLY_REQUEST, type ApplyRequest, type SavedPlan } from './plan-file.js';
import { topologyBeside } from './planned-topology.js';

interface Running {
  readonly controller: Controller;
  /** The topology file that the controller follows. */
  readonly file: string;
  readonly state: string | undefined;
}

/** Why the plan is not carried out. */
class Refused extends Error {
  constructor(
    readonly code: 400 | 409,
    message: string,
    readonly changed: readonly DumpDifference[] = [],
  ) {
    super(message);
  }
}

const AGAIN = 'nothing was changed; make the plan again';

/** What of the saved topology is no longer so, a clause each. */
function topologyDifferences(saved: string, inEffect: Topology): string {
  const { draft } = parseTopology(saved, 'plan');
  if (draft === undefined) return 'the plan’s own topology cannot be read';
  // Saved topologies have every key.
  const networks = draft.networks.map(({ keyAt: _, ...network }) => ({ ...network, key: network.key ?? 0 }));
  return topologyChanges({ ...draft, networks }, inEffect)
    .map(changeText)
    .join('; ');
}

function checkTopology({ plan }: ApplyRequest, inEffect: Topology): void {
  if (inEffect.networks.some(({ former }) => former !== undefined))
    throw new Refused(409, `another change of the topology is still on its way; ${AGAIN} when every host is ready`);
  if (formatTopology(inEffect) !== plan.before)
    throw new Refused(
      409,
      `the topology is not the one that the plan was made for: ${topologyDifferences(plan.before, inEffect)}; ${AGAIN}`,
    );
}

/** The file must mean what the plan leads to, keys included. */
async function checkFile({ plan, text, file }: ApplyRequest, { state }: Running, inEffect: Topology): Promise<void> {
  const topology = await topologyBeside(text, file, state, inEffect).catch((error: unknown) => {
    if (error instanceof CliError) throw new Refused(400, error.message);
    throw error;
  });
  if (formatTopology(topology) !== plan.after)
    throw new Refused(
      409,
      `${file} is not the file that the plan was made of: ${topologyDifferences(plan.after, topology)}; ${AGAIN}`,
    );
}

function difference({ name, holds }: SavedPlan['hosts'][number], now: readonly string[]): readonly DumpDifference[] {
  const [was, is] = [new Set(holds), new Set(now)];
  const removed = holds.filter((line) => !is.has(line));
  const added = now.filter((line) => !was.has(line));
  return removed.length + added.length === 0 ? [] : [{ host: name, removed, added }];
}

/** Every host that the plan changes must hold what it held. */
async function checkHosts({ plan }: ApplyRequest, controller: Controller): Promise<void> {
  const report = await dumpReport(controller);
  const dumps = new Map(dumpsOf(textsOf(report)).map((dump) => [dump.host, dump]));
  const changed = plan.hosts.flatMap((host) => {
    const dump = dumps.get(host.name);
    const error = report.hosts.find((row) => row.host === host.name)?.error;
    if (error !== undefined) throw new Refused(409, `${host.name} cannot be read (${error}): ${AGAIN}`);
    return difference(host, contentLines(dump));
  });
  if (changed.length > 0)
    throw new Refused(409, `${changed.map(({ host }) => host).join(', ')}: changed since; ${AGAIN}`, changed);
}

/** The new file, whole or not at all, with the rights of the old one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  try {
    await writeFile(temporary, text, { mode: (await stat(file)).mode });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function carryOut(running: Running, asked: ApplyRequest): Promise<ApplyAnswer> {
  const { controller, file, state } = running;
  const { topology: inEffect } = controller.state.world;
  checkTopology(asked, inEffect);
  await checkFile(asked, running, inEffect);
  await checkHosts(asked, controller);
  if (controller.state.world.topology !== inEffect)
    throw new Refused(409, `the topology was changed in this very moment; ${AGAIN}`);
  await replaceFile(file, asked.text);
  controller.setTopology(await loadTopology(file, state, controller.isCarriedOut ? 'right' : 'away'));
  return { code: 200, body: { generation: controller.state.generation } };
}

/** What the API does with a plan. */
export const planTaker =
  (running: Running) =>
  async (body: unknown): Promise<ApplyAnswer> => {
    const asked = APPLY_REQUEST.safeParse(body);
    if (!asked.success) return { code: 400, body: { error: 'not a plan that kakuri plan --out wrote' } };
    try {
      return await carryOut(running, asked.data);
    } catch (error) {
      if (error instanceof Refused) return { code: error.code, body: { error: error.message, changed: error.changed } };
      return { code: 500, body: { error: (error as Error).message } };
    }
  };
