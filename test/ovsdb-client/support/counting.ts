/**
 * Counted increments by several clients of a cluster that is being hurt: each increment leaves a row of its own name, so that
 * one applied twice or lost after its acknowledgement shows. Where the outcome is unknown, it is tried again under a guard.
 */
import { expect } from 'chai';
import { type OvsdbClient, OvsdbError } from 'ovsdb-client';
import { type Conformance, conformanceClient, synced } from './conformance.js';
import { sleep } from './server.js';

type Client = OvsdbClient<Conformance>;

export interface Counting {
  readonly clients: readonly Client[];
  /** How often the outcome was unknown. */
  unknown: number;
  /** What the replicas reported that did not happen: rows deleted, or inserted twice. */
  readonly wrong: string[];
  /** How each client came back, in order: `resumed` is found:true. */
  readonly returns: string[];
}

export async function startCounting(remotes: readonly string[], count: number): Promise<Counting> {
  const clients = Array.from({ length: count }, () => conformanceClient(remotes));
  const counting: Counting = { clients, unknown: 0, wrong: [], returns: [] };
  await Promise.all(clients.map((client) => synced(client, 20_000)));
  for (const client of clients) {
    client.onStatus(({ state, reason }) => state === 'synced' && counting.returns.push(reason));
    client.onChange((changes) => {
      for (const { table, old, new: row } of changes) {
        if (table !== 'blob') continue;
        if (!row) counting.wrong.push('a row was deleted');
        else if (old) counting.wrong.push('a row was modified');
      }
    });
  }
  const [first] = clients as [Client];
  const txn = first.transaction();
  txn.insert('lone', { n: 0 });
  // ovsdb-server 3.1 keeps no more history than the database has values, and at most 100 transactions; without history it
  // cannot resume a monitor.
  for (let i = 0; i < 3000; i++) txn.insert('atoms', { i });
  await first.transact(txn);
  return counting;
}

async function increment(client: Client, name: string, counting: Counting): Promise<void> {
  for (;;) {
    const txn = client.transaction();
    txn.waitUntilNone('blob', [['data', '==', name]]);
    txn.mutate('lone', [], [['n', '+=', 1]]);
    txn.insert('blob', { data: name });
    try {
      await client.transact(txn, { timeoutMs: 10_000 });
      return;
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      if (error.code === 'timed out' && error.operation === 0) return; // the one of unknown outcome was carried out
      if (error.outcome === 'unknown') counting.unknown++;
      else if (error.code !== 'not connected') throw error;
      await sleep(20);
      await synced(client, 30_000);
    }
  }
}

/** `each` increments by every client, all at the same time, each after a pause. */
export async function count(counting: Counting, each: number, pauseMs = 0): Promise<number> {
  const { clients } = counting;
  const work = clients.map(async (client, c) => {
    for (let i = 0; i < each; i++) {
      await increment(client, `c${c}-${i}`, counting);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  });
  await Promise.all(work);
  return clients.length * each;
}

/** Everything acknowledged is there, once; and every replica holds it. */
export async function expectCounted({ clients, wrong }: Counting, total: number): Promise<void> {
  for (const client of clients) {
    await synced(client, 20_000);
    const txn = client.transaction();
    const [lone, blobs] = [txn.select('lone', []), txn.select('blob', [])];
    const result = await client.transact(txn);
    expect(result.get(lone)[0]?.n).to.equal(BigInt(total));
    expect(result.get(blobs)).to.have.length(total);
    expect(new Set(result.get(blobs).map(({ data }) => data)).size).to.equal(total);
    expect(client.rows('blob')).to.deep.equal(new Map(result.get(blobs).map((row) => [row._uuid, row])));
  }
  expect(wrong).to.deep.equal([]);
}
