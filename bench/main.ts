/**
 * The benchmarks' command line: `main.js NAME [--quick] [--fraction F]`, or `--list`. Exit codes: 0 measured, 1 failed, 2 bad usage,
 * 3 a peer is missing (stderr names the command that brings it).
 */
import { parseArgs } from 'node:util';
import type { BenchModule } from './figure.js';

interface Bench {
  readonly name: string;
  /** One line for `--list`. */
  readonly about: string;
  /** Loaded when run, so that a broken benchmark does not break the others. */
  readonly load: () => Promise<BenchModule>;
}

/** Every benchmark. The one place to add one. */
const BENCHES: readonly Bench[] = [
  {
    name: 'codec',
    about: 'OpenFlow codec: FLOW_MODs encoded and flow statistics decoded, beside os-ken',
    load: () => import('./codec.js'),
  },
  {
    name: 'push',
    about: 'flows pushed into one ovs-vswitchd, beside a replay of the same octets and ovs-ofctl',
    load: () => import('./push.js'),
  },
  {
    name: 'one-port',
    about: 'port plugged in to first ping across hosts, beside OVN and static flows',
    load: () => import('./one-port.js'),
  },
  {
    name: 'ovsdb',
    about: 'OVSDB client: snapshots and transactions, beside JSON.parse and the Python IDL',
    load: () => import('./ovsdb.js'),
  },
  {
    name: 'dataplane',
    about: 'TCP, small packets, first packets and connections, beside OVN and static flows; masks',
    load: () => import('./dataplane.js'),
  },
  {
    name: 'flows-per-host',
    about: 'OpenFlow flows on one host for 1,000 networks over 20 hosts, beside OVN',
    load: () => import('./flows-per-host.js'),
  },
  {
    name: 'migration',
    about: 'live migration: the gap after the RARP, beside two VMs that stay, with TCP running',
    load: () => import('./migration.js'),
  },
  {
    name: 'evaluate',
    about: 'each scheme: TCP beside no encapsulation, and the gap when a leaf-spine fabric fails silently',
    load: () => import('./evaluate.js'),
  },
  {
    name: 'cold-start',
    about: '3,000 hosts, 63,000 ports, 7,000 networks: all flows computed and encoded; time and memory',
    load: () => import('./cold-start.js'),
  },
  {
    name: 'restart',
    about: 'a new controller over 1,000 fake hosts that are right: CPU, and that nothing is sent or lost',
    load: () => import('./restart.js'),
  },
  {
    name: 'kill',
    about: 'the controller killed at 200 moments of updates, on real Open vSwitch: probes lost, time to converge',
    load: () => import('./kill.js'),
  },
  {
    name: 'bulk',
    about: '10,000 ports in 1,000 networks on 20 Open vSwitch, beside OVN and a replay of the same octets',
    load: () => import('./bulk.js'),
  },
  {
    name: 'one-port-at-scale',
    about: 'one more port among 1,000, 10,000 and 100,000, plug to last flow on its switch, beside OVN',
    load: () => import('./one-port-at-scale.js'),
  },
  {
    name: 'minimality',
    about: 'flow_mods sent over random histories, beside the exact difference of the tables',
    load: () => import('./minimality.js'),
  },
  {
    name: 'scale',
    about: '1,000 fake hosts, 50,000 ports: one port change confirmed everywhere, changes per second',
    load: () => import('./scale.js'),
  },
  {
    name: 'verify',
    about: 'the isolation proof over 1,000 hosts: in full, and after one flow changed',
    load: () => import('./verify.js'),
  },
  {
    name: 'verify-quality',
    about: 'mutants that leak and are not found, alarms on right states',
    load: () => import('./verify-quality.js'),
  },
];

const list = (): string => BENCHES.map(({ name, about }) => `${name.padEnd(16)}${about}`).join('\n');

interface Usage {
  readonly name: string | undefined;
  readonly quick: boolean;
  readonly fraction?: number;
  readonly list: boolean;
}

/** The command line; a string is what is wrong with it. */
function usage(args: readonly string[]): Usage | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        fraction: { type: 'string' },
      },
    });
    if (positionals.length > 1) return `one benchmark at a time, not ${positionals.join(' ')}`;
    const fraction = values.fraction === undefined ? undefined : Number(values.fraction);
    if (fraction !== undefined && !(fraction > 0 && fraction <= 1)) return '--fraction is a number above 0, up to 1';
    const size = fraction === undefined ? {} : { fraction };
    return { name: positionals[0], quick: values.quick, list: values.list, ...size };
  } catch (error) {
    return (error as Error).message;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const given = usage(args);
  if (typeof given !== 'string' && given.list) {
    console.log(list());
    return 0;
  }
  const bench = typeof given === 'string' ? undefined : BENCHES.find(({ name }) => name === given.name);
  if (typeof given === 'string' || bench === undefined) {
    const wrong =
      typeof given === 'string' ? given : given.name === undefined ? 'which one?' : `no benchmark ${given.name}`;
    console.error(`bench: ${wrong}\nusage: npm run bench -- NAME [--quick] [--fraction F]\n${list()}`);
    return 2;
  }
  try {
    const { run, missing } = await bench.load();
    const install = missing?.();
    if (install !== undefined) {
      console.error(`bench: ${bench.name}: what it measures beside is not installed: ${install}`);
      return 3;
    }
    for (const figure of await run(given)) console.log(JSON.stringify(figure));
    return 0;
  } catch (error) {
    console.error(`bench: ${(error as Error).stack}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
