/** Any cutting of a stream gives the same messages; what lies in one chunk is not copied; a bad length ends it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DecodeError, Framer } from 'ts-openflow';

function message(length: number, fill: number): Buffer {
  const octets = Buffer.alloc(length, fill);
  octets.writeUInt16BE(length, 2);
  return octets;
}

function framed(chunks: readonly Buffer[], framer = new Framer()): Buffer[] {
  const messages: Buffer[] = [];
  for (const chunk of chunks) framer.push(chunk, (octets) => messages.push(octets));
  return messages;
}

function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((p) => p % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  return at.slice(1).map((end, i) => stream.subarray(at[i], end));
}

const lengths = fc.array(fc.oneof(fc.integer({ min: 8, max: 80 }), fc.integer({ min: 8, max: 65_535 })), {
  maxLength: 6,
});

describe('framer', () => {
  it('gives the same messages for any cutting', () => {
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(), { maxLength: 12 }), (all, places) => {
        const messages = all.map((length, i) => message(length, i + 1));
        const framer = new Framer();
        expect(
          Buffer.concat(framed(cut(Buffer.concat(messages), places), framer)).equals(Buffer.concat(messages)),
        ).to.equal(true);
        expect(framed(cut(Buffer.concat(messages), places)).map((m) => m.length)).to.deep.equal(all);
        expect(framer.pending).to.equal(0);
      }),
      { numRuns: 300 },
    );
  });

  it('takes one octet at a time', () => {
    const messages = [message(8, 1), message(9, 2), message(65_535, 3)];
    const stream = Buffer.concat(messages);
    expect(framed([...stream].map((octet) => Buffer.from([octet])))).to.deep.equal(messages);
  });

  it('copies nothing that lies in one chunk, and does not keep a chunk for its tail', () => {
    const chunk = Buffer.concat([message(8, 1), message(100, 2), message(50, 3).subarray(0, 20)]);
    const framer = new Framer();
    for (const m of framed([chunk], framer)) expect(m.buffer === chunk.buffer).to.equal(true);
    expect(framer.pending).to.equal(20);
    const [last] = framed([message(50, 3).subarray(20)], framer);
    expect(last).to.deep.equal(message(50, 3));
  });

  for (const split of [0, 3, 5, 8])
    it(`names the octets of a length below the header, cut after ${split}, after the messages before it`, () => {
      const bad = Buffer.from('0600000700000001', 'hex');
      const messages: Buffer[] = [];
      const framer = new Framer();
      const first = Buffer.concat([message(12, 1), bad.subarray(0, split)]);
      expect(() => {
        framer.push(first, (m) => messages.push(m));
        framer.push(bad.subarray(split), (m) => messages.push(m));
      }).to.throw(DecodeError, 'ofp_header length at octet 2: 000700000001');
      expect(messages).to.deep.equal([message(12, 1)]);
    });
});
