/**
 * One direction of a connection: messages arrive in the order in which they were sent, each after a seeded time. While
 * the way is silent (a cable pulled, a half-open connection) nothing arrives; what waits then comes late, or is lost.
 */
import type { VirtualClock } from './virtual-clock.js';

export interface Way {
  readonly clock: VirtualClock;
  readonly random: () => number;
  /** Longest time on the way, milliseconds. */
  readonly latency: () => number;
  readonly isSilent: () => boolean;
}

interface Message {
  readonly at: number;
  readonly arrive: () => void;
}

export class Channel {
  readonly #way: Way;
  #queue: Message[] = [];
  #last = 0;

  constructor(way: Way) {
    this.#way = way;
  }

  get length(): number {
    return this.#queue.length;
  }

  send(arrive: () => void): void {
    const { clock, random, latency } = this.#way;
    this.#last = Math.max(this.#last + 1, clock.now + 1 + Math.floor(random() * latency()));
    this.#queue.push({ at: this.#last, arrive });
    clock.at(this.#last, () => this.pump());
  }

  /** Lets all arrive that is due. */
  pump(): void {
    while (!this.#way.isSilent()) {
      const [first] = this.#queue;
      if (first === undefined || first.at > this.#way.clock.now) return;
      this.#queue.shift();
      first.arrive();
    }
  }

  /** The connection is lost: so many of the messages on their way still arrive, now; the others never do. */
  cut(arriving: number): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { arrive } of queue.slice(0, arriving)) arrive();
  }
}
