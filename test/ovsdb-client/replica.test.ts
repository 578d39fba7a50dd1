/** For random transactions of two clients, each replica equals a fresh `select` of everything, for each monitor method. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type MonitorMethod, type OvsdbClient, OvsdbError } from 'ovsdb-client';
import { type AnyServer, SERVERS } from './support/both.js';
import { CONFORMANCE, type Conformance, conformanceClient, synced } from './support/conformance.js';
import { steps } from './support/random.js';

type Client = OvsdbClient<Conformance>;
type Name = keyof Conformance;
const TABLES = Object.keys(CONFORMANCE) as Name[];
const METHODS: readonly MonitorMethod[] = ['monitor', 'monitor_cond', 'monitor_cond_since'];

async function selectAll(client: Client): Promise<Map<Name, Map<string, unknown>>> {
  const txn = client.transaction();
  const handles = TABLES.map((table) => [table, txn.select(table, [])] as const);
  const result = await client.transact(txn);
  return new Map(handles.map(([table, handle]) => [table, new Map(result.get(handle).map((row) => [row._uuid, row]))]));
}

async function apply(client: Client, make: (client: Client) => ReturnType<Client['transaction']>): Promise<boolean> {
  try {
    await client.transact(make(client));
    return true;
  } catch (error) {
    if (error instanceof OvsdbError && error.operation !== undefined) return false; // a constraint, an index
    throw error;
  }
}

for (const [name, start] of Object.entries(SERVERS))
  describe(`ovsdb-client: replica, ${name}`, () => {
    let server: AnyServer;
    let clients: Client[] = [];
    before(async () => {
      server = await start();
      clients = METHODS.map((monitorMethod) => conformanceClient(server.unix, { monitorMethod }));
      await Promise.all(clients.map((client) => synced(client)));
    });
    after(async () => {
      for (const client of clients) client.close();
      await server.stop();
    });

    it('equals a fresh select after random transactions, by every method, and its changes add up', async () => {
      const folded = clients.map((client) => {
        const rows = new Map<string, unknown>();
        client.onChange((changes) => {
          for (const { uuid, old, new: row } of changes) {
            expect(rows.get(uuid)).to.deep.equal(old);
            if (row) rows.set(uuid, row);
            else rows.delete(uuid);
          }
        });
        return rows;
      });
      let committed = 0;
      const round = fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(2), steps), { minLength: 1, maxLength: 8 }),
        async (history) => {
          for (const [who, list] of history) {
            const made = await apply(clients[who] as Client, (client) => {
              const txn = client.transaction();
              for (const step of list) step(txn, client);
              return txn;
            });
            if (made) committed++;
          }
          for (const [i, client] of clients.entries()) {
            const fresh = await selectAll(client);
            for (const table of TABLES) expect(client.rows(table), table).to.deep.equal(fresh.get(table));
            expect(folded[i]?.size).to.equal([...fresh.values()].reduce((sum, rows) => sum + rows.size, 0));
          }
        },
      );
      await fc.assert(round, { numRuns: name === 'ovsdb-server' ? 60 : 20, endOnFailure: true });
      expect(committed).to.be.greaterThan(50);
    }).timeout(60_000);

    it('follows conditions, before and after they change', async () => {
      const writer = clients[0] as Client;
      const client = conformanceClient(server.unix);
      await synced(client);
      const txn = writer.transaction();
      for (const seq of [1001, 1002, 1003]) txn.insert('blob', { seq, data: 'conditional' });
      await writer.transact(txn);
      await client.setCondition('blob', [
        ['seq', '==', 1002],
        ['seq', '==', 1003],
      ]);
      const seqs = () => [...client.rows('blob').values()].map(({ seq }) => Number(seq)).sort();
      await selectAll(client);
      expect(seqs()).to.deep.equal([1002, 1003]);
      await client.setCondition('blob', false);
      await selectAll(client);
      expect(seqs()).to.deep.equal([]);
      await client.setCondition('blob', undefined);
      await selectAll(client);
      expect(seqs()).to.include.members([1001, 1002, 1003]);
      client.close();
    });
  });
