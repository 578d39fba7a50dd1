/** Map columns: what is read must be what a Map of the same pairs is, also to Node's isDeepStrictEqual, by which changes are found. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { mapOf, OvsdbClient, parseSchema, real, rowsOfSnapshot, string } from 'ovsdb-client';
import { startFakeServer } from 'ovsdb-client/testing';

const TABLES = { t: { texts: mapOf(string), numbers: mapOf(real, real) } } as const;
const column = (type: string) => ({ type: { key: type, value: type, min: 0, max: 'unlimited' } });
const SCHEMA = {
  name: 'maps',
  version: '1.0.0',
  tables: { t: { columns: { texts: column('string'), numbers: column('real') } } },
};
const UUID = '00000000-0000-0000-0000-000000000001';

type Pairs<T> = readonly (readonly [T, T])[];
/** The row whose columns were written as these pairs. */
function rowOf(texts: Pairs<string>, numbers: Pairs<number>) {
  const row = { texts: ['map', texts], numbers: ['map', numbers] };
  const answer = { id: 1, result: { t: { [UUID]: { initial: row } } }, error: null };
  const read = rowsOfSnapshot([Buffer.from(JSON.stringify(answer))], TABLES, parseSchema(SCHEMA)).t.get(UUID);
  if (!read) throw new Error('no row');
  return read;
}

/** Holds every way to look into a map to those of a Map. */
function compare<T>(ours: ReadonlyMap<T, T>, map: ReadonlyMap<T, T>, keys: readonly T[]): void {
  expect(ours.size).to.equal(map.size);
  expect([[...ours], [...ours.keys()], [...ours.values()], [...ours.entries()]]).to.deep.equal([
    [...map],
    [...map.keys()],
    [...map.values()],
    [...map],
  ]);
  for (const key of keys) expect([ours.get(key), ours.has(key)]).to.deep.equal([map.get(key), map.has(key)]);
  const seen: unknown[] = [];
  ours.forEach((value, key, self) => {
    seen.push([key, value, self === ours]);
  });
  expect(seen).to.deep.equal([...map].map(([key, value]) => [key, value, true]));
  expect(inspect(ours)).to.equal(inspect(map));
  expect(ours).to.deep.equal(map);
  expect(isDeepStrictEqual(ours, map)).to.equal(true);
  expect(isDeepStrictEqual(ours, new Map<unknown, unknown>([...map, [{}, {}]]))).to.equal(false);
}

const TEXTS = ['', 'a', 'b', '0', '__proto__', 'size', '世'];
const NUMBERS = [0, -1, 1, 0.5, 1e300, 7, 8, 9, 10, 11];
const pairsOf = <T>(values: readonly T[]) =>
  fc.array(fc.tuple(fc.constantFrom(...values), fc.constantFrom(...values)), { maxLength: 12 });

describe('ovsdb-client: map columns', () => {
  it('are what a Map of the same pairs is: few or many, a key twice or never', () => {
    fc.assert(
      fc.property(pairsOf(TEXTS), pairsOf(NUMBERS), (texts, numbers) => {
        const row = rowOf(texts, numbers);
        compare(row.texts, new Map(texts), [...TEXTS, 'never']);
        compare(row.numbers, new Map(numbers), [...NUMBERS, 99]);
      }),
    );
    expect(rowOf([['a', '1']], []).texts).to.not.deep.equal(new Map([['a', '2']]));
  });

  it('can be written back as they were read', async () => {
    const server = await startFakeServer({ schemas: [SCHEMA] });
    const client = new OvsdbClient({ remotes: [server.remote], database: 'maps', tables: TABLES }).start();
    try {
      await new Promise<void>((done) => client.onStatus(({ state }) => state === 'synced' && done()));
      const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, `value${i}`]));
      for (const texts of [{}, { a: '1' }, { b: '2', a: '1' }, many]) {
        const insert = client.transaction();
        const written = insert.insert('t', { texts });
        const uuid = (await client.transact(insert)).get(written);
        const again = client.transaction();
        const copied = again.insert('t', { texts: client.rows('t').get(uuid)?.texts ?? new Map() });
        const copy = client.rows('t').get((await client.transact(again)).get(copied));
        expect(copy?.texts).to.deep.equal(new Map(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1))));
      }
    } finally {
      client.close();
      await server.close();
    }
  });
});
