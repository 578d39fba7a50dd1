/** Big answers, read row by row: equal to the ordinary way, whatever the values and the pieces. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type MonitorMethod, OvsdbError, parseSchema, RpcConnection, rowsOfSnapshot } from 'ovsdb-client';
import { CONFORMANCE, conformanceClient, synced } from './support/conformance.js';
import { steps } from './support/random.js';
import { openSocket } from './support/raw.js';
import { FIXTURES, startServer, type TestServer } from './support/server.js';

const SCHEMA = parseSchema(JSON.parse(readFileSync(join(FIXTURES, 'conformance.ovsschema'), 'utf8')));
const REQUESTS = Object.fromEntries(
  Object.entries(CONFORMANCE).map(([table, columns]) => [table, { columns: Object.keys(columns) }]),
);

describe('ovsdb-client: snapshots', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    const writer = conformanceClient(server.unix);
    await synced(writer);
    const histories = fc.sample(steps, { numRuns: 250, seed: 4711 });
    for (const history of histories) {
      const txn = writer.transaction();
      for (const step of history) step(txn, writer);
      await writer.transact(txn).catch((error) => {
        if (!(error instanceof OvsdbError) || error.operation === undefined) throw error;
      });
    }
    const txn = writer.transaction();
    for (let i = 0; i < 5; i++) txn.insert('parent', { name: `p${i}`, kids: [txn.insert('child', { name: `k${i}` })] });
    for (let i = 0; i < 400; i++) txn.insert('blob', { data: `${'}}"隔\\'.repeat(i)}😀`, seq: i });
    await writer.transact(txn);
    writer.close();
  });
  after(() => server.stop());

  it('are the same by every method, and the same as a select', async () => {
    for (const monitorMethod of ['monitor', 'monitor_cond', 'monitor_cond_since'] satisfies MonitorMethod[]) {
      const client = conformanceClient(server.unix, { monitorMethod });
      await synced(client);
      for (const table of ['atoms', 'colls', 'parent', 'child', 'blob'] as const) {
        const txn = client.transaction();
        const rows = txn.select(table, []);
        const fresh = (await client.transact(txn)).get(rows);
        expect(fresh.length, table).to.be.greaterThan(2);
        expect(client.rows(table)).to.deep.equal(new Map(fresh.map((row) => [row._uuid, row])));
      }
      client.close();
    }
  });

  it('are read from the octets, in any pieces, in the compact form', async () => {
    const socket = await openSocket(server.unix);
    const answer = await new Promise<Buffer>((resolve) => {
      const pieces: Buffer[] = [];
      socket.on('data', (piece: Buffer) => {
        pieces.push(piece);
        const all = Buffer.concat(pieces);
        if (piece.at(-1) === 0x7d && isWhole(all)) resolve(all);
      });
      socket.write(JSON.stringify({ id: 1, method: 'monitor_cond', params: ['conformance', 'm', lists(REQUESTS)] }));
    });
    socket.destroy();
    expect(answer.length).to.be.greaterThan(500_000);
    const client = conformanceClient(server.unix);
    await synced(client);
    for (const size of [17, 1000, 65536, answer.length]) {
      const tables = rowsOfSnapshot(cut(answer, size), CONFORMANCE, SCHEMA);
      for (const table of ['atoms', 'colls', 'parent', 'child', 'blob'] as const)
        expect(tables[table], table).to.deep.equal(client.rows(table));
    }
    client.close();
  });

  it('in an unusual form are read in the ordinary way', async () => {
    const rows = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`0000000-${i}`, { initial: { data: 'x'.repeat(40), seq: i } }]),
    );
    const { rawServer } = await import('./support/raw.js');
    const schema = readFileSync(join(FIXTURES, 'conformance.ovsschema'), 'utf8');
    const raw = await rawServer((socket) => {
      const events = { onActivity: () => undefined, onNotification: () => undefined, onClose: () => undefined };
      void new RpcConnection(socket, events);
      socket.on('data', (data: Buffer) => {
        for (const text of data.toString().split(/(?<=\})(?=\{)/)) {
          const { id, method, params } = JSON.parse(text);
          const result =
            method === 'get_schema' && params[0] === 'conformance'
              ? JSON.parse(schema)
              : method === 'monitor'
                ? { blob: rows }
                : undefined;
          const error = method === 'get_schema' ? { error: 'unknown database' } : 'unknown method';
          socket.write(JSON.stringify(result ? { id, result, error: null } : { id, result: null, error }, null, 2));
        }
      });
    });
    const client = conformanceClient(raw.remote);
    await synced(client);
    expect(client.rows('blob').size).to.equal(2000);
    expect(client.rows('blob').get('0000000-77')?.seq).to.equal(77n);
    client.close();
    await raw.close();
  });
});

const lists = (requests: object) =>
  Object.fromEntries(Object.entries(requests).map(([table, request]) => [table, [request]]));

function isWhole(octets: Buffer): boolean {
  try {
    return JSON.parse(octets.toString()) !== undefined;
  } catch {
    return false;
  }
}

function* cut(octets: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}
