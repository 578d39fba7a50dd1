/** The replica's rows of a table against a Map of the same: ways to look into it, many rows that come and go, values that recur. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Change, parseSchema, rowsOfSnapshot } from 'ovsdb-client';
import { CONFORMANCE, conformanceClient, synced } from './support/conformance.js';
import { FIXTURES, startServer } from './support/server.js';

const SCHEMA = parseSchema(JSON.parse(readFileSync(join(FIXTURES, 'conformance.ovsschema'), 'utf8')));

type Rows = ReadonlyMap<string, { readonly _uuid: string; readonly data: string; readonly seq: bigint }>;

/** Holds every way to look into the rows to those of a Map; their order may be any. */
function compare(rows: Rows, model: Rows): void {
  expect(rows.size).to.equal(model.size);
  const visited = new Map<string, unknown>();
  rows.forEach((row, uuid, all) => {
    expect(all).to.equal(rows);
    visited.set(uuid, row);
  });
  for (const seen of [new Map(rows), visited, new Map([...rows.values()].map((row) => [row._uuid, row]))])
    expect(seen).to.deep.equal(model);
  expect(new Set(rows.keys())).to.deep.equal(new Set(model.keys()));
  expect([...rows.keys()].length).to.equal(model.size);
  for (const [uuid, row] of model) expect(rows.get(uuid)).to.deep.equal(row);
}

const answer = (rows: object) => [Buffer.from(JSON.stringify({ id: 1, result: { blob: rows }, error: null }))];

describe("ovsdb-client: a table's rows", () => {
  it('are a Map to look at, whatever has come and gone', async () => {
    const server = await startServer();
    const client = conformanceClient(server.unix);
    const model = new Map<string, Rows extends ReadonlyMap<string, infer R> ? R : never>();
    const gone: string[] = [];
    client.onChange((changes: readonly Change<typeof CONFORMANCE>[]) => {
      for (const change of changes) {
        if (change.table !== 'blob') continue;
        if (change.new) model.set(change.uuid, change.new);
        else if (model.delete(change.uuid)) gone.push(change.uuid);
      }
    });
    await synced(client);
    for (let round = 0; round < 16; round++) {
      const txn = client.transaction();
      // Of every third round most rows are deleted, in turns from the oldest and the newest.
      if (round % 3 === 2) txn.delete('blob', [['seq', round % 2 === 0 ? '<' : '>', BigInt(round * 400 - 500)]]);
      for (let i = 0; i < 700; i++) txn.insert('blob', { seq: BigInt(round * 700 + i), data: `${round}` });
      txn.update('blob', [['seq', '==', BigInt(round * 700)]], { data: 'changed' });
      await client.transact(txn);
      compare(client.rows('blob'), model);
    }
    expect(gone.length).to.be.greaterThan(1000);
    for (const uuid of gone)
      expect([client.rows('blob').get(uuid), client.rows('blob').has(uuid)]).to.deep.equal([undefined, false]);
    expect(client.rows('blob').has('')).to.equal(false);
    client.close();
    await server.stop();
  }).timeout(60_000); // seconds on a quiet machine, for it looks at everything in each round

  it('are found by uuids that are alike, and that come twice', () => {
    const uuid = (i: number) =>
      `00000000-0000-0000-${(i % 7).toString().padStart(4, '0')}-${String(i).padStart(12, '0')}`;
    const rows = Object.fromEntries(
      Array.from({ length: 5000 }, (_, i) => [uuid(i), { initial: { data: `${i}`, seq: i } }]),
    );
    const read = rowsOfSnapshot(answer(rows), CONFORMANCE, SCHEMA).blob;
    for (let i = 0; i < 5000; i++) expect(read.get(uuid(i))?.seq).to.equal(BigInt(i));
    expect(read.get(uuid(5000))).to.equal(undefined);
    const twice = `{"id":1,"result":{"blob":{"a":{"initial":{"seq":1}},"b":{"initial":{}},"a":{"initial":{"seq":2}}}},"error":null}`;
    const last = rowsOfSnapshot([Buffer.from(twice)], CONFORMANCE, SCHEMA).blob;
    expect([...last.values()].map(({ _uuid, seq }) => [_uuid, seq])).to.deep.equal([
      ['a', 2n],
      ['b', 0n],
    ]);
  });

  it('have their own values, however often others recur: few and many, short, long, empty and beyond ASCII', () => {
    const values = (few: number) => (i: number) =>
      ['', 'é', '隔'.repeat(9), '"', 'x'.repeat(31 + (i % 4))][i % 97] ?? `v${i % few}`;
    for (const few of [1, 2, 63, 64, 65, 200, 4000]) {
      const rows = Object.fromEntries(
        Array.from({ length: 4000 }, (_, i) => [`${i}`, { initial: { data: values(few)(i), seq: i } }]),
      );
      const read = rowsOfSnapshot(answer(rows), CONFORMANCE, SCHEMA).blob;
      for (let i = 0; i < 4000; i++) expect(read.get(`${i}`)?.data, `${few}: ${i}`).to.equal(values(few)(i));
    }
  });
});
