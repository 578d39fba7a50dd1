/** 2,000 hostile tables, and 300 of them on a real switch, packet by packet; prints what it counted, and from which seed. */
import { expect } from 'chai';
import { type Ovs, startOvs } from '../ts-openflow/ovs.js';
import { hostileQuality } from './hostile.js';
import { makePorts, traceHostile } from './hostile-ovs.js';

const SEED = 700_000;
const WORLDS = 2_000;
const TRACED = 300;

describe('verify: hostile tables, many', function () {
  this.timeout(3_600_000);

  it('no packet leaks through tables that it calls isolated', () => {
    const { missed, wrong, ...counts } = hostileQuality(SEED, WORLDS, 150, 4);
    console.log(`hostile tables from seed ${SEED}: ${JSON.stringify(counts)}, ${missed.length} missed`);
    expect(missed).to.deep.equal([]);
    expect(wrong).to.deep.equal([]);
  });

  it('ofproto/trace lets every packet out as the oracle says', async () => {
    const ovs: Ovs = await startOvs(0);
    try {
      makePorts(ovs);
      const { refused, differing, ...counts } = await traceHostile(ovs, SEED, TRACED, 10);
      console.log(`on Open vSwitch: ${JSON.stringify(counts)}, ${differing.length} traced otherwise`);
      expect(refused).to.deep.equal([]);
      expect(differing).to.deep.equal([]);
    } finally {
      await ovs.stop();
    }
  });
});
