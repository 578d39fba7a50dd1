/**
 * What probes have told of one path. A round is one small probe and one as large as the underlay should carry; where the
 * large one is lost and the small one is not, sizes between are tried until the largest that arrives is known. Pure.
 */

/** Rounds that are looked at. */
const WINDOW = 10;
/** Small probes lost one after the other that make a path `down`, and within the window that make it `lossy`. */
const DOWN = 3;
const LOSSY = 2;
/** Large probes lost, the small ones not, before sizes are tried. */
const TOO_LARGE = 2;
/** Sizes tried in one round. */
const LADDER = 7;

/** `mtu`: less than the underlay's whole packets arrive. */
export type PathHealth = 'unknown' | 'up' | 'lossy' | 'mtu' | 'down';

/** One probe's end: how long it took, or that it was lost. */
export interface Probed {
  /** Octets of its IP packet inside the tunnel. */
  readonly octets: number;
  /** Milliseconds; absent: it never came. */
  readonly ms?: number;
}

export class PathHistory {
  readonly #small: number;
  readonly #full: number;
  readonly #rounds: (number | undefined)[] = [];
  /** Rounds one after the other in which the large one alone was lost. */
  #tooLarge = 0;
  #fits: number;
  #fitsNot: number;

  /** Octets of the least probe, and of the largest that should arrive. */
  constructor(small: number, full: number) {
    this.#small = small;
    this.#full = full;
    this.#fits = small;
    this.#fitsNot = full;
  }

  /** Sizes of the next round, the small one first. */
  sizes(): readonly number[] {
    const sizes = new Set([this.#small]);
    if (this.#tooLarge >= TOO_LARGE) {
      if (this.#fits > this.#small) sizes.add(this.#fits);
      const gap = this.#fitsNot - this.#fits;
      // One octet more than fits: by that it is seen when more does.
      if (!this.searching) sizes.add(this.#fitsNot);
      for (let i = 1; i <= LADDER && this.searching; i++) sizes.add(this.#fits + Math.ceil((gap * i) / (LADDER + 1)));
    }
    sizes.delete(this.#full);
    return [...sizes, this.#full];
  }

  /** True while the largest size that arrives is not known to the octet. */
  get searching(): boolean {
    return this.#tooLarge >= TOO_LARGE && this.#fitsNot - this.#fits > 1;
  }

  /** Something is not as it was, so that the next round should come soon. */
  get unsettled(): boolean {
    const { health } = this;
    return health === 'unknown' || this.searching || this.#tooLarge === 1 || (this.#lost > 0 && health !== 'down');
  }

  /** Takes in a whole round. */
  round(probes: readonly Probed[]): void {
    const small = probes.find(({ octets }) => octets === this.#small);
    if (small === undefined) return;
    this.#rounds.push(small.ms);
    if (this.#rounds.length > WINDOW) this.#rounds.shift();
    if (small.ms !== undefined) this.#learn(probes);
  }

  /** What the sizes say, the path itself being there. */
  #learn(probes: readonly Probed[]): void {
    if (probes.some(({ octets, ms }) => octets === this.#full && ms !== undefined)) {
      this.#tooLarge = 0;
      this.#fits = this.#small;
      this.#fitsNot = this.#full;
      return;
    }
    this.#tooLarge += 1;
    if (this.#tooLarge <= TOO_LARGE) return;
    const arrived = Math.max(...probes.filter(({ ms }) => ms !== undefined).map(({ octets }) => octets));
    const lost = probes.filter(({ octets, ms }) => ms === undefined && octets > arrived).map(({ octets }) => octets);
    // What fitted and does not now: the search begins anew.
    if (arrived < this.#fits) this.#fitsNot = this.#full;
    this.#fits = arrived;
    this.#fitsNot = Math.min(this.#fitsNot, ...lost);
    if (this.#fitsNot <= this.#fits) this.#fitsNot = this.#full;
  }

  get #lost(): number {
    return this.#rounds.filter((ms) => ms === undefined).length;
  }

  get health(): PathHealth {
    if (this.#rounds.length === 0) return 'unknown';
    const last = this.#rounds.slice(-DOWN);
    if (last.length === DOWN && last.every((ms) => ms === undefined)) return 'down';
    if (this.#lost >= LOSSY) return 'lossy';
    if (this.#rounds.every((ms) => ms === undefined)) return 'unknown';
    return this.#tooLarge >= TOO_LARGE ? 'mtu' : 'up';
  }

  /** Of the small probes of the window: how many were lost, 0 to 1. */
  get loss(): number {
    return this.#rounds.length === 0 ? 0 : this.#lost / this.#rounds.length;
  }

  /** Median of those that arrived, milliseconds. */
  get latencyMs(): number | undefined {
    const sorted = this.#rounds.filter((ms) => ms !== undefined).sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }

  /** The largest size that arrives, octets of the IP packet inside; undefined where none has. */
  get largest(): number | undefined {
    if (this.#rounds.every((ms) => ms === undefined)) return undefined;
    return this.#tooLarge >= TOO_LARGE ? this.#fits : this.#full;
  }
}
