/**
 * dataplane: what packets cost through Kakuri's pipeline, beside OVN's and beside the fewest static flows that work, each
 * with hypervisors of its own, all up at once; measured in turns. And the masks of the datapath while tenants grow.
 */
import { existsSync } from 'node:fs';
import { masksByTenants, TENANTS } from './dataplane/masks.js';
import { type Effort, measure, prepare, type Row } from './dataplane/measures.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import { kakuri } from './one-port/kakuri.js';
import { ovn, ovnMissing } from './one-port/ovn.js';
import { type Contestant, openSite, type Site } from './one-port/site.js';
import { staticFlows } from './one-port/static.js';
import { untilInterrupted } from './one-port/until-interrupted.js';
import { working } from './one-port/working.js';
import { PeersProcess } from './peers-process.js';

/** Many short rounds: what disturbs the machine for some seconds then hits all systems alike, and the median ignores it. */
const ROUNDS = 41;
const QUICK_ROUNDS = 19;
const EFFORT: Effort = { tcpSeconds: 1, packets: 8_000, firstPackets: 7, connectionSeconds: 0.5 };

const say = (text: string): void => {
  process.stderr.write(`dataplane: ${text}\n`);
};

export const missing = (): string | undefined =>
  ovnMissing() ?? (existsSync('/usr/bin/iperf3') ? undefined : 'apt-get install -y iperf3');

type Rows = ReadonlyMap<string, readonly Row[]>;

async function rounds(contestants: readonly Contestant[], quick: boolean, alive: () => void): Promise<Rows> {
  const rows = new Map<string, Row[]>(contestants.map(({ name }) => [name, []]));
  const connections = new PeersProcess('connections.py');
  try {
    for (let round = 0; round < (quick ? QUICK_ROUNDS : ROUNDS); round += 1)
      for (let turn = 0; turn < contestants.length; turn += 1) {
        alive();
        const contestant = contestants[(round + turn) % contestants.length] as Contestant;
        const row = await measure(contestant, EFFORT, connections);
        rows.get(contestant.name)?.push(row);
        say(
          `${contestant.name}: ${Object.entries(row)
            .map(([k, v]) => `${k} ${v.toPrecision(4)}`)
            .join(', ')}`,
        );
      }
  } finally {
    connections.stop();
  }
  return rows;
}

function figures(rows: Rows): readonly Figure[] {
  const [ours, ovnRows, limit] = [...rows.values()] as [readonly Row[], readonly Row[], readonly Row[]];
  const [, ovnName, limitName] = [...rows.keys()] as [string, string, string];
  const median = (all: readonly Row[], what: keyof Row): number =>
    percentile(
      all.map((row) => row[what]),
      0.5,
    );
  const one = (name: string, what: keyof Row, unit: string, others: readonly Row[], othersName: string): Figure =>
    figure({ bench: 'dataplane', figure: name, unit, n: ours.length }, median(ours, what), {
      name: othersName,
      value: median(others, what),
    });
  return [
    one('tcp-vs-static', 'tcp', 'Mbit/s', limit, limitName),
    one('packets-vs-static', 'packets', 'packets/s', limit, limitName),
    one('tcp-vs-ovn', 'tcp', 'Mbit/s', ovnRows, ovnName),
    one('packets-vs-ovn', 'packets', 'packets/s', ovnRows, ovnName),
    one('first-packet-vs-ovn', 'firstPacket', 'ms', ovnRows, ovnName),
    one('connections-vs-ovn', 'connections', 'connections/s', ovnRows, ovnName),
  ];
}

/** Masks without BFD are the figures; with it, where there is time, on stderr. */
async function masks(quick: boolean): Promise<readonly Figure[]> {
  const plain = await masksByTenants('flow');
  for (const mask of plain.at(-1) ?? []) say(`mask: ${mask}`);
  if (!quick) {
    const withBfd = await masksByTenants('mesh');
    say(`masks with BFD (tunnels: mesh): ${withBfd.map((set) => set.size).join(', ')}`);
  }
  return TENANTS.map((tenants, i) =>
    figure({ bench: 'dataplane', figure: `masks-${tenants}`, unit: 'masks', n: 1 }, plain[i]?.size ?? Number.NaN),
  );
}

async function traffic(quick: boolean, alive: () => void): Promise<readonly Figure[]> {
  const sites: Site[] = [];
  const contestants: Contestant[] = [];
  try {
    for (const build of [kakuri, ovn, staticFlows]) {
      alive();
      say(`building three hypervisors (${build.name})`);
      const site = await openSite(0);
      sites.push(site);
      const contestant = await build(site);
      contestants.push(contestant);
      await working(contestant);
      await prepare(contestant);
    }
    return figures(await rounds(contestants, quick, alive));
  } finally {
    for (const contestant of contestants) await contestant.stop();
    for (const site of sites) await site.stop();
  }
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  if (process.getuid?.() !== 0) throw new Error('the benchmark makes network namespaces: run it as root');
  const alive = untilInterrupted();
  const measured = await traffic(quick, alive);
  alive();
  return [...measured, ...(await masks(quick))];
}
