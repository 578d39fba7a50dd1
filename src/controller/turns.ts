/**
 * Whose pass begins when. Computing a pass blocks the event loop, so passes begin one a turn of it: what switches answer
 * meanwhile is read between two of them, and each pass's messages leave before the next one computes. A host that just got
 * a port goes first, also when its pass waits already: the port's traffic waits for nothing else.
 */
interface Waiting {
  readonly host: string;
  readonly begin: () => void;
}

export class Turns {
  #waiting: readonly Waiting[] = [];

  /** Resolves when the host's pass may begin: at once when it goes first, else in the order of asking, one a turn. */
  next(host: string, first: boolean): Promise<void> {
    if (first) return Promise.resolve();
    return new Promise((begin) => {
      this.#waiting = [...this.#waiting, { host, begin }];
      if (this.#waiting.length === 1) setImmediate(() => this.#turn());
    });
  }

  /** Lets the host's pass begin now, if it waits. */
  promote(host: string): void {
    const found = this.#waiting.find((waiting) => waiting.host === host);
    if (found === undefined) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== found);
    found.begin();
  }

  #turn(): void {
    const [next, ...rest] = this.#waiting;
    this.#waiting = rest;
    if (rest.length > 0) setImmediate(() => this.#turn());
    next?.begin();
  }
}
