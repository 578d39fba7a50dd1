/**
 * kill: the controller is killed (SIGKILL) at random moments of updates and started again, on three Open vSwitch. The
 * updates are one tenant's: its VM comes, goes and its network takes another key. `probes-lost`: of a ping every 10 ms
 * between two VMs of a tenant that nothing changes for; `converge-p99-seconds`: from the start of the new process to every
 * host confirmed and every VM that is plugged in installed; `cross-tenant`: packets that any VM got of another tenant's,
 * while all VMs send to all addresses, which the tenants share.
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../src/cli/ask.js';
import { type ControllerProcess, startController } from '../src/cli/controller-process.js';
import { type PingResult, sleep, until } from '../src/cli/evaluate/site.js';
import { LabProcess } from '../src/cli/lab-process.js';
import { prove } from '../src/cli/run-verify.js';
import type { Status } from '../src/controller/index.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';

const KILLS = 200;
const QUICK_KILLS = 20;
/** An update begins at once, or when the controller has seen that the file has changed: the moment of the kill lies in both, milliseconds. */
const LATEST_MS = { ports: 150, file: 700 } as const;
const PROBE_SECONDS = 0.01;
const CROSSFIRE_SECONDS = 0.05;
const SEED = 20261123;
/** Untouched, and touched. */
const CALM = 'red';
const BUSY = 'blue';
/** The VM that comes and goes. */
const GUEST = `${BUSY}-vm2`;

const say = (text: string): void => {
  process.stderr.write(`kill: ${text}\n`);
};

/** Deterministic from its seed: mulberry32 (public domain). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Both tenants use the same addresses on the same hosts. */
function topology(key: number, ovsdb: (host: string) => string): object {
  const port = (tenant: string, n: number) => [
    `${tenant}-vm${n}`,
    { mac: `02:00:00:00:01:0${n}`, ips: [`192.168.0.${n}`], hosts: [`hv${n}`] },
  ];
  const tenant = (name: string, tunnelKey: number) => ({
    networks: {
      web: {
        key: tunnelKey,
        subnets: ['192.168.0.0/24'],
        ports: Object.fromEntries([1, 2, 3].map((n) => port(name, n))),
      },
    },
  });
  return {
    underlay: { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 },
    hosts: Object.fromEntries([1, 2, 3].map((n) => [`hv${n}`, { ovsdb: ovsdb(`hv${n}`), vtep: `10.99.0.${n}` }])),
    tenants: { [CALM]: tenant(CALM, 100), [BUSY]: tenant(BUSY, key) },
  };
}

interface Ready {
  readonly topology: string;
  readonly management: string;
  readonly controller: string;
  readonly vms: Readonly<Record<string, unknown>>;
  readonly hosts: Readonly<Record<string, { readonly rundir: string }>>;
}

class Trial {
  readonly lab: LabProcess;
  readonly #directory: string;
  readonly #ready: Ready;
  readonly #next = random(SEED);
  #controller: ControllerProcess | undefined;
  #key = 1000;
  #plugged = true;

  constructor(lab: LabProcess, directory: string) {
    this.lab = lab;
    this.#directory = directory;
    this.#ready = lab.ready as unknown as Ready;
  }

  get api(): string {
    return this.#controller?.api ?? '';
  }

  async start(): Promise<void> {
    const { topology: file, management, controller } = this.#ready;
    this.#controller = await startController([
      file,
      ...['--listen', `ptcp:6653:${management}`, '--advertise', controller, '--api', 'http://127.0.0.1:0'],
      ...['--state', join(this.#directory, 'state'), '--log-level', 'warn'],
    ]);
  }

  /** Every host has confirmed, and the VMs that are plugged in, and no others, are installed. */
  settled(): Promise<void> {
    return until('the hosts to be right', async () => {
      const status = await ask<Status>('/status', { api: this.api });
      const ports = status.ports.every(
        ({ name, state }) => (state === 'installed') === (name !== GUEST || this.#plugged),
      );
      return ports && status.hosts.every(({ state }) => state === 'ready');
    });
  }

  /** Begins a change; the longest time in which it is under way, milliseconds. */
  async #change(): Promise<number> {
    if (this.#next() < 0.5) {
      this.#plugged = !this.#plugged;
      await this.lab.request(this.#plugged ? 'plug' : 'unplug', { vm: GUEST });
      return LATEST_MS.ports;
    }
    this.#key += 1;
    const { topology: file, hosts } = this.#ready;
    const text = JSON.stringify(topology(this.#key, (host) => `unix:${hosts[host]?.rundir}/db.sock`));
    await writeFile(`${file}.next`, text);
    await rename(`${file}.next`, file);
    return LATEST_MS.file;
  }

  /** One kill; seconds from the start of the new controller until all is right. */
  async kill(): Promise<number> {
    const latest = await this.#change();
    await sleep(this.#next() * latest);
    await this.#controller?.kill();
    const begin = performance.now();
    await this.start();
    await this.settled();
    return (performance.now() - begin) / 1000;
  }

  async stop(): Promise<void> {
    await this.#controller?.stop();
    await this.lab.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

interface Crossfire {
  readonly strayCount: number;
  readonly sent: number;
  readonly pairs: readonly { readonly frames: number }[];
}

async function measured(trial: Trial, kills: number): Promise<readonly Figure[]> {
  await trial.start();
  const vms = Object.keys((trial.lab.ready as unknown as Ready).vms);
  await Promise.all(vms.map((vm) => trial.lab.request('plug', { vm })));
  await trial.settled();
  await trial.lab.request('crossfire_start', { interval: CROSSFIRE_SECONDS });
  const ping = await trial.lab.request<number>('start_ping', {
    from: `${CALM}-vm1`,
    to: `${CALM}-vm2`,
    interval: PROBE_SECONDS,
  });
  const seconds: number[] = [];
  for (let n = 0; n < kills; n++) {
    seconds.push(await trial.kill());
    if ((n + 1) % 10 === 0) say(`${n + 1} of ${kills} kills, the slowest took ${Math.max(...seconds).toFixed(2)} s`);
  }
  const probes = await trial.lab.request<PingResult>('stop_ping', { ping });
  const crossfire = await trial.lab.request<Crossfire>('crossfire', { stop: true });
  const arrived = crossfire.pairs.reduce((sum, { frames }) => sum + frames, 0);
  say(`${probes.received} of ${probes.sent} probes, longest gap ${probes.longestGapMs} ms; ${arrived} frames arrived`);
  if (probes.received === 0 || arrived === 0) throw new Error('nothing arrived: nothing was measured');
  const { verdict } = await prove({ api: trial.api });
  if (verdict !== 'isolated') throw new Error(`what the hosts hold in the end is ${verdict}`);
  const of = (name: string, unit: string, value: number): Figure =>
    figure({ bench: 'kill', figure: name, unit, n: kills }, value);
  return [
    of('probes-lost', 'probes', probes.sent - probes.received),
    of('converge-p99-seconds', 's', percentile(seconds, 0.99)),
    of('converge-p50-seconds', 's', percentile(seconds, 0.5)),
    of('cross-tenant', 'packets', crossfire.strayCount),
    of('probes', 'probes', probes.sent),
  ];
}

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'kakuri-kill-'));
  const text = JSON.stringify(topology(1000, (host) => `unix:/run/kakuri/${host}/db.sock`));
  const lab = await LabProcess.start(text, ['--private']);
  const trial = new Trial(lab, directory);
  try {
    return await measured(trial, quick ? QUICK_KILLS : KILLS);
  } finally {
    await trial.stop();
  }
}
