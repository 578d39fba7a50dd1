/**
 * one-port: from a port's plug (the start of `ovs-vsctl add-port`) to its first ping across hosts, for Kakuri, OVN and
 * static flows. Each has hypervisors of its own, all up at once; a round adds one port to each, in an order that turns,
 * so that a busy minute of the machine hits all three alike. The intent holds all ports from the start in all three.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import { kakuri } from './one-port/kakuri.js';
import { ovn, ovnMissing } from './one-port/ovn.js';
import { baseOf, type Contestant, firstIp, openSite, type Site, type SiteVm } from './one-port/site.js';
import { staticFlows } from './one-port/static.js';
import { eventually, sleep } from './one-port/wait.js';

const ADDITIONS = 50;
const QUICK_ADDITIONS = 20;
/** Between two additions: what the first one left to do (read-backs, reports) is over, milliseconds. */
const PAUSE_MS = 150;
const PROBER = fileURLToPath(new URL('../../bench/peers/plug_to_ping.py', import.meta.url));

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** The prober's process: one request at a time. */
class PlugTimer {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    this.#child = spawn('/usr/bin/python3', [PROBER], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('the prober has no stdout');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Milliseconds from the plug to the first reply. */
  async measure(contestant: Contestant, vm: SiteVm): Promise<number> {
    const target = firstIp(baseOf(contestant.site, vm));
    const request = { pid: vm.pid, target, argv: contestant.plugCommand(vm) };
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error('the prober ended');
    const { pingMs, error } = JSON.parse(answer.value) as { readonly pingMs?: number; readonly error?: string };
    if (pingMs === undefined) throw new Error(`${contestant.name}, ${vm.ifaceId}: ${error}`);
    return pingMs;
  }

  stop(): void {
    this.#child.stdin?.end();
  }
}

/** The bases reach each other: the system works before anything is measured. */
const working = ({ name, site }: Contestant): Promise<void> =>
  eventually(`${name} to connect the first two VMs`, async () => {
    const [from, to] = site.bases as readonly [SiteVm, SiteVm];
    const result = await site.lab.request<{ received: number }>('ping', {
      from: from.ifaceId,
      to: to.ifaceId,
      count: 1,
      timeout: 0.3,
    });
    return result.received > 0;
  });

/** Plug-to-ping times by contestant, measured in turns. */
async function rounds(
  contestants: readonly Contestant[],
  additions: number,
  alive: () => void,
): Promise<ReadonlyMap<string, number[]>> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const timer = new PlugTimer();
  try {
    for (let round = 0; round < additions; round += 1)
      for (let turn = 0; turn < contestants.length; turn += 1) {
        alive();
        const contestant = contestants[(round + turn) % contestants.length] as Contestant;
        const ms = await timer.measure(contestant, contestant.site.added[round] as SiteVm);
        times.get(contestant.name)?.push(ms);
        await sleep(PAUSE_MS);
      }
  } finally {
    timer.stop();
  }
  return times;
}

function figures(times: ReadonlyMap<string, readonly number[]>): readonly Figure[] {
  const [ours, ovnTimes, limit] = [...times.values()] as [readonly number[], readonly number[], readonly number[]];
  const [, ovnName, limitName] = [...times.keys()] as [string, string, string];
  const one = (name: string, p: number, reference: readonly number[], referenceName: string): Figure =>
    figure({ bench: 'one-port', figure: name, unit: 'ms', n: ours.length }, percentile(ours, p), {
      name: referenceName,
      value: percentile(reference, p),
    });
  return [
    one('p50-vs-ovn', 0.5, ovnTimes, ovnName),
    one('p99-vs-ovn', 0.99, ovnTimes, ovnName),
    one('p50-vs-static', 0.5, limit, limitName),
    one('p99-vs-static', 0.99, limit, limitName),
  ];
}

export { ovnMissing as missing };

/** What throws once a signal asked for the end, so that everything is taken down on the way out. */
function untilInterrupted(): () => void {
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      interrupted = true;
    });
  return () => {
    if (interrupted) throw new Error('interrupted');
  };
}

/** Builds the three systems, measures them and takes everything down, also after Ctrl-C. */
export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  if (process.getuid?.() !== 0) throw new Error('the benchmark makes network namespaces: run it as root');
  const additions = quick ? QUICK_ADDITIONS : ADDITIONS;
  const alive = untilInterrupted();
  const sites: Site[] = [];
  const contestants: Contestant[] = [];
  try {
    for (const build of [kakuri, ovn, staticFlows]) {
      alive();
      say(`one-port: building three hypervisors and ${additions + 2} VMs (${build.name})`);
      const site = await openSite(additions);
      sites.push(site);
      const contestant = await build(site);
      contestants.push(contestant);
      await working(contestant);
    }
    say(`one-port: ${additions} rounds, one port each`);
    const times = await rounds(contestants, additions, alive);
    for (const [name, ms] of times)
      say(
        `one-port: ${name}: p50 ${percentile(ms, 0.5).toFixed(1)} p90 ${percentile(ms, 0.9).toFixed(1)} max ${Math.max(...ms).toFixed(1)} ms`,
      );
    return figures(times);
  } finally {
    for (const contestant of contestants) await contestant.stop();
    for (const site of sites) await site.stop();
  }
}
