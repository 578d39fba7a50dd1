/** Every operation, mutator, condition and encoding through the typed builder, against a real ovsdb-server. */
import { expect } from 'chai';
import {
  byUuid,
  type Mutation,
  type OvsdbClient,
  type OvsdbError,
  type RowInput,
  type Transaction,
} from 'ovsdb-client';
import { type AnyServer, SERVERS } from './support/both.js';
import { type Conformance, conformanceClient, synced } from './support/conformance.js';

type Client = OvsdbClient<Conformance>;
const TABLES = ['atoms', 'colls', 'parent', 'lone', 'blob'] as const;

for (const [name, start] of Object.entries(SERVERS))
  describe(`ovsdb-client: operations, ${name}`, () => {
    let server: AnyServer;
    let client: Client;
    before(async () => {
      server = await start();
      client = conformanceClient(server.unix);
      await synced(client);
    });
    after(async () => {
      client.close();
      await server.stop();
    });
    afterEach(() => run((txn) => TABLES.map((table) => txn.delete(table, []))));

    async function run<T>(build: (txn: Transaction<Conformance>) => T) {
      const txn = client.transaction();
      const handles = build(txn);
      return { handles, result: await client.transact(txn) };
    }
    const failure = (build: (txn: Transaction<Conformance>) => unknown): Promise<OvsdbError> =>
      run(build).then(
        () => expect.fail('should have failed'),
        (error) => error,
      );
    const only = <T>(rows: ReadonlyMap<string, T>): T => {
      expect(rows.size).to.equal(1);
      return [...rows.values()][0] as T;
    };

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
        expect(only(client.rows('atoms'))).to.include(expected);
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
          expect((only(client.rows('colls')) as Record<string, unknown>)[column]).to.deep.equal(value);
      });

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
      expect(client.rows('atoms').size).to.equal(0);
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
      expect(client.rows('child').size).to.equal(0);
      const likes = [...client.rows('parent').values()].find(({ name }) => name === 'likes');
      expect(likes?.fav).to.equal(undefined);
      expect(likes?.byname.size).to.equal(0);
    });

    it('waits: guards fail at once, others wait for their time', async () => {
      await run((txn) => txn.insert('lone', { n: 5 }));
      await run((txn) => [txn.waitUntil('lone', [], { n: 5 }), txn.update('lone', [], { n: 6 })]);
      expect(
        await failure((txn) => [txn.waitUntil('lone', [], { n: 5 }), txn.update('lone', [], { n: 7 })]),
      ).to.include({
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
      const { result } = await run((txn) => [
        txn.insert('blob', { data: 'kept' }),
        txn.comment('why'),
        txn.commit(true),
      ]);
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
      const row = client.rows('colls').get(result.get(handles[0] as never));
      expect(row?.si).to.deep.equal(new Set([...integers].sort((a, b) => (a < b ? -1 : 1))));
      // ovsdb-server 3.1 writes fifteen digits of a real.
      expect([...(row?.sr ?? [])].sort()).to.deep.equal(reals.map((r) => Number(r.toPrecision(15))).sort());
      expect(strings.map((s) => row?.mss.get(`k${s}`))).to.deep.equal(strings);
      const blobs = handles.slice(1).map((handle) => client.rows('blob').get(result.get(handle))?.data);
      expect(blobs).to.deep.equal(strings);
    });

    it('refuses to send what the wire cannot carry', () => {
      const txn = client.transaction();
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
      expect(only(client.rows('colls')).two).to.deep.equal(new Set([0n]));
      const { handles, result } = await run((txn) => txn.select('colls', []));
      expect(result.get(handles)[0]).to.deep.equal(only(client.rows('colls')));
      const [uuid] = [...client.rows('colls').keys()];
      const narrow = await run((txn) => txn.select('colls', byUuid(uuid as string), ['two']));
      expect(narrow.result.get(narrow.handles)).to.deep.equal([{ _uuid: uuid, two: new Set([0n]) }]);
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
