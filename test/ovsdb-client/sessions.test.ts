/** Locks, cancel, conversion, server ids, TLS, resumption: what a session can do beyond transactions, against ovsdb-server. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  byUuid,
  declarationText,
  type InsertHandle,
  listenOvsdb,
  OvsdbClient,
  type OvsdbError,
  type OvsdbLock,
  string,
} from 'ovsdb-client';
import { CONFORMANCE, conformanceClient, synced } from './support/conformance.js';
import { proxyTo } from './support/proxy.js';
import { openSocket } from './support/raw.js';
import { FIXTURES, freePort, sleep, startServer, type TestServer, until } from './support/server.js';

const failure = (promise: Promise<unknown>): Promise<OvsdbError> =>
  promise.then(
    () => expect.fail('should have been rejected'),
    (error) => error,
  );
const holds = (lock: OvsdbLock, state: OvsdbLock['state']) => until(() => lock.state === state);

describe('ovsdb-client: sessions', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  it('lists databases, reads schemas and server ids', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    expect(await client.listDatabases()).to.have.members(['_Server', 'Open_vSwitch', 'conformance']);
    const schema = await client.schema();
    expect(schema.tables.colls?.columns.two).to.include({ min: 1, max: 2 });
    expect(schema.tables.colls?.columns.si?.max).to.equal(Number.POSITIVE_INFINITY);
    expect(schema.tables.child?.isRoot).to.equal(false);
    expect(await client.serverId()).to.match(/^[0-9a-f-]{36}$/);
    expect(await failure(client.schema('nope'))).to.have.property('code', 'unknown database');
    expect(await failure(client.request('no_such_method', []))).to.have.property('code', 'unknown method');
    expect(await failure(client.request('monitor', ['conformance']))).to.have.property('code', 'bad value');
    client.close();
  });

  it('prints the declaration of a schema', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    const text = declarationText(await client.schema());
    for (const line of [
      'export const CONFORMANCE = {',
      'i: int64,',
      'i_range: integer,',
      'i_enum: optional(integer),',
      'mis: mapOf(int64, string),',
      'mss: mapOf(string),',
      "kids: setOf(uuidOf('child')),",
      "byname: mapOf(uuidOf('child')),",
      '} as const satisfies DatabaseDeclaration;',
    ])
      expect(text).to.include(line);
    const bin = new URL('../../../src/ovsdb-client/dist/bin/ovsdb-declaration.js', import.meta.url).pathname;
    expect(execFileSync(process.execPath, [bin, server.tcp, 'conformance'], { encoding: 'utf8' })).to.equal(text);
    client.close();
  });

  it('locks, waits, steals, gives back, and asserts', async () => {
    const [a, b] = [conformanceClient(server.unix), conformanceClient(server.unix)];
    await Promise.all([synced(a), synced(b)]);
    const first = a.lock('kakuri');
    await holds(first, 'held');
    const second = b.lock('kakuri');
    await holds(second, 'waiting');
    const txn = a.transaction();
    txn.assert('kakuri');
    await a.transact(txn);
    const refused = b.transaction();
    refused.assert('kakuri');
    expect(await failure(b.transact(refused))).to.include({ code: 'not owner', operation: 0 });
    await first.release();
    await holds(second, 'held');
    const thief = a.lock('kakuri', { steal: true });
    await holds(thief, 'held');
    await holds(second, 'stolen');
    await thief.release();
    await holds(second, 'held');
    expect(() => b.lock('kakuri')).to.throw(RangeError);
    await second.release();
    await second.release();
    expect(second.state).to.equal('released');
    a.close();
    b.close();
  });

  it('never takes the news of a wish it has given up for the news of its next', async () => {
    const proxy = await proxyTo(server.tcp);
    const [a, b] = [conformanceClient(server.unix), conformanceClient(proxy.remote)];
    await Promise.all([synced(a), synced(b)]);
    const first = a.lock('races');
    await holds(first, 'held');
    const given = b.lock('races');
    await holds(given, 'waiting');
    proxy.hold = true; // b does not hear yet that it has the lock
    await first.release();
    const again = a.lock('races');
    await holds(again, 'waiting');
    const unlocked = given.release();
    const next = b.lock('races');
    const states: string[] = [];
    next.onChange((state) => states.push(state));
    await holds(again, 'held');
    proxy.hold = false;
    await unlocked;
    await holds(next, 'waiting');
    await again.release();
    await holds(next, 'held');
    expect(states).to.deep.equal(['waiting', 'held']);
    a.close();
    b.close();
    await proxy.close();
  });

  it('has given a lock up when the connection ends instead of the answer', async () => {
    const proxy = await proxyTo(server.tcp);
    const [a, b] = [conformanceClient(server.unix), conformanceClient(proxy.remote)];
    await Promise.all([synced(a), synced(b)]);
    const lock = b.lock('ends');
    await holds(lock, 'held');
    proxy.hold = true;
    const released = lock.release();
    proxy.dropAll();
    await released;
    await holds(a.lock('ends'), 'held');
    a.close();
    b.close();
    await proxy.close();
  });

  it('asks for its locks again after a reconnect', async () => {
    const client = conformanceClient(server.unix, { minBackoffMs: 20 });
    await synced(client);
    const lock = client.lock('again');
    await holds(lock, 'held');
    const states: string[] = [];
    lock.onChange((state) => states.push(state));
    await server.halt();
    await server.launch();
    await holds(lock, 'held');
    expect(states).to.deep.equal(['disconnected', 'held']);
    client.close();
  });

  it('withdraws a transaction that waits', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    const txn = client.transaction();
    txn.waitUntil('lone', [], { n: 12345n }, {});
    const controller = new AbortController();
    const waiting = failure(client.transact(txn, { signal: controller.signal }));
    await sleep(20);
    controller.abort();
    expect(await waiting).to.have.property('code', 'canceled');
    expect(await failure(client.transact(txn, { timeoutMs: 50 }))).to.include({
      code: 'request timed out',
      outcome: 'unknown',
    });
    expect(await failure(client.transact(txn, { signal: controller.signal }))).to.include({
      code: 'canceled',
      outcome: 'none',
    });
    client.close();
  });

  it('starts afresh when the schema is converted under it, and says when it no longer fits', async () => {
    const schema = JSON.parse(readFileSync(join(FIXTURES, 'conformance.ovsschema'), 'utf8'));
    const client = conformanceClient(server.unix, { minBackoffMs: 20 });
    await synced(client);
    const txn = client.transaction();
    txn.insert('blob', { data: 'kept' });
    await client.transact(txn);
    const wider = structuredClone(schema);
    wider.version = '1.1.0';
    wider.tables.blob.columns.more = { type: 'string' };
    const resynced = new Promise<void>((done) => client.onStatus(({ state }) => state === 'synced' && done()));
    await client.convert(wider);
    await resynced;
    expect([...client.rows('blob').values()].map(({ data }) => data)).to.deep.equal(['kept']);
    const wide = new OvsdbClient({
      remotes: [server.unix],
      database: 'conformance',
      tables: { blob: { ...CONFORMANCE.blob, more: string } },
    }).start();
    await synced(wide as never);
    await client.convert(schema);
    await until(() => wide.status.state === 'disconnected');
    expect(wide.status.reason).to.include('schema mismatch').and.to.include('column blob.more is missing');
    wide.close();
    await until(() => client.status.state === 'synced');
    client.close();
  });

  it('a schema that changes while it is away, and a restart: rows equal a fresh select, monitors and locks are back', async () => {
    const own = await startServer();
    const client = conformanceClient(own.unix, { minBackoffMs: 20 });
    await synced(client);
    const lock = client.lock('mine');
    const txn = client.transaction();
    for (const seq of [1, 2, 3]) txn.insert('blob', { data: `row ${seq}`, seq });
    await client.transact(txn);
    await own.halt();
    const schema = JSON.parse(readFileSync(join(FIXTURES, 'conformance.ovsschema'), 'utf8'));
    schema.version = '2.0.0';
    schema.tables.blob.columns.extra = { type: 'integer' };
    writeFileSync(join(own.dir, 'new.ovsschema'), JSON.stringify(schema));
    execFileSync('ovsdb-tool', ['convert', join(own.dir, 'db1.db'), join(own.dir, 'new.ovsschema')]);
    const deleted: unknown[] = [];
    client.onChange((changes) => deleted.push(...changes.filter((change) => !change.new)));
    await own.launch();
    await synced(client);
    await holds(lock, 'held');
    expect((await client.schema()).version).to.equal('2.0.0');
    const again = client.transaction();
    const rows = again.select('blob', []);
    again.insert('blob', { data: 'row 4', seq: 4 });
    const fresh = (await client.transact(again)).get(rows);
    expect(fresh).to.have.length(3);
    for (const row of fresh) expect(client.rows('blob').get(row._uuid)).to.deep.equal(row);
    expect(client.rows('blob').size).to.equal(4);
    expect(deleted).to.deep.equal([]);
    client.close();
    await own.stop();
  });

  it('uses the best monitor the server knows, and an index that follows', async () => {
    const client = conformanceClient(server.unix, { replicate: ['blob'] });
    await synced(client);
    const even = client.index('blob', ({ seq }) => (seq % 2n === 0n ? ['even'] : []));
    const before = even.get('even').length;
    const txn = client.transaction();
    const handles = [10, 11, 12].map((seq) => txn.insert('blob', { seq }));
    const result = await client.transact(txn);
    expect(even.get('even').length).to.equal(before + 2);
    const odd = client.transaction();
    odd.update('blob', byUuid(result.get(handles[0] as InsertHandle)), { seq: 13 });
    await client.transact(odd);
    expect(even.get('even').length).to.equal(before + 1);
    expect(client.rows('atoms').size).to.equal(0);
    client.close();
  });

  it('speaks TLS with client certificates, both ways of dialling', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ovsdb-pki-'));
    const pki = (...args: string[]) =>
      execFileSync('ovs-pki', ['-d', `${dir}/pki`, '-l', `${dir}/log`, ...args], { cwd: dir, stdio: 'ignore' });
    pki('init', '--force');
    pki('req+sign', 'one', 'switch');
    pki('req+sign', 'two', 'switch');
    const [key, cert, ca] = ['two-privkey.pem', 'two-cert.pem', 'pki/switchca/cacert.pem'].map((f) =>
      readFileSync(join(dir, f)),
    );
    const tls = { key: key as Buffer, cert: cert as Buffer, ca: ca as Buffer };
    const clients: OvsdbClient<typeof CONFORMANCE>[] = [];
    const listener = await listenOvsdb('pssl:0:127.0.0.1', {
      database: 'conformance',
      tables: CONFORMANCE,
      tls,
      onClient: (c) => clients.push(c),
    });
    const [port, dialled] = [await freePort(), /:(\d+):/.exec(listener.address)?.[1]];
    const files = [
      `--private-key=${dir}/one-privkey.pem`,
      `--certificate=${dir}/one-cert.pem`,
      `--ca-cert=${dir}/pki/switchca/cacert.pem`,
    ];
    const secure = await startServer([
      ...files,
      `--remote=pssl:${port}:127.0.0.1`,
      `--remote=ssl:127.0.0.1:${dialled}`,
    ]);
    const client = conformanceClient(`ssl:127.0.0.1:${port}`, { tls });
    await synced(client);
    await synced(await until(() => clients[0]));
    const stranger = conformanceClient(`ssl:127.0.0.1:${port}`);
    await until(() => stranger.status.state === 'disconnected' && stranger.status.reason !== 'not started');
    expect(stranger.status.error?.code).to.equal('connection lost');
    for (const each of [client, stranger]) each.close();
    // One whose handshake is under way when the listener is closed.
    const silent = await openSocket(`tcp:127.0.0.1:${dialled}`);
    silent.resume();
    const ended = once(silent, 'close');
    await sleep(50);
    await listener.close();
    await ended;
    await secure.stop();
    rmSync(dir, { recursive: true });
  }).timeout(25_000);
});
