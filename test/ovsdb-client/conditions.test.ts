/**
 * Conditions of a monitor that change while the data does, several at once, and while connections break: in the end the replica holds
 * what the last conditions ask for, as a fresh `select` gives it, and its changes add up.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { OvsdbError, type Where } from 'ovsdb-client';
import { type AnyServer, SERVERS } from './support/both.js';
import { type Conformance, conformanceClient, synced } from './support/conformance.js';
import { type FaultyProxy, proxyTo } from './support/proxy.js';
import { sleep, until } from './support/server.js';

type Client = ReturnType<typeof conformanceClient>;
type Condition = Where<Conformance['blob']> | false | undefined;

const seq = fc.bigInt({ min: 0n, max: 9n });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom(undefined, false as const),
  seq.map((n) => [['seq', '==', n]] as Condition),
  fc.tuple(seq, seq).map(
    ([a, b]) =>
      [
        ['seq', '<', a],
        ['seq', '>=', b],
      ] as Condition,
  ),
  seq.map((n) => [['data', '!=', `d${n}`]] as Condition),
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('condition' as const), condition }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), seq }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move' as const), from: seq, to: seq }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), seq }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('break' as const, 'synced' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn' as const), ms: fc.nat(4) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What the writer does; undefined for what is not the writer's. */
function written(writer: Client, step: Step): Promise<unknown> | undefined {
  const txn = writer.transaction();
  if (step.kind === 'insert') txn.insert('blob', { seq: step.seq, data: `d${step.seq % 3n}` });
  else if (step.kind === 'move') txn.update('blob', [['seq', '==', step.from]], { seq: step.to });
  else if (step.kind === 'delete') txn.delete('blob', [['seq', '==', step.seq]]);
  else return undefined;
  return writer.transact(txn);
}

/** A change of conditions may meet the end of its connection: it holds for the next. */
const lost = (error: unknown) => {
  if (!(error instanceof OvsdbError) || !['connection lost', 'not connected'].includes(error.code)) throw error;
};

/** Breaks the client's connection, and waits until it knows. */
function broken(client: Client, proxy: FaultyProxy): Promise<void> {
  return new Promise((done) => {
    const stop = client.onStatus(({ state }) => {
      if (state === 'synced') return;
      stop();
      done();
    });
    proxy.dropAll();
  });
}

/** The rows that any one of the conditions lets through, by the server itself. */
async function expected(writer: Client, condition: Condition): Promise<Map<string, unknown>> {
  const parts: (readonly unknown[])[] =
    condition === undefined ? [[]] : condition === false ? [] : condition.map((c) => [c]);
  const txn = writer.transaction();
  const handles = parts.map((where) => txn.select('blob', where as Where<Conformance['blob']>));
  const result = await writer.transact(txn);
  return new Map(handles.flatMap((handle) => result.get(handle).map((row) => [row._uuid, row] as const)));
}

for (const [name, start] of Object.entries(SERVERS))
  describe(`ovsdb-client: conditions, ${name}`, () => {
    let server: AnyServer;
    let proxy: FaultyProxy;
    let writer: Client;
    before(async () => {
      server = await start();
      proxy = await proxyTo(server.unix);
      writer = conformanceClient(server.unix, { replicate: [] });
      await synced(writer);
    });
    after(async () => {
      writer.close();
      await proxy.close();
      await server.stop();
    });

    it('that change at random, among changes of the data and broken connections', async () => {
      const round = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const client = conformanceClient(proxy.remote, { minBackoffMs: 1, maxBackoffMs: 2 });
        const folded = new Map<string, unknown>();
        client.onChange((changes) => {
          for (const { table, uuid, old, new: row } of changes) {
            if (table !== 'blob') continue;
            expect(folded.get(uuid)).to.deep.equal(old);
            if (row) folded.set(uuid, row);
            else folded.delete(uuid);
          }
        });
        let last: Condition;
        const pending: Promise<unknown>[] = [];
        for (const step of steps) {
          if (step.kind === 'condition') {
            last = step.condition;
            pending.push(client.setCondition('blob', last).catch(lost));
          } else if (step.kind === 'break') proxy.dropAll();
          else if (step.kind === 'turn') await sleep(step.ms);
          else if (step.kind === 'synced') await synced(client);
          pending.push(Promise.resolve(written(writer, step)));
        }
        await Promise.all(pending);
        const rows = await expected(writer, last);
        const arrived = () => client.status.state === 'synced' && isDeepStrictEqual(new Map(client.rows('blob')), rows);
        await until(arrived, 5000).catch(() => undefined); // what is wrong is said below
        expect(client.rows('blob')).to.deep.equal(rows);
        expect(folded).to.deep.equal(rows);
        client.close();
      });
      await fc.assert(round, { numRuns: name === 'ovsdb-server' ? 60 : 20, endOnFailure: true });
    }).timeout(60_000);

    it('set before the first connection, and at once after another, are all taken up', async () => {
      // Numbers that no row of another test has.
      const client = conformanceClient(server.unix);
      const set = (n: bigint) => client.setCondition('blob', [['seq', '==', n]]);
      const sets = [set(101n), set(102n), client.setCondition('atoms', false), set(103n)];
      await synced(client);
      await Promise.all([...sets, set(104n), set(105n), client.setCondition('blob', false), set(106n)]);
      const txn = writer.transaction();
      txn.delete('blob', []);
      for (const n of [101n, 104n, 105n, 106n]) txn.insert('blob', { seq: n });
      await writer.transact(txn);
      await until(() => client.rows('blob').size > 0);
      expect([...client.rows('blob').values()].map(({ seq: n }) => n)).to.deep.equal([106n]);
      client.close();
    });

    it('of before, set again while the connection is gone: nothing is missed that the ones between left out', async () => {
      const client = conformanceClient(proxy.remote, { minBackoffMs: 1, maxBackoffMs: 2 });
      await synced(client);
      const write = (fill: (txn: ReturnType<Client['transaction']>) => void) => {
        const txn = writer.transaction();
        fill(txn);
        return writer.transact(txn);
      };
      await write((txn) => {
        txn.delete('blob', []);
        txn.delete('lone', []);
        txn.insert('blob', { seq: 77n });
      });
      await until(() => client.rows('blob').size === 1);
      await client.setCondition('blob', false);
      await write((txn) => void txn.insert('lone', { n: 1n }));
      await until(() => client.rows('blob').size === 0 && client.rows('lone').size === 1);
      await broken(client, proxy);
      await client.setCondition('blob', undefined);
      await until(() => client.status.state === 'synced' && client.rows('blob').size === 1);
      client.close();
    });

    it('that the server refuses are told, and do not come back with the next connection', async () => {
      const client = conformanceClient(proxy.remote, { minBackoffMs: 1, maxBackoffMs: 2 });
      await synced(client);
      await client.setCondition('colls', [['name', '==', 'x']]);
      // Sets have no order.
      const refused = client.setCondition('colls', [['si', '<', [1n, 2n]]] as never);
      expect(await refused.catch((error: OvsdbError) => error)).to.be.instanceOf(OvsdbError);
      await broken(client, proxy);
      await synced(client);
      const txn = writer.transaction();
      txn.insert('colls', { name: 'x', two: [1n] });
      txn.insert('colls', { name: 'y', two: [1n] });
      await writer.transact(txn);
      await until(() => client.rows('colls').size > 0);
      expect([...client.rows('colls').values()].map(({ name: of }) => of)).to.deep.equal(['x']);
      client.close();
    });
  });
