/**
 * one-port-at-scale: one more port is plugged into a real Open vSwitch (dummy datapath), in networks of 1,000, 10,000 and
 * 100,000 ports on 50 other hosts, until the switch has the last of its flows (by its own flow monitor). Beside OVN with
 * 10,000 ports. Both have the port in their intent from the start, and its row in OVSDB begins the time.
 */
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import type { Tenants } from './flows-per-host/tenants.js';
import { ovnMissing } from './one-port/ovn.js';
import { type Additions, kakuriAdditions, ovnAdditions } from './one-port-at-scale/measure.js';
import { exponent } from './scale/exponent.js';

const PORTS = 10;
const OTHERS = 50;
const LOCAL = 100;
const SIZES = [
  ['1k', 1000],
  ['10k', 10_000],
  ['100k', 100_000],
] as const;
const BESIDE = '10k';

const say = (text: string): void => {
  process.stderr.write(`one-port-at-scale: ${text}\n`);
};

const tenantsOf = (ports: number, more: number): Tenants => ({
  networks: ports / PORTS,
  ports: PORTS,
  hosts: 1 + OTHERS,
  local: { networks: Math.min(LOCAL, ports / PORTS), more },
});

const told = ({ times, flows }: Additions): string =>
  `p50 ${percentile(times, 0.5).toFixed(1)} ms, most ${Math.max(...times).toFixed(1)} ms, ${flows} flows changed`;

export { ovnMissing as missing };

/** `quick` leaves the 100,000 ports out, of which setting up alone takes minutes. */
export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const more = quick ? 20 : 60;
  const ours = new Map<string, Additions>();
  for (const [name, ports] of quick ? SIZES.slice(0, 2) : SIZES) {
    const found = await kakuriAdditions(tenantsOf(ports, more));
    say(`Kakuri, ${name} ports: ${told(found)}`);
    ours.set(name, found);
  }
  const theirs = await ovnAdditions(tenantsOf(10_000, more));
  say(`OVN, ${BESIDE} ports: ${told(theirs)}`);
  const { times } = ours.get(BESIDE) as Additions;
  const of = (name: string, unit = 'ms') => ({ bench: 'one-port-at-scale', figure: name, unit, n: more });
  const ovn = (p: number) => ({ name: 'OVN', value: percentile(theirs.times, p) });
  const medians = [...ours].map(([name, { times: all }]) => [name, percentile(all, 0.5)] as const);
  const grows = exponent(medians.map(([name, ms]) => [SIZES.find(([size]) => size === name)?.[1] ?? 0, ms] as const));
  return [
    figure(of('p50-vs-ovn'), percentile(times, 0.5), ovn(0.5)),
    figure(of('p99-vs-ovn'), percentile(times, 0.99), ovn(0.99)),
    figure(of('p99-ms'), percentile(times, 0.99)),
    ...medians.map(([name, ms]) => figure(of(`p50-ms-${name}`), ms)),
    figure(of('exponent', 'd log p50 / d log ports'), grows),
  ];
}
