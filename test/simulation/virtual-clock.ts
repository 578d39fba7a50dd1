/**
 * A seeded clock in the place of the global timers: time passes only when the simulation takes the next event, and events
 * of one moment come in an order that the seed chooses. Promises and setImmediate stay real: they run in the order in
 * which they were made, so that a run is a function of its seed.
 */
interface Timer {
  at: number;
  readonly order: number;
  readonly id: number;
  readonly every: number | undefined;
  readonly run: () => void;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Callback = (...args: unknown[]) => void;
const REPLACED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;

export class VirtualClock {
  /** Milliseconds, monotonic. */
  now = 0;
  /** What the wall clock shows beside that: it may be set back and forth. */
  wall = 0;
  readonly #random: () => number;
  readonly #timers = new Map<number, Timer>();
  readonly #real = REPLACED.map((name) => [name, globalThis[name]] as const);
  readonly #realNow = Date.now;
  #next = 1;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Until `restore`, the process's timers are these. */
  install(): void {
    const set =
      (repeated: boolean) =>
      (run: Callback, ms?: number, ...args: unknown[]) =>
        this.#add(() => run(...args), Math.max(1, ms ?? 0), repeated);
    const clear = (id: unknown): void => void this.#timers.delete(Number(id));
    Object.assign(globalThis, { setTimeout: set(false), setInterval: set(true) });
    Object.assign(globalThis, { clearTimeout: clear, clearInterval: clear });
    Date.now = () => this.now + this.wall;
  }

  restore(): void {
    Object.assign(globalThis, Object.fromEntries(this.#real));
    Date.now = this.#realNow;
    this.#timers.clear();
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  at(moment: number, run: () => void): void {
    this.#add(run, moment - this.now, false);
  }

  /** The event loop stands still: what was due meanwhile comes after it. */
  stall(ms: number): void {
    this.now += ms;
  }

  /** Takes the next event, and lets all that it causes at once run to its end. */
  async step(): Promise<void> {
    let next: Timer | undefined;
    for (const t of this.#timers.values())
      if (next === undefined || t.at < next.at || (t.at === next.at && t.order < next.order)) next = t;
    if (next === undefined) throw new Error('no event is left');
    this.now = Math.max(this.now, next.at);
    if (next.every === undefined) this.#timers.delete(next.id);
    else next.at = this.now + next.every;
    next.run();
    await this.quiet();
  }

  /** Promises settle before the next immediate; the immediates that they make come within a few rounds. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 8; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #add(run: () => void, ms: number, repeated: boolean): number {
    const id = this.#next++;
    this.#timers.set(id, { at: this.now + ms, order: this.#random(), id, every: repeated ? ms : undefined, run });
    return id;
  }
}
