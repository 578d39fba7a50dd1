/** What goes wrong between client and server, and what the client makes of it. */
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { OvsdbError, RpcConnection } from 'ovsdb-client';
import { conformanceClient, synced } from './support/conformance.js';
import { type FaultyProxy, proxyTo } from './support/proxy.js';
import { openSocket, rawServer } from './support/raw.js';
import { sleep, startServer, type TestServer, until } from './support/server.js';

const failure = (promise: Promise<unknown>): Promise<OvsdbError> =>
  promise.then(
    () => expect.fail('should have been rejected'),
    (error) => error,
  );

describe('ovsdb-client: faults', () => {
  let server: TestServer;
  let proxy: FaultyProxy;
  before(async () => {
    server = await startServer();
    proxy = await proxyTo(server.tcp);
  });
  after(async () => {
    await proxy.close();
    await server.stop();
  });

  it('a server that stops answering: probed, given up, all calls rejected, back when it is', async () => {
    const client = conformanceClient(server.tcp, { probeMs: 100, minBackoffMs: 50, maxBackoffMs: 100, connectMs: 200 });
    await synced(client);
    server.signal('SIGSTOP');
    const frozen = performance.now();
    const error = await failure(client.transact(client.transaction()));
    expect(error).to.include({ code: 'connection lost', outcome: 'unknown' });
    expect(error.message).to.include('no answer to the probe');
    expect(performance.now() - frozen).to.be.within(150, 2000);
    await sleep(300);
    expect(client.status.state).to.not.equal('synced');
    server.signal('SIGCONT');
    await synced(client);
    client.close();
  });

  it('answers the probes of the server', async () => {
    const echoes: unknown[] = [];
    const asking = await rawServer((socket: Socket) => {
      socket.on('data', (data: Buffer) => echoes.push(data.toString()));
      socket.write('{"method":"echo","params":["are you there?"],"id":"echo"}');
    });
    const rpc = new RpcConnection(await openSocket(asking.remote), {
      onActivity: () => undefined,
      onNotification: () => undefined,
      onClose: () => undefined,
    });
    await until(() => echoes.length > 0);
    expect(JSON.parse(String(echoes[0]))).to.deep.equal({ id: 'echo', result: ['are you there?'], error: null });
    rpc.close(new OvsdbError('connection lost'));
    await asking.close();
  });

  it('a half-open connection is found out', async () => {
    const client = conformanceClient(proxy.remote, { probeMs: 100, minBackoffMs: 50 });
    await synced(client);
    proxy.swallow = true;
    await until(() => client.status.state === 'disconnected');
    proxy.swallow = false;
    await synced(client);
    client.close();
  });

  it('a reply lost after the commit: outcome unknown, done once, not repeated', async () => {
    const client = conformanceClient(proxy.remote, { minBackoffMs: 20 });
    await synced(client);
    const lose = (piece: Buffer) => !piece.includes('"uuid"');
    const txn = client.transaction();
    txn.insert('blob', { data: 'once', seq: 4711 });
    proxy.onReply = lose;
    const error = await failure(client.transact(txn));
    proxy.onReply = () => true;
    expect(error).to.include({ code: 'connection lost', outcome: 'unknown' });
    await synced(client);
    expect([...client.rows('blob').values()].filter(({ seq }) => seq === 4711n)).to.have.length(1);
    const again = client.transaction();
    again.waitUntilNone('blob', [['seq', '==', 4711]]);
    again.insert('blob', { data: 'once', seq: 4711 });
    expect(await failure(client.transact(again))).to.include({ code: 'timed out', operation: 0 });
    client.close();
  });

  it('one octet at a time, within escapes and UTF-8', async () => {
    const writer = conformanceClient(server.unix);
    const client = conformanceClient(proxy.remote);
    await synced(writer);
    proxy.oneByOne = true;
    const txn = writer.transaction();
    const data = '隔離 😀 "\\"}{][\n\u0001';
    txn.insert('blob', { data, seq: 8 });
    await writer.transact(txn);
    await synced(client);
    await until(() => [...client.rows('blob').values()].some((row) => row.data === data));
    proxy.oneByOne = false;
    client.close();
    writer.close();
  });

  const GARBAGE: [string, string | Buffer, string][] = [
    [
      'no JSON',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      'malformed stream: at octet 0: expected "{", near "HTTP/1.1 400 Bad',
    ],
    ['broken JSON', '{"id":1,"result":nonsense}', 'malformed stream'],
    ['garbage between messages', '{"method":"x","params":[],"id":null} !', 'malformed stream: at octet 37'],
    ['neither request nor answer', '{"foo":1}', 'neither a request nor an answer'],
    ['depth', '['.repeat(2000), 'nested deeper than 1000'],
    ['octets that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 'no UTF-8'],
    ['a number alone', '5', 'expected "{"'],
    // Each would otherwise hide the end of its message, and all that follows.
    ['the other bracket', '{"id":1,"result":[[}', 'at octet 19: the other bracket is open'],
    [
      'a message cut off by the next',
      '{"id":1,"result":[1,{"method":"x"}{',
      'at octet 34: a value right behind another',
    ],
    [
      'a string cut off by the next message',
      '{"id":1,"result":["ab{"id":2}',
      'at octet 23: an octet that JSON has in strings',
    ],
    ['a name right behind a string', '{"id":"x""method"', 'at octet 9: a string right behind a value'],
    ['a control character', '{"id":1,\u0000', 'at octet 8: an octet that JSON has in strings only'],
  ];
  for (const [what, octets, reason] of GARBAGE)
    it(`garbage (${what}): the session ends with an error that says where`, async () => {
      const raw = await rawServer((socket) => void socket.write(octets));
      const client = conformanceClient(raw.remote, { minBackoffMs: 30 });
      await until(() => client.status.state === 'disconnected' && client.status.error);
      expect(client.status.reason).to.include(reason);
      await until(() => raw.connections() > 1);
      client.close();
      await raw.close();
    });

  it('a message beyond the bound is not gathered', async () => {
    const raw = await rawServer((socket) => void socket.write(`{"id":1,"result":"${'x'.repeat(3_000_000)}`));
    const client = conformanceClient(raw.remote, { rpc: { maxMessageBytes: 1_000_000 } });
    await until(() => client.status.error);
    expect(client.status.reason).to.include('longer than 1000000 octets');
    client.close();
    await raw.close();
  });

  it('U+0000 is refused before it is sent, whatever the request', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    for (const params of [['a\0'], [{ key: 'b\0', big: 2n ** 60n }], ['\\\0']])
      expect(await failure(client.request('echo', params))).to.have.property('code', 'bad value');
    expect(await client.request('echo', ['\\u0000', 9007199254740993n])).to.deep.equal(['\\u0000', 9007199254740993n]);
    client.close();
  });

  it('5,000 pipelined transactions with large answers: no deadlock, all answered in order', async () => {
    const client = conformanceClient(server.unix);
    await synced(client);
    const fill = client.transaction();
    for (let i = 0; i < 20; i++) fill.insert('blob', { data: 'y'.repeat(1000), seq: 5000 + i });
    await client.transact(fill);
    const order: number[] = [];
    const all = Array.from({ length: 5000 }, async (_, i) => {
      const txn = client.transaction();
      const rows = txn.select('blob', [['seq', '>=', 5000]], ['data']);
      const result = await client.transact(txn);
      order.push(i);
      return result.get(rows).length;
    });
    expect(new Set(await Promise.all(all))).to.deep.equal(new Set([20]));
    expect(order).to.deep.equal([...order].sort((a, b) => a - b));
    client.close();
  }).timeout(30_000);

  it('a client too far ahead of its server is refused more, not grown without end', async () => {
    const raw = await rawServer((socket) => void socket.pause());
    const socket = await openSocket(raw.remote);
    const events = { onActivity: () => undefined, onNotification: () => undefined, onClose: () => undefined };
    const rpc = new RpcConnection(socket, events, { maxQueuedBytes: 1 << 20 });
    const sent = Array.from({ length: 200 }, async () => {
      await sleep(0);
      return failure(rpc.request('echo', ['z'.repeat(100_000)]));
    });
    await sleep(200);
    rpc.close(new OvsdbError('connection lost', { details: 'end' }));
    const codes = (await Promise.all(sent)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'overloaded').length).to.be.within(50, 199);
    await raw.close();
  });
});
