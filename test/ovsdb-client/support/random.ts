/** Random transactions on the schema `conformance`, most of which succeed: for properties of replicas. */
import fc from 'fast-check';
import { byUuid, type OvsdbClient, type Transaction } from 'ovsdb-client';
import type { Conformance } from './conformance.js';

type Tables = Conformance;
type Step = (txn: Transaction<Tables>, client: OvsdbClient<Tables>) => void;

const text = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((s) => !s.includes('\0') && !/\p{Surrogate}/u.test(s));
const int = fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const real = fc.integer({ min: -20, max: 20 }).map((n) => n / 4);
const ints = fc.uniqueArray(int, { maxLength: 5 });
const small = fc.uniqueArray(fc.bigInt({ min: -3n, max: 3n }), { maxLength: 4 });
const map = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), text, { maxKeys: 4 })
  .map((d) => new Map(Object.entries(d)));
const mapOfReals = fc
  .uniqueArray(fc.tuple(int, real), { maxLength: 4, selector: ([key]) => key })
  .map((p) => new Map(p));
const partial = { requiredKeys: [] as never[] };

const atoms = fc.record(
  {
    i: int,
    r: real,
    b: fc.boolean(),
    s: text,
    r_range: fc.option(fc.integer({ min: -2, max: 3 }), { nil: undefined }),
    s_enum: fc.constantFrom('red', 'green', undefined),
  },
  partial,
);
const colls = fc.record(
  {
    si: ints,
    ss: fc.uniqueArray(text, { maxLength: 3 }),
    sr: fc.uniqueArray(real, { maxLength: 4 }).map((list) => list.map((r) => r + 0)),
    two: fc.constantFrom([1], [1, 2], [0]),
    mss: map,
    mir: mapOfReals,
  },
  partial,
);

/** One of the rows there are. */
const anyOf = (client: OvsdbClient<Tables>, table: keyof Tables & string, pick: number) => {
  const uuids = [...client.rows(table).keys()];
  return uuids.length === 0 ? undefined : (uuids[pick % uuids.length] as string);
};
const pick = fc.nat(1000);

const on =
  (table: keyof Tables & string, n: number, act: (txn: Transaction<Tables>, uuid: string) => void): Step =>
  (txn, client) => {
    const uuid = anyOf(client, table, n);
    if (uuid !== undefined) act(txn, uuid);
  };

const step: fc.Arbitrary<Step> = fc.oneof(
  atoms.map(
    (row): Step =>
      (txn) =>
        void txn.insert('atoms', row),
  ),
  fc.tuple(colls, fc.uuid()).map(
    ([row, name]): Step =>
      (txn) =>
        void txn.insert('colls', { two: [1], ...row, name }),
  ),
  fc.tuple(pick, atoms).map(([n, row]) => on('atoms', n, (txn, uuid) => txn.update('atoms', byUuid(uuid), row))),
  fc.tuple(pick, colls).map(([n, row]) => on('colls', n, (txn, uuid) => txn.update('colls', byUuid(uuid), row))),
  fc
    .tuple(pick, small)
    .map(([n, si]) => on('colls', n, (txn, uuid) => txn.mutate('colls', byUuid(uuid), [['si', 'insert', si]]))),
  fc
    .tuple(pick, small)
    .map(([n, si]) => on('colls', n, (txn, uuid) => txn.mutate('colls', byUuid(uuid), [['si', 'delete', si]]))),
  fc
    .tuple(pick, map)
    .map(([n, mss]) => on('colls', n, (txn, uuid) => txn.mutate('colls', byUuid(uuid), [['mss', 'insert', mss]]))),
  fc
    .tuple(pick, map)
    .map(([n, mss]) => on('colls', n, (txn, uuid) => txn.mutate('colls', byUuid(uuid), [['mss', 'delete', mss]]))),
  pick.map((n) => on('atoms', n, (txn, uuid) => txn.delete('atoms', byUuid(uuid)))),
  pick.map((n) => on('colls', n, (txn, uuid) => txn.delete('colls', byUuid(uuid)))),
  pick.map((n) => on('parent', n, (txn, uuid) => txn.delete('parent', byUuid(uuid)))),
  fc.tuple(text, fc.nat(3)).map(
    ([name, n]): Step =>
      (txn) => {
        const kids = Array.from({ length: n }, (_, i) => txn.insert('child', { name: `${name}${i}` }));
        txn.insert('parent', {
          name,
          kids,
          fav: kids[0],
          byname: Object.fromEntries(kids.map((kid, i) => [`k${i}`, kid])),
        });
      },
  ),
  fc.tuple(pick, pick).map(
    ([n, m]): Step =>
      (txn, client) => {
        const [parent, child] = [anyOf(client, 'parent', n), anyOf(client, 'child', m)];
        if (parent && child)
          txn.mutate('parent', byUuid(parent), [
            ['kids', 'delete', [child]],
            ['byname', 'insert', { moved: child }],
          ]);
      },
  ),
);

/** The steps of one transaction. */
export const steps = fc.array(step, { minLength: 1, maxLength: 6 });
