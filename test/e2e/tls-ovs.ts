/**
 * A private Open vSwitch that is reached over TLS: ovsdb-server takes its key, certificate and authority from table SSL as
 * the distributions' scripts set it up, listens as the Manager row says, and ovs-vswitchd uses the same certificate.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from './installation.js';

export interface TlsOvs {
  vsctl(...args: string[]): string;
  ofctl(...args: string[]): string;
  appctl(...args: string[]): string;
  /** Shows these from now on: private key, certificate, authority. */
  certify(files: readonly [string, string, string]): void;
  stop(): Promise<void>;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 800) throw new Error(`no ${what} after 20 s`);
    await sleep(25);
  }
}

/** Starts both daemons; interfaces are dummies. */
export async function startTlsOvs(): Promise<TlsOvs> {
  const directory = mkdtempSync(join(tmpdir(), 'kkt-'));
  const env = { ...process.env, OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory };
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  run('ovsdb-tool', 'create', `${directory}/conf.db`, '/usr/share/openvswitch/vswitch.ovsschema');
  const start = (command: string, ...args: string[]) =>
    spawn(command, [...args, '--no-chdir', '-vconsole:off', '-vsyslog:off'], { env, stdio: 'ignore' });
  const socket = `${directory}/db.sock`;
  const server = start(
    'ovsdb-server',
    `${directory}/conf.db`,
    `--remote=punix:${socket}`,
    '--remote=db:Open_vSwitch,Open_vSwitch,manager_options',
    '--private-key=db:Open_vSwitch,SSL,private_key',
    '--certificate=db:Open_vSwitch,SSL,certificate',
    '--ca-cert=db:Open_vSwitch,SSL,ca_cert',
  );
  const vsctl = (...args: string[]): string => run('ovs-vsctl', `--db=unix:${socket}`, '--timeout=20', ...args);
  await until('ovsdb-server', () => existsSync(socket));
  vsctl('--no-wait', 'init');
  const vswitchd = start('ovs-vswitchd', `unix:${socket}`, '--enable-dummy=override', '--disable-system');
  return {
    vsctl,
    ofctl: (...args) => run('ovs-ofctl', '-O', 'OpenFlow15', ...args),
    appctl: (...args) => run('ovs-appctl', '-t', `${directory}/ovs-vswitchd.${vswitchd.pid}.ctl`, ...args),
    certify: (files) => {
      vsctl('set-ssl', ...files);
    },
    stop: async () => {
      for (const child of [vswitchd, server]) {
        child.kill('SIGTERM');
        await until('end of a daemon', () => child.exitCode !== null || child.signalCode !== null);
      }
      rmSync(directory, { recursive: true });
    },
  };
}
