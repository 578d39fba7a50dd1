/** Time for the fake switch: the machine's, or one that a test moves. */

/** Time, and what happens every so often. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls back every `ms` until the function returned is called. */
  every(ms: number, work: () => void): () => void;
}

/** The machine's own. Its timers keep no process alive. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #works = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  every(_ms: number, work: () => void): () => void {
    this.#works.add(work);
    return () => this.#works.delete(work);
  }

  /** Lets time pass; whatever became due is done once, at the end of it. */
  advance(ms: number): void {
    this.#now += ms;
    for (const work of this.#works) work();
  }
}
