/**
 * Simulations for KAKURI_SIMULATE_SECONDS (3 minutes unless given, hours where they are asked for), from KAKURI_SEED on;
 * `npm run simulate:faults` is the same without mocha.
 */
import { expect } from 'chai';
import { simulateMany } from './many.js';

const seconds = Number(process.env.KAKURI_SIMULATE_SECONDS ?? 180);
const firstSeed = Number(process.env.KAKURI_SEED ?? Date.now() % 1_000_000_000);

describe(`the controller under random faults for ${seconds} s, from seed ${firstSeed}`, function () {
  this.timeout(seconds * 1000 + 120_000);

  it('leaks nothing, loses nothing that nobody touched, sends nothing needless and ends right', async () => {
    const { simulations, proofs, followed } = await simulateMany({ seconds, firstSeed, events: 60 });
    expect(simulations).to.be.greaterThan(seconds / 60);
    expect(Math.min(proofs, followed)).to.be.greaterThan(simulations);
  });
});
