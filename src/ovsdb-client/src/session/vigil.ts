/**
 * Waiting for one answer without going to sleep. Where requests are made one after the other of a server near by, most of each round
 * is not the server's work but two processors that fell asleep and have to be woken. So if the last answer came within the time given,
 * the event loop looks for the next without resting, for as long at most; it goes on with everything else meanwhile. One answer that
 * takes longer ends that, until one comes in time again: a server far away is never waited for so, and neither is one that shares its
 * only processor with this process.
 */
import { availableParallelism } from 'node:os';

export class Vigil {
  readonly #limitMs: number;
  #since = 0;
  #quick = false;
  #waiting = false;
  #looking = false;
  readonly #look = () => {
    this.#looking = this.#waiting && performance.now() - this.#since < this.#limitMs;
    if (this.#looking) setImmediate(this.#look);
  };

  /** `limitMs`: the longest time awake for one answer, in ms; 0 for never. */
  constructor(limitMs: number, processors = availableParallelism()) {
    this.#limitMs = processors > 1 ? limitMs : 0;
  }

  /** A request was made; `outstanding` are without an answer now. */
  asked(outstanding: number): void {
    this.#waiting = outstanding === 1;
    if (!this.#waiting) return;
    this.#since = performance.now();
    if (!this.#quick || this.#looking) return;
    this.#looking = true;
    setImmediate(this.#look);
  }

  /** An answer has come, or none will. */
  answered(outstanding: number): void {
    if (outstanding > 0 || !this.#waiting) return;
    this.#waiting = false;
    this.#quick = performance.now() - this.#since < this.#limitMs;
  }
}
