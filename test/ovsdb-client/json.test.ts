/** Framing and JSON text: any chunking gives the same messages, 64-bit integers come through, bounds hold. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Framer, OvsdbError, parseJson, writeJson } from 'ovsdb-client';

const json = fc
  .jsonValue({ stringUnit: 'binary' })
  .filter((value) => JSON.stringify(value).includes('\\u0000') === false);
const message = fc
  .dictionary(fc.string({ unit: 'grapheme', maxLength: 5 }), json, { maxKeys: 4 })
  .filter((value) => !JSON.stringify(value).includes('\\u0000'));

function cut(octets: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < octets.length; i++) {
    const size = sizes.length === 0 ? octets.length : (sizes[i % sizes.length] as number);
    pieces.push(octets.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

describe('ovsdb-client: JSON', () => {
  it('finds the same messages in any pieces, with any white space between', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 });
    const spaces = fc.constantFrom('', ' ', '\n\t ');
    fc.assert(
      fc.property(fc.array(fc.tuple(message, spaces)), sizes, (messages, chunks) => {
        const text = messages.map(([value, space]) => JSON.stringify(value) + space).join('');
        const framer = new Framer();
        const found = cut(Buffer.from(text), chunks).flatMap((piece) => framer.push(piece));
        expect(found.map(String)).to.deep.equal(messages.map(([value]) => JSON.stringify(value)));
        expect(framer.pendingBytes).to.equal(0);
      }),
    );
  });

  it('any octets are framed or refused with OvsdbError, nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })), (pieces) => {
        const framer = new Framer({ maxMessageBytes: 100, maxDepth: 5 });
        try {
          for (const piece of pieces) framer.push(Buffer.from(piece));
        } catch (error) {
          expect(error).to.be.instanceOf(OvsdbError).with.property('code', 'malformed stream');
        }
      }),
    );
  });

  it('keeps integers of 64 bits, and every other value as JSON has it', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0')),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 3 }),
      ),
    })).any;
    const same = (v: unknown): unknown =>
      typeof v === 'bigint' && Number.isSafeInteger(Number(v))
        ? Number(v)
        : Object.is(v, -0)
          ? 0
          : typeof v === 'number' && Number.isInteger(v) && !Number.isSafeInteger(v) && !JSON.stringify(v).includes('e')
            ? BigInt(JSON.stringify(v))
            : Array.isArray(v)
              ? v.map(same)
              : v;
    fc.assert(
      fc.property(value, (v) => {
        expect(parseJson(writeJson([v]))).to.deep.equal([same(v)]);
      }),
    );
  });

  const TEXTS: [string, unknown][] = [
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
    ['0.1234567890123456789', Number('0.1234567890123456789')],
    ['12345678901234567.5', Number('12345678901234567.5')],
    ['1e30', 1e30],
    ['"9007199254740993"', '9007199254740993'],
    ['"\\"9007199254740993"', '"9007199254740993'],
    ['[1234567890123456789,"a"]', [1234567890123456789n, 'a']],
  ];
  for (const [text, value] of TEXTS) it(`reads ${text}`, () => expect(parseJson(text)).to.deep.equal(value));

  it('a message that is cut off anywhere does not swallow those that follow: they are refused', () => {
    const next = Buffer.from('{"id":null,"method":"update","params":["m",{"t":{}}]}'.repeat(3));
    const cutOff = fc.tuple(message, fc.nat(), fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 5 }));
    fc.assert(
      fc.property(cutOff, ([value, n, sizes]) => {
        const octets = Buffer.from(JSON.stringify(value));
        const stream = Buffer.concat([octets.subarray(0, 1 + (n % (octets.length - 1))), next]);
        const framer = new Framer();
        expect(() => cut(stream, sizes).map((piece) => framer.push(piece))).to.throw(OvsdbError, 'malformed stream');
      }),
      { numRuns: 500 },
    );
  });

  it('bounds depth and size, and says where', () => {
    const framer = (limits: object) => new Framer({ maxMessageBytes: 1000, maxDepth: 3, ...limits });
    expect(framer({}).push(Buffer.from('[[[]]]'))).to.have.length(1);
    expect(() => framer({}).push(Buffer.from(' [[[[]]]]'))).to.throw('at octet 4: nested deeper than 3');
    expect(framer({ maxMessageBytes: 5 }).push(Buffer.from('[123][456]'))).to.have.length(2);
    expect(() => framer({ maxMessageBytes: 5 }).push(Buffer.from('[1234]'))).to.throw('longer than 5 octets');
    const slow = framer({ maxMessageBytes: 5 });
    expect(() => {
      for (const octet of '["12345"]') slow.push(Buffer.from(octet));
    }).to.throw('longer than 5 octets');
    const late = framer({});
    late.push(Buffer.from('{} {}'));
    expect(() => late.push(Buffer.from(' x'))).to.throw('at octet 6: expected "{", near " x"');
  });
});
