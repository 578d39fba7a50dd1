/**
 * migration: a VM moves between three hypervisors as libvirt does it (the destination's port is there before the VM is),
 * with a TCP connection and a frame each millisecond to it. Measured is the longest time without an arrival in the half
 * second after the VM's RARP, beside the same between two VMs that stay: what the machine itself does not let through.
 */

import { Site, until } from '../src/cli/evaluate/site.js';
import type { LabVm } from '../src/cli/lab-process.js';
import type { Status } from '../src/controller/index.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';
import { PeersProcess } from './peers-process.js';

const MOVES = 300;
const QUICK_MOVES = 60;
/** Seconds after the RARP in which the gap is looked for. */
const WINDOW = 0.5;
const HOSTS = ['hv1', 'hv2', 'hv3'] as const;
const MOBILE = 'red-vm1';
/** The bridge that a VM with several legs has (mininet/kakuri_lab/mobile.py). */
const MOBILE_INTERFACE = 'vm0';

interface LabVmWithPid extends LabVm {
  readonly pid: number;
}

interface Move {
  readonly gapMs: number;
  readonly noiseMs: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly broken: number;
}

const say = (text: string): void => {
  process.stderr.write(`migration: ${text}\n`);
};

function topology(): object {
  const port = (n: number, hosts?: readonly string[]) => ({
    mac: `02:00:00:00:01:0${n}`,
    ips: [`192.168.0.${n}`],
    ...(hosts === undefined ? {} : { hosts }),
  });
  const network = (ports: object) => ({ networks: { web: { subnets: ['192.168.0.0/24'], ports } } });
  return {
    underlay: { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 },
    hosts: Object.fromEntries(
      HOSTS.map((name, i) => [name, { ovsdb: 'tcp:127.0.0.1:6640', vtep: `10.99.0.${i + 1}` }]),
    ),
    tenants: {
      red: network({ [MOBILE]: port(1), 'red-vm2': port(2, ['hv2']) }),
      blue: network({ 'blue-vm1': port(1, ['hv1']), 'blue-vm2': port(2, ['hv2']) }),
    },
  };
}

const vmOf = (site: Site, name: string): LabVmWithPid => site.lab.ready.vms[name] as LabVmWithPid;

const end = ({ mac, ips }: LabVm): readonly [string, string] => [mac, ips[0] as string];

const path = (from: LabVmWithPid, to: LabVmWithPid, iface: string) => ({
  from: from.pid,
  to: to.pid,
  interface: iface,
  src: end(from),
  dst: end(to),
});

const portOf = async (site: Site): Promise<Status['ports'][number] | undefined> =>
  (await site.status()).ports.find(({ ifaceId }) => ifaceId === MOBILE);

/** One move; what was seen of it. */
async function move(site: Site, watch: PeersProcess, from: string, to: string): Promise<Move> {
  const { lab } = site;
  const { tap } = await lab.request<{ readonly tap: string }>('plug_leg', { vm: MOBILE, host: to });
  await until(`${MOBILE} to be received on ${to}`, async () => {
    const port = await portOf(site);
    const args = ['get', 'Interface', tap, 'external_ids'];
    const { stdout } = await lab.request<{ readonly stdout: string }>('vsctl', { host: to, args });
    return port?.migratingTo === to && stdout.includes('kakuri-installed');
  });
  await lab.request('cut_over', { vm: MOBILE, host: to });
  const seen = await watch.answer<Move>({ do: 'take', window: WINDOW });
  await until(`${MOBILE} to be on ${to}`, async () => {
    const port = await portOf(site);
    return port?.host === to && port.migratingTo === undefined;
  });
  await lab.request('unplug_leg', { vm: MOBILE, host: from });
  return seen;
}

async function measured(site: Site, moves: number): Promise<readonly Move[]> {
  const watch = new PeersProcess('one_way.py');
  try {
    const [mobile, still, a, b] = [MOBILE, 'red-vm2', 'blue-vm1', 'blue-vm2'].map((name) => vmOf(site, name)) as [
      LabVmWithPid,
      LabVmWithPid,
      LabVmWithPid,
      LabVmWithPid,
    ];
    const list: Move[] = [];
    let at = 0;
    const next = async (): Promise<Move> => {
      const from = HOSTS[at] as string;
      at = (at + 1) % HOSTS.length;
      return move(site, watch, from, HOSTS[at] as string);
    };
    // The first leg beside the VM's own makes the bridge at which it hears.
    await site.lab.request('plug_leg', { vm: MOBILE, host: HOSTS[1] });
    await watch.answer({
      do: 'start',
      probe: path(still, mobile, MOBILE_INTERFACE),
      noise: path(a, b, 'eth0'),
      tcp: { from: still.pid, to: mobile.pid, ip: mobile.ips[0] },
    });
    for (let i = 0; i < moves; i++) {
      list.push(await next());
      if ((i + 1) % 20 === 0) say(`${i + 1} of ${moves} moves`);
    }
    return list;
  } finally {
    watch.stop();
  }
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const moves = quick ? QUICK_MOVES : MOVES;
  const site = await Site.start(topology());
  try {
    await site.plug(Object.keys(site.lab.ready.vms));
    const list = await measured(site, moves);
    const of = { bench: 'migration', n: moves };
    const at = (key: 'gapMs' | 'noiseMs', p: number): number =>
      percentile(
        list.map((one) => one[key]),
        p,
      );
    const sum = (key: 'broken' | 'duplicates' | 'lost'): number => list.reduce((total, one) => total + one[key], 0);
    return [
      figure({ ...of, figure: 'gap-p99-ms', unit: 'ms' }, at('gapMs', 0.99), {
        name: 'two VMs that stay',
        value: at('noiseMs', 0.99),
      }),
      figure({ ...of, figure: 'gap-p50-ms', unit: 'ms' }, at('gapMs', 0.5), {
        name: 'two VMs that stay',
        value: at('noiseMs', 0.5),
      }),
      figure({ ...of, figure: 'noise-p99-ms', unit: 'ms' }, at('noiseMs', 0.99)),
      figure({ ...of, figure: 'tcp-broken', unit: 'connections' }, sum('broken')),
      figure({ ...of, figure: 'duplicates', unit: 'frames' }, sum('duplicates')),
      figure({ ...of, figure: 'lost-per-move', unit: 'frames' }, sum('lost') / moves),
    ];
  } finally {
    await site.stop();
  }
}
