/** A minute of isolation under change; the slow suite has ten. The seed of a run is printed, and KAKURI_SEED repeats it. */
import { expect } from 'chai';
import { changeFor } from './change.js';

const SEED = Number(process.env.KAKURI_SEED ?? Date.now() % 1_000_000);

describe('isolation under change', function () {
  this.timeout(240_000);

  it(`holds for a minute of random changes on eight hosts (seed ${SEED})`, async () => {
    const told: string[] = [];
    const { changes, unicastMs, report } = await changeFor(60_000, SEED, (text) => told.push(text)).catch((error) => {
      throw new Error(`${error.message}; before that: ${told.slice(-6).join('; ')}`);
    });
    expect(report.strayCount).to.equal(0);
    expect(changes).to.be.greaterThan(20);
    expect(unicastMs).to.have.length(changes);
    expect(report.sent).to.be.greaterThan(10_000);
    // Every pair of a tenant was heard in its turn.
    expect(report.pairs.length).to.equal(3 * 4 * 3);
  });
});
