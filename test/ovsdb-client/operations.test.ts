/** Every operation, mutator, condition and encoding through the typed builder, against a real ovsdb-server and the fake one. */
import { expect } from 'chai';
import { byUuid, type Transaction } from 'ovsdb-client';
import type { Conformance } from './support/conformance.js';
import { onBothServers, only } from './support/transactions.js';

onBothServers('operations', ({ client, run, failure }) => {
  it('selects by every kind of condition', async () => {
    await run((txn) => {
      txn.insert('colls', { name: 'one', two: [1], si: [1], mss: { a: '1' } });
      txn.insert('colls', { name: 'two', two: [1, 2], si: [1, 2], mss: { a: '1', b: '2' } });
      for (const i of [1, 2, 3]) txn.insert('atoms', { i, ...(i === 2 ? { s_len: 'abc' } : {}) });
    });
    const { handles, result } = await run((txn) => [
      txn.select('colls', [['si', 'includes', [1, 2]]], ['name']),
      txn.select('colls', [['si', 'excludes', 2]], ['name']),
      txn.select('colls', [['mss', 'includes', { b: '2' }]], ['name']),
      txn.select('colls', [['mss', 'excludes', { b: '2' }]], ['name']),
      txn.select('colls', [['two', '==', [1]]], ['name']),
      txn.select('colls', [['name', '!=', 'one']], ['name']),
    ]);
    expect(handles.map((handle) => result.get(handle).map(({ name }) => name))).to.deep.equal([
      ['two'],
      ['one'],
      ['two'],
      ['one'],
      ['one'],
      ['two'],
    ]);
    const atoms = await run((txn) => [
      txn.select('atoms', [['i', '<', 2]], ['i']),
      txn.select('atoms', [['i', '<=', 2]], ['i']),
      txn.select('atoms', [['i', '>', 2]], ['i']),
      txn.select('atoms', [['i', '>=', 2]], ['i']),
      txn.select(
        'atoms',
        [
          ['i', '>', 1],
          ['i', '<', 3],
        ],
        ['i'],
      ),
      txn.select('atoms', [['s_len', '==', undefined]], ['i']),
      txn.select('atoms', [['s_len', '==', 'abc']], ['i']),
    ]);
    const found = atoms.handles.map((handle) =>
      atoms.result
        .get(handle)
        .map(({ i }) => Number(i))
        .sort(),
    );
    expect(found).to.deep.equal([[1], [1, 2], [3], [2, 3], [2], [1, 3], [2]]);
  });

  it('refuses what constraints forbid, naming the operation', async () => {
    const codes: [(txn: Transaction<Conformance>) => unknown, string, number][] = [
      [(txn) => txn.insert('atoms', { i_range: 11 }), 'constraint violation', 0],
      [(txn) => txn.insert('atoms', { r_range: -2.75 }), 'constraint violation', 0],
      [(txn) => txn.insert('atoms', { i_enum: 2 }), 'constraint violation', 0],
      [(txn) => txn.insert('atoms', { s_len: 'a' }), 'constraint violation', 0],
      [(txn) => txn.insert('colls', { name: 'x', two: [] }), 'syntax error', 0],
      [(txn) => [1, 2].map(() => txn.insert('colls', { name: 'same', two: [1] })), 'constraint violation', 2],
      [(txn) => [1, 2].map(() => txn.insert('lone', {})), 'constraint violation', 2],
      [(txn) => txn.insert('parent', { kids: [{ namedUuid: 'nobody' }] }), 'referential integrity violation', 1],
      [(txn) => [1, 2].map(() => txn.insert('atoms', {}, 'same')), 'duplicate uuid-name', 1],
      [(txn) => txn.assert('nobody_holds_this'), 'not owner', 0],
      [(txn) => [txn.insert('atoms', {}), txn.abort()], 'aborted', 1],
    ];
    for (const [build, code, operation] of codes) {
      const error = await failure(build);
      expect(error, build.toString()).to.include({ code, operation });
    }
    expect(client().rows('atoms').size).to.equal(0);
  });

  it('changes immutable columns never', async () => {
    await run((txn) => txn.insert('atoms', { fixed: 1 }));
    expect(await failure((txn) => txn.update('atoms', [], { fixed: 2 }))).to.include({
      code: 'constraint violation',
      operation: 0,
    });
  });

  it('keeps strong references whole, lets weak ones go', async () => {
    await run((txn) => {
      const [a, b] = [txn.insert('child', { name: 'a' }), txn.insert('child', { name: 'b' })];
      txn.insert('parent', { name: 'keeps', kids: [a, b] });
      txn.insert('parent', { name: 'likes', fav: a, byname: { x: a, y: b } });
    });
    expect(await failure((txn) => txn.delete('child', [['name', '==', 'a']]))).to.include({
      code: 'referential integrity violation',
      operation: 1,
    });
    await run((txn) => txn.update('parent', [['name', '==', 'keeps']], { kids: [] }));
    expect(client().rows('child').size).to.equal(0);
    const likes = [...client().rows('parent').values()].find(({ name }) => name === 'likes');
    expect(likes?.fav).to.equal(undefined);
    expect(likes?.byname.size).to.equal(0);
  });

  it('waits: guards fail at once, others wait for their time', async () => {
    await run((txn) => txn.insert('lone', { n: 5 }));
    await run((txn) => [txn.waitUntil('lone', [], { n: 5 }), txn.update('lone', [], { n: 6 })]);
    expect(await failure((txn) => [txn.waitUntil('lone', [], { n: 5 }), txn.update('lone', [], { n: 7 })])).to.include({
      code: 'timed out',
      operation: 0,
    });
    await run((txn) => txn.wait('lone', [], '!=', [{ n: 5 }], { timeoutMs: 0 }));
    await run((txn) => [txn.waitUntilNone('atoms', [['i', '==', 1]]), txn.insert('atoms', { i: 1 })]);
    expect(
      await failure((txn) => [txn.waitUntilNone('atoms', [['i', '==', 1]]), txn.insert('atoms', { i: 1 })]),
    ).to.include({ code: 'timed out' });
    const waiting = run((txn) => [
      txn.waitUntil('lone', [], { n: 9 }, { timeoutMs: 5000 }),
      txn.comment('after the wait'),
    ]);
    await run((txn) => txn.update('lone', [], { n: 9 }));
    await waiting;
  });

  it('commits durably and comments', async () => {
    const { result } = await run((txn) => [txn.insert('blob', { data: 'kept' }), txn.comment('why'), txn.commit(true)]);
    expect(result.raw).to.have.length(3);
  });

  it('carries every string, integer and real', async () => {
    const strings = [
      '',
      '"\\/\b\f\n\r\t',
      '\u0001\u001f',
      '世界',
      '😀',
      '}{"\\][',
      '__proto__',
      'a'.repeat(100_000),
      '9999999999999999999',
      '\\u0000',
    ];
    const integers = [
      0n,
      -1n,
      9007199254740991n,
      9007199254740992n,
      -9007199254740993n,
      9223372036854775807n,
      -9223372036854775808n,
    ];
    const reals = [
      0, 1.5, -1e-300, 1.5e308, 2.2250738585072014e-308, 123456789.123, 12345678901234567000, 0.1234567890123456,
    ];
    const { handles, result } = await run((txn) => [
      txn.insert('colls', {
        name: 'x',
        two: [1],
        si: integers,
        sr: reals,
        mss: Object.fromEntries(strings.map((s) => [`k${s}`, s])),
      }),
      ...strings.map((s) => txn.insert('blob', { data: s })),
    ]);
    const row = client()
      .rows('colls')
      .get(result.get(handles[0] as never));
    expect(row?.si).to.deep.equal(new Set([...integers].sort((a, b) => (a < b ? -1 : 1))));
    // ovsdb-server 3.1 writes fifteen digits of a real.
    expect([...(row?.sr ?? [])].sort()).to.deep.equal(reals.map((r) => Number(r.toPrecision(15))).sort());
    expect(strings.map((s) => row?.mss.get(`k${s}`))).to.deep.equal(strings);
    const blobs = handles.slice(1).map((handle) => client().rows('blob').get(result.get(handle))?.data);
    expect(blobs).to.deep.equal(strings);
  });

  it('refuses to send what the wire cannot carry', () => {
    const txn = client().transaction();
    expect(() => txn.insert('atoms', { s: 'a\0b' }))
      .to.throw('column atoms.s')
      .with.property('code', 'bad value');
    expect(() => txn.insert('atoms', { s: '\ud83d' })).to.throw('half a surrogate pair');
    expect(() => txn.insert('atoms', { r: Number.NaN })).to.throw('finite real');
    expect(() => txn.insert('atoms', { r: Number.POSITIVE_INFINITY })).to.throw('finite real');
    expect(() => txn.insert('atoms', { r: 5e-324 })).to.throw('denormal');
    expect(() => txn.insert('atoms', { i: 2 ** 53 })).to.throw('write a bigint');
    expect(() => txn.insert('atoms', { i: 2n ** 63n })).to.throw('64-bit integer');
    expect(() => txn.insert('atoms', { i: 1.5 })).to.throw('integer');
    expect(() => txn.insert('atoms', { u: 'xyz' })).to.throw('no uuid');
    expect(() => txn.insert('atoms', { nope: 1 } as never)).to.throw('column nope is not declared');
    expect(() => txn.select('nope' as never, [])).to.throw('table nope is not declared');
    expect(txn.operations).to.have.length(0);
  });

  it('fills in defaults that the server leaves out, of a set with a least size too', async () => {
    await run((txn) => txn.insert('colls', { name: '' }));
    expect(only(client().rows('colls')).two).to.deep.equal(new Set([0n]));
    const { handles, result } = await run((txn) => txn.select('colls', []));
    expect(result.get(handles)[0]).to.deep.equal(only(client().rows('colls')));
    const [uuid] = [...client().rows('colls').keys()];
    const narrow = await run((txn) => txn.select('colls', byUuid(uuid as string), ['two']));
    expect(narrow.result.get(narrow.handles)).to.deep.equal([{ _uuid: uuid, two: new Set([0n]) }]);
  });
});
