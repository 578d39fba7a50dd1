/** Wrong values do not compile, and those that get past the compiler are refused when encoding. */
import { expect } from 'chai';
import { type Action, EncodeError, encodeMessage, type Match, type MessageInput } from 'ts-openflow';

describe('ts-openflow: types', () => {
  it('a tunnel id is a bigint, a port a number, and names are those of the tables', () => {
    const right: Match = { tun_id: { value: 5n }, in_port: { value: 1 } };
    // @ts-expect-error a tunnel id has 64 bits
    const number: Match = { tun_id: { value: 5 } };
    // @ts-expect-error there is no such field
    const unknown: Match = { tun_it: { value: 5n } };
    // @ts-expect-error there is no such action
    const action: Action = { kind: 'outptu', port: 1 };
    // @ts-expect-error a port is missing
    const noPort: Action = { kind: 'output' };
    // @ts-expect-error there is no such command
    const command: MessageInput = { kind: 'FlowMod', command: 'REPLACE' };
    expect(() => encodeMessage({ kind: 'FlowMod', match: right }, 4)).not.throw();
    for (const match of [number, unknown])
      expect(() => encodeMessage({ kind: 'FlowMod', match }, 4)).throw(EncodeError);
    expect(() => encodeMessage({ kind: 'PacketOut', actions: [action] }, 4)).throw(EncodeError);
    expect(() => encodeMessage({ kind: 'PacketOut', actions: [noPort] }, 4)).throw(EncodeError);
    expect(() => encodeMessage(command, 4)).throw(EncodeError);
  });

  it('what a version cannot say is an EncodeError', () => {
    expect(() => encodeMessage({ kind: 'TableStatus', reason: 3, table: { table_id: 1 } }, 4)).throw(EncodeError);
    const meter: Action = { kind: 'meter', meter_id: 1 };
    expect(() => encodeMessage({ kind: 'PacketOut', actions: [meter] }, 5)).throw(EncodeError);
  });
});
