/** `kakuri run` as a child process, for the demo: started, waited for, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const KAKURI = fileURLToPath(new URL('../../../bin/kakuri.js', import.meta.url));

export interface ControllerProcess {
  readonly pid: number;
  /** Where its API answers. */
  readonly api: string;
  /** Ends it; the hosts go on working. */
  stop(): Promise<void>;
  /** Kills it, at whatever it was doing. */
  kill(): Promise<void>;
}

/** Starts `kakuri run ARGS` and waits for its ready line. Rejects with what it wrote to stderr if it ends before. */
export function startController(args: readonly string[]): Promise<ControllerProcess> {
  const child: ChildProcess = spawn(process.execPath, [KAKURI, 'run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stderr = '';
  child.stderr?.on('data', (octets: Buffer) => {
    stderr = (stderr + octets.toString()).slice(-4000);
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the controller ended (exit code ${code}): ${stderr.trim()}`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^ready pid=(\d+) api=(\S+)$/.exec(line);
      if (ready === null) return;
      const end = async (signal: NodeJS.Signals): Promise<void> => {
        child.kill(signal);
        await ended;
      };
      resolve({
        pid: Number(ready[1]),
        api: ready[2] as string,
        stop: () => end('SIGTERM'),
        kill: () => end('SIGKILL'),
      });
    });
  });
}
