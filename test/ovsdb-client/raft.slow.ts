/** 1,000 counted increments by four clients while the leader is killed, frozen and restarted again and again. */
import { expect } from 'chai';
import { type Counting, count, expectCounted, startCounting } from './support/counting.js';
import { RaftCluster } from './support/raft.js';
import { sleep, until } from './support/server.js';

describe('ovsdb-client: clusters, again and again', () => {
  let cluster: RaftCluster;
  let counting: Counting | undefined;
  before(async function () {
    this.timeout(60_000);
    cluster = await RaftCluster.start();
  });
  after(async () => {
    for (const client of counting?.clients ?? []) client.close();
    await cluster.stop();
  });

  it('loses nothing acknowledged, does nothing twice, follows within 3 s of each election, resumes', async () => {
    const counters = await startCounting(cluster.remotes, 4);
    counting = counters;
    let counted: number | undefined;
    const working = count(counters, 250, 120).then((total) => {
      counted = total;
    });
    const follow: number[] = [];
    const followed = async () => {
      const elected = performance.now();
      for (const client of counters.clients) await until(() => client.status.state === 'synced', 10_000);
      follow.push(performance.now() - elected);
    };
    for (let round = 0; counted === undefined || round < 4; round++) {
      if (round % 2 === 0) {
        await cluster.killLeader();
        await followed();
        await cluster.restart();
      } else {
        const thaw = await cluster.freezeLeader();
        await followed();
        await sleep(500);
        thaw();
      }
      await sleep(500);
    }
    await working;
    await expectCounted(counters, 1000);
    expect(Math.max(...follow), 'ms from election to the last client').to.be.lessThan(3000);
    expect(counters.returns.length).to.be.greaterThan(8);
    expect(counters.returns).to.not.include('synced');
  }).timeout(180_000);
});
