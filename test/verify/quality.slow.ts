/** The proof's quality in full: 10,000 mutants and 10,000 right states; prints what it counted, and from which seed. */
import { expect } from 'chai';
import { falseAlarms, mutantQuality } from './quality.js';

const SEED = 100_000;
const COUNT = 10_000;

describe('verify: quality, 10,000 of each', function () {
  this.timeout(7_200_000);

  it('finds every leaking mutant', () => {
    const quality = mutantQuality(SEED, COUNT);
    console.log(
      `${quality.mutants} mutants from seed ${SEED}: ${quality.leaking} leak, ${quality.missed.length} missed, ${quality.unproven} unproven`,
    );
    expect(quality.missed).to.deep.equal([]);
    expect(quality.wrong).to.deep.equal([]);
    expect(quality.differing).to.deep.equal([]);
  });

  it('raises no alarm on right states', () => {
    const alarms = falseAlarms(SEED, COUNT);
    console.log(`${COUNT} right states from seed ${SEED}: ${alarms.length} alarms`);
    expect(alarms).to.deep.equal([]);
  });
});
