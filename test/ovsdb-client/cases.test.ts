/** Every recorded case that is a list of requests, against a fresh session of a real ovsdb-server; its data is emptied between. */
import { RpcConnection } from 'ovsdb-client';
import { type AnyServer, SERVERS } from './support/both.js';
import { CASES, runCase } from './support/cases.js';
import { openSocket } from './support/raw.js';

const TABLES = ['atoms', 'colls', 'parent', 'lone', 'blob'];

for (const [name, start] of Object.entries(SERVERS))
  describe(`ovsdb-client: recorded cases, ${name}`, () => {
    let server: AnyServer;
    let cleaner: RpcConnection;
    before(async () => {
      server = await start();
      const events = { onActivity: () => undefined, onNotification: () => undefined, onClose: () => undefined };
      cleaner = new RpcConnection(await openSocket(server.unix), events);
    });
    after(() => server.stop());
    afterEach(() =>
      cleaner.request('transact', ['conformance', ...TABLES.map((table) => ({ op: 'delete', table, where: [] }))]),
    );

    for (const known of CASES.filter((each) => each.do))
      it(`${known.id} ${known.title}`, () => runCase(known, server.unix, name === 'ovsdb-server'));
  });
