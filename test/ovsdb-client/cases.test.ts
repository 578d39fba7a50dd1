/** Every recorded case that is a list of requests, against a fresh session of a real ovsdb-server; its data is emptied between. */
import { RpcConnection } from 'ovsdb-client';
import { CASES, runCase } from './support/cases.js';
import { openSocket } from './support/raw.js';
import { startServer, type TestServer } from './support/server.js';

const TABLES = ['atoms', 'colls', 'parent', 'lone', 'blob'];

describe('ovsdb-client: recorded cases', () => {
  let server: TestServer;
  let cleaner: RpcConnection;
  before(async () => {
    server = await startServer();
    const events = { onActivity: () => undefined, onNotification: () => undefined, onClose: () => undefined };
    cleaner = new RpcConnection(await openSocket(server.unix), events);
  });
  after(() => server.stop());
  afterEach(() =>
    cleaner.request('transact', ['conformance', ...TABLES.map((table) => ({ op: 'delete', table, where: [] }))]),
  );

  for (const known of CASES.filter((each) => each.do))
    it(`${known.id} ${known.title}`, () => runCase(known, server.unix));
});
