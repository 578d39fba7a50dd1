/**
 * What `kakuri evaluate` does: builds each scheme in the lab, measures, and writes the reports. Everything it started is
 * gone when it returns, also after Ctrl-C at any moment.
 */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { CliError } from '../errors.js';
import { LabError } from '../lab-process.js';
import { cost } from './cost.js';
import { outages } from './faults.js';
import { fill } from './fill.js';
import { isolation } from './isolation.js';
import { moves } from './moves.js';
import type { Evaluation, SchemeResult, Speed } from './result.js';
import { ROUTER_VM } from './router-vm.js';
import { isSwitched, type Scheme } from './schemes.js';
import { Site } from './site.js';
import { type SpeedEffort, speeds } from './speed.js';
import { switchFaults } from './switches.js';
import { BARE, fabricTopology } from './topology.js';

interface Effort extends SpeedEffort {
  readonly moveRounds: number;
  readonly cuts: number;
  readonly networks: number;
}

const QUICK: Effort = { rounds: 3, tcpSeconds: 1, packets: 1500, moveRounds: 1, cuts: 1, networks: 500 };
const FULL: Effort = { rounds: 9, tcpSeconds: 3, packets: 5000, moveRounds: 10, cuts: 10, networks: 10_000 };

/** Says what has been done, with how far it is. */
class Progress {
  readonly #total: number;
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  readonly step = (what: string): void => {
    this.#done++;
    process.stderr.write(`[${String(Math.round((100 * this.#done) / this.#total)).padStart(3)} %] ${what}\n`);
  };
}

type FabricPart = Pick<SchemeResult, 'isolation' | 'flexibility' | 'outages' | 'switchFaults' | 'scalability'>;

async function onFabric(
  scheme: Scheme,
  effort: Effort,
  step: (what: string) => void,
  interrupt: AbortSignal | undefined,
): Promise<FabricPart> {
  const say = (what: string): void => step(`${scheme.name}: ${what}`);
  const site = await Site.start(fabricTopology(scheme.encapsulation), interrupt);
  try {
    await site.plug(Object.keys(site.lab.ready.vms));
    say(`two tenants with the same addresses on a ${isSwitched(scheme) ? 'switch' : 'leaf-spine fabric'}`);
    await site.whole();
    const isolated = await isolation(site, scheme);
    say(`isolation: ${isolated.proof.verdict}, ${isolated.foreignPackets + isolated.forgedArrived} stray packets`);
    const flexibility = await moves(site, effort.moveRounds);
    say(`${flexibility.moves} moves of a VM`);
    const faults = isSwitched(scheme)
      ? { outages: [], switchFaults: await switchFaults(site, effort.cuts, say) }
      : { outages: await outages(site, effort.cuts, say) };
    const scalability = await fill(site, scheme, effort.networks);
    say(`${scalability.filled} networks in one switch`);
    return { isolation: isolated, flexibility, ...faults, scalability };
  } finally {
    await site.stop();
  }
}

const INTERRUPTED = 130;

/** Lines of progress that a scheme makes. */
const stepsOf = (scheme: Scheme): number => 4 + (isSwitched(scheme) ? 7 : 8);

/** Measures; `interrupt` ends it with an error, and nothing is left. */
async function evaluate(schemes: readonly Scheme[], quick: boolean, interrupt: AbortSignal): Promise<Evaluation> {
  const effort = quick ? QUICK : FULL;
  const { step } = new Progress(schemes.reduce((sum, scheme) => sum + stepsOf(scheme), effort.rounds));
  const speed = await speeds(schemes, effort, step, interrupt);
  const results: SchemeResult[] = [];
  for (const scheme of schemes) {
    const part = await onFabric(scheme, effort, step, interrupt);
    const { name, about } = scheme;
    results.push({ scheme: name, about, ...part, cost: cost(scheme), speed: speed.get(name) as Speed });
  }
  const { tcpMbits, packets, rttMicros, cpuPerGigabit } = speed.get(BARE) as Speed;
  return {
    date: new Date().toISOString().slice(0, 10),
    quick,
    machine: { cpus: cpus().length, openvswitch: version() },
    bare: { tcpMbits, packets, rttMicros, cpuPerGigabit },
    routerVm: speed.get(ROUTER_VM) as Speed,
    schemes: results,
  };
}

const version = (): string =>
  /\d+\.\d+\.\d+/.exec(execFileSync('ovs-vswitchd', ['--version'], { encoding: 'utf8' }))?.[0] ?? 'unknown';

/** What an earlier run wrote. Throws CliError 2 where it is none. */
export async function loadEvaluation(file: string): Promise<Evaluation> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as Partial<Evaluation> | null;
    if (value?.schemes !== undefined && value.bare !== undefined) return value as Evaluation;
  } catch (error) {
    throw new CliError(`${file}: ${(error as Error).message}`, 2);
  }
  throw new CliError(`${file}: not what evaluate --out writes`, 2);
}

/** `evaluate`, ended by Ctrl-C, and with errors as every command tells them. */
export async function runEvaluation(schemes: readonly Scheme[], quick: boolean): Promise<Evaluation> {
  if (process.getuid?.() !== 0) throw new CliError('the evaluation makes network namespaces: run it as root', 2);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (!interrupt.signal.aborted) process.stderr.write('ending: cleaning up\n');
      interrupt.abort();
    });
  try {
    return await evaluate(schemes, quick, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) throw new CliError('interrupted', INTERRUPTED);
    throw error instanceof LabError ? new CliError(error.message, 3) : error;
  }
}
