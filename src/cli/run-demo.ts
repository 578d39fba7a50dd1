/**
 * What `kakuri demo` does: builds the lab, runs the controller, plugs the VMs in, and shows from real packets who reaches
 * whom. Everything it started is gone when it returns, also after Ctrl-C at any moment.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Status } from '../controller/index.js';
import { ask } from './ask.js';
import { type ControllerProcess, startController } from './controller-process.js';
import { demoTopology } from './demo-topology.js';
import { CliError } from './errors.js';
import { isIsolated, isolationMatrix, type MatrixCell } from './isolation-matrix.js';
import { LabError, LabProcess } from './lab-process.js';
import type { DemoOptions } from './options.js';
import { type Proved, prove } from './run-verify.js';

/** Milliseconds a host may take to become ready, and a VM to be reached. */
const PATIENCE_MS = 30_000;
const INTERRUPTED = 130;

interface Started {
  readonly dir: string;
  lab?: LabProcess;
  controller?: ControllerProcess;
}

interface Result {
  readonly isolated: boolean;
  readonly plugToFirstReplyMs: readonly number[];
  readonly matrix: readonly MatrixCell[];
  readonly proof: Pick<Proved, 'verdict' | 'flows' | 'hosts' | 'seconds'>;
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Calls `probe` until it gives something; a check that fails for good is a CliError 3 that says what was waited for. */
async function until<T>(what: string, alive: () => void, probe: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    alive();
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new CliError(`waited ${PATIENCE_MS / 1000} s for ${what}`, 3);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function waitReady(api: string, alive: () => void): Promise<Status> {
  return until('every host to be ready', alive, async () => {
    const status = await ask<Status>('/status', { api });
    return status.hosts.every((host) => host.state === 'ready') ? status : undefined;
  });
}

type Vm = readonly [name: string, vm: LabProcess['ready']['vms'][string]];

/** Gives two VMs each other's MAC address, or forgets it: a kernel that asks too early asks again only after a second. */
async function neighbours(lab: LabProcess, a: Vm, b: Vm, how: 'replace' | 'del'): Promise<void> {
  const tell = ([name]: Vm, [, { ips, mac }]: Vm) =>
    lab.request('exec', { vm: name, argv: ['ip', 'neigh', how, ips[0], 'lladdr', mac, 'dev', 'eth0'], timeout: 5 });
  await Promise.all([tell(a, b), tell(b, a)]);
}

/** Plugs the VMs in one after another; milliseconds from each plug to the first reply of a VM on another host. */
async function plugAll(lab: LabProcess, alive: () => void): Promise<readonly number[]> {
  const times: number[] = [];
  const plugged: Vm[] = [];
  for (const vm of Object.entries(lab.ready.vms)) {
    alive();
    const [name, { tenant, network, host }] = vm;
    const peer = plugged.find(([, p]) => p.tenant === tenant && p.network === network && p.host !== host);
    const ip = peer?.[1].ips[0];
    if (peer !== undefined) await neighbours(lab, vm, peer, 'replace');
    const start = performance.now();
    await lab.request('plug', { vm: name });
    if (peer !== undefined && ip !== undefined) {
      await until(`${name} to reach ${ip}`, alive, async () => {
        const { received } = await lab.request<{ received: number }>('ping', {
          from: name,
          to: ip,
          count: 1,
          timeout: 0.1,
        });
        return received > 0 ? true : undefined;
      });
      times.push(performance.now() - start);
      await neighbours(lab, vm, peer, 'del');
    }
    plugged.push(vm);
  }
  return times;
}

async function show(options: DemoOptions, started: Started, alive: () => void): Promise<Result> {
  say(
    `building ${options.hosts} hypervisors, each with its own Open vSwitch, and ${options.hosts * 2} VMs of two tenants`,
  );
  started.lab = await LabProcess.start(JSON.stringify(demoTopology(options)), ['--dir', join(started.dir, 'lab')]);
  alive();
  const { topology, controller, management } = started.lab.ready;
  say(`starting the controller: kakuri run ${topology} --advertise ${controller}`);
  started.controller = await startController([
    topology,
    '--listen',
    `ptcp:${controller.split(':').at(-1)}:${management}`,
    '--advertise',
    controller,
    '--api',
    'http://127.0.0.1:0',
    '--state',
    join(started.dir, 'state'),
    '--log-level',
    'warn',
  ]);
  await waitReady(started.controller.api, alive);
  say(
    `plugging in the VMs; both tenants use the same MAC and IP addresses (${options.encapsulation}, ${options.tunnels})`,
  );
  const plugToFirstReplyMs = await plugAll(started.lab, alive);
  say('every VM pings every address; each VM records what arrives');
  const matrix = await isolationMatrix(started.lab);
  say('proving it for all packets: kakuri verify');
  const { verdict, flows, hosts, seconds } = await prove({ api: started.controller.api });
  const isolated = isIsolated(matrix) && verdict === 'isolated';
  return { isolated, plugToFirstReplyMs, matrix, proof: { verdict, flows, hosts, seconds } };
}

/** The matrix as a table: packets of the row's VM that arrived at the column's. */
export function matrixText(cells: readonly MatrixCell[]): string {
  const names = [...new Set(cells.map((c) => c.from))];
  const table = new Table({ head: ['from \\ to', ...names], style: { head: [], border: [] } });
  for (const from of names)
    table.push([
      from,
      ...names.map((to) => {
        const cell = cells.find((c) => c.from === from && c.to === to);
        if (cell === undefined) return '';
        return cell.sameNetwork ? `${cell.replies} replies` : cell.frames === 0 ? '-' : `LEAK ${cell.frames}`;
      }),
    ]);
  return table.toString();
}

function report({ matrix, plugToFirstReplyMs, isolated, proof }: Result): void {
  const own = matrix.filter((c) => c.sameNetwork);
  const other = matrix.filter((c) => !c.sameNetwork);
  const sorted = [...plugToFirstReplyMs].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  console.log(matrixText(matrix));
  console.log(
    `own network:    ${own.filter((c) => (c.replies ?? 0) > 0).length} of ${own.length} pairs reach each other`,
  );
  console.log(
    `other network:  ${other.reduce((sum, c) => sum + c.frames, 0)} packets arrived, over ${other.length} pairs`,
  );
  console.log(`plug to first reply across hosts: ${median.toFixed(0)} ms (median of ${sorted.length})`);
  console.log(`proof for all packets: ${proof.verdict}, from ${proof.flows} flows on ${proof.hosts} hosts`);
  console.log(isolated ? 'isolated' : 'NOT ISOLATED');
}

async function cleanUp(started: Started): Promise<void> {
  await started.controller?.stop();
  await started.lab?.stop();
  await rm(started.dir, { recursive: true, force: true });
}

/** Runs the demo; exit code 0 when isolated, 1 when not, 130 after Ctrl-C. */
export async function demo(options: DemoOptions): Promise<number> {
  if (process.getuid?.() !== 0) throw new CliError('the demo makes network namespaces: run it as root', 2);
  let interrupted = false;
  const interrupt = (): void => {
    if (!interrupted) say('ending: cleaning up');
    interrupted = true;
  };
  const alive = (): void => {
    if (interrupted) throw new CliError('interrupted', 1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const started: Started = { dir: await mkdtemp(join(tmpdir(), 'kakuri-demo-')) };
  try {
    const result = await show(options, started, alive);
    if (options.json) console.log(JSON.stringify(result));
    else report(result);
    return result.isolated ? 0 : 1;
  } catch (error) {
    if (interrupted) return INTERRUPTED;
    throw error instanceof LabError ? new CliError(error.message, 3) : error;
  } finally {
    await cleanUp(started);
  }
}
