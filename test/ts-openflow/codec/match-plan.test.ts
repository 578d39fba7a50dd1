/**
 * Matches read by a plan (a combination of fields that came before) are those read field by field.
 *
 * The first times a combination comes it is read field by field, later by a compiled plan; every test therefore reads
 * the same octets several times and compares the last with the first.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { DecodeError, decodeMessage, encodeMessage, FIELD_NAMES, FIELDS, type Match } from 'ts-openflow';

const TIMES = 7;
const VERSIONS = [4, 5, 6] as const;

/** What decoding gives each time: the match, or what is wrong and where. */
function readings(octets: Buffer): readonly unknown[] {
  return Array.from({ length: TIMES }, () => {
    try {
      const message = decodeMessage(octets);
      return message.kind === 'FlowMod' ? message.match : message;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return `${error.what} at ${error.offset}`;
    }
  });
}

function expectSame(octets: Buffer, context: string): unknown {
  const [first, ...others] = readings(octets);
  for (const other of others) if (!isDeepStrictEqual(other, first)) expect(other, context).to.deep.equal(first);
  return first;
}

const valueFor = (kind: 'number' | 'bigint', octets: number, sample: bigint): number | bigint => {
  const v = sample & ((1n << BigInt(octets * 8)) - 1n);
  return kind === 'bigint' ? v : Number(v);
};

const SAMPLES = [
  0n,
  1n,
  0xff_ff_ff_ff_ff_ff_ff_ff_ff_ff_ff_ff_ff_ff_ff_ffn,
  0x80_00_00_01_80_00_00_01_fe_dc_ba_98_76_54_32_10n,
];

const flowMod = (match: Record<string, unknown>, version: 4 | 5 | 6): Buffer =>
  encodeMessage({ kind: 'FlowMod', match: match as Match }, version);

describe('ts-openflow: matches read by a plan', () => {
  it('have the values of every field, with and without a mask, by every header', () => {
    for (const version of VERSIONS) {
      for (const name of FIELD_NAMES) {
        const { kind, octets, headers } = FIELDS[name];
        for (const header of [undefined, ...headers.map((h) => h.name)]) {
          for (const sample of SAMPLES) {
            const value = valueFor(kind, octets === 0 ? 3 : octets, sample);
            const spelled = header === undefined ? {} : { header };
            for (const masked of [{ value }, { value, mask: value }]) {
              const read = expectSame(flowMod({ [name]: { ...masked, ...spelled } }, version), `${name} ${header}`);
              const got = (read as Record<string, { readonly value: unknown } | undefined>)[name]?.value;
              if (got !== value) expect(got, `${name} ${header} 1.${version - 1}`).to.equal(value);
            }
          }
        }
      }
    }
  });

  it('keep an order that is not canonical, and encode to the octets they had', () => {
    const octets = flowMod({ eth_type: { value: 0x800 }, tun_id: { value: 5n, mask: 7n } }, 4);
    // After 52 octets: an eth_type of 6, then a masked tun_id of 20; they change places.
    expect(octets.subarray(58, 62).toString('hex')).to.equal('80004d10');
    const turned = Buffer.concat([
      octets.subarray(0, 52),
      octets.subarray(58, 78),
      octets.subarray(52, 58),
      octets.subarray(78),
    ]);
    for (let i = 0; i < TIMES; i++) {
      const message = decodeMessage(turned);
      expect(encodeMessage(message, 4).equals(turned), `reading ${i}`).to.equal(true);
    }
  });

  it('are refused as before: bits outside the mask, a field twice, a length that does not fit', () => {
    const good = flowMod({ ip_dst: { value: 0x0a000000, mask: 0xff000000 } }, 4);
    expect(expectSame(good, 'good')).to.deep.equal({ ip_dst: { value: 0x0a000000, mask: 0xff000000 } });
    const outside = Buffer.from(good);
    outside[59] = 1;
    expect(expectSame(outside, 'outside')).to.equal('OFPBMC_BAD_WILDCARDS at 56');
    const length = Buffer.from(good);
    length[55] = 0x07;
    expect(expectSame(length, 'length')).to.match(/^OFPBMC_BAD_LEN/);
    const two = flowMod({ reg0: { value: 1 }, reg1: { value: 2 } }, 4);
    expect(expectSame(two, 'two')).to.deep.equal({ reg0: { value: 1 }, reg1: { value: 2 } });
    const twice = Buffer.from(two);
    twice.copy(twice, 60, 52, 56);
    expect(expectSame(twice, 'twice')).to.equal('OFPBMC_DUP_FIELD at 60');
  });

  it('are right beyond the number of plans there may be', () => {
    for (let i = 0; i < 600; i++) {
      const match: Record<string, unknown> = {};
      for (let bit = 0; bit < 10; bit++) if ((i >> bit) & 1) match[`reg${bit}`] = { value: i * 16 + bit };
      expect(expectSame(flowMod(match, 5), `combination ${i}`)).to.deep.equal(match);
    }
  });
});
