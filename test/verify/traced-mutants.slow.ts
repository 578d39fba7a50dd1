/** 500 leaks of mutants on ovs-vswitchd: `ofproto/trace` lets each packet out where the proof says; prints what it counted. */
import { expect } from 'chai';
import { type Ovs, startOvs } from '../ts-openflow/ovs.js';
import { traceLeaks } from './traced-mutants.js';

const SEED = 500_000;
const COUNT = 500;

describe('verify: leaks on a real switch', function () {
  this.timeout(3_600_000);
  let ovs: Ovs;

  before(async () => {
    ovs = await startOvs(0);
  });
  after(() => ovs?.stop());

  it(`ofproto/trace carries out ${COUNT} leaks of mutants as the proof says`, async () => {
    const { leaks, impossible, undefined: either, differing } = await traceLeaks(ovs, SEED, COUNT);
    console.log(
      `${leaks} leaks from seed ${SEED}: ${differing.length} traced otherwise; ${impossible} mutants no switch holds, ${either} where either of two flows may match`,
    );
    expect(differing).to.deep.equal([]);
    expect(leaks).to.equal(COUNT);
  });
});
