/**
 * restart: a controller that begins over 1,000 fake hosts of some 364 flows each, all as they should be: it connects to all
 * of them over real sockets, reads what they hold, and must find nothing to send. The hosts are a second process; the CPU
 * is the controller's. `probes-lost`: of looks at every host, each 10 ms, those that found a flow gone or replaced.
 */

import { type Cost, Simulation } from '../src/cli/simulate/simulation.js';
import { siteOf } from '../src/cli/simulate/site.js';
import { type BenchOptions, type Figure, figure } from './figure.js';
import { exponent } from './scale/exponent.js';

const HOSTS = 1000;
/** Hosts of a rack, each with a port of each network of the rack: 364 flows on a host. */
const RACK = 8;
const NETWORKS_OF_RACK = 6;
const WATCH_MS = 10;

const say = (text: string): void => {
  process.stderr.write(`restart: ${text}\n`);
};

interface Restart extends Cost {
  readonly lost: number;
  readonly flows: number;
}

async function measured(hosts: number): Promise<Restart> {
  const racks = Math.floor(hosts / RACK);
  const networks = racks * NETWORKS_OF_RACK;
  const site = siteOf({ hosts: racks * RACK, networks, ports: networks * RACK, tunnels: 'mesh', rack: RACK });
  const simulation = await Simulation.start(site);
  try {
    await simulation.startController();
    await simulation.plugAll();
    await simulation.stopController();
    await simulation.hosts.ask('watch', { everyMs: WATCH_MS });
    const cost = await simulation.measured(() => simulation.startController());
    const { lost, looks } = await simulation.hosts.ask('watched', null);
    const { flows } = await simulation.stats();
    if (looks < hosts) throw new Error(`only ${looks} looks at ${hosts} hosts`);
    say(`${hosts} hosts, ${flows} flows: ${JSON.stringify({ ...cost, lost, looks })}`);
    return { ...cost, lost, flows };
  } finally {
    await simulation.close();
  }
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const shares = quick ? [0.1, 1 / 3] : [0.1, 1 / 3, 1];
  const points: Restart[] = [];
  for (const share of shares) points.push(await measured(Math.round(HOSTS * share)));
  const whole = points.at(-1) as Restart;
  // The quick run tells what the full size would take, from what it has measured.
  const grows = exponent(points.map(({ flows, cpuSeconds }) => [flows, cpuSeconds] as const));
  const of = (name: string, unit: string, value: number): Figure =>
    figure({ bench: 'restart', figure: name, unit, n: 1 }, value);
  return [
    of('cpu-seconds', quick ? `s, at ${Math.round(HOSTS / 3)} hosts` : 's', whole.cpuSeconds),
    of('flow-mods', 'flow_mods', whole.flowMods),
    of('probes-lost', 'looks', whole.lost),
    of('seconds', 's', whole.seconds),
    of('flows-per-host', 'flows', whole.flows / Math.round(HOSTS * (shares.at(-1) ?? 1))),
    of('cpu-seconds-tenth', 's', (points[0] as Restart).cpuSeconds),
    of('cpu-seconds-third', 's', (points[1] as Restart).cpuSeconds),
    of('exponent', 'd log CPU / d log flows', grows),
  ];
}
