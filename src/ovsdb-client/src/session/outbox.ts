/** What is to be written to a stream: messages of one turn of the event loop leave together, in few writes. */
import type { Writable } from 'node:stream';

/** Octets that are written without waiting for the end of the turn: the peer may begin with the first of many. */
const WRITE_AT_ONCE = 16 << 10;

export class Outbox {
  readonly #stream: Writable;
  #texts: string[] = [];
  #length = 0;
  readonly #flushNow = () => this.flush();

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** About how many octets wait, here and in the stream. */
  get waiting(): number {
    return this.#length + this.#stream.writableLength;
  }

  add(text: string): void {
    if (this.#texts.length === 0) process.nextTick(this.#flushNow);
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length >= WRITE_AT_ONCE) this.flush();
  }

  /** Hands everything to the stream. */
  flush(): void {
    if (this.#texts.length === 0) return;
    const text = this.#texts.join('');
    this.#texts = [];
    this.#length = 0;
    if (this.#stream.writable) this.#stream.write(text);
  }
}
