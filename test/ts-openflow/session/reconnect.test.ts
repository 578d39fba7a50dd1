/** Transcripts of the reconnect machine: an event at a time, what it orders and where it goes. */
import { expect } from 'chai';
import {
  RECONNECT_DEFAULTS,
  RECONNECT_VOID,
  type ReconnectEvent,
  type ReconnectTimes,
  reconnectStep,
} from 'ts-openflow';

/** Lines `TIME EVENT` become `TIME EVENT → STATE [until TIME] [ORDER]`. */
function transcript(script: string, times: Partial<ReconnectTimes> = {}): string[] {
  let state = RECONNECT_VOID;
  return script
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' → ')[0] as string)
    .map((line) => {
      const [time, event] = line.split(' ') as [string, ReconnectEvent];
      const [next, order] = reconnectStep(state, event, Number(time), { ...RECONNECT_DEFAULTS, ...times });
      state = next;
      const until = Number.isFinite(state.until) ? ` until ${state.until}` : '';
      return `${line} → ${state.name}${until}${order === undefined ? '' : ` ${order}`}`;
    });
}

function check(script: string, times?: Partial<ReconnectTimes>): void {
  expect(transcript(script, times)).to.deep.equal(
    script
      .trim()
      .split('\n')
      .map((line) => line.trim()),
  );
}

describe('reconnect machine', () => {
  it('doubles its wait from 1 s to 8 s while nobody answers', () =>
    check(`
      0 received → void
      0 enable → connecting until 10000 connect
      5 disconnected → backoff until 1005
      1005 deadline → connecting until 11005 connect
      1006 disconnected → backoff until 3006
      3006 deadline → connecting until 13006 connect
      13006 deadline → backoff until 17006 disconnect
      17006 deadline → connecting until 27006 connect
      17007 disconnected → backoff until 25007
      25007 deadline → connecting until 35007 connect
      25008 disconnected → backoff until 33008
      33008 disable → void`));

  it('probes silence, and gives up when the probe is not answered', () =>
    check(`
      0 enable → connecting until 10000 connect
      10 connected → active until 5010
      4000 received → active until 9000
      9000 deadline → idle until 14000 probe
      9001 received → active until 14001
      14001 deadline → idle until 19001 probe
      19001 deadline → backoff until 20001 disconnect
      20001 deadline → connecting until 30001 connect`));

  it('begins anew with a short wait only after a connection that lasted longer than the wait before it', () =>
    check(`
      0 enable → connecting until 10000 connect
      1 disconnected → backoff until 1001
      1001 deadline → connecting until 11001 connect
      1002 disconnected → backoff until 3002
      3002 deadline → connecting until 13002 connect
      3003 connected → active until 8003
      3500 disconnected → backoff until 7500
      7500 deadline → connecting until 17500 connect
      7501 connected → active until 12501
      12000 received → active until 17000
      12502 disconnected → backoff until 13502`));

  it('adds the jitter it is given, does not probe at 0, and stops when it is told to', () =>
    check(
      `
      0 enable → connecting until 10000 connect
      1 disconnected → backoff until 1201
      1201 deadline → connecting until 11201 connect
      1202 connected → active
      9999999 disable → void disconnect
      9999999 deadline → void
      9999999 disconnected → void`,
      { jitterMs: 200, probeMs: 0 },
    ));
});
