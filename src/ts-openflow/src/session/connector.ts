/**
 * A connection that comes back: dials, hands each session over, and dials again with growing waits when it ended. When to
 * do what is the reconnect machine's; this only carries out its orders. Every try has a number, and what an older one says
 * is not heard.
 */
import { performance } from 'node:perf_hooks';
import { parseAddress } from './address.js';
import { type ConnectOptions, connect } from './connect.js';
import {
  RECONNECT_DEFAULTS,
  type ReconnectEvent,
  type ReconnectState,
  type ReconnectTimes,
  step,
  VOID,
} from './reconnect.js';
import type { Session } from './session.js';

/** As ConnectOptions, and who hears of sessions and failures. */
export interface ConnectorOptions extends ConnectOptions {
  /** A session began; its `closed` tells its end. */
  readonly onSession: (session: Session) => void;
  /** A try failed, or a session ended, with the reason. */
  readonly onFailure?: (error: Error) => void;
  /** First and longest wait between tries, milliseconds. Default 1000 and 8000. */
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Draws what is added to a wait, milliseconds. Default: up to 250 at random. */
  readonly jitterMs?: () => number;
}

const JITTER_MS = 250;

/** Keeps one session to a switch: dials again, later each time, whenever it ends. */
export class Connector {
  readonly #address: string;
  readonly #options: ConnectorOptions;
  #state: ReconnectState = VOID;
  #timer: NodeJS.Timeout | undefined;
  #try = 0;
  #session: Session | undefined;

  /** Dials at once. Throws AddressError for text that is no address. */
  constructor(address: string, options: ConnectorOptions) {
    parseAddress(address);
    this.#address = address;
    this.#options = options;
    this.#happens('enable');
  }

  /** void, backoff, connecting or active. */
  get state(): ReconnectState['name'] {
    return this.#state.name;
  }

  /** The session that lives now. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Ends the session and dials no more. */
  close(): void {
    this.#happens('disable');
  }

  #times(): ReconnectTimes {
    const { minBackoffMs, maxBackoffMs, jitterMs, timeoutMs } = this.#options;
    return {
      probeMs: 0, // the session probes by itself
      minBackoffMs: minBackoffMs ?? RECONNECT_DEFAULTS.minBackoffMs,
      maxBackoffMs: maxBackoffMs ?? RECONNECT_DEFAULTS.maxBackoffMs,
      connectMs: timeoutMs ?? RECONNECT_DEFAULTS.connectMs,
      jitterMs: jitterMs?.() ?? Math.random() * JITTER_MS,
    };
  }

  #happens(event: ReconnectEvent): void {
    const now = performance.now();
    const [state, order] = step(this.#state, event, now, this.#times());
    this.#state = state;
    clearTimeout(this.#timer);
    if (state.until !== Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#happens('deadline'), Math.ceil(state.until - now));
    if (order === 'disconnect') this.#disconnect();
    if (order === 'connect') void this.#connect();
  }

  #disconnect(): void {
    this.#try += 1;
    this.#session?.close();
    this.#session = undefined;
  }

  async #connect(): Promise<void> {
    this.#try += 1;
    const mine = this.#try;
    try {
      const session = await connect(this.#address, this.#options);
      if (mine !== this.#try) {
        session.close();
        return;
      }
      this.#session = session;
      this.#happens('connected');
      this.#options.onSession(session);
      const { reason } = await session.closed;
      throw new Error(reason);
    } catch (error) {
      if (mine !== this.#try) return;
      this.#session?.close();
      this.#session = undefined;
      this.#happens('disconnected');
      this.#options.onFailure?.(error as Error);
    }
  }
}
