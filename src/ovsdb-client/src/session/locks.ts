/**
 * OVSDB locks (RFC 7047 4.1.8 to 4.1.10): at most one session of the server holds a lock of a given name. A lock wished for is
 * asked for again after each reconnect, in which it may have gone to another; `assert` in a transaction makes sure.
 */
import { Listeners } from '../listeners.js';
import type { RpcConnection } from './rpc.js';

export type LockState = 'held' | 'waiting' | 'stolen' | 'disconnected' | 'released';

export interface OvsdbLock {
  readonly name: string;
  readonly state: LockState;
  /** Calls back at every change of state; the function returned ends that. */
  readonly onChange: (listener: (state: LockState) => void) => () => void;
  /** Gives the lock up, or stops waiting for it. Idempotent. */
  readonly release: () => Promise<void>;
}

interface Held {
  state: LockState;
  readonly steal: boolean;
  /** Whether the server has answered: what it says before is about an earlier wish of this name. */
  answered: boolean;
  readonly listeners: Listeners<LockState>;
}

export class Locks {
  readonly #locks = new Map<string, Held>();
  #rpc: RpcConnection | undefined;

  /** Wishes for a lock; at most one wish a name. Throws RangeError if there is one already. */
  add(name: string, steal: boolean): OvsdbLock {
    if (this.#locks.has(name)) throw new RangeError(`lock ${name} is wished for already`);
    const lock: Held = { state: 'disconnected', steal, answered: false, listeners: new Listeners() };
    this.#locks.set(name, lock);
    if (this.#rpc) this.#ask(this.#rpc, name, lock);
    return {
      name,
      get state() {
        return lock.state;
      },
      onChange: (listener) => lock.listeners.add(listener),
      release: () => this.#release(name, lock),
    };
  }

  /** A connection is up: asks for every lock. */
  connected(rpc: RpcConnection): void {
    this.#rpc = rpc;
    for (const [name, lock] of this.#locks) this.#ask(rpc, name, lock);
  }

  disconnected(): void {
    this.#rpc = undefined;
    for (const lock of this.#locks.values()) {
      lock.answered = false;
      this.#set(lock, 'disconnected');
    }
  }

  /** Takes `locked` and `stolen`; false for anything else. A stolen lock stays wished for: the server gives it back later. */
  take(method: string, params: readonly unknown[]): boolean {
    if (method !== 'locked' && method !== 'stolen') return false;
    // Later in this turn: an answer that came in the same piece is taken in by then.
    queueMicrotask(() => {
      const lock = this.#locks.get(String(params[0]));
      if (lock?.answered) this.#set(lock, method === 'locked' ? 'held' : 'stolen');
    });
    return true;
  }

  #ask(rpc: RpcConnection, name: string, lock: Held): void {
    const answered = (answer: unknown) => {
      if (this.#rpc !== rpc || lock.state === 'released') return;
      lock.answered = true;
      this.#set(lock, (answer as { locked?: unknown }).locked === true ? 'held' : 'waiting');
    };
    // A lost connection is seen by `disconnected`; any other refusal leaves the lock not held.
    rpc.request(lock.steal ? 'steal' : 'lock', [name]).then(answered, () => undefined);
  }

  async #release(name: string, lock: Held): Promise<void> {
    if (lock.state === 'released') return;
    this.#locks.delete(name);
    this.#set(lock, 'released');
    const rpc = this.#rpc;
    // A session that ends gives up its locks.
    await rpc?.request('unlock', [name]).catch((error) => {
      if (this.#rpc === rpc && !rpc.closed) throw error;
    });
  }

  #set(lock: Held, state: LockState): void {
    if (lock.state === state) return;
    lock.state = state;
    lock.listeners.call(state);
  }
}
