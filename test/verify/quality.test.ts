/** The proof's quality in small: 300 mutants and 300 right states. quality.slow.ts has 10,000 of each. */
import { expect } from 'chai';
import { KINDS } from './mutants.js';
import { falseAlarms, mutantQuality } from './quality.js';

const SEED = 1;
const COUNT = 300;

describe('verify: quality', function () {
  this.timeout(120_000);

  it(`finds every leaking one of ${COUNT} mutants, each with a packet that leaks by another interpreter too (seed ${SEED})`, () => {
    const quality = mutantQuality(SEED, COUNT);
    expect(quality.mutants).to.equal(COUNT);
    expect(quality.leaking, 'mutants that leak at all').to.be.greaterThan(30);
    expect(quality.missed).to.deep.equal([]);
    expect(quality.wrong).to.deep.equal([]);
    expect(quality.differing, 'the incremental proof says the same').to.deep.equal([]);
  });

  it('finds a leak behind more sets of packets than the exact pass takes', () => {
    const quality = mutantQuality(100_065, KINDS.length);
    expect(quality.leaking).to.be.greaterThan(0);
    expect(quality.missed).to.deep.equal([]);
  });

  it(`raises no alarm on ${COUNT} right states (seed ${SEED})`, () => {
    expect(falseAlarms(SEED, COUNT)).to.deep.equal([]);
  });
});
