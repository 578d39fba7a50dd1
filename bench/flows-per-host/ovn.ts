/**
 * OVN's flows on one hypervisor: NB and SB databases, northd, and one ovn-controller on a real Open vSwitch (dummy
 * datapath); the other hosts are Chassis rows, and their ports are bound to them in the SB. As much is asked of OVN as of
 * Kakuri: port security on every port. Everything lives in one directory and ends with `stop`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startOvs } from '../../test/ts-openflow/ovs.js';
import { inserted, set, transact } from './ovsdb-rpc.js';
import { allPorts, hostName, hostOf, ip, mac, networkName, portName, portsOf, type Tenants, vtep } from './tenants.js';

const SCHEMAS = '/usr/share/ovn';
/** The flow count has come to rest when it was the same for so long, milliseconds. */
const REST_MS = 3000;
const PATIENCE_MS = 120_000;

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

const batches = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** Commands joined as ovn-nbctl and ovs-vsctl take many: with `--` between. */
const joined = (commands: readonly (readonly string[])[]): string[] =>
  commands.flatMap((command, i) => (i === 0 ? [...command] : ['--', ...command]));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) throw new Error(`OVN: no ${what} after 10 s`);
    await wait(25);
  }
}

export class Ovn {
  readonly #dir: string;
  readonly #children: ChildProcess[] = [];

  constructor(directory: string) {
    this.#dir = directory;
  }

  /** Databases and northd. */
  async start(): Promise<void> {
    for (const name of ['nb', 'sb']) {
      execFileSync('ovsdb-tool', ['create', join(this.#dir, `${name}.db`), `${SCHEMAS}/ovn-${name}.ovsschema`]);
      this.spawn('ovsdb-server', name, join(this.#dir, `${name}.db`), `--remote=punix:${this.#dir}/${name}.sock`);
      await until(`${name} database`, () => existsSync(join(this.#dir, `${name}.sock`)));
    }
    this.spawn('ovn-northd', 'northd', `--ovnnb-db=unix:${this.socket('nb')}`, `--ovnsb-db=unix:${this.socket('sb')}`);
    execFileSync('ovn-nbctl', [`--db=unix:${this.socket('nb')}`, 'init']);
  }

  socket = (name: 'nb' | 'sb'): string => `${this.#dir}/${name}.sock`;

  spawn(program: string, name: string, ...args: readonly string[]): void {
    // ovn-controller takes no --unixctl: its control socket is in OVN_RUNDIR.
    const control = program === 'ovn-controller' ? [] : [`--unixctl=${this.#dir}/${name}.ctl`];
    const files = [...control, `--log-file=${this.#dir}/${name}.log`];
    const env = { ...process.env, OVN_RUNDIR: this.#dir, OVS_RUNDIR: this.#dir };
    const quiet = ['-vconsole:off', '-vsyslog:off'];
    this.#children.push(spawn(program, [...args, ...files, ...quiet], { env, stdio: 'ignore' }));
  }

  /** Waits until northd has compiled everything, or (`hv`) until ovn-controller has installed it. */
  sync(wait: 'sb' | 'hv'): void {
    const env = { ...process.env, OVN_RUNDIR: this.#dir };
    execFileSync('ovn-nbctl', [`--db=unix:${this.socket('nb')}`, '--timeout=200', `--wait=${wait}`, 'sync'], { env });
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children].reverse()) {
      child.kill('SIGTERM');
      await until('end of a daemon', () => child.exitCode !== null || child.signalCode !== null);
    }
  }
}

/** Networks with their ports, as `ovn-nbctl` would make them. */
export async function fillNorthbound(ovn: Ovn, tenants: Tenants): Promise<void> {
  for (const some of batches(numbers(tenants.networks), 200)) {
    const operations = some.flatMap((n) => [
      ...portsOf(tenants, n).map((p) => ({
        op: 'insert',
        table: 'Logical_Switch_Port',
        'uuid-name': `p${n}x${p}`,
        row: { name: portName(n, p), addresses: `${mac(p)} ${ip(p)}`, port_security: `${mac(p)} ${ip(p)}` },
      })),
      {
        op: 'insert',
        table: 'Logical_Switch',
        row: { name: networkName(n), ports: set(portsOf(tenants, n).map((p) => inserted(`p${n}x${p}`))) },
      },
    ]);
    await transact(ovn.socket('nb'), 'OVN_Northbound', operations);
  }
}

/** The other hosts, and their ports bound to them: what their ovn-controllers would have written. */
export async function fillSouthbound(ovn: Ovn, tenants: Tenants, here: number): Promise<void> {
  const others = numbers(tenants.hosts).filter((h) => h !== here);
  const operations = others.flatMap((h) => [
    {
      op: 'insert',
      table: 'Encap',
      'uuid-name': `e${h}`,
      row: { type: 'geneve', ip: vtep(h), chassis_name: hostName(h) },
    },
    {
      op: 'insert',
      table: 'Chassis',
      'uuid-name': `c${h}`,
      row: { name: hostName(h), hostname: hostName(h), encaps: inserted(`e${h}`) },
    },
  ]);
  await transact(ovn.socket('sb'), 'OVN_Southbound', operations);
  const uuids = async (table: string, column: string) => {
    const select = { op: 'select', table, where: [], columns: ['_uuid', column] };
    const [found] = await transact(ovn.socket('sb'), 'OVN_Southbound', [select]);
    return new Map((found?.rows ?? []).map((row) => [String(row[column]), row._uuid]));
  };
  const chassis = await uuids('Chassis', 'name');
  const remote = allPorts(tenants).filter(([n, p]) => hostOf(tenants, n, p) !== here);
  for (const some of batches(remote, 2000))
    await transact(
      ovn.socket('sb'),
      'OVN_Southbound',
      some.map(([n, p]) => ({
        op: 'update',
        table: 'Port_Binding',
        where: [['logical_port', '==', portName(n, p)]],
        row: { chassis: chassis.get(hostName(hostOf(tenants, n, p))), up: true },
      })),
    );
}

/** The flows of host `here` once ovn-controller has nothing more to do. */
export async function ovnFlows(tenants: Tenants, here: number): Promise<number> {
  const ovs = await startOvs(0);
  const ovn = new Ovn(ovs.directory);
  try {
    const ids = [
      `system-id=${hostName(here)}`,
      `ovn-remote="unix:${ovs.directory}/sb.sock"`,
      'ovn-encap-type=geneve',
      `ovn-encap-ip=${vtep(here)}`,
      'ovn-bridge=br',
    ].map((id) => `external_ids:${id}`);
    ovs.vsctl('set', 'Open_vSwitch', '.', ...ids);
    const local = allPorts(tenants).filter(([n, p]) => hostOf(tenants, n, p) === here);
    for (const some of batches(local, 250))
      ovs.vsctl(
        ...joined(
          some.map(([n, p], i) => {
            const name = `l${n}-${i}`;
            return [
              ...['add-port', 'br', name, '--', 'set', 'Interface', name, 'type=dummy'],
              `external_ids:iface-id=${portName(n, p)}`,
            ];
          }),
        ),
      );
    await ovn.start();
    await fillNorthbound(ovn, tenants);
    ovn.sync('sb');
    await fillSouthbound(ovn, tenants, here);
    ovn.spawn('ovn-controller', 'controller', `unix:${ovs.directory}/db.sock`);
    const count = () => flowCount(ovs.ofctl('dump-aggregate', ovs.mgmt));
    await rested(count);
    ovn.sync('hv');
    return await rested(count);
  } finally {
    await ovn.stop();
    await ovs.stop();
  }
}

const flowCount = (aggregate: string): number => Number(/flow_count=(\d+)/.exec(aggregate)?.[1]);

async function rested(count: () => number): Promise<number> {
  let [last, since] = [-1, performance.now()];
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = count();
    if (performance.now() > end) throw new Error(`OVN: ${now} flows after ${PATIENCE_MS} ms, and no rest`);
    if (now !== last || now === 0) [last, since] = [now, performance.now()];
    else if (performance.now() - since > REST_MS) return last;
    await wait(250);
  }
}
