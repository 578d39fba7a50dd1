/**
 * The way out: messages of one turn leave in one write, because one small write a message costs ovs-vswitchd several times
 * the CPU; and what is held for a switch that reads slowly is bounded twice: `room` waits from 1 MiB on, and who writes
 * without waiting loses the connection at `MOST`.
 */
import type { Duplex } from 'node:stream';

/** Octets gathered before a write is made at once. */
const CHUNK = 64 * 1024;
/** Octets the socket may hold before `room` waits. */
const HIGH_WATER = 1024 * 1024;
/** Octets that are held at most. */
export const MOST = 64 * 1024 * 1024;

export class Output {
  readonly #socket: Duplex;
  readonly #overflow: () => void;
  #queue: Buffer[] = [];
  #queued = 0;
  #scheduled = false;
  /** One waiting for room; all others share it. */
  #room: Promise<void> | undefined;

  /** `overflow` is called when more than MOST octets would be held; those are not kept. */
  constructor(socket: Duplex, overflow: () => void) {
    this.#socket = socket;
    this.#overflow = overflow;
  }

  /** Octets not yet taken by the kernel. */
  get octetsQueued(): number {
    return this.#queued + this.#socket.writableLength;
  }

  write(octets: Buffer): void {
    if (this.#socket.destroyed) return;
    if (this.octetsQueued + octets.length > MOST) {
      this.#overflow();
      return;
    }
    this.#queue.push(octets);
    this.#queued += octets.length;
    if (this.#queued >= CHUNK) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => this.flush());
    }
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#queue.length === 0) return;
    const octets = this.#queue.length === 1 ? (this.#queue[0] as Buffer) : Buffer.concat(this.#queue, this.#queued);
    this.#queue = [];
    this.#queued = 0;
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(octets);
  }

  /** Resolves when there is room for more; at once when there is. It resolves too when the connection ends. */
  room(): Promise<void> {
    if (this.octetsQueued < HIGH_WATER || this.#socket.destroyed) return Promise.resolve();
    this.flush();
    this.#room ??= new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        this.#room = undefined;
        resolve();
      };
      this.#socket.once('drain', done);
      this.#socket.once('close', done);
    });
    return this.#room;
  }
}
