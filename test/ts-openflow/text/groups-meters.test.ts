/** Groups and meters: the text that ovs-ofctl printed for a recorded message parses to the octets of that message. */
import { expect } from 'chai';
import {
  decodeMessage,
  encodeMessage,
  formatMessage,
  type MessageInput,
  parseGroup,
  parseMeter,
  TextError,
} from 'ts-openflow';
import { recordedMessages } from '../fixtures.js';

const COMMANDS = {
  ADD: 'ADD',
  MOD: 'MODIFY',
  DEL: 'DELETE',
  ADD_OR_MOD: 'ADD_OR_MOD',
  INSERT_BUCKET: 'INSERT_BUCKET',
  REMOVE_BUCKET: 'REMOVE_BUCKET',
} as const;

/** The messages of a kind, with command and text as they are printed. */
function printed(kind: 'GroupMod' | 'MeterMod') {
  return recordedMessages().flatMap(({ hex }) => {
    const message = decodeMessage(Buffer.from(hex, 'hex'));
    if (message.kind !== kind) return [];
    const [, command = '', shown = ''] = /:\s*(\w+) (.*)$/s.exec(formatMessage(message).trim()) ?? [];
    const text = shown.replace(/command_bucket_id:(\w+)/, 'command_bucket_id=$1');
    return command in COMMANDS && !text.includes('type=unknown')
      ? [{ message, command: command as keyof typeof COMMANDS, text }]
      : [];
  });
}

describe('ts-openflow: text of groups and meters', () => {
  it('parses to the octets of recorded GROUP_MODs', () => {
    let same = 0;
    for (const { message, command, text } of printed('GroupMod')) {
      const given = parseGroup(text, { version: message.version, command: COMMANDS[command] });
      const again = encodeMessage({ ...given, xid: message.xid } as MessageInput, message.version);
      // Where the octets were spelled otherwise, the text is all that can be compared.
      if (again.equals(encodeMessage(message, message.version))) same++;
      expect(formatMessage(decodeMessage(again)), text).equal(formatMessage(message));
    }
    expect(same).greaterThan(5);
  });

  it('parses to the octets of recorded METER_MODs', () => {
    let same = 0;
    for (const { message, command, text } of printed('MeterMod')) {
      const given = parseMeter(text.replaceAll('\n', ' '), { command: COMMANDS[command] as 'ADD' });
      const again = encodeMessage({ ...given, xid: message.xid } as MessageInput, message.version);
      if (again.equals(encodeMessage(message, message.version))) same++;
      else expect(formatMessage(decodeMessage(again)), text).equal(formatMessage(message));
    }
    expect(same).greaterThan(0);
  });

  for (const [text, column, expected] of [
    ['type=all', 1, /group_id= expected/],
    ['group_id=1,type=some', 17, /one of all, select/],
    ['group_id=1,type=all,bucket=weigth:1,actions=drop', 28, /unknown argument "weigth"/],
    ['group_id=1,type=all,bucket=actions=output:1,foo', 45, /unknown action "foo"/],
  ] as const) {
    it(`refuses ${text}`, () => {
      expect(() => parseGroup(text, { version: 6 }))
        .throw(TextError, expected)
        .with.property('column', column);
    });
  }
  it('refuses a band without a rate, and two units', () => {
    expect(() => parseMeter('meter=1,kbps,bands=type=drop')).throw(TextError, /rate= expected/);
    expect(() => parseMeter('meter=1,kbps,pktps,bands=type=drop,rate=1')).throw(TextError, /one of kbps and pktps/);
  });
});
