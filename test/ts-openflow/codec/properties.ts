/** The properties that hold for every message; how often they are tried is the caller's. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DecodeError, decodeMessage, encodeMessage, formatMessage } from 'ts-openflow';
import { recordedMessages } from '../fixtures.js';
import { anyMessage, damaged } from './arbitrary.js';

/** Members that decoding adds are not compared. */
function expectContains(decoded: unknown, given: unknown): void {
  if (given === null || typeof given !== 'object' || Buffer.isBuffer(given)) {
    expect(decoded).deep.equal(given);
    return;
  }
  for (const [name, value] of Object.entries(given)) expectContains((decoded as Record<string, unknown>)[name], value);
}

export function declareProperties(numRuns: number): void {
  it('decode(encode(x)) has every member of x, and encodes to the same octets', () => {
    fc.assert(
      fc.property(anyMessage, fc.constantFrom(4 as const, 5 as const, 6 as const), (message, version) => {
        const octets = encodeMessage(message, version);
        const decoded = decodeMessage(octets);
        if (!(message.kind === 'GroupMod' && version < 6)) expectContains(decoded, message);
        expect(encodeMessage(decoded, version).equals(octets)).equal(true);
      }),
      { numRuns },
    );
  });

  it('any octets decode or throw DecodeError, and what decodes can be printed and encoded', () => {
    const recorded = recordedMessages().map((m) => Buffer.from(m.hex, 'hex'));
    const random = fc.uint8Array({ maxLength: 200 }).map((o) => Buffer.from(o));
    fc.assert(
      fc.property(fc.oneof(damaged(recorded), random), (octets) => {
        let message: ReturnType<typeof decodeMessage>;
        try {
          message = decodeMessage(octets);
        } catch (e) {
          expect(e).instanceOf(DecodeError);
          return;
        }
        expect(formatMessage(message)).a('string');
        const again = encodeMessage(message, message.version);
        expect(encodeMessage(decodeMessage(again), message.version).equals(again)).equal(true);
      }),
      { numRuns },
    );
  });
}
