/** Every mutator on every kind of column, against a real ovsdb-server and the fake one. */
import { expect } from 'chai';
import type { Mutation, OvsdbError, RowInput } from 'ovsdb-client';
import type { Conformance } from './support/conformance.js';
import { onBothServers, only } from './support/transactions.js';

onBothServers('mutations', ({ client, run }) => {
  /** [initial row, mutations, expected columns or error code] */
  const ATOM_MUTATIONS: [RowInput<Conformance['atoms']>, Mutation<Conformance['atoms']>[], object | string][] = [
    [{ i: 10 }, [['i', '+=', 5]], { i: 15n }],
    [{ i: 10 }, [['i', '-=', 15]], { i: -5n }],
    [{ i: 10 }, [['i', '*=', 3]], { i: 30n }],
    [{ i: 10 }, [['i', '/=', 3]], { i: 3n }],
    [{ i: -10 }, [['i', '/=', 3]], { i: -3n }],
    [{ i: 10 }, [['i', '%=', 4]], { i: 2n }],
    [
      { i: 10 },
      [
        ['i', '+=', 1],
        ['i', '*=', 2],
      ],
      { i: 22n },
    ],
    [{ i: 9007199254740992n }, [['i', '+=', 1]], { i: 9007199254740993n }],
    [{ i: 9223372036854775807n }, [['i', '+=', 1]], 'range error'],
    [{ i: -9223372036854775808n }, [['i', '-=', 1]], 'range error'],
    [{ i: 1 }, [['i', '/=', 0]], 'domain error'],
    [{ i: 1 }, [['i', '%=', 0]], 'domain error'],
    [{ r: 2.5 }, [['r', '+=', 0.25]], { r: 2.75 }],
    [{ r: 2.5 }, [['r', '-=', 3]], { r: -0.5 }],
    [{ r: 2.5 }, [['r', '*=', 4]], { r: 10 }],
    [{ r: 2.5 }, [['r', '/=', 2]], { r: 1.25 }],
    [{ r: 2.5 }, [['r', '/=', 0]], 'domain error'],
    [{ i_range: 10 }, [['i_range', '+=', 1]], 'constraint violation'],
    [{ fixed: 1 }, [['fixed', '+=', 1]], 'constraint violation'],
    [{ r_range: 1 }, [['r_range', 'delete', [1]]], { r_range: undefined }],
    [{}, [['r_range', 'insert', 1.5]], { r_range: 1.5 }],
    [{ s_len: 'abc' }, [['s_len', 'insert', 'abcd']], 'constraint violation'],
  ];
  for (const [row, mutations, expected] of ATOM_MUTATIONS)
    it(`mutates atoms ${show(row)} by ${show(mutations)}: ${show(expected)}`, async () => {
      await run((txn) => txn.insert('atoms', row));
      const outcome = run((txn) => txn.mutate('atoms', [], mutations));
      if (typeof expected === 'string') return expectCode(outcome, expected);
      const { handles, result } = await outcome;
      expect(result.get(handles)).to.equal(1);
      expect(only(client().rows('atoms'))).to.include(expected);
    });

  const COLLECTION_MUTATIONS: [object, Mutation<Conformance['colls']>[], object | string][] = [
    [{ si: [1, 2] }, [['si', 'insert', [2, 3]]], { si: new Set([1n, 2n, 3n]) }],
    [{ si: [1, 2] }, [['si', 'insert', 7]], { si: new Set([1n, 2n, 7n]) }],
    [{ si: [1, 2] }, [['si', 'delete', new Set([2, 9])]], { si: new Set([1n]) }],
    [{ si: [1, 2] }, [['si', '+=', 10]], { si: new Set([11n, 12n]) }],
    [{ si: [1, 2] }, [['si', '*=', 0]], 'constraint violation'],
    [{ ss: ['a', 'b', 'c'] }, [['ss', 'insert', 'd']], 'constraint violation'],
    [{ two: [1, 2] }, [['two', 'delete', [1]]], { two: new Set([2n]) }],
    [{ two: [1, 2] }, [['two', 'delete', [1, 2]]], 'constraint violation'],
    [
      { mss: { a: '1' } },
      [['mss', 'insert', { a: '9', b: '2' }]],
      {
        mss: new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      },
    ],
    [{ mss: { a: '1', b: '2' } }, [['mss', 'delete', ['a']]], { mss: new Map([['b', '2']]) }],
    [{ mss: { a: '1', b: '2' } }, [['mss', 'delete', { a: 'x', b: '2' }]], { mss: new Map([['a', '1']]) }],
    [{ mis: { 1: 'a', 2: 'b' } }, [['mis', 'insert', new Map([[3, 'c']])]], 'constraint violation'],
    [
      { mir: new Map([[1, 0.5]]) },
      [['mir', 'insert', { 2: 1.5 }]],
      {
        mir: new Map([
          [1n, 0.5],
          [2n, 1.5],
        ]),
      },
    ],
    [{ sr: [0.5] }, [['sr', 'insert', [0.5, 1e300]]], { sr: new Set([0.5, 1e300]) }],
    [
      { su: [] },
      [['su', 'insert', ['00000000-0000-0000-0000-0000000000ab']]],
      { su: new Set(['00000000-0000-0000-0000-0000000000ab']) },
    ],
  ];
  for (const [row, mutations, expected] of COLLECTION_MUTATIONS)
    it(`mutates colls ${show(row)} by ${show(mutations)}: ${show(expected)}`, async () => {
      await run((txn) => txn.insert('colls', { name: 'x', two: [1], ...row }));
      const outcome = run((txn) => txn.mutate('colls', [['name', '==', 'x']], mutations));
      if (typeof expected === 'string') return expectCode(outcome, expected);
      await outcome;
      for (const [column, value] of Object.entries(expected))
        expect((only(client().rows('colls')) as Record<string, unknown>)[column]).to.deep.equal(value);
    });

  async function expectCode(outcome: Promise<unknown>, code: string) {
    const error = await outcome.then(
      () => undefined,
      (reason: OvsdbError) => reason,
    );
    expect(error?.code).to.equal(code);
  }
});

function show(value: unknown): string {
  return JSON.stringify(value, (_key, member) =>
    typeof member === 'bigint' ? `${member}n` : member instanceof Set || member instanceof Map ? [...member] : member,
  );
}
