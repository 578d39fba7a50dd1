/**
 * Isolation while everything changes: random plugging, unplugging, moving, renaming, keys, encapsulations, tenants that
 * come and go, on eight hosts, while every VM sends to every address of all tenants, which use the same ones. One model
 * says who should reach whom; after each change every pair that should must, and nobody else may ever.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { CrossfireReport } from '../lab/types.js';
import { type Installation, sleep, startInstallation } from './installation.js';

const HOSTS = ['hv1', 'hv2', 'hv3', 'hv4', 'hv5', 'hv6', 'hv7', 'hv8'] as const;
const TENANTS = ['red', 'blue', 'green'] as const;
const ENCAPSULATIONS = ['geneve', 'vxlan', 'gre', 'nvgre'] as const;
const VMS = 4;
/** How long pairs that should reach each other may take after a change before it counts as failed at all. */
const PATIENCE_MS = 20_000;

/** Deterministic from its seed: mulberry32 (public domain). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How long they may take after a change when nothing else keeps the machine busy, milliseconds. */
export const ALLOWED_MS = 1000;

interface Vm {
  readonly name: string;
  readonly tenant: string;
  readonly n: number;
  host: string;
  plugged: boolean;
  /** Counts its renames. */
  version: number;
}

interface Tenant {
  readonly name: string;
  present: boolean;
  key: number;
  encapsulation: (typeof ENCAPSULATIONS)[number];
  network: string;
}

const ifaceIdOf = ({ name, version }: Vm): string => (version === 0 ? name : `${name}-${version}`);

export class ChangingWorld {
  readonly vms: readonly Vm[];
  readonly tenants: readonly Tenant[];
  readonly #random: () => number;
  /** Keys are never used again: one that was given up rests. */
  #nextKey = 1000;

  constructor(seed: number) {
    this.#random = random(seed);
    this.tenants = TENANTS.map((name) => ({
      name,
      present: true,
      key: this.#nextKey++,
      encapsulation: 'geneve',
      network: 'web',
    }));
    this.vms = TENANTS.flatMap((tenant, t) =>
      Array.from({ length: VMS }, (_, i) => {
        const host = HOSTS[(t + 2 * i) % HOSTS.length] as string;
        return { name: `${tenant}-vm${i + 1}`, tenant, n: i + 1, host, plugged: true, version: 0 };
      }),
    );
  }

  /** As the file has it. */
  file(ovsdb: (host: string) => string): object {
    const ports = (tenant: Tenant) =>
      this.vms
        .filter((vm) => vm.tenant === tenant.name)
        .map((vm) => [
          ifaceIdOf(vm),
          { mac: `02:00:00:00:01:0${vm.n}`, ips: [`192.168.0.${vm.n}`], 'iface-id': ifaceIdOf(vm) },
        ]);
    return {
      underlay: { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 },
      hosts: Object.fromEntries(HOSTS.map((host, i) => [host, { ovsdb: ovsdb(host), vtep: `10.99.0.${i + 1}` }])),
      tenants: Object.fromEntries(
        this.tenants
          .filter(({ present }) => present)
          .map((tenant) => [
            tenant.name,
            {
              networks: {
                [tenant.network]: {
                  key: tenant.key,
                  encapsulation: tenant.encapsulation,
                  subnets: ['192.168.0.0/24'],
                  ports: Object.fromEntries(ports(tenant)),
                },
              },
            },
          ]),
      ),
    };
  }

  /** Pairs (names) that should reach each other now. */
  pairs(): readonly (readonly [string, string])[] {
    const alive = this.vms.filter(
      (vm) => vm.plugged && this.tenants.some((tenant) => tenant.name === vm.tenant && tenant.present),
    );
    return alive.flatMap((a) =>
      alive.filter((b) => a !== b && a.tenant === b.tenant).map((b) => [a.name, b.name] as const),
    );
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  /** One change, in the model and then in the world: what it was, in words. */
  async change(net: Installation, write: () => void): Promise<string> {
    const vm = this.#pick(this.vms);
    const tenant = this.#pick(this.tenants);
    const { lab } = net;
    const kind = this.#pick(['plug', 'move', 'move', 'rename', 'key', 'encapsulation', 'tenant', 'network'] as const);
    switch (kind) {
      case 'plug':
        vm.plugged = !vm.plugged;
        if (vm.plugged) await lab.plug(vm.name, { iface_id: ifaceIdOf(vm) });
        else await lab.unplug(vm.name);
        return `${vm.name} is ${vm.plugged ? 'plugged in' : 'unplugged'} on ${vm.host}`;
      case 'move': {
        const from = vm.host;
        vm.host = this.#pick(HOSTS.filter((host) => host !== from));
        await lab.unplug(vm.name);
        vm.plugged = true;
        await lab.plug(vm.name, { host: vm.host, iface_id: ifaceIdOf(vm) });
        return `${vm.name} moves from ${from} to ${vm.host}`;
      }
      case 'rename': {
        vm.version += 1;
        write();
        const { tap } = lab.ready.vms[vm.name] as { readonly tap: string };
        if (vm.plugged) await lab.vsctl(vm.host, 'set', 'Interface', tap, `external_ids:iface-id=${ifaceIdOf(vm)}`);
        return `${vm.name} is ${ifaceIdOf(vm)} now`;
      }
      case 'key':
        tenant.key = this.#nextKey++;
        write();
        return `${tenant.name} has key ${tenant.key}`;
      case 'encapsulation':
        tenant.encapsulation = this.#pick(ENCAPSULATIONS.filter((e) => e !== tenant.encapsulation));
        write();
        return `${tenant.name} goes over ${tenant.encapsulation}`;
      case 'tenant':
        tenant.present = !tenant.present;
        write();
        return `${tenant.name} ${tenant.present ? 'comes' : 'goes'}`;
      default:
        tenant.network = tenant.network === 'web' ? 'net' : 'web';
        // Another network: the former one's key rests.
        tenant.key = this.#nextKey++;
        write();
        return `${tenant.name}'s network is ${tenant.network} now`;
    }
  }
}

export interface ChangeResult {
  readonly changes: number;
  /** Milliseconds from the end of each change until every pair that should reach each other did, each sorted. */
  readonly unicastMs: readonly number[];
  readonly broadcastMs: readonly number[];
  readonly report: CrossfireReport;
}

/** The pairs to which nothing arrived that was sent after `since` (ms of the epoch). */
const missing = (
  report: CrossfireReport,
  pairs: readonly (readonly [string, string])[],
  since: number,
  kind: 'unicast' | 'broadcast',
): string[] => {
  const seen = new Map(report.pairs.map((pair) => [`${pair.from}→${pair.to}`, pair[kind]]));
  return pairs.map(([a, b]) => `${a}→${b}`).filter((pair) => (seen.get(pair) ?? 0) <= since);
};

/** Waits until every pair was reached by something sent after `since`; fails with those that were not. */
async function reached(
  net: Installation,
  world: ChangingWorld,
  since: number,
  what: string,
): Promise<{ readonly unicast: number; readonly broadcast: number }> {
  const pairs = world.pairs();
  const found = { unicast: Number.NaN, broadcast: Number.NaN };
  for (;;) {
    const report = await net.lab.crossfire();
    if (report.strayCount > 0) return { unicast: 0, broadcast: 0 };
    for (const kind of ['unicast', 'broadcast'] as const)
      if (Number.isNaN(found[kind]) && missing(report, pairs, since, kind).length === 0)
        found[kind] = report.now - since;
    if (!Number.isNaN(found.unicast) && !Number.isNaN(found.broadcast)) return found;
    if (report.now - since > PATIENCE_MS) {
      const lost = {
        unicast: missing(report, pairs, since, 'unicast'),
        broadcast: missing(report, pairs, since, 'broadcast'),
      };
      throw new Error(`${what}: not reached after ${PATIENCE_MS} ms: ${JSON.stringify(lost)}`);
    }
    await sleep(20);
  }
}

/** Milliseconds after which nothing may arrive any more where nothing should. */
const SETTLED_MS = 1500;

/** VMs that are unplugged, or whose tenant is gone, hear nothing from anybody, and nobody hears them. */
async function expectSilence(net: Installation, world: ChangingWorld): Promise<void> {
  await sleep(SETTLED_MS);
  const since = Date.now();
  await sleep(SETTLED_MS);
  const allowed = new Set(world.pairs().map(([a, b]) => `${a}→${b}`));
  const { pairs } = await net.lab.crossfire();
  const wrong = pairs.filter(({ unicast, broadcast }) => Math.max(unicast, broadcast) > since);
  expect(wrong.map(({ from, to }) => `${from}→${to}`).filter((pair) => !allowed.has(pair))).to.deep.equal([]);
}

/** Changes for so long; `say` is told of each. Throws when a pair that should reach does not. */
export async function changeFor(
  milliseconds: number,
  seed: number,
  say: (text: string) => void,
): Promise<ChangeResult> {
  const world = new ChangingWorld(seed);
  const up = (a: number, b: number): number => a - b;
  const net = await startInstallation(
    JSON.stringify(
      world.file((host) => `unix:/run/kakuri/${host}/db.sock`),
      null,
      1,
    ),
  );
  try {
    const path = net.lab.ready.topology;
    const { hosts } = JSON.parse(readFileSync(path, 'utf8')) as { hosts: Record<string, { ovsdb: string }> };
    const write = (): void => {
      writeFileSync(`${path}.next`, JSON.stringify(world.file((host) => hosts[host]?.ovsdb ?? '')));
      renameSync(`${path}.next`, path);
    };
    await Promise.all(world.vms.map(({ name, host }) => net.lab.plug(name, { host })));
    await net.ready(world.vms.map(({ name }) => name));
    await net.lab.startCrossfire({ interval: 0.05 });
    const times = { unicast: [] as number[], broadcast: [] as number[] };
    await reached(net, world, Date.now(), 'before any change');
    const end = Date.now() + milliseconds;
    while (Date.now() < end) {
      const { length: logged } = net.kakuri.output.stderr;
      const what = await world.change(net, write);
      const { unicast, broadcast } = await reached(net, world, Date.now(), what);
      say(`${what}: ${unicast.toFixed(0)} ms, to all ${broadcast.toFixed(0)} ms`);
      // What took longer than it may is to be understood from the output alone.
      if (Math.max(unicast, broadcast) > ALLOWED_MS) say(net.kakuri.output.stderr.slice(logged));
      times.unicast.push(unicast);
      times.broadcast.push(broadcast);
      const { strayCount, strays } = await net.lab.crossfire();
      expect(strayCount, `${what}: ${JSON.stringify(strays.slice(0, 3))}`).to.equal(0);
    }
    await expectSilence(net, world);
    const report = await net.lab.crossfire({ stop: true });
    return {
      changes: times.unicast.length,
      unicastMs: times.unicast.sort(up),
      broadcastMs: times.broadcast.sort(up),
      report,
    };
  } finally {
    await net.stop();
  }
}
