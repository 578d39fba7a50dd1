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
}

export interface LabReady {
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

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class LabProcess {
  readonly ready: LabReady;
  readonly #child: ChildProcess;
  readonly #waiting: Map<number, Waiting>;
  readonly #ended: Promise<void>;
  #next = 1;

  private constructor(child: ChildProcess, ready: LabReady, waiting: Map<number, Waiting>, ended: Promise<void>) {
    this.#child = child;
    this.ready = ready;
    this.#waiting = waiting;
    this.#ended = ended;
  }

  /** Builds the lab of a topology file. `args` go to lab.py. Throws LabError with what the lab said. */
  static start(topology: string, args: readonly string[] = []): Promise<LabProcess> {
    // Its own process group: a Ctrl-C reaches this process alone, which ends the lab by closing its stdin.
    const child = spawn('/usr/bin/python3', [LAB, topology, '--serve', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const waiting = new Map<number, Waiting>();
    let stderr = '';
    child.stderr?.on('data', (octets: Buffer) => {
      stderr = (stderr + octets.toString()).slice(-4000);
    });
    return new Promise((resolve, reject) => {
      const ended = new Promise<void>((done) => {
        child.once('exit', (code) => {
          const error = new LabError(`the lab ended (exit code ${code}): ${stderr.trim() || 'it said nothing'}`);
          for (const { reject: refuse } of waiting.values()) refuse(error);
          waiting.clear();
          reject(error);
          done();
        });
      });
      child.once('error', (error) => reject(new LabError(`the lab could not be started: ${error.message}`)));
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = JSON.parse(line) as {
          ready?: true;
          id: number;
          ok?: boolean;
          result?: unknown;
          error?: string;
        };
        if (message.ready) resolve(new LabProcess(child, message as unknown as LabReady, waiting, ended));
        else answer(waiting, message);
      });
    });
  }

  /** Sends a request; resolves with its result. Throws LabError. */
  request<T>(op: string, parameters: object = {}): Promise<T> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, do: op, ...parameters })}\n`);
    });
  }

  /** Ends the lab and waits until nothing of it is left. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}

function answer(
  waiting: Map<number, Waiting>,
  message: { id: number; ok?: boolean; result?: unknown; error?: string },
): void {
  const request = waiting.get(message.id);
  if (request === undefined) return;
  waiting.delete(message.id);
  if (message.ok) request.resolve(message.result);
  else request.reject(new LabError(message.error ?? 'the lab refused without a reason'));
}
