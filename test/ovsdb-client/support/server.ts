/**
 * A real ovsdb-server in a temporary folder of its own, with the Open_vSwitch schema and `conformance`, on a unix socket and
 * a loopback TCP port. `stop` ends exactly this process.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const FIXTURES = resolve(fileURLToPath(new URL('../../../../test/fixtures/ovsdb', import.meta.url)));
export const VSWITCH_SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

export interface TestServer {
  readonly dir: string;
  readonly unix: string;
  readonly tcp: string;
  readonly ctl: string;
  readonly pid: () => number;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Ends the process, keeps the databases. */
  readonly halt: () => Promise<void>;
  readonly launch: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

export const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Waits until `probe` gives something but undefined or false. */
export async function until<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 5000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${probe}`);
    await sleep(10);
  }
}

/** Whether something accepts on this unix socket. */
export const accepts = (path: string) =>
  new Promise<boolean>((done) => {
    const socket = connect(path, () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });

/** Starts a process that does not outlive this one, whatever becomes of the test. */
export function startProcess(command: string, args: readonly string[], dir: string): ChildProcess {
  const env = { ...process.env, OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir, OVS_SYSCONFDIR: dir };
  const child = spawn(command, args, { stdio: 'ignore', env });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

/** Ends a child and waits for its end; a frozen one is thawed first. */
export async function end(child: ChildProcess | undefined, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGCONT');
  child.kill(signal);
  await ended;
}

/** Creates the databases in `dir`; gives their files. */
function createDatabases(dir: string, schemas: readonly string[]): string[] {
  return schemas.map((schema, i) => {
    execFileSync('ovsdb-tool', ['create', join(dir, `db${i}.db`), schema]);
    return join(dir, `db${i}.db`);
  });
}

export async function startServer(args: readonly string[] = []): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'ovsdb-test-'));
  const port = await freePort();
  const databases = createDatabases(dir, [VSWITCH_SCHEMA, join(FIXTURES, 'conformance.ovsschema')]);
  const ctl = join(dir, 'ctl');
  const remotes = [`--remote=punix:${dir}/db.sock`, `--remote=ptcp:${port}:127.0.0.1`, `--unixctl=${ctl}`];
  const logs = ['-vconsole:off', '-vsyslog:off', '-vfile:info', `--log-file=${dir}/log`];
  let child: ChildProcess | undefined;
  const launch = async () => {
    child = startProcess('ovsdb-server', [...databases, ...remotes, ...logs, ...args], dir);
    await until(() => accepts(join(dir, 'db.sock')), 10_000);
  };
  await launch();
  return {
    dir,
    unix: `unix:${dir}/db.sock`,
    tcp: `tcp:127.0.0.1:${port}`,
    ctl,
    pid: () => child?.pid as number,
    signal: (signal) => void child?.kill(signal),
    halt: () => end(child),
    launch,
    stop: async () => {
      await end(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
