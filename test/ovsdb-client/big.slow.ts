/** A copy of some 50 MB comes in while another session goes on: the event loop's delay stays small. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'chai';
import { conformanceClient, synced } from './support/conformance.js';
import { startServer } from './support/server.js';

describe('ovsdb-client: a reply of 50 MB', () => {
  it('keeps nobody else waiting: delay of the event loop p99 ≤ 50 ms, answers of another session too', async () => {
    const [big, small] = [await startServer(), await startServer()];
    const writer = conformanceClient(big.unix);
    await synced(writer);
    for (let i = 0; i < 100; i++) {
      const txn = writer.transaction();
      for (let j = 0; j < 2000; j++)
        txn.insert('blob', { data: `${i}-${j}-${'隔離 }}"\\'.repeat(12)}`, seq: i * 2000 + j });
      await writer.transact(txn);
    }
    writer.close();
    const other = conformanceClient(small.unix);
    await synced(other);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const client = conformanceClient(big.unix);
    delay.enable();
    const latencies: number[] = [];
    const done = synced(client, 60_000);
    while (client.status.state !== 'synced') {
      const start = performance.now();
      await other.transact(other.transaction());
      latencies.push(performance.now() - start);
    }
    await done;
    delay.disable();
    expect(client.rows('blob').size).to.equal(200_000);
    expect(latencies.length).to.be.greaterThan(50);
    latencies.sort((a, b) => a - b);
    expect(delay.percentile(99) / 1e6, 'delay p99, ms').to.be.at.most(50);
    expect(latencies[Math.floor(latencies.length * 0.99)], 'answers of the other session p99, ms').to.be.at.most(100);
    for (const each of [client, other]) each.close();
    for (const server of [big, small]) await server.stop();
  }).timeout(180_000);
});
