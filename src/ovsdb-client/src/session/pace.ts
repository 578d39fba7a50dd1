/**
 * How often octets are taken from a stream on which many answers are outstanding. A server writes each answer by itself, and each
 * would wake this process, which on a machine with few cores takes the processor from the very server it waits for. So what has come
 * is read together: after a piece with answers the stream rests for a millisecond, as long as enough are still to come for the server
 * not to run out of work. It is never left so: reading goes on whatever the server does.
 */
import type { Duplex } from 'node:stream';

/** So many answers keep a server busy for longer than a rest and the turn after it. */
const MANY = 64;
const REST_MS = 1;

/**
 * Options of a socket that is to be paced: it stops reading when it is paused, instead of filling its own buffer first, and is woken
 * for that. (A `Duplex`'s option, which `net.Socket` hands on.)
 */
export const STOPS_AT_ONCE = { readableHighWaterMark: 1 };

export class Pace {
  readonly #stream: Duplex;
  #resting = false;
  readonly #goOn = () => {
    this.#resting = false;
    this.#stream.resume();
  };

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** A piece has been dealt with: `before` requests were outstanding when it came, `now` are. Rests if that pays. */
  taken(before: number, now: number): void {
    if (now < MANY || now >= before || this.#resting) return;
    this.#resting = true;
    this.#stream.pause();
    setTimeout(this.#goOn, REST_MS);
  }
}
