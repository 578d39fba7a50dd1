/**
 * How many masks the megaflows of a hypervisor have while tenants grow: each tenant has two VMs on two hypervisors, all
 * with the same addresses; each pings the other, asks for its address, and sends a broadcast. Masks decide what a packet
 * costs that no exact match knows, so they must not grow.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startController } from '../../src/cli/controller-process.js';
import { LabProcess } from '../../src/cli/lab-process.js';
import { eventually } from '../one-port/wait.js';

export const TENANTS = [1, 10, 100] as const;
const HOSTS = ['hv1', 'hv2'] as const;
const ip = (i: number): string => `192.168.0.${i + 1}`;
const vmName = (tenant: number, i: number): string => `t${tenant}-vm${i}`;
/** Requests to the lab at a time. */
const AT_ONCE = 16;

const topology = (tenants: number, tunnels: 'mesh' | 'flow'): object => ({
  underlay: { encapsulation: 'geneve', tunnels, mtu: 1500 },
  hosts: Object.fromEntries(HOSTS.map((name, i) => [name, { ovsdb: `tcp:127.0.0.1:6640`, vtep: `10.99.0.${i + 1}` }])),
  tenants: Object.fromEntries(
    Array.from({ length: tenants }, (_, t) => [
      `t${t}`,
      {
        networks: {
          web: {
            subnets: ['192.168.0.0/24'],
            ports: Object.fromEntries(
              HOSTS.map((host, i) => [vmName(t, i), { mac: `02:00:00:00:01:0${i + 1}`, ips: [ip(i)], hosts: [host] }]),
            ),
          },
        },
      },
    ]),
  ),
});

/** The mask of a megaflow as `dpctl/dump-flows` prints it: wildcarded fields are left out, masks stand after a slash. */
export const maskOf = (flow: string): string =>
  flow
    .replace(/, packets:.*/, '')
    .replace(/[^,()=]*=[^,()/]*/g, (pair) => pair.slice(0, pair.indexOf('=')))
    .replace(/\((0x)?[0-9a-f]+\)/g, '()')
    .replace(/in_port\([^)]*\)/, 'in_port()');

/** Flows of the underlay's own bridge are not the controller's. */
const isOverlay = (flow: string): boolean => !/in_port\((up0|br-phy)\)/.test(flow);

async function inParts<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(act));
}

class MasksSite {
  readonly #lab: LabProcess;

  constructor(lab: LabProcess) {
    this.#lab = lab;
  }

  async plug(from: number, to: number): Promise<void> {
    const tenants = Array.from({ length: to - from }, (_, i) => from + i);
    const vms = tenants.flatMap((t) => HOSTS.map((_, i) => vmName(t, i)));
    await inParts(vms, (vm) => this.#lab.request('plug', { vm }));
  }

  /** All traffic of all tenants, and the masks that hv1 has for it. */
  async masks(tenants: number): Promise<ReadonlySet<string>> {
    const all = Array.from({ length: tenants }, (_, t) => t);
    const pairs = all.flatMap((t) => [
      [vmName(t, 0), vmName(t, 1)],
      [vmName(t, 1), vmName(t, 0)],
    ]);
    await eventually(`${tenants} tenants to reach themselves`, async () => {
      const results = await this.#lab.request<readonly { readonly received: number }[]>('pingmatrix', { pairs });
      return results.every(({ received }) => received > 0);
    });
    await inParts(pairs, ([vm]) =>
      this.#lab.request('exec', {
        vm,
        shell:
          'ip neigh flush dev eth0; ping -b -c1 -W0.1 192.168.0.255 >/dev/null 2>&1; ping -c1 -W1 192.168.0.1 >/dev/null; ping -c1 -W1 192.168.0.2 >/dev/null',
      }),
    );
    const { stdout } = await this.#lab.request<{ readonly stdout: string }>('appctl', {
      host: 'hv1',
      args: ['dpctl/dump-flows', '--names', 'netdev@ovs-netdev'],
    });
    return new Set(
      stdout
        .split('\n')
        .filter((line) => line.includes('in_port('))
        .filter(isOverlay)
        .map(maskOf),
    );
  }
}

/** Masks on hv1 with 1, 10 and 100 tenants. */
export async function masksByTenants(tunnels: 'mesh' | 'flow'): Promise<readonly ReadonlySet<string>[]> {
  const dir = mkdtempSync(join(tmpdir(), 'kakuri-bench-'));
  const lab = await LabProcess.start(JSON.stringify(topology(Math.max(...TENANTS), tunnels)));
  try {
    const { topology: file, management, controller } = lab.ready;
    const process = await startController([
      file,
      ...['--listen', `ptcp:6653:${management}`, '--advertise', controller, '--api', 'http://127.0.0.1:0'],
      ...['--state', join(dir, 'state'), '--log-level', 'warn'],
    ]);
    try {
      const site = new MasksSite(lab);
      const found: ReadonlySet<string>[] = [];
      let plugged = 0;
      for (const tenants of TENANTS) {
        await site.plug(plugged, tenants);
        plugged = tenants;
        found.push(await site.masks(tenants));
      }
      return found;
    } finally {
      await process.stop();
    }
  } finally {
    await lab.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
