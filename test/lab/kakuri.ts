/**
 * Runs the command line, bin/kakuri.js, as a user does: one command to its end (`kakuri`), or the controller beside a
 * test (`runKakuri`), which is killed with this process at the latest.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './lab.js';

const BIN = join(ROOT, 'bin/kakuri.js');

export interface KakuriOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KakuriOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A command that becomes the one given to it, as `env` and `nice` do. */
  readonly through?: readonly string[];
  /** Killed, with code null, after this time. */
  readonly timeoutMs?: number;
}

/** One command, to its end. Never rejects for an exit code. */
export function kakuri(
  args: readonly string[],
  options: KakuriOptions & { stdin?: string } = {},
): Promise<KakuriOutcome> {
  const child = start(args, options);
  child.stdin?.end(options.stdin ?? '');
  const output = collect(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 30_000);
  return new Promise((found, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      clearTimeout(timer);
      found({ code, stdout: output.stdout, stderr: output.stderr });
    });
  });
}

/** A controller that serves. */
export interface RunningKakuri {
  /** As its line `ready pid=N api=URL` says. */
  readonly pid: number;
  readonly api: string;
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  /** Sends a signal (SIGTERM unless told) and waits for the end; may be called twice. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** `kakuri run ARGS`; resolves at its line `ready pid=N api=URL`, rejects with its stderr when it ends or is late. */
export async function runKakuri(args: readonly string[], options: KakuriOptions = {}): Promise<RunningKakuri> {
  const child = start(['run', ...args], options);
  const output = collect(child);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = new Promise<number | null>((found) => {
    child.once('close', (code) => {
      process.removeListener('exit', kill);
      found(code);
    });
  });
  const ready = new Promise<{ pid: number; api: string }>((found, fail) => {
    const timer = setTimeout(() => {
      kill();
      fail(new Error(`kakuri run: no ready line: ${output.stdout}${output.stderr}`));
    }, options.timeoutMs ?? 15_000);
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const match = /^ready pid=(\d+) api=(\S+)/.exec(line);
        if (match === null) return;
        clearTimeout(timer);
        found({ pid: Number(match[1]), api: match[2] as string });
      });
    }
    closed.then((code) => {
      clearTimeout(timer);
      fail(new Error(`kakuri run ended with ${code}: ${output.stderr.trim()}`));
    });
  });
  const { pid, api } = await ready;
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return closed;
  };
  return { pid, api, output, stop };
}

function start(args: readonly string[], options: KakuriOptions): ChildProcess {
  const [command, ...rest] = [...(options.through ?? []), process.execPath, BIN, ...args];
  return spawn(command as string, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  return output;
}
