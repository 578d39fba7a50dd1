/** A cluster of three whose leader is killed, frozen and removed once, while clients count. raft.slow.ts does so again and again. */
import { expect } from 'chai';
import type { OvsdbClient } from 'ovsdb-client';
import { type Conformance, conformanceClient, synced } from './support/conformance.js';
import { count, expectCounted, startCounting } from './support/counting.js';
import { RaftCluster } from './support/raft.js';
import { until } from './support/server.js';

describe('ovsdb-client: clusters', () => {
  let cluster: RaftCluster;
  before(async function () {
    this.timeout(60_000);
    cluster = await RaftCluster.start();
  });
  const clients: OvsdbClient<Conformance>[] = [];
  after(async () => {
    for (const client of clients) client.close();
    await cluster.stop();
  });

  it('follows the leader when it is killed, frozen, and removed; nothing is lost or done twice', async () => {
    const counting = await startCounting(cluster.remotes, 2);
    const follower = conformanceClient(cluster.remotes, { leaderOnly: false });
    clients.push(...counting.clients, follower);
    await synced(follower);
    const counted = count(counting, 100);
    const follows = async (hurt: () => Promise<unknown>) => {
      await hurt();
      const elected = performance.now();
      for (const client of counting.clients) await until(() => client.status.state === 'synced', 10_000);
      expect(performance.now() - elected, 'ms from the election').to.be.lessThan(3000);
    };
    // The first transaction, which is large, leaves the servers' history with the next ones: be past it.
    await until(() => follower.rows('blob').size > 10);
    await follows(() => cluster.killLeader());
    await cluster.restart();
    let thaw: () => void = () => undefined;
    await follows(async () => {
      thaw = await cluster.freezeLeader();
    });
    thaw();
    const total = await counted;
    await follows(() => cluster.removeLeader());
    await expectCounted(counting, total);
    expect(counting.returns).to.include('resumed').and.not.include('synced');
    await until(() => follower.status.state === 'synced' && follower.rows('blob').size === total, 10_000);
  }).timeout(60_000);
});
