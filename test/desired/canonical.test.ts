import { expect } from 'chai';
import fc from 'fast-check';
import { parseFlow } from 'ts-openflow';
import { canonicalActions, canonicalInstructions, canonicalMatch } from '../../src/desired/index.js';

const match = (text: string) => canonicalMatch(parseFlow(`${text},actions=drop`, { version: 6 }).match ?? {});

describe('canonical spelling', () => {
  const same: [string, Parameters<typeof canonicalMatch>[0], Parameters<typeof canonicalMatch>[0]][] = [
    [
      'reg0 and the upper half of xreg0',
      { reg0: { value: 7 } },
      { xreg0: { value: 7n << 32n, mask: 0xffffffff00000000n } },
    ],
    ['both halves of xreg1', { reg2: { value: 1 }, reg3: { value: 2 } }, { xreg1: { value: (1n << 32n) | 2n } }],
    ['a mask of all ones and none', { eth_dst: { value: 5 } }, { eth_dst: { value: 5, mask: 0xffffffffffff } }],
    ['a mask of zeros and no field', {}, { tun_id: { value: 0n, mask: 0n } }],
    [
      'one order and another',
      { in_port: { value: 1 }, tun_id: { value: 5n } },
      { tun_id: { value: 5n }, in_port: { value: 1 } },
    ],
  ];
  for (const [what, a, b] of same)
    it(`is one for ${what}`, () => {
      expect(canonicalMatch(a)).to.equal(canonicalMatch(b));
    });

  it('differs where the match does', () => {
    const texts = [
      'in_port=1',
      'in_port=2',
      'in_port=1,reg0=1',
      'in_port=1,reg1=1',
      'tun_id=1',
      'tun_id=0x1/0xff',
      'dl_dst=01:00:00:00:00:00/01:00:00:00:00:00',
    ];
    expect(new Set(texts.map(match)).size).to.equal(texts.length);
  });

  it('does not depend on the order of members or on how a value came', () => {
    const goto = { kind: 'goto_table', table_id: 5 } as const;
    const turned = { table_id: 5, kind: 'goto_table' } as const;
    expect(canonicalInstructions([goto])).to.equal(canonicalInstructions([turned]));
    expect(canonicalActions([{ kind: 'output', port: 3 }])).to.equal(
      canonicalActions([{ max_len: 0, port: 3, kind: 'output' }]),
    );
    expect(canonicalActions([{ kind: 'resubmit', table: 60 }])).to.equal(
      canonicalActions([{ kind: 'resubmit', in_port: 0xfffffff8, table: 60 }]),
    );
  });

  it('takes the meter as an instruction or as the first action, and no empty apply', () => {
    const instruction = canonicalInstructions([{ kind: 'meter', meter_id: 1 }]);
    expect(canonicalInstructions([{ kind: 'apply_actions', actions: [{ kind: 'meter', meter_id: 1 }] }])).to.equal(
      instruction,
    );
    expect(canonicalInstructions([{ kind: 'apply_actions', actions: [] }])).to.equal('');
  });

  it('keeps actions in their order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 2 }), (ports) => {
        const actions = ports.map((port) => ({ kind: 'output', port }) as const);
        expect(canonicalActions(actions)).to.not.equal(canonicalActions([...actions].reverse()));
      }),
    );
  });
});
