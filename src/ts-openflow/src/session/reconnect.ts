/**
 * When to connect, to probe and to give up: a pure machine, the clock passed in, in the manner of Open vSwitch's
 * lib/reconnect.c. Its states:
 *
 *   void        not wanted: waits for `enable`
 *   backoff     waits for its deadline, then connects
 *   connecting  a connection is being made
 *   active      heard of the peer less than `probeMs` ago
 *   idle        a probe is under way
 *
 * The wait doubles from `minBackoffMs` to `maxBackoffMs` with each failure, and begins anew after a connection that lasted
 * longer than the wait before it. Session (active, idle) and Connector (all) are run by this one table.
 */

/** All in milliseconds. */
export interface ReconnectTimes {
  /** Silence before a probe, and before giving up on its answer. 0: no probes. */
  readonly probeMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Longest making of a connection, the handshake included. */
  readonly connectMs: number;
  /** Added to a wait, so that many do not dial at the same moment; whoever calls draws it. */
  readonly jitterMs: number;
}

/** Where a connection stands, and until when. */
export interface ReconnectState {
  readonly name: 'void' | 'backoff' | 'connecting' | 'active' | 'idle';
  /** Time of the `deadline` event; Infinity when there is none. */
  readonly until: number;
  /** The last wait, without jitter; 0 when there was none. */
  readonly backoffMs: number;
  /** When the connection was made; in other states when the state began. */
  readonly since: number;
}

/** What may happen to a connection. */
export type ReconnectEvent = 'enable' | 'disable' | 'connected' | 'disconnected' | 'received' | 'deadline';
/** What to do now. */
export type ReconnectOrder = 'connect' | 'probe' | 'disconnect';
/** The next state, and what to do about it. */
export type ReconnectStep = readonly [ReconnectState, ReconnectOrder?];

/** The times of Open vSwitch, milliseconds. */
export const RECONNECT_DEFAULTS: ReconnectTimes = {
  probeMs: 5000,
  minBackoffMs: 1000,
  maxBackoffMs: 8000,
  connectMs: 10_000,
  jitterMs: 0,
};

/** Where every machine begins. */
export const VOID: ReconnectState = { name: 'void', until: Number.POSITIVE_INFINITY, backoffMs: 0, since: 0 };

type Cell = (state: ReconnectState, now: number, times: ReconnectTimes) => ReconnectStep;

const after = (now: number, ms: number): number => (ms > 0 ? now + ms : Number.POSITIVE_INFINITY);

const connecting: Cell = ({ backoffMs }, now, { connectMs }) => [
  { name: 'connecting', until: after(now, connectMs), backoffMs, since: now },
  'connect',
];
const active: Cell = ({ backoffMs }, now, { probeMs }) => [
  { name: 'active', until: after(now, probeMs), backoffMs, since: now },
];
const received: Cell = (state, now, { probeMs }) => [{ ...state, name: 'active', until: after(now, probeMs) }];
const probe: Cell = (state, now, { probeMs }) => [{ ...state, name: 'idle', until: after(now, probeMs) }, 'probe'];
const failed: Cell = ({ backoffMs }, now, t) => {
  const next = Math.min(t.maxBackoffMs, Math.max(t.minBackoffMs, backoffMs * 2));
  return [{ name: 'backoff', until: now + next + t.jitterMs, backoffMs: next, since: now }];
};
const lost: Cell = (s, now, t) => failed(now - s.since > s.backoffMs ? { ...s, backoffMs: 0 } : s, now, t);
const gaveUp: Cell = (s, now, t) => [lost(s, now, t)[0], 'disconnect'];
const stop: Cell = (_, now) => [{ ...VOID, since: now }, 'disconnect'];
const quiet: Cell = (_, now) => [{ ...VOID, since: now }];

/** One row per state, one column per event; an empty cell changes nothing. */
const TABLE: { readonly [S in ReconnectState['name']]: { readonly [E in ReconnectEvent]?: Cell } } = {
  void: { enable: connecting, connected: active },
  backoff: { deadline: connecting, disable: quiet },
  connecting: {
    connected: active,
    disconnected: failed,
    deadline: (s, now, t) => [failed(s, now, t)[0], 'disconnect'],
    disable: stop,
  },
  active: { received, disconnected: lost, deadline: probe, disable: stop },
  idle: { received, disconnected: lost, deadline: gaveUp, disable: stop },
};

/** The next state, and what to do on the way. Pure. */
export function step(state: ReconnectState, event: ReconnectEvent, now: number, times: ReconnectTimes): ReconnectStep {
  return TABLE[state.name][event]?.(state, now, times) ?? [state];
}
