/** The proof against tables that try to deceive it, in small. hostile.slow.ts has 2,000, and a real switch beside them. */
import { expect } from 'chai';
import { hostileQuality } from './hostile.js';

const SEED = 1;
const WORLDS = 120;

describe('verify: hostile tables', function () {
  this.timeout(120_000);

  it(`no packet leaks through any of ${WORLDS} random tables that it calls isolated (seed ${SEED})`, () => {
    const { isolated, leaking, seen, missed, wrong } = hostileQuality(SEED, WORLDS, 60, 2);
    expect(missed).to.deep.equal([]);
    expect(wrong, 'leaks that are none, packets that go another way, incremental proofs that differ').to.deep.equal([]);
    expect(isolated, 'tables called isolated').to.be.greaterThan(50);
    expect(leaking, 'tables called leaking').to.be.greaterThan(10);
    expect(seen, 'tables in which a packet leaks').to.be.greaterThan(10);
  });
});
