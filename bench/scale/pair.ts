/**
 * One hypervisor without packets: an ovsdb-server and an ovs-vswitchd of its own, all of whose ports are dummies, in a
 * directory of its own. What a controller does to it is as on any host; nothing of the system's is touched.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inserted, type Operation, set, transact } from '../flows-per-host/ovsdb-rpc.js';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const QUIET = ['--no-chdir', '-vconsole:off', '-vsyslog:off', '-vfile:err'];
const DATABASE = 'Open_vSwitch';
const BRIDGE = 'br-int';
const exec = promisify(execFile);

/** Resolves when `holds`; rejects after 60 s. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 2400) throw new Error(`no ${what} after 60 s`);
    await wait(25);
  }
}

/** Ends a process that was started here. */
export async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await until('end of a daemon', () => child.exitCode !== null || child.signalCode !== null);
}

export class Pair {
  readonly directory = mkdtempSync(join(tmpdir(), 'kakuri-bench-'));
  readonly #children: ChildProcess[] = [];
  #taps = 0;

  static async start(): Promise<Pair> {
    const pair = new Pair();
    const { directory } = pair;
    await exec('ovsdb-tool', ['create', `${directory}/conf.db`, SCHEMA]);
    pair.#spawn('ovsdb-server', `${directory}/conf.db`, `--remote=punix:${directory}/db.sock`);
    await until('ovsdb-server', () => existsSync(pair.socket));
    await pair.transact([{ op: 'insert', table: DATABASE, row: {} }]);
    const dummies = ['--enable-dummy=override', '--disable-system', '--disable-system-route'];
    pair.#spawn('ovs-vswitchd', `unix:${pair.socket}`, ...dummies);
    return pair;
  }

  get socket(): string {
    return `${this.directory}/db.sock`;
  }

  /** Where br-int answers OpenFlow. */
  get mgmt(): string {
    return `${this.directory}/${BRIDGE}.mgmt`;
  }

  get env(): NodeJS.ProcessEnv {
    const { directory } = this;
    return { ...process.env, OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVN_RUNDIR: directory };
  }

  #spawn(program: string, ...args: readonly string[]): void {
    const files = [`--log-file=${this.directory}/${program}.log`, `--unixctl=${this.directory}/${program}.ctl`];
    const child = spawn(program, [...args, ...files, ...QUIET], { env: this.env, stdio: 'ignore' });
    this.#children.push(child);
  }

  transact(operations: readonly Operation[]): ReturnType<typeof transact> {
    return transact(this.socket, DATABASE, operations);
  }

  /** True when br-int is there. */
  async hasBridge(): Promise<boolean> {
    const select = { op: 'select', table: 'Bridge', where: [['name', '==', BRIDGE]], columns: ['name'] };
    const [found] = await this.transact([select]);
    return (found?.rows ?? []).length > 0;
  }

  /** Adds VM ports to br-int, in one transaction; their names go on from the last one's. */
  async plug(ifaceIds: readonly string[]): Promise<void> {
    const names = ifaceIds.map(() => `tap${this.#taps++}`);
    const operations = ifaceIds.flatMap((ifaceId, i): Operation[] => [
      {
        op: 'insert',
        table: 'Interface',
        'uuid-name': `iface${i}`,
        row: { name: names[i], type: 'dummy', external_ids: ['map', [['iface-id', ifaceId]]] },
      },
      {
        op: 'insert',
        table: 'Port',
        'uuid-name': `port${i}`,
        row: { name: names[i], interfaces: inserted(`iface${i}`) },
      },
    ]);
    const ports = set(ifaceIds.map((_, i) => inserted(`port${i}`)));
    const bridge = { op: 'mutate', table: 'Bridge', where: [['name', '==', BRIDGE]] };
    const next = { op: 'mutate', table: DATABASE, where: [], mutations: [['next_cfg', '+=', 1]] };
    await this.transact([...operations, { ...bridge, mutations: [['ports', 'insert', ports]] }, next]);
  }

  async ofctl(command: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await exec('ovs-ofctl', ['-O', 'OpenFlow15', command, `unix:${this.mgmt}`, ...args], {
      env: this.env,
    });
    return stdout;
  }

  async flowCount(): Promise<number> {
    return Number(/flow_count=(\d+)/.exec(await this.ofctl('dump-aggregate'))?.[1]);
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children].reverse()) await ended(child);
    rmSync(this.directory, { recursive: true });
  }
}

/** So many of them, begun together. */
export const startPairs = (count: number): Promise<readonly Pair[]> =>
  Promise.all(Array.from({ length: count }, () => Pair.start()));
