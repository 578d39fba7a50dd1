/**
 * A connection between the controller and a simulated server: requests are carried out in their order, each answer and
 * each notification comes back in theirs. Where it is lost, what was on its way may have been carried out or not, and
 * every request without an answer fails.
 */
import { Channel, type Way } from './channel.js';

/** More requests than this at once of one host, and the controller queues without end. */
const MOST_AT_ONCE = 12;

export class Connection {
  readonly #up: Channel;
  readonly #down: Channel;
  readonly #random: () => number;
  readonly #failing = new Set<(error: Error) => void>();
  readonly #name: string;
  readonly #violated: (what: string) => void;
  isOpen = true;

  /** `violated` is told where the controller asks too much. */
  constructor(name: string, way: Way, violated: (what: string) => void) {
    this.#name = name;
    this.#violated = violated;
    this.#random = way.random;
    this.#up = new Channel(way);
    this.#down = new Channel(way);
  }

  /** Asks the server for something; `work` is done there, all at once. */
  ask<V>(work: () => V | Promise<V>): Promise<V> {
    if (!this.isOpen) return Promise.reject(this.#lost());
    return new Promise((resolve, reject) => {
      this.#failing.add(reject);
      if (this.#failing.size > MOST_AT_ONCE) this.#violated(`${this.#name}: ${this.#failing.size} requests at once`);
      const answer = (arrive: () => void): void =>
        this.#down.send(() => {
          this.#failing.delete(reject);
          arrive();
        });
      this.#up.send(() => {
        // Where work fails at once, that is an answer, too.
        new Promise<V>((done) => done(work())).then(
          (value) => answer(() => resolve(value)),
          (error: Error) => answer(() => reject(error)),
        );
      });
    });
  }

  /** Tells the controller something. */
  tell(arrive: () => void): void {
    if (this.isOpen) this.#down.send(() => (this.isOpen ? arrive() : undefined));
  }

  pump(): void {
    this.#up.pump();
    this.#down.pump();
  }

  /** Some of the requests on their way are still carried out. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#down.cut(0);
    this.#up.cut(Math.floor(this.#random() * (this.#up.length + 1)));
    this.#down.cut(0);
    for (const fail of this.#failing) fail(this.#lost());
    this.#failing.clear();
  }

  #lost = (): Error => new Error(`${this.#name}: the connection is lost`);
}
