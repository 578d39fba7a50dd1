/** The ovsdb-servers of bench ovsdb: one table on a unix socket in a temporary folder, and octets said to it without any client. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Framer } from 'ovsdb-client';

const strings = { key: 'string', value: 'string', min: 0, max: 'unlimited' };
export const SCHEMA = {
  name: 'PB',
  version: '1.0.0',
  tables: {
    Port: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        name: { type: 'string' },
        tenant: { type: 'integer' },
        mac: { type: 'string' },
        ip: { type: 'string' },
        hv: { type: 'string' },
        options: { type: strings },
      },
    },
  },
};

export interface BenchServer {
  readonly remote: string;
  readonly path: string;
  readonly schemaFile: string;
  readonly stop: () => void;
}

export async function startServer(): Promise<BenchServer> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-ovsdb-'));
  const [schemaFile, path] = [join(dir, 'pb.ovsschema'), join(dir, 'db.sock')];
  writeFileSync(schemaFile, JSON.stringify(SCHEMA));
  execFileSync('ovsdb-tool', ['create', join(dir, 'pb.db'), schemaFile]);
  const quiet = ['-vconsole:off', '-vsyslog:off', '-vfile:off', `--unixctl=${dir}/ctl`];
  const child = spawn('ovsdb-server', [join(dir, 'pb.db'), `--remote=punix:${path}`, ...quiet], {
    stdio: 'ignore',
    env: { ...process.env, OVS_RUNDIR: dir },
  });
  while (!existsSync(path)) await new Promise((done) => setTimeout(done, 20));
  // An interrupted run leaves no server behind.
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = () => {
    process.off('exit', kill);
    kill();
    rmSync(dir, { recursive: true, force: true });
  };
  return { remote: `unix:${path}`, path, schemaFile, stop };
}

/**
 * Writes octets to the server and gathers its answers until so many messages have come. The socket is read once a millisecond: a
 * reader that is woken for each answer takes the processor from the server, whose limit this is to find.
 */
export function exchange(path: string, request: string, answers: number): Promise<Buffer[]> {
  return new Promise((done, failed) => {
    const pieces: Buffer[] = [];
    const framer = new Framer();
    let count = 0;
    const options = { readableHighWaterMark: 1 }; // it stops reading as soon as it is paused
    const socket = new Socket(options as SocketConstructorOpts);
    socket.connect(path, () => socket.write(request));
    socket.on('error', failed);
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      count += framer.push(piece).length;
      if (count < answers) {
        socket.pause();
        setTimeout(() => socket.resume(), 1);
        return;
      }
      socket.destroy();
      done(pieces);
    });
  });
}
