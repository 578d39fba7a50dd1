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

  /** The answer to a request. Throws what the program says is wrong. */
  async answer<T extends object>(request: object): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error('the measuring program ended');
    const parsed = JSON.parse(answer.value) as T | { readonly error: unknown };
    if ('error' in parsed) throw new Error(String(parsed.error));
    return parsed;
  }

  /** The member `name` of the answer, a number. */
  async ask(request: object, name: string): Promise<number> {
    const value = (await this.answer<Record<string, unknown>>(request))[name];
    if (typeof value !== 'number') throw new Error(`the answer has no ${name}`);
    return value;
  }

  stop(): void {
    this.#child.stdin?.end();
  }
}
