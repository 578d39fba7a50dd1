/**
 * A whole installation for a test: a lab of real hypervisors, and `kakuri run` beside it as a process of its own, which
 * can be stopped, killed and started again over the same state.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '../../src/controller/index.js';
import { type KakuriOptions, type RunningKakuri, runKakuri } from '../lab/kakuri.js';
import { type Lab, type LabOptions, startLab } from '../lab/lab.js';

/** How long anything may take to come true. */
const PATIENCE_MS = 20_000;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `probe` until it is true; fails with what it was waiting for, and what it saw last. */
export async function eventually(
  what: string,
  probe: () => Promise<true | string>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const seen = await probe();
    if (seen === true) return;
    if (performance.now() > end) throw new Error(`waited ${patienceMs} ms for ${what}; last seen: ${seen}`);
    await sleep(25);
  }
}

export class Installation {
  readonly lab: Lab;
  readonly #state: string;
  #kakuri: RunningKakuri | undefined;
  /** How the controller's process is started, from now on. */
  process: KakuriOptions = {};
  /** The file that it is given, if not the lab's. */
  topology: string | undefined;

  constructor(lab: Lab, state: string) {
    this.lab = lab;
    this.#state = state;
  }

  get kakuri(): RunningKakuri {
    if (this.#kakuri === undefined) throw new Error('the controller is not running');
    return this.#kakuri;
  }

  /** Starts the controller on the lab's topology file. */
  async run(...args: string[]): Promise<void> {
    const { topology, management, controller } = this.lab.ready;
    const fixed = [
      '--listen',
      `ptcp:6653:${management}`,
      '--advertise',
      controller,
      '--api',
      'http://127.0.0.1:0',
      '--state',
      this.#state,
    ];
    this.#kakuri = await runKakuri([this.topology ?? topology, ...fixed, ...args], this.process);
  }

  /** Ends the controller: SIGTERM unless told. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#kakuri?.stop(signal);
    this.#kakuri = undefined;
  }

  async status(): Promise<Status> {
    const response = await fetch(`${this.kakuri.api}/status`);
    if (!response.ok) throw new Error(`status: ${response.status} ${await response.text()}`);
    return (await response.json()) as Status;
  }

  /** Waits until every host is ready and, if named, these ports are installed and no others are. */
  async ready(ports?: readonly string[]): Promise<Status> {
    let last: Status | undefined;
    await eventually('every host to be ready', async () => {
      last = await this.status();
      const installed = last.ports.filter((p) => p.state === 'installed').map((p) => p.name);
      const right = ports === undefined || [...ports].sort().join() === installed.sort().join();
      return last.hosts.every((h) => h.state === 'ready') && right ? true : JSON.stringify(last);
    });
    return last as Status;
  }

  /** Plugs all VMs in and waits until they are installed and reach each other inside their networks. */
  async plugAll(): Promise<void> {
    await this.lab.plugAll();
    await this.ready(Object.keys(this.lab.ready.vms));
    const vms = Object.entries(this.lab.ready.vms);
    const pairs = vms.flatMap(([a, va]) =>
      vms
        .filter(([b, vb]) => a !== b && va.tenant === vb.tenant && va.network === vb.network)
        .map(([b]) => [a, b] as const),
    );
    await eventually('every VM to reach its network', async () => {
      const results = await this.lab.pingMatrix(pairs, { count: 1, timeout: 0.5 });
      const lost = pairs.filter((_, i) => (results[i]?.received ?? 0) === 0);
      return lost.length === 0 ? true : `lost: ${lost.map((p) => p.join('→')).join(', ')}`;
    });
  }

  /** The drop counters of a host, now. */
  async drops(host: string): Promise<Readonly<Record<string, number>>> {
    return (await this.status()).hosts.find((h) => h.name === host)?.drops ?? {};
  }

  /** Runs `act` and gives how much each drop counter of the host grew meanwhile. */
  async dropped(host: string, act: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
    // The switch counts a flow's packets when it revalidates; a counter of the past must not arrive late.
    await sleep(600);
    const before = await this.drops(host);
    await act();
    let grown: Record<string, number> = {};
    await sleep(600);
    const after = await this.drops(host);
    grown = Object.fromEntries(
      Object.entries(after).flatMap(([reason, n]) =>
        n > (before[reason] ?? 0) ? [[reason, n - (before[reason] ?? 0)]] : [],
      ),
    );
    return grown;
  }

  async stop(): Promise<void> {
    await this.end();
    await this.lab.stop();
    rmSync(this.#state, { recursive: true, force: true });
  }
}

/** A lab with the controller running and every host ready; nothing is plugged in yet. */
export async function startInstallation(topology: string, options: LabOptions = {}): Promise<Installation> {
  const installation = new Installation(
    await startLab(topology, options),
    mkdtempSync(join(tmpdir(), 'kakuri-state-')),
  );
  try {
    await installation.run();
    await installation.ready();
    return installation;
  } catch (error) {
    await installation.stop();
    throw error;
  }
}
