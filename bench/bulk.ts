/**
 * bulk: 10,000 ports in 1,000 networks on 20 real Open vSwitch (dummy datapath), whose VMs are plugged in already: from the
 * text of the topology file until every host holds its flows, read back. Beside it OVN on 20 of the same, from the first
 * row of its NB until `ovn-nbctl --wait=hv sync` returns, and the bare limit: the same octets, encoded beforehand, written
 * to the same switches. `--fraction F` takes that share of networks and ports; the hosts stay 20.
 */
import { allocateKeys, parseTopology, type Topology } from '../src/topology/index.js';
import { ovnBulk } from './bulk/ovn.js';
import { recording, replay } from './bulk/replay.js';
import { fileOf, idsAt } from './bulk/tenants.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import { hostName, type Tenants } from './flows-per-host/tenants.js';
import { ovnMissing } from './one-port/ovn.js';
import { exponent } from './scale/exponent.js';
import { Kakuri } from './scale/kakuri.js';
import { type Pair, startPairs } from './scale/pair.js';

const SIZE: Tenants = { networks: 1000, ports: 10, hosts: 20 };
const QUICK = 0.1;

const say = (text: string): void => {
  process.stderr.write(`bulk: ${text}\n`);
};

function read(text: string): Topology {
  const { draft, problems } = parseTopology(text, 'bulk');
  const topology = draft && allocateKeys(draft).topology;
  if (topology === undefined) throw new Error(`the benchmark's topology: ${JSON.stringify(problems.slice(0, 3))}`);
  return topology;
}

interface Bulk {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly limit: number;
  readonly flows: number;
}

const totalFlows = async (pairs: readonly Pair[]): Promise<number> =>
  (await Promise.all(pairs.map((pair) => pair.flowCount()))).reduce((a, b) => a + b, 0);

/** What the controller made, from octets: into the same switches, emptied. */
async function limitOf(kakuri: Kakuri, pairs: readonly Pair[], flows: number): Promise<number> {
  const octets = pairs.map((_, host) => {
    const desired = kakuri.controller.report(hostName(host)).result?.desired;
    if (desired === undefined) throw new Error(`${hostName(host)}: nothing is known of what it should hold`);
    return recording(desired);
  });
  await kakuri.stop();
  for (const pair of pairs) for (const what of ['del-flows', 'del-groups', 'del-meters']) await pair.ofctl(what);
  const seconds = await replay(pairs.map((pair, i) => [pair.mgmt, octets[i] as Buffer] as const));
  const arrived = await totalFlows(pairs);
  if (arrived !== flows) throw new Error(`${arrived} flows arrived by replay, not ${flows}`);
  return seconds;
}

async function kakuriBulk(tenants: Tenants): Promise<Bulk> {
  const pairs = await startPairs(tenants.hosts);
  try {
    const sockets = pairs.map(({ socket }) => socket);
    const kakuri = await Kakuri.start(read(fileOf(tenants, sockets, 0)));
    try {
      await kakuri.settled();
      for (const [host, pair] of pairs.entries()) await pair.plug(idsAt(tenants, host));
      await kakuri.until('ports with numbers', () =>
        pairs.every((_, host) => {
          const rows = kakuri.controller.state.world.facts.get(hostName(host))?.interfaces ?? [];
          const numbered = rows.filter(({ ofport, ifaceId }) => ofport !== undefined && ifaceId !== undefined);
          return numbered.length === idsAt(tenants, host).length;
        }),
      );
      await kakuri.settled();
      const text = fileOf(tenants, sockets, tenants.networks);
      const [begun, cpu] = [performance.now(), process.cpuUsage()];
      const topology = read(text);
      say(`read after ${((performance.now() - begun) / 1000).toFixed(2)} s`);
      kakuri.controller.setTopology(topology);
      const created = topology.networks.flatMap(({ ports }) => ports).filter(({ hosts }) => hosts !== undefined);
      await kakuri.settled(created.map(({ path }) => path));
      const seconds = (performance.now() - begun) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const flows = await totalFlows(pairs);
      return { seconds, cpuSeconds: (user + system) / 1e6, limit: await limitOf(kakuri, pairs, flows), flows };
    } finally {
      await kakuri.stop();
    }
  } finally {
    for (const pair of pairs) await pair.stop();
  }
}

export { ovnMissing as missing };

const scaled = (share: number): Tenants => ({ ...SIZE, networks: Math.max(1, Math.round(SIZE.networks * share)) });

export async function run({ quick, fraction }: BenchOptions): Promise<readonly Figure[]> {
  const share = fraction ?? (quick ? QUICK : 1);
  const rounds = quick || share < 1 ? 2 : 3;
  const of = scaled(share);
  const small = await kakuriBulk(scaled(share / 3));
  say(`a third of it: ${JSON.stringify(small)}`);
  const ours: Bulk[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const one = await kakuriBulk(of);
    say(`${of.networks} networks: ${JSON.stringify(one)}`);
    const other = await ovnBulk(of);
    say(`OVN: ${JSON.stringify(other)}`);
    ours.push(one);
    theirs.push(other.seconds);
  }
  const median = (value: (bulk: Bulk) => number): number => percentile(ours.map(value), 0.5);
  const seconds = median((bulk) => bulk.seconds);
  const unit = share === 1 ? 's' : `s, at ${share} of the size`;
  const name = (text: string, n = rounds) => ({ bench: 'bulk', figure: text, unit, n });
  const grows = exponent([
    [small.flows, small.seconds],
    [median((bulk) => bulk.flows), seconds],
  ]);
  return [
    figure(name('vs-ovn'), seconds, { name: 'OVN', value: percentile(theirs, 0.5) }),
    figure(name('vs-limit'), seconds, { name: 'replay of the same octets', value: median((bulk) => bulk.limit) }),
    figure(
      name('cpu-seconds'),
      median((bulk) => bulk.cpuSeconds),
    ),
    figure({ ...name('exponent', 1), unit: 'd log seconds / d log flows' }, grows),
  ];
}
