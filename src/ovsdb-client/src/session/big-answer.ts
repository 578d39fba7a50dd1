/**
 * One answer that is read while it comes, a few milliseconds a turn of the event loop: while it is being read the stream is held
 * back, so that other connections are served and nothing piles up. Where it cannot be read so, all its octets are given back.
 */
import type { Duplex } from 'node:stream';
import { Window } from '../json/window.js';

/** `turn`: others may have their turn. `hungry`: it cannot go on before more octets have been pushed. */
export type Reading<T> = Generator<'turn' | 'hungry', T, undefined>;
/**
 * Reads an answer to the request's result while it comes, from its first octet to its last. Whatever it throws, the message is then
 * parsed in the ordinary way.
 */
export type ReadBig = (window: Window) => Reading<unknown>;

export interface BigAnswerEvents {
  /** Runs what may throw. */
  readonly guarded: (work: () => void) => void;
  /** Another turn begins; false if the connection has ended. */
  readonly onTurn: () => boolean;
  /** Read to its end: the result, how many octets it took, and what came after it. */
  readonly onResult: (result: unknown, octets: number, rest: Buffer) => void;
  /** Not to be read so: everything that came. */
  readonly onFailed: (pieces: readonly Buffer[]) => void;
}

/** How long one turn may take. */
const TURN_MS = 8;

/** Goes on with a reading for about so long. */
function runFor(reading: Reading<unknown>, ms: number): 'turn' | 'hungry' | 'failed' | { readonly value: unknown } {
  const end = performance.now() + ms;
  try {
    for (;;) {
      const { done, value } = reading.next();
      if (done) return { value };
      if (value === 'hungry') return 'hungry';
      if (performance.now() > end) return 'turn';
    }
  } catch {
    return 'failed'; // the ordinary parser finds out whether the message is wrong
  }
}

export class BigAnswer {
  readonly #window = new Window();
  readonly #reading: Reading<unknown>;
  readonly #stream: Duplex;
  readonly #events: BigAnswerEvents;
  readonly #maxBytes: number;
  readonly #pieces: Buffer[] = [];
  #size = 0;
  /** It goes on by itself in the next turn. */
  #waiting = false;
  /** Time spent since the last turn began, about. */
  #spentMs = 0;

  constructor(read: ReadBig, stream: Duplex, events: BigAnswerEvents, maxBytes: number) {
    this.#reading = read(this.#window);
    this.#stream = stream;
    this.#events = events;
    this.#maxBytes = maxBytes;
  }

  /** Takes the next octets of the stream. */
  feed(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#size += chunk.length;
    this.#window.push(chunk);
    if (this.#size > this.#maxBytes) this.#events.onFailed(this.#pieces);
    else if (!this.#waiting) this.#goOn();
  }

  #goOn(): void {
    const start = performance.now();
    const result = runFor(this.#reading, TURN_MS);
    this.#spentMs += performance.now() - start;
    if (result === 'failed') this.#events.onFailed(this.#pieces);
    else if (typeof result !== 'string') this.#finish(result.value);
    else if (result === 'turn' || this.#spentMs > TURN_MS) this.#giveWay(result === 'turn');
  }

  #finish(value: unknown): void {
    const rest = this.#window.rest();
    this.#events.onResult(value, this.#size - rest.length, rest);
  }

  #giveWay(more: boolean): void {
    this.#waiting = more;
    this.#stream.pause();
    setImmediate(() => {
      this.#spentMs = 0;
      if (!this.#events.onTurn()) return;
      this.#waiting = false;
      this.#stream.resume();
      if (more) this.#events.guarded(() => this.#goOn());
    });
  }
}
