/**
 * A private ovsdb-server and ovs-vswitchd with one bridge `br` on the dummy datapath: sockets, database and logs in a
 * directory of their own, nothing of the system's is touched, and both end with `stop`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface Ovs {
  readonly directory: string;
  /** Process id of ovs-vswitchd. */
  readonly vswitchd: number;
  /** Where the bridge answers OpenFlow. */
  readonly mgmt: string;
  vsctl(...args: string[]): string;
  ofctl(...args: string[]): string;
  stop(): Promise<void>;
}

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const QUIET = ['--no-chdir', '-vconsole:off', '-vsyslog:off'];

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) throw new Error(`no ${what} after 10 s`);
    await wait(25);
  }
}

/** Starts both and makes the bridge, which speaks 1.3, 1.4 and 1.5. `ports` are dummy interfaces p1, p2, … */
export async function startOvs(ports = 2): Promise<Ovs> {
  const directory = mkdtempSync(join(tmpdir(), 'ofs-'));
  const env = { ...process.env, OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory };
  const run = (command: string, ...args: string[]): string => execFileSync(command, args, { env, encoding: 'utf8' });
  run('ovsdb-tool', 'create', `${directory}/conf.db`, SCHEMA);
  const start = (command: string, ...args: string[]) => spawn(command, [...args, ...QUIET], { env, stdio: 'ignore' });
  const server = start('ovsdb-server', `${directory}/conf.db`, `--remote=punix:${directory}/db.sock`, '--pidfile');
  const db = `--db=unix:${directory}/db.sock`;
  const vsctl = (...args: string[]): string => run('ovs-vsctl', db, '--timeout=10', ...args);
  await until('ovsdb-server', () => existsSync(`${directory}/db.sock`));
  vsctl('--no-wait', 'init');
  const log = `--log-file=${directory}/vswitchd.log`;
  const vswitchd = start(
    'ovs-vswitchd',
    `unix:${directory}/db.sock`,
    '--enable-dummy',
    '--disable-system',
    '--pidfile',
    log,
  );
  const bridge = ['add-br', 'br', '--', 'set', 'bridge', 'br', 'datapath_type=dummy', 'fail_mode=secure'];
  const versions = ['protocols=OpenFlow13,OpenFlow14,OpenFlow15', 'other-config:datapath-id=00000000000000a1'];
  const added = Array.from({ length: ports }, (_, i) => [
    '--',
    'add-port',
    'br',
    `p${i + 1}`,
    '--',
    'set',
    'interface',
    `p${i + 1}`,
    'type=dummy',
    `ofport_request=${i + 1}`,
  ]).flat();
  vsctl(...bridge, ...versions, ...added);
  return {
    directory,
    vswitchd: vswitchd.pid as number,
    mgmt: `unix:${directory}/br.mgmt`,
    vsctl,
    ofctl: (...args) => run('ovs-ofctl', '-O', 'OpenFlow15', ...args),
    stop: async () => {
      for (const child of [vswitchd, server]) {
        child.kill('SIGTERM');
        await until('end of a daemon', () => child.exitCode !== null || child.signalCode !== null);
      }
      rmSync(directory, { recursive: true });
    },
  };
}
