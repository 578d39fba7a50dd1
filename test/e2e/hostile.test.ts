/** The oracle that judges the proof, judged by ovs-vswitchd: random tables with every action that it knows. */
import { expect } from 'chai';
import { type Ovs, startOvs } from '../ts-openflow/ovs.js';
import { makePorts, traceHostile } from '../verify/hostile-ovs.js';

const SEED = 1;

describe('verify: hostile tables on a switch', function () {
  this.timeout(120_000);
  let ovs: Ovs;

  before(async () => {
    ovs = await startOvs(0);
    makePorts(ovs);
  });
  after(() => ovs?.stop());

  it('ofproto/trace lets every packet out as the oracle says', async () => {
    const { sent, refused, differing } = await traceHostile(ovs, SEED, 20, 8);
    expect(refused).to.deep.equal([]);
    expect(differing).to.deep.equal([]);
    expect(sent, 'packets that leave').to.be.greaterThan(20);
  });
});
