/** Bad octets: what the decoder says, and where. */
import { expect } from 'chai';
import { DecodeError, decodeMessage, messageLength, peekHeader } from 'ts-openflow';

/** A FLOW_MOD of 1.3 with this match and these instructions. */
function flowMod(rest: string): string {
  const body = `${'00'.repeat(16)}00000000000080${'00'}ffffffffffffffffffffffff00000000${rest}`;
  return `040e${(8 + body.length / 2).toString(16).padStart(4, '0')}00000001${body}`;
}
const EMPTY_MATCH = '0001000400000000';
const apply = (actions: string): string =>
  `0004${(8 + actions.length / 2).toString(16).padStart(4, '0')}00000000${actions}`;

const ROWS: readonly (readonly [name: string, hex: string, what: string, offset: number])[] = [
  ['half a header', '0402', 'truncated header', 0],
  ['a version that is none of ours', '0102000800000001', 'OFPBRC_BAD_VERSION', 0],
  ['a type that there is not', '0463000801234567', 'OFPBRC_BAD_TYPE', 1],
  ['a multipart that there is not', '04120010012345677777000000000000', 'OFPBRC_BAD_STAT', 8],
  ['octets after a message without body', '0414000c0000000100000000', 'OFPBRC_BAD_LEN', 8],
  ['a command of FLOW_MOD', flowMod(EMPTY_MATCH).replace(/^(.{16}.{34})00/, '$109'), 'OFPFMFC_BAD_COMMAND', 25],
  ['a match that is longer than the message', flowMod('0001004000000000'), 'OFPBMC_BAD_LEN', 52],
  ['a match type that is not OXM', flowMod('0000000400000000'), 'OFPBMC_BAD_TYPE', 48],
  ['a field of a wrong length', flowMod('0001000a80000a03080000000000'.padEnd(32, '0')), 'OFPBMC_BAD_LEN', 56],
  ['a masked field of an odd length', flowMod('0001000900015101ff00000000000000'), 'OFPBMC_BAD_LEN', 56],
  ['a field twice', flowMod('0001001080000a02080080000a020800'), 'OFPBMC_DUP_FIELD', 58],
  ['a value outside its mask', flowMod('000100148000070cffffffffffff01000000000000000000'), 'OFPBMC_BAD_WILDCARDS', 56],
  ['an action of no length', flowMod(EMPTY_MATCH + apply('0000000000000000')), 'OFPBAC_BAD_LEN', 64],
  ['an action longer than its list', flowMod(EMPTY_MATCH + apply('0000001800000001')), 'OFPBAC_BAD_LEN', 68],
  [
    'an action longer than its arguments',
    flowMod(EMPTY_MATCH + apply('0016001000000001ffffffffffffffff')),
    'OFPBAC_BAD_LEN',
    64,
  ],
  ['an instruction of no length', flowMod(`${EMPTY_MATCH}0001000000000000`), 'OFPBIC_BAD_LEN', 56],
];

describe('ts-openflow: what cannot be decoded says what and where', () => {
  for (const [name, hex, what, offset] of ROWS) {
    it(name, () => {
      try {
        decodeMessage(Buffer.from(hex, 'hex'));
      } catch (e) {
        if (!(e instanceof DecodeError)) throw e;
        expect([e.what, e.offset]).deep.equal([what, offset]);
        expect(Buffer.from(hex, 'hex').subarray(offset).toString('hex').startsWith(e.octets)).equal(true);
        return;
      }
      throw new Error('decoded');
    });
  }

  it('a header is read without the rest', () => {
    expect(peekHeader(Buffer.from('040e010000000007', 'hex'))).deep.equal({
      version: 4,
      type: 14,
      length: 256,
      xid: 7,
    });
    expect(() => messageLength(Buffer.from('040e000700000007', 'hex'))).throw(DecodeError);
  });
});
