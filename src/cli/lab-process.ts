/**
 * The Mininet lab as a child process: one JSON line when it stands, then a JSON line for each request and each answer.
 * The end of its stdin is the end of the lab, so it cleans up however this process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LAB = fileURLToPath(new URL('../../../mininet/lab.py', import.meta.url));

export interface LabVm {
  readonly host: string;
  readonly tenant: string;
  readonly network: string;
  readonly mac: string;
  readonly ips: readonly string[];
  readonly ifaceId: string;
  /** The hypervisor's end of its link. */
  readonly tap: string;
  /** Of a process in its network namespace. */
  readonly pid: number;
}

export interface LabReady {
  readonly ready: true;
  readonly id: string;
  readonly dir: string;
  /** What hosts are told to connect to, `tcp:IP:PORT`. */
  readonly controller: string;
  /** The controller's address on the management network. */
  readonly management: string;
  readonly hosts: Readonly<Record<string, { readonly ovsdb: string; readonly rundir: string; readonly vtep: string }>>;
  readonly vms: Readonly<Record<string, LabVm>>;
  /** A topology file with the addresses the lab really has. */
  readonly topology: string;
}

/** The lab failed, or a request did; the message is the lab's own. */
export class LabError extends Error {}

interface Answer {
  readonly id: number;
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: string;
}

/** How long a lab may take to end by itself, milliseconds. */
const PATIENCE_MS = 15_000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class LabProcess<Ready extends LabReady = LabReady> {
  readonly ready: Ready;
  readonly #child: ChildProcess;
  readonly #waiting: Map<number, Waiting>;
  readonly #closed: Promise<number | null>;
  #next = 1;

  private constructor(
    child: ChildProcess,
    ready: Ready,
    waiting: Map<number, Waiting>,
    closed: Promise<number | null>,
  ) {
    this.#child = child;
    this.ready = ready;
    this.#waiting = waiting;
    this.#closed = closed;
  }

  /** Builds the lab of a topology, given as JSON text. `args` go to lab.py. Throws LabError with what the lab said. */
  static start<Ready extends LabReady = LabReady>(
    topology: string,
    args: readonly string[] = [],
  ): Promise<LabProcess<Ready>> {
    // Its own process group: a Ctrl-C reaches this process alone, which ends the lab by closing its stdin.
    const child = spawn('/usr/bin/python3', [LAB, '-', '--serve', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const waiting = new Map<number, Waiting>();
    let stderr = '';
    child.stderr.on('data', (octets: Buffer) => {
      stderr = (stderr + octets.toString()).slice(-4000);
    });
    // Writing to a lab that has just died: its end tells.
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${topology}\n`);
    return new Promise((resolve, reject) => {
      const closed = new Promise<number | null>((done) => {
        child.once('close', (code) => {
          const error = new LabError(`the lab ended with ${code}: ${stderr.trim() || 'it said nothing'}`);
          for (const { reject: refuse } of waiting.values()) refuse(error);
          waiting.clear();
          reject(error);
          done(code);
        });
      });
      child.once('error', (error) => reject(new LabError(`the lab could not be started: ${error.message}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = JSON.parse(line) as Answer | Ready;
        if ('ready' in message) resolve(new LabProcess(child, message, waiting, closed));
        else settle(waiting, message);
      });
    });
  }

  /** Sends a request of mininet/kakuri_lab/requests.py; requests run at the same time. Rejects with LabError. */
  request<T>(name: string, parameters: object = {}): Promise<T> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        reject(new LabError('the lab has ended'));
        return;
      }
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#child.stdin?.write(`${JSON.stringify({ ...parameters, id, do: name })}\n`);
    });
  }

  /** Lets the lab end, without waiting for it: requests under way are refused when it has. */
  end(): void {
    this.#child.stdin?.end();
  }

  /** Ends the lab and waits until nothing of it is left; may be called twice. Throws LabError when it did not end cleanly. */
  async stop(): Promise<void> {
    this.end();
    const timer = setTimeout(() => this.#child.kill('SIGTERM'), PATIENCE_MS);
    const code = await this.#closed;
    clearTimeout(timer);
    if (code !== 0) throw new LabError(`the lab ended with ${code}`);
  }

  /** The pid of the lab's main process. */
  get pid(): number {
    return this.#child.pid as number;
  }
}

function settle(waiting: Map<number, Waiting>, { id, ok, result, error }: Answer): void {
  const request = waiting.get(id);
  waiting.delete(id);
  if (ok) request?.resolve(result);
  else request?.reject(new LabError(error ?? 'the lab refused without a reason'));
}
