/**
 * The way out: messages of one turn leave in one write, because one small write a message costs ovs-vswitchd several times
 * the CPU; and no more than a bound is held for a switch that reads slowly.
 */
import type { Socket } from 'node:net';

/** Octets gathered before a write is made at once. */
const CHUNK = 64 * 1024;
/** Octets the socket may hold before `room` waits. */
const HIGH_WATER = 1024 * 1024;

export class Output {
  readonly #socket: Socket;
  #queue: Buffer[] = [];
  #queued = 0;
  #scheduled = false;
  /** One waiting for room; all others share it. */
  #room: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Octets not yet taken by the kernel. */
  get octetsQueued(): number {
    return this.#queued + this.#socket.writableLength;
  }

  write(octets: Buffer): void {
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
    if (!this.#socket.destroyed) this.#socket.write(octets);
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
