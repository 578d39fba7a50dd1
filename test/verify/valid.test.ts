/** Right states are isolated: what desired state renders, in every encapsulation and both kinds of tunnels. */
import { expect } from 'chai';
import { verify } from '../../src/verify/index.js';
import { randomInstallation } from './dumps.js';

describe('verify: right states', () => {
  it('are isolated, 100 random installations (seeds 1 to 100)', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { dumps, spec } = randomInstallation(seed);
      const proof = verify(dumps, spec);
      expect(
        proof.verdict,
        `seed ${seed}: ${[...proof.unproven, ...proof.leaks.map((l) => l.reason)][0] ?? ''}`,
      ).to.equal('isolated');
    }
  }).timeout(20_000);
});
