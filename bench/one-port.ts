/**
 * one-port: from a port's plug (the start of `ovs-vsctl add-port`) to its first ping across hosts, for Kakuri, OVN and
 * static flows. Each has hypervisors of its own, all up at once; a round adds one port to each, in an order that turns,
 * so that a busy minute of the machine hits all three alike. The intent holds all ports from the start in all three.
 */
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import { kakuri } from './one-port/kakuri.js';
import { ovn, ovnMissing } from './one-port/ovn.js';
import { baseOf, type Contestant, firstIp, openSite, type Site, type SiteVm } from './one-port/site.js';
import { staticFlows } from './one-port/static.js';
import { untilInterrupted } from './one-port/until-interrupted.js';
import { sleep } from './one-port/wait.js';
import { working } from './one-port/working.js';
import { PeersProcess } from './peers-process.js';

const ADDITIONS = 50;
const QUICK_ADDITIONS = 20;
/** Between two additions: what the first one left to do (read-backs, reports) is over, milliseconds. */
const PAUSE_MS = 150;

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Milliseconds from the plug to the first reply. */
function measure(prober: PeersProcess, contestant: Contestant, vm: SiteVm): Promise<number> {
  const target = firstIp(baseOf(contestant.site, vm));
  return prober.ask({ pid: vm.pid, target, argv: contestant.plugCommand(vm) }, 'pingMs');
}

/** Plug-to-ping times by contestant, measured in turns. */
async function rounds(
  contestants: readonly Contestant[],
  additions: number,
  alive: () => void,
): Promise<ReadonlyMap<string, number[]>> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const prober = new PeersProcess('plug_to_ping.py');
  try {
    for (let round = 0; round < additions; round += 1)
      for (let turn = 0; turn < contestants.length; turn += 1) {
        alive();
        const contestant = contestants[(round + turn) % contestants.length] as Contestant;
        const ms = await measure(prober, contestant, contestant.site.added[round] as SiteVm);
        times.get(contestant.name)?.push(ms);
        await sleep(PAUSE_MS);
      }
  } finally {
    prober.stop();
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
