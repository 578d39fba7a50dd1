/**
 * scale: 1,000 fake hosts with 50,000 ports in 20,000 networks, one of them with 5,000 ports on 500 hosts. A port is
 * plugged in, any of them by chance, and the time is taken until every host concerned has its flows, read back; then many
 * are, as fast as they are confirmed. The hosts are a second process on real OpenFlow and OVSDB sockets.
 */

import { Simulation } from '../src/cli/simulate/simulation.js';
import { type SiteSize, siteOf } from '../src/cli/simulate/site.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import { exponent } from './scale/exponent.js';

const SIZE = { hosts: 1000, networks: 20_000, ports: 50_000, large: { ports: 5000, hosts: 500 } };
const COUNTS = { oneByOne: 200, atOnce: 600 };
const QUICK_COUNTS = { oneByOne: 60, atOnce: 180 };
const TOGETHER = 32;

const say = (text: string): void => {
  process.stderr.write(`scale: ${text}\n`);
};

const scaled = (share: number): SiteSize => ({
  hosts: Math.round(SIZE.hosts * share),
  networks: Math.round(SIZE.networks * share),
  ports: Math.round(SIZE.ports * share),
  tunnels: 'flow',
  large: { ports: Math.round(SIZE.large.ports * share), hosts: Math.round(SIZE.large.hosts * share) },
});

export interface Scale {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
  readonly setUpSeconds: number;
}

/** Every so-many-th port: of the large network as many as its share. */
function chosen(size: SiteSize, count: number): readonly string[] {
  const ids = siteOf(size).topology.networks.flatMap(({ ports }) => ports.map(({ ifaceId }) => ifaceId));
  const step = ids.length / count;
  return Array.from({ length: count }, (_, i) => ids[Math.floor((i + 0.5) * step)] as string);
}

async function changes(simulation: Simulation, ids: readonly string[]): Promise<void> {
  const left = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await simulation.plugOne(id);
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
}

async function measured(share: number, { oneByOne, atOnce }: typeof COUNTS): Promise<Scale> {
  const size = scaled(share);
  const ids = chosen(size, Math.min(oneByOne + atOnce, Math.floor(size.ports / 2)));
  const one = ids.filter((_, i) => i % 4 === 0).slice(0, oneByOne);
  const many = ids.filter((_, i) => i % 4 !== 0).slice(0, atOnce);
  const simulation = await Simulation.start(siteOf(size));
  try {
    const setUp = await simulation.measured(async () => {
      await simulation.startController();
      await simulation.plugAll(new Set(ids));
    });
    say(`${JSON.stringify(size)} set up: ${JSON.stringify(setUp)}`);
    const times: number[] = [];
    for (const id of one) times.push(await simulation.plugOne(id));
    const sustained = await simulation.measured(() => changes(simulation, many));
    const result = {
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
      perSecond: many.length / sustained.seconds,
      cpuSeconds: sustained.cpuSeconds,
      megabytes: sustained.megabytes,
      setUpSeconds: setUp.seconds,
    };
    say(`${size.hosts} hosts: ${JSON.stringify(result)}; fake hosts: ${JSON.stringify(await simulation.stats())}`);
    return result;
  } finally {
    await simulation.close();
  }
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const shares = quick ? [0.03, 0.1] : [0.1, 1 / 3, 1];
  const counts = quick ? QUICK_COUNTS : COUNTS;
  const points: Scale[] = [];
  for (const share of shares) points.push(await measured(share, counts));
  const whole = points.at(-1) as Scale;
  const hosts = Math.round(SIZE.hosts * (shares.at(-1) ?? 1));
  const grows = exponent(points.map(({ p50 }, i) => [shares[i] as number, p50] as const));
  const of = (name: string, unit: string, value: number): Figure =>
    figure(
      { bench: 'scale', figure: name, unit: quick ? `${unit}, at ${hosts} hosts` : unit, n: counts.oneByOne },
      value,
    );
  return [
    of('one-change-p99-ms', 'ms', whole.p99),
    of('one-change-p50-ms', 'ms', whole.p50),
    of('changes-per-second', '1/s', whole.perSecond),
    of('cpu-seconds-per-change', 's', whole.cpuSeconds / counts.atOnce),
    of('megabytes', 'MB', whole.megabytes),
    of('set-up-seconds', 's', whole.setUpSeconds),
    of('exponent', 'd log p50 / d log size', grows),
  ];
}
