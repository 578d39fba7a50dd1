/** 1,000 counted increments by four clients while the leader is killed, frozen and restarted again and again. */
import { expect } from 'chai';
import { count, expectCounted, startCounting } from './support/counting.js';
import { RaftCluster } from './support/raft.js';
import { sleep, until } from './support/server.js';

describe('ovsdb-client: clusters, again and again', () => {
  it('loses nothing acknowledged, does nothing twice, follows within 3 s of each election, resumes', async () => {
    const cluster = await RaftCluster.start();
    const counting = await startCounting(cluster.remotes, 4);
    let counted: number | undefined;
    const working = count(counting, 250, 120).then((total) => {
      counted = total;
    });
    const follow: number[] = [];
    const followed = async () => {
      const elected = performance.now();
      for (const client of counting.clients) await until(() => client.status.state === 'synced', 10_000);
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
    await expectCounted(counting, 1000);
    expect(Math.max(...follow), 'ms from election to the last client').to.be.lessThan(3000);
    expect(counting.returns.length).to.be.greaterThan(8);
    expect(counting.returns).to.not.include('synced');
    for (const client of counting.clients) client.close();
    await cluster.stop();
  }).timeout(180_000);
});
