/**
 * Silence: the states `active` and `idle` of the reconnect machine, run for one connection. After `probeMs` without an
 * octet a probe is asked for; after `probeMs` more the peer is given up. Hearing something costs one assignment.
 */
import { performance } from 'node:perf_hooks';
import { RECONNECT_DEFAULTS, type ReconnectState, step, VOID } from './reconnect.js';

export interface KeepaliveOrders {
  readonly probe: () => void;
  readonly giveUp: () => void;
}

export class Keepalive {
  readonly #times: typeof RECONNECT_DEFAULTS;
  readonly #orders: KeepaliveOrders;
  #state: ReconnectState;
  #heardAt: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** Begins at once. `probeMs` 0: never probes. */
  constructor(probeMs: number, orders: KeepaliveOrders) {
    this.#times = { ...RECONNECT_DEFAULTS, probeMs };
    this.#orders = orders;
    this.#heardAt = performance.now();
    this.#state = step(VOID, 'connected', this.#heardAt, this.#times)[0];
    this.#arm();
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#stopped || this.#state.until === Number.POSITIVE_INFINITY) return;
    const wait = Math.max(0, Math.ceil(this.#state.until - performance.now()));
    // Through the poll phase first: after a stall of this process the answer may lie in the socket already.
    this.#timer = setTimeout(() => setImmediate(() => this.#due()), wait);
  }

  #due(): void {
    if (this.#stopped) return;
    const enteredAt = this.#state.until - this.#times.probeMs;
    if (this.#heardAt > enteredAt) this.#state = step(this.#state, 'received', this.#heardAt, this.#times)[0];
    const now = performance.now();
    if (now >= this.#state.until) {
      const [state, order] = step(this.#state, 'deadline', now, this.#times);
      this.#state = state;
      if (order === 'disconnect') {
        this.stop();
        this.#orders.giveUp();
      } else this.#orders.probe();
    }
    this.#arm();
  }
}
