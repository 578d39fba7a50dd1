/** A measuring program of bench/peers: one JSON request a line, one JSON answer a line, one request at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export class PeersProcess {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  /** `program`: a file of bench/peers. */
  constructor(program: string) {
    const path = fileURLToPath(new URL(`../../bench/peers/${program}`, import.meta.url));
    this.#child = spawn('/usr/bin/python3', [path], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error(`${program} has no stdout`);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The member `name` of the answer, a number. Throws what the program says is wrong. */
  async ask(request: object, name: string): Promise<number> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error('the measuring program ended');
    const parsed = JSON.parse(answer.value) as Readonly<Record<string, unknown>>;
    const value = parsed[name];
    if (typeof value !== 'number') throw new Error(String(parsed.error));
    return value;
  }

  stop(): void {
    this.#child.stdin?.end();
  }
}
