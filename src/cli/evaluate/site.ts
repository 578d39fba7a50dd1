/** A lab with `kakuri run` beside it, for one part of an evaluation; all of it ends with `stop`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '../../controller/index.js';
import { ask } from '../ask.js';
import { type ControllerProcess, startController } from '../controller-process.js';
import { CliError } from '../errors.js';
import { LabProcess } from '../lab-process.js';

/** Milliseconds that anything may take to come true. */
const PATIENCE_MS = 60_000;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `probe` until it holds; a CliError 3 that says what was waited for, when it never does. */
export async function until(what: string, probe: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await probe())) {
    if (performance.now() > end) throw new CliError(`waited ${PATIENCE_MS / 1000} s for ${what}`, 3);
    await sleep(20);
  }
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Milliseconds. */
  readonly rtts: readonly number[];
  readonly longestGapMs: number;
}

export interface Outcome {
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Site {
  readonly lab: LabProcess;
  readonly #controller: ControllerProcess;
  readonly #directory: string;

  private constructor(lab: LabProcess, controller: ControllerProcess, directory: string) {
    this.lab = lab;
    this.#controller = controller;
    this.#directory = directory;
  }

  /**
   * Builds the lab, starts the controller and waits until every host is ready. When `interrupt` comes the lab goes, and
   * whoever waits for it hears of that; `stop` is still to be called.
   */
  static async start(topology: object, interrupt?: AbortSignal): Promise<Site> {
    interrupt?.throwIfAborted();
    const directory = await mkdtemp(join(tmpdir(), 'kakuri-evaluate-'));
    let lab: LabProcess | undefined;
    let controller: ControllerProcess | undefined;
    try {
      lab = await LabProcess.start(JSON.stringify(topology), ['--private']);
      const building = lab;
      interrupt?.addEventListener('abort', () => building.end());
      interrupt?.throwIfAborted();
      const { topology: file, management, controller: advertise } = lab.ready;
      controller = await startController([
        file,
        ...['--listen', `ptcp:6653:${management}`, '--advertise', advertise, '--api', 'http://127.0.0.1:0'],
        ...['--state', join(directory, 'state'), '--log-level', 'warn'],
      ]);
      const site = new Site(lab, controller, directory);
      await until('every host to be ready', async () => {
        interrupt?.throwIfAborted();
        return (await site.status()).hosts.every((h) => h.state === 'ready');
      });
      return site;
    } catch (error) {
      await controller?.stop();
      await lab?.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get api(): string {
    return this.#controller.api;
  }

  status(): Promise<Status> {
    return ask<Status>('/status', { api: this.api });
  }

  /** flow_mods sent to all hosts since the controller started. */
  async flowModsSent(): Promise<number> {
    return (await this.status()).hosts.reduce((sum, host) => sum + host.flowModsSent, 0);
  }

  /** Waits until the fabric's routing is whole and watched: adjacencies and BFD sessions. */
  whole(): Promise<void> {
    return until('OSPF and BFD to be whole', () => this.lab.request<boolean>('converged'));
  }

  /** Plugs these VMs in and waits until the controller has installed them. */
  async plug(vms: readonly string[]): Promise<void> {
    await Promise.all(vms.map((vm) => this.lab.request('plug', { vm })));
    await until('the VMs to be installed', async () => {
      const { ports } = await this.status();
      return vms.every((vm) => ports.some((port) => port.ifaceId === vm && port.state === 'installed'));
    });
  }

  ping(from: string, to: string, options: { count?: number; interval?: number; timeout?: number } = {}) {
    return this.lab.request<PingResult>('ping', { from, to, ...options });
  }

  /** A ping every 10 ms until the returned function is called. */
  async pinging(from: string, to: string): Promise<() => Promise<PingResult>> {
    const ping = await this.lab.request<number>('start_ping', { from, to, interval: 0.01 });
    return () => this.lab.request<PingResult>('stop_ping', { ping });
  }

  /** A bash script in a VM, on a host or in another node; its stdout. A script that fails is an Error. */
  async shell(place: { vm?: string; host?: string; node?: string }, script: string, timeout = 30): Promise<string> {
    const { rc, stdout, stderr } = await this.lab.request<Outcome>('exec', { ...place, shell: script, timeout });
    if (rc !== 0) throw new CliError(`${JSON.stringify(place)}: ${script}: ${stderr.trim() || `exit code ${rc}`}`, 3);
    return stdout;
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
    await this.lab.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
