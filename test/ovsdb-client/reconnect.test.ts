/** The reconnect machine as a script and its transcript, after reconnect.at of Open vSwitch. */
import { expect } from 'chai';
import { RECONNECT_TIMES, type ReconnectEvent, type ReconnectTimes, reconnectStart, reconnectStep } from 'ovsdb-client';

/** Runs events at their times; a line for each: time, event, state, order, deadline. */
function transcript(times: ReconnectTimes, script: readonly (readonly [number, ReconnectEvent])[]): string[] {
  let state = reconnectStart(0);
  return script.map(([now, event]) => {
    const [next, order] = reconnectStep(times, state, event, now);
    state = next;
    return `${now} ${event}: ${next.name}${order ? ` (${order})` : ''} until ${next.until}`;
  });
}

describe('ovsdb-client: reconnect', () => {
  it('backs off 1, 2, 4, 8, 8 s while nobody answers, afresh once a session has worked', () => {
    const script: [number, ReconnectEvent][] = [
      [0, 'deadline'],
      [1, 'disconnected'],
      [1001, 'deadline'],
      [1002, 'disconnected'],
      [3002, 'deadline'],
      [8002, 'deadline'],
      [12002, 'deadline'],
      [12003, 'disconnected'],
      [20003, 'deadline'],
      [20004, 'disconnected'],
      [28004, 'deadline'],
      [28005, 'connected'],
      [28006, 'received'],
      [28007, 'settled'],
      [28008, 'disconnected'],
    ];
    expect(transcript(RECONNECT_TIMES, script)).to.deep.equal([
      '0 deadline: connecting (connect) until 5000',
      '1 disconnected: backoff until 1001',
      '1001 deadline: connecting (connect) until 6001',
      '1002 disconnected: backoff until 3002',
      '3002 deadline: connecting (connect) until 8002',
      '8002 deadline: backoff (disconnect) until 12002',
      '12002 deadline: connecting (connect) until 17002',
      '12003 disconnected: backoff until 20003',
      '20003 deadline: connecting (connect) until 25003',
      '20004 disconnected: backoff until 28004',
      '28004 deadline: connecting (connect) until 33004',
      '28005 connected: greeting until 33005',
      '28006 received: active until 33006',
      '28007 settled: active until 33007',
      '28008 disconnected: backoff until 29008',
    ]);
  });

  it('probes after silence, and gives up after as much again', () => {
    const script: [number, ReconnectEvent][] = [
      [0, 'deadline'],
      [1, 'connected'],
      [2, 'received'],
      [5002, 'deadline'],
      [5003, 'received'],
      [10003, 'deadline'],
      [15003, 'deadline'],
      [15004, 'disconnected'],
    ];
    expect(transcript(RECONNECT_TIMES, script).slice(2)).to.deep.equal([
      '2 received: active until 5002',
      '5002 deadline: idle (probe) until 10002',
      '5003 received: active until 10003',
      '10003 deadline: idle (probe) until 15003',
      '15003 deadline: backoff (disconnect) until 16003',
      '15004 disconnected: backoff until 16003',
    ]);
  });

  it('leaves a peer that accepts and says nothing; probeMs 0 never probes', () => {
    const silent: [number, ReconnectEvent][] = [
      [0, 'deadline'],
      [1, 'connected'],
      [5001, 'deadline'],
    ];
    expect(transcript(RECONNECT_TIMES, silent).at(-1)).to.equal('5001 deadline: backoff (disconnect) until 6001');
    const script: [number, ReconnectEvent][] = [
      [0, 'deadline'],
      [1, 'connected'],
      [2, 'received'],
    ];
    expect(transcript({ ...RECONNECT_TIMES, probeMs: 0 }, script).at(-1)).to.equal('2 received: active until Infinity');
  });

  it('shortens each wait by chance, up to a quarter, and doubles the whole one all the same', () => {
    const failed = (chance: number, delayMs: number) =>
      reconnectStep(
        RECONNECT_TIMES,
        { ...reconnectStart(0), name: 'connecting', delayMs },
        'disconnected',
        100,
        chance,
      )[0];
    expect([0, 0.5, 1].map((chance) => failed(chance, 2000).until)).to.deep.equal([4100, 3600, 3100]);
    expect(failed(1, 2000).delayMs).to.equal(4000);
    expect(failed(1, 8000).until).to.equal(6100);
  });

  it('tries every remote before it backs off', () => {
    const times = { ...RECONNECT_TIMES, remotes: 3 };
    const script: [number, ReconnectEvent][] = [0, 1, 2].flatMap(
      (now) =>
        [
          [now, 'deadline'],
          [now, 'disconnected'],
        ] as [number, ReconnectEvent][],
    );
    expect(transcript(times, script).filter((line) => line.includes('disconnected'))).to.deep.equal([
      '0 disconnected: backoff until 0',
      '1 disconnected: backoff until 1',
      '2 disconnected: backoff until 1002',
    ]);
  });
});
