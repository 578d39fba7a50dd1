/**
 * Whose pass begins when. Computing a pass blocks the event loop, so passes begin one a turn of it: what switches answer
 * meanwhile is read between two of them, and each pass's messages leave before the next one computes. The host that an
 * event came from goes first, for the others mostly wait for what it will confirm.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves when the pass may begin: at once for the one that goes first, else in the order of asking, one a turn. */
  next(first: boolean): Promise<void> {
    if (first) return Promise.resolve();
    return new Promise((begin) => {
      this.#waiting.push(begin);
      if (this.#waiting.length === 1) setImmediate(() => this.#turn());
    });
  }

  #turn(): void {
    const begin = this.#waiting.shift();
    if (this.#waiting.length > 0) setImmediate(() => this.#turn());
    begin?.();
  }
}
