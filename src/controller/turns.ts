/**
 * Whose pass begins when. Computing a pass blocks the event loop, so passes begin one a turn of it: what switches answer
 * meanwhile is read between two of them, and each pass's messages leave before the next one computes. A host that just got
 * a port goes first, also when its pass waits already: the port's traffic waits for nothing else. A pass that has nothing
 * to send, as far as anybody knows, lets the others go before it for a while.
 */
export type Urgency = 'first' | 'inTurn' | 'patient';

/** Milliseconds that a patient pass waits before it asks for its turn. */
export const PATIENCE_MS = 20;

interface Waiting {
  readonly host: string;
  readonly begin: () => void;
}

export class Turns {
  #waiting: readonly Waiting[] = [];
  readonly #patient = new Map<string, { readonly timer: NodeJS.Timeout; readonly begin: () => void }>();

  /** Resolves when the host's pass may begin: at once when it goes first, else in the order of asking, one a turn. */
  next(host: string, urgency: Urgency): Promise<void> {
    if (urgency === 'first') return Promise.resolve();
    return new Promise((begin) => {
      if (urgency === 'inTurn') this.#queue({ host, begin });
      else this.#patient.set(host, { begin, timer: setTimeout(() => this.#hurry(host), PATIENCE_MS) });
    });
  }

  /** The host's pass, if it waits, may not wait longer than this says. */
  promote(host: string, urgency: Urgency): void {
    if (urgency === 'patient') return;
    this.#hurry(host);
    if (urgency === 'inTurn') return;
    const found = this.#waiting.find((waiting) => waiting.host === host);
    if (found === undefined) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== found);
    found.begin();
  }

  /** Nobody waits with patience any longer: there is news, or the end. */
  hurryAll(): void {
    for (const host of [...this.#patient.keys()]) this.#hurry(host);
  }

  #hurry(host: string): void {
    const found = this.#patient.get(host);
    if (found === undefined) return;
    this.#patient.delete(host);
    clearTimeout(found.timer);
    this.#queue({ host, begin: found.begin });
  }

  #queue(waiting: Waiting): void {
    this.#waiting = [...this.#waiting, waiting];
    if (this.#waiting.length === 1) setImmediate(() => this.#turn());
  }

  #turn(): void {
    const [next, ...rest] = this.#waiting;
    this.#waiting = rest;
    if (rest.length > 0) setImmediate(() => this.#turn());
    next?.begin();
  }
}
