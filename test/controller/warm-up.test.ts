/** Warming up goes through what a real port takes, and stands back for real work. */
import { expect } from 'chai';
import { makeRound, warmUp } from '../../src/controller/warm-up.js';

const sleep = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

describe('warming up', () => {
  it('goes through a port that comes: every round encodes its messages', () => {
    const round = makeRound();
    expect(round()).to.be.greaterThan(1000);
    expect(round()).to.equal(round());
  });

  it('waits while there is work, and ends when it is told to', async () => {
    let asked = 0;
    const stop = warmUp(0, () => {
      asked += 1;
      return false;
    });
    while (asked < 3) await sleep(2);
    stop();
    const then = asked;
    await sleep(30);
    expect(asked).to.equal(then);
  });
});
