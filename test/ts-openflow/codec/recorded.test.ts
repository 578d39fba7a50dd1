/** Recorded messages decode, encode to the same octets, and print as ovs-ofctl printed them. */
import { expect } from 'chai';
import { decodeMessage, encodeMessage, formatMessage } from 'ts-openflow';
import { recordedMessages } from '../fixtures.js';

/** Blanks at line ends, and between header and body, are not compared. */
function norm(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/[ \t]*\(xid=(0x[0-9a-f]+)\):[ \t]*/, ' (xid=$1): ').replace(/[ \t]+$/, ''))
    .join('\n')
    .trim();
}

describe('ts-openflow: recorded messages', () => {
  const messages = recordedMessages();

  it('there are many, of every version', () => {
    expect(messages.length).greaterThan(300);
    expect(new Set(messages.map((m) => m.version))).deep.equal(new Set(['1.3', '1.4', '1.5']));
  });

  it('encode to the octets they were decoded from', () => {
    for (const { hex, source } of messages) {
      const message = decodeMessage(Buffer.from(hex, 'hex'));
      expect(encodeMessage(message, message.version).toString('hex'), source).equal(hex);
    }
  });

  it('print as ovs-ofctl prints them', () => {
    for (const { hex, text, source } of messages) {
      if (text === null) continue;
      expect(norm(formatMessage(decodeMessage(Buffer.from(hex, 'hex')))), source).equal(norm(text));
    }
  });
});
