/** One timer for many deadlines: it is set when a deadline comes that is nearer than all, not for each. */
export class Deadlines {
  /** Looks after what is overdue at `now`; gives the nearest deadline that is left. Times are performance.now()'s. */
  readonly #expire: (now: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(expire: (now: number) => number) {
    this.#expire = expire;
  }

  /** There is a deadline at this time. What has been dealt with before its time need not be taken back. */
  add(at: number): void {
    if (at < this.#at) this.#arm(at);
  }

  /** Ends all. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#at = Number.NEGATIVE_INFINITY;
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#at = at;
    const wait = Math.max(1, Math.ceil(at - performance.now()));
    if (at < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#look(), wait);
  }

  #look(): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.add(this.#expire(performance.now()));
  }
}
