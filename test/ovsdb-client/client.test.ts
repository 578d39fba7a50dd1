/** The client against a real ovsdb-server: replica, transactions, statuses, next_cfg. */
import { expect } from 'chai';
import { byUuid, listenOvsdb, OPEN_VSWITCH, OvsdbClient, type OvsdbError, type Row, Transaction } from 'ovsdb-client';
import { CONFORMANCE, conformanceClient, synced } from './support/conformance.js';
import { startServer, type TestServer, until } from './support/server.js';

describe('ovsdb-client', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  const failure = (promise: Promise<unknown>): Promise<OvsdbError> =>
    promise.then(
      () => expect.fail('should have been rejected'),
      (error) => error,
    );

  it('inserts, sees the change before the answer, and selects it', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    const seen: string[] = [];
    client.onChange((changes) => seen.push(...changes.map((c) => `${c.table} ${c.new ? 'new' : 'gone'}`)));
    const txn = client.transaction();
    const row = txn.insert('atoms', { i: 9223372036854775807n, s: '隔離 😀', r: 0.5, b: true });
    const result = await client.transact(txn);
    const uuid = result.get(row);
    expect(seen).to.deep.equal(['atoms new']);
    expect(client.rows('atoms').get(uuid)?.i).to.equal(9223372036854775807n);
    const again = client.transaction();
    const selected = again.select('atoms', byUuid(uuid), ['i', 's', 'r', 'b', 's_len']);
    expect((await client.transact(again)).get(selected)).to.deep.equal([
      { _uuid: uuid, i: 9223372036854775807n, s: '隔離 😀', r: 0.5, b: true, s_len: undefined },
    ]);
    const drop = client.transaction();
    const count = drop.delete('atoms', []);
    expect((await client.transact(drop)).get(count)).to.equal(1);
    expect(client.rows('atoms').size).to.equal(0);
    client.close();
  });

  it('refers to rows of the same transaction, and indexes them', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    const byName = client.index('parent', 'name');
    const txn = client.transaction();
    const kid = txn.insert('child', { name: 'kid' });
    const parent = txn.insert('parent', { name: 'p', kids: [kid], byname: { first: kid } });
    const result = await client.transact(txn);
    const [row] = byName.get('p');
    expect(row?._uuid).to.equal(result.get(parent));
    expect([...(row?.kids ?? [])]).to.deep.equal([result.get(kid)]);
    expect(row?.byname.get('first')).to.equal(result.get(kid));
    const drop = client.transaction();
    drop.delete('parent', [['name', '==', 'p']]);
    await client.transact(drop);
    expect(byName.get('p')).to.deep.equal([]);
    expect(client.rows('child').size).to.equal(0);
    client.close();
  });

  it('names the operation that failed', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    const txn = client.transaction();
    txn.insert('atoms', { i: 1 });
    txn.insert('atoms', { s_enum: 'pink' });
    const error = await failure(client.transact(txn));
    expect(error).to.include({
      code: 'constraint violation',
      operation: 1,
      operationText: 'insert atoms',
      outcome: 'none',
    });
    const dangling = client.transaction();
    dangling.insert('parent', { kids: ['00000000-0000-0000-0000-0000000000aa'] });
    expect(await failure(client.transact(dangling))).to.include({
      code: 'referential integrity violation',
      operation: 1,
      operationText: 'commit',
    });
    client.close();
  });

  it('rejects what was open with outcome unknown when the connection is lost, and resynchronises', async () => {
    const client = conformanceClient(server.unix, { minBackoffMs: 50 });
    await synced(client);
    const txn = client.transaction();
    txn.wait('lone', [], '==', [{ n: 99n }]);
    const lost = failure(client.transact(txn));
    await server.halt();
    const error = await lost;
    expect(error).to.include({ code: 'connection lost', outcome: 'unknown' });
    expect(client.status.state).to.equal('disconnected');
    expect(await failure(client.transact(client.transaction()))).to.include({ code: 'not connected', outcome: 'none' });
    await server.launch();
    await synced(client);
    client.close();
  });

  it('says what the schema lacks', async () => {
    const tables = { atoms: { ...CONFORMANCE.atoms, nope: CONFORMANCE.atoms.s, i: CONFORMANCE.atoms.s } };
    const client = new OvsdbClient({ remotes: [server.unix], database: 'conformance', tables }).start();
    await until(() => client.status.state === 'disconnected' && client.status.reason !== 'not started');
    expect(client.status.error?.code).to.equal('schema mismatch');
    expect(client.status.reason)
      .to.include('column atoms.nope is missing')
      .and.to.include('atoms.i is declared string, the server has integer');
    client.close();
  });

  it('waits until ovs-vswitchd has acted', async () => {
    const tables = {
      Open_vSwitch: { next_cfg: OPEN_VSWITCH.Open_vSwitch.next_cfg, cur_cfg: OPEN_VSWITCH.Open_vSwitch.cur_cfg },
    };
    const client = new OvsdbClient({ remotes: [server.tcp], tables }).start();
    await synced(client as never);
    expect(client.localAddress).to.equal('127.0.0.1');
    const setup = client.transaction();
    setup.insert('Open_vSwitch', {});
    await client.transact(setup);
    let done = false;
    const waiting = client.transactAndWait(client.transaction()).then(() => {
      done = true;
    });
    await until(() => [...client.rows('Open_vSwitch').values()][0]?.next_cfg === 1);
    expect(done).to.equal(false);
    const act = client.transaction();
    act.update('Open_vSwitch', [], { cur_cfg: 1 });
    await client.transact(act);
    await waiting;
    expect(await failure(client.transactAndWait(client.transaction(), { timeoutMs: 50 }))).to.include({
      code: 'request timed out',
    });
    client.close();
    const unheard = new OvsdbClient({ remotes: [server.tcp], tables, replicate: [] }).start();
    await synced(unheard as never);
    expect(await failure(unheard.transactAndWait(unheard.transaction()))).to.have.property('code', 'bad value');
    unheard.close();
  });

  it('serves a server that dials in', async () => {
    const clients: OvsdbClient<typeof CONFORMANCE>[] = [];
    const onClient = (client: OvsdbClient<typeof CONFORMANCE>) => void clients.push(client);
    const listener = await listenOvsdb('ptcp:0:127.0.0.1', { database: 'conformance', tables: CONFORMANCE, onClient });
    const port = /^ptcp:(\d+):127\.0\.0\.1$/.exec(listener.address)?.[1];
    const manager = await startServer([`--remote=tcp:127.0.0.1:${port}`]);
    const client = await until(() => clients[0]);
    await synced(client);
    expect(client.localAddress).to.equal('127.0.0.1');
    await listener.close();
    expect(client.status.state).to.equal('disconnected');
    await manager.stop();
  });

  it('gives rows the types of their declaration', () => {
    const ofport = (row: Row<typeof OPEN_VSWITCH.Interface>): number | undefined => row.ofport;
    // @ts-expect-error: a row has no column that is not declared
    const wrong = (row: Row<typeof OPEN_VSWITCH.Interface>) => row.of_port;
    const txn = new Transaction(OPEN_VSWITCH);
    txn.insert('Bridge', { name: 'br0', other_config: { 'disable-in-band': 'true' }, fail_mode: undefined });
    // @ts-expect-error: a name is no number
    expect(() => txn.insert('Bridge', { name: 5 })).to.throw('column Bridge.name: 5 is no string');
    expect([ofport, wrong].map((f) => f({ ofport: 5 } as never))).to.deep.equal([5, undefined]);
  });
});
