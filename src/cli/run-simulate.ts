/** What `kakuri simulate` does: sets the fake hosts up, changes ports, restarts the controller, and prints what it took. */
import Table from 'cli-table3';
import type { SimulateOptions } from './options.js';
import type { FakeTunnels } from './simulate/fake-hosts-process.js';
import { type Cost, Simulation } from './simulate/simulation.js';
import { siteOf } from './simulate/site.js';

export interface SimulateResult {
  readonly hosts: number;
  readonly networks: number;
  readonly ports: number;
  readonly flows: number;
  /** What the fake hosts were given: tunnel ports by type, and how many keys they take packets with. */
  readonly tunnels: FakeTunnels;
  /** Hosts heard, their bridges and tunnels made. */
  readonly setUp: Cost;
  /** All ports but those of the changes. */
  readonly plugAll: Cost;
  /** Milliseconds from a plug until every host concerned has the port's flows, read back. */
  readonly oneChange: { readonly p50: number; readonly p99: number; readonly n: number };
  readonly changesPerSecond: number;
  readonly changes: Cost;
  /** Another controller over hosts that are right. */
  readonly restart: Cost;
  readonly fakeHosts: { readonly cpuSeconds: number; readonly megabytes: number };
}

/** Changes under way at once. */
const TOGETHER = 16;

const rank = (sorted: readonly number[], p: number): number =>
  sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;

/** Tells how far it is, on stderr: a line that is written over on a terminal, else a line for each step. */
class Progress {
  readonly #terminal = process.stderr.isTTY === true;

  step(text: string): void {
    process.stderr.write(this.#terminal ? `\r\x1b[K${text}` : `${text}\n`);
  }

  /** While it lasts, told again every second. */
  async during<V>(text: () => string, work: Promise<V>): Promise<V> {
    this.step(text());
    const timer = setInterval(() => this.#terminal && this.step(text()), 1000);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  end(): void {
    if (this.#terminal) process.stderr.write('\r\x1b[K');
  }
}

/** Ports spread over all of them, to be plugged in later. */
function spread(all: readonly string[], count: number): readonly string[] {
  const step = all.length / count;
  return Array.from({ length: count }, (_, i) => all[Math.floor((i + 0.5) * step)] as string);
}

async function atOnce(simulation: Simulation, ids: readonly string[]): Promise<void> {
  const left = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await simulation.plugOne(id);
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
}

async function measured(options: SimulateOptions, progress: Progress): Promise<SimulateResult> {
  const { hosts, networks, ports, tunnels, encapsulation } = options;
  const site = siteOf({ hosts, networks, ports, tunnels, encapsulation });
  const all = [...site.places.values()].flat();
  const later = spread(all, Math.min(2 * options.changes, Math.floor(all.length / 2) * 2));
  const [one, many] = [later.filter((_, i) => i % 2 === 0), later.filter((_, i) => i % 2 === 1)];
  const simulation = await progress.during(() => `starting ${hosts} fake hosts`, Simulation.start(site));
  try {
    const right = (): string => `${simulation.confirmedHosts} of ${hosts} hosts confirmed`;
    const first = simulation.measured(() => simulation.startController());
    const setUp = await progress.during(() => `setting hosts up: ${right()}`, first);
    const rest = simulation.measured(() => simulation.plugAll(new Set(later)));
    const plugAll = await progress.during(() => `plugging ${ports - later.length} ports in`, rest);
    const times: number[] = [];
    for (const id of one) {
      progress.step(`one change: ${times.length} of ${one.length}`);
      times.push(await simulation.plugOne(id));
    }
    times.sort((a, b) => a - b);
    const together = simulation.measured(() => atOnce(simulation, many));
    const changes = await progress.during(() => `${many.length} changes at once`, together);
    await simulation.stopController();
    const again = simulation.measured(() => simulation.startController());
    const restart = await progress.during(() => `another controller: ${right()}`, again);
    const { flows, cpuSeconds, megabytes } = await simulation.stats();
    const given = await simulation.tunnels();
    return {
      ...{ hosts, networks, ports, flows, tunnels: given, setUp, plugAll },
      oneChange: { p50: rank(times, 0.5), p99: rank(times, 0.99), n: times.length },
      changesPerSecond: many.length / changes.seconds,
      ...{ changes, restart, fakeHosts: { cpuSeconds, megabytes } },
    };
  } finally {
    await simulation.close();
  }
}

const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function printed(result: SimulateResult): string {
  const table = new Table({
    head: ['step', 'seconds', 'CPU s', 'flow_mods', 'memory MB'],
    style: { head: [], border: [] },
  });
  const row = (step: string, { seconds, cpuSeconds, flowMods, megabytes }: Cost): void =>
    void table.push([step, short(seconds), short(cpuSeconds), flowMods, short(megabytes)]);
  row('hosts set up', result.setUp);
  row('ports plugged in', result.plugAll);
  row('changes at once', result.changes);
  row('another controller', result.restart);
  const { p50, p99, n } = result.oneChange;
  const ports = Object.entries(result.tunnels.ports).map(([type, count]) => `${count} ${type} tunnel ports`);
  const held = [`${result.flows} flows`, ...ports, `${result.tunnels.keys} keys`].join(', ');
  return [
    `${result.hosts} hosts, ${result.networks} networks, ${result.ports} ports: ${held}`,
    table.toString(),
    `one change, plugged to confirmed everywhere: ${short(p50)} ms median, ${short(p99)} ms 99th percentile (${n})`,
    `changes: ${short(result.changesPerSecond)} a second`,
    `the fake hosts' own process: ${short(result.fakeHosts.cpuSeconds)} s CPU, ${short(result.fakeHosts.megabytes)} MB`,
  ].join('\n');
}

/** Runs the simulation; returns the exit code. */
export async function runSimulate(options: SimulateOptions): Promise<number> {
  const progress = new Progress();
  const result = await measured(options, progress);
  progress.end();
  console.log(options.json === true ? JSON.stringify(result) : printed(result));
  return 0;
}
