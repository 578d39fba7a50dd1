/**
 * When to connect, probe and give up: a pure state machine with the clock passed in, after Open vSwitch's reconnect.
 *
 *   backoff ──deadline──► connecting ──connected──► greeting ──received──► active ──silence──► idle (probe sent) ──silence──► backoff
 *                                                      │                     ▲────received──────┘
 *                                                      └──silence──► backoff
 *
 * Back-off doubles from `minBackoffMs` to `maxBackoffMs`; it starts afresh once a session has worked (`settled`). With several
 * remotes it comes once a round over them: another one may well answer. A peer that accepts and says nothing to our first
 * requests (its process is stopped) is left after `connectMs`. Each wait is shortened by chance, up to `jitter` of it, so that the
 * clients of a server that restarts do not all come back at one moment.
 */

export interface ReconnectTimes {
  /** Silence after which the peer is asked for a sign of life, and after as much again given up; 0 never asks. */
  readonly probeMs: number;
  readonly connectMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** The share of a back-off, 0 to 1, by which chance may shorten it. */
  readonly jitter: number;
  /** How many remotes there are: back-off comes after so many attempts. */
  readonly remotes: number;
}
export const RECONNECT_TIMES: ReconnectTimes = {
  probeMs: 5000,
  connectMs: 5000,
  minBackoffMs: 1000,
  maxBackoffMs: 8000,
  jitter: 0.25,
  remotes: 1,
};

export interface ReconnectState {
  readonly name: 'backoff' | 'connecting' | 'greeting' | 'active' | 'idle';
  /** When the deadline comes, in the clock's milliseconds. */
  readonly until: number;
  /** The last back-off, before chance; 0 for none yet. */
  readonly delayMs: number;
  /** Attempts failed since a session last worked. */
  readonly tries: number;
}
export type ReconnectEvent = 'connected' | 'disconnected' | 'received' | 'settled' | 'deadline';
export type ReconnectOrder = 'connect' | 'probe' | 'disconnect';
type Step = readonly [ReconnectState, ReconnectOrder?];
type Cell = (times: ReconnectTimes, state: ReconnectState, now: number, chance: number) => Step;

const later = (now: number, ms: number) => (ms === 0 ? Number.POSITIVE_INFINITY : now + ms);

const backOff: Cell = (times, state, now, chance) => {
  const tries = state.tries + 1;
  if (tries % times.remotes !== 0) return [{ ...state, name: 'backoff', until: now, tries }];
  const delayMs = Math.min(times.maxBackoffMs, Math.max(times.minBackoffMs, state.delayMs * 2));
  return [{ name: 'backoff', until: now + delayMs * (1 - times.jitter * chance), delayMs, tries }];
};
const giveUp: Cell = (times, state, now, chance) => [backOff(times, state, now, chance)[0], 'disconnect'];
const active: Cell = (times, state, now) => [{ ...state, name: 'active', until: later(now, times.probeMs) }];
const greeting: Cell = (times, state, now) => [{ ...state, name: 'greeting', until: later(now, times.connectMs) }];
const settled: Cell = (...given) => [{ ...active(...given)[0], delayMs: 0, tries: 0 }];

/** One row per state, one column per event; an empty cell changes nothing. */
const TABLE: { readonly [S in ReconnectState['name']]: { readonly [E in ReconnectEvent]?: Cell } } = {
  backoff: {
    deadline: (times, state, now) => [{ ...state, name: 'connecting', until: later(now, times.connectMs) }, 'connect'],
  },
  connecting: { connected: greeting, disconnected: backOff, deadline: giveUp },
  greeting: { received: active, settled, disconnected: backOff, deadline: giveUp },
  active: {
    received: active,
    settled,
    disconnected: backOff,
    deadline: (times, state, now) => [{ ...state, name: 'idle', until: later(now, times.probeMs) }, 'probe'],
  },
  idle: { received: active, settled, disconnected: backOff, deadline: giveUp },
};

/** The state to start in: the first deadline is at once. */
export const reconnectStart = (now: number): ReconnectState => ({ name: 'backoff', until: now, delayMs: 0, tries: 0 });

/** The next state, and what to do. `chance`, 0 to 1, is drawn by the caller for each step: 0 waits the whole back-off. */
export function reconnectStep(
  times: ReconnectTimes,
  state: ReconnectState,
  event: ReconnectEvent,
  now: number,
  chance = 0,
): Step {
  return TABLE[state.name][event]?.(times, state, now, chance) ?? [state];
}
