/**
 * How long changes take: from the first event that concerns a host to the end of the pass that has seen the last of them.
 * Held for each host; whoever wants a histogram listens.
 */
export class Latency {
  readonly #now: () => number;
  readonly #since = new Map<string, number>();
  readonly #listeners = new Set<(host: string, seconds: number) => void>();

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Something concerns the host. */
  began(host: string): void {
    if (!this.#since.has(host)) this.#since.set(host, this.#now());
  }

  /** Everything that concerned the host is carried out. */
  ended(host: string): void {
    const since = this.#since.get(host);
    if (since === undefined) return;
    this.#since.delete(host);
    const seconds = Math.max(0, this.#now() - since) / 1000;
    for (const listener of this.#listeners) listener(host, seconds);
  }

  /** The host is none of ours any more. */
  forget(host: string): void {
    this.#since.delete(host);
  }

  /** Calls `listener` with every change carried out from now on. */
  onMeasured(listener: (host: string, seconds: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
