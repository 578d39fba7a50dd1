/**
 * A site: three real hypervisors of the Mininet lab with one network over them, the same for every system measured.
 * VM base1 on hv1 and base2 on hv2 are there from the start; added1, added2… are plugged in one by one, and each pings the
 * base on another hypervisor. VMs know each other's MACs beforehand: the kernel repeats an ARP question only after 1 s,
 * which would be measured instead.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabProcess, type LabReady, type LabVm } from '../../src/cli/lab-process.js';

/** What the lab says of a VM, as far as it matters here. */
export interface SiteVm extends LabVm {
  /** The hypervisor's end of its link. */
  readonly tap: string;
  /** A process in its network namespace. */
  readonly pid: number;
}

interface SiteReady extends LabReady {
  readonly vms: Readonly<Record<string, SiteVm>>;
}

export interface Site {
  readonly lab: LabProcess<SiteReady>;
  /** A directory of its own, gone with the site. */
  readonly dir: string;
  readonly bases: readonly SiteVm[];
  readonly added: readonly SiteVm[];
  stop(): Promise<void>;
}

/** A system under measurement on its site. */
export interface Contestant {
  readonly name: string;
  readonly site: Site;
  /** The ovs-vsctl command that plugs a VM in. */
  plugCommand(vm: SiteVm): readonly string[];
  /** Ends what runs beside the site's own processes. */
  stop(): Promise<void>;
}

const HOSTS = ['hv1', 'hv2', 'hv3'] as const;
const TUNNEL_KEY = 100;

const mac = (number: number): string =>
  `02:00:00:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255).toString(16).padStart(2, '0')}`;

/** The intent, complete from the start: `additions` ports that are only plugged in later, over the hosts in turn. */
function topology(additions: number): object {
  const ports: Record<string, object> = {};
  const add = (name: string, number: number, host: string): void => {
    ports[name] = { mac: mac(number), ips: [`10.9.${number >> 8}.${number & 255}`], hosts: [host] };
  };
  add('base1', 1, 'hv1');
  add('base2', 2, 'hv2');
  for (let i = 1; i <= additions; i += 1) add(`added${i}`, 10 + i, HOSTS[i % HOSTS.length] as string);
  return {
    underlay: { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 },
    hosts: Object.fromEntries(HOSTS.map((h, i) => [h, { ovsdb: 'tcp:127.0.0.1:6640', vtep: `10.99.0.${i + 1}` }])),
    tenants: { bench: { networks: { net: { key: TUNNEL_KEY, subnets: ['10.9.0.0/16'], ports } } } },
  };
}

export const networkKey = TUNNEL_KEY;

/** The base that an added VM pings: it is on another hypervisor. */
export const baseOf = (site: Site, vm: SiteVm): SiteVm => site.bases.find((base) => base.host !== vm.host) as SiteVm;

export const firstIp = (vm: SiteVm): string => vm.ips[0] as string;

/** Every added VM knows its base's MAC and the other way round. */
async function introduce(site: Site): Promise<void> {
  const entries = new Map<string, string[]>();
  const knows = (vm: SiteVm, other: SiteVm): void => {
    const list = entries.get(vm.ifaceId) ?? [];
    list.push(`neigh replace ${firstIp(other)} lladdr ${other.mac} dev eth0 nud permanent`);
    entries.set(vm.ifaceId, list);
  };
  for (const vm of [...site.added, ...site.bases]) {
    const base = baseOf(site, vm);
    knows(vm, base);
    knows(base, vm);
  }
  for (const [vm, lines] of entries) await run(site, { vm }, `ip -batch - <<'LINES'\n${lines.join('\n')}\nLINES`);
}

/** Runs a shell script in a VM, on a hypervisor or in a node of the lab; its stdout. Throws with what it said. */
export async function run(site: Site, where: object, shell: string): Promise<string> {
  const done = await site.lab.request<{ rc: number; stdout: string; stderr: string }>('exec', { ...where, shell });
  if (done.rc !== 0) throw new Error(`${JSON.stringify(where)}: ${shell}: ${done.stderr.trim()}`);
  return done.stdout;
}

/** `ovs-vsctl` on a hypervisor, over its unix socket. */
export const vsctl = (site: Site, host: string): readonly string[] => [
  'ovs-vsctl',
  `--db=unix:${site.lab.ready.hosts[host]?.rundir}/db.sock`,
];

/** The command with which a hypervisor's agent plugs a VM in. */
export const plugCommand = (site: Site, vm: SiteVm, ...more: readonly string[]): readonly string[] => [
  ...vsctl(site, vm.host),
  ...['add-port', 'br-int', vm.tap, '--', 'set', 'Interface', vm.tap, `external_ids:iface-id=${vm.ifaceId}`],
  ...more,
];

/** Builds a site for `additions` ports. */
export async function openSite(additions: number): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'kakuri-bench-'));
  let lab: LabProcess<SiteReady> | undefined;
  const stop = async (): Promise<void> => {
    await lab?.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    lab = await LabProcess.start<SiteReady>(JSON.stringify(topology(additions)));
    const vms = Object.values(lab.ready.vms);
    const named = (prefix: string): readonly SiteVm[] => vms.filter((vm) => vm.ifaceId.startsWith(prefix));
    const site: Site = { lab, dir, bases: named('base'), added: named('added'), stop };
    await introduce(site);
    return site;
  } catch (error) {
    await stop();
    throw error;
  }
}
