/** What probes tell of a path: lost ones, and sizes that do not arrive. */
import { expect } from 'chai';
import { PathHistory } from '../../src/controller/path-history.js';

const SMALL = 64;
const FULL = 1450;

/** Rounds over a path that carries `limit` octets (none: nothing), each taking 2 ms. */
function rounds(history: PathHistory, count: number, limit?: number): void {
  for (let i = 0; i < count; i++)
    history.round(history.sizes().map((octets) => (octets <= (limit ?? 0) ? { octets, ms: 2 } : { octets })));
}

describe('the history of a path', () => {
  it('knows nothing at first, and is well with the first probe', () => {
    const history = new PathHistory(SMALL, FULL);
    expect([history.health, history.latencyMs, history.largest]).to.deep.equal(['unknown', undefined, undefined]);
    expect(history.sizes()).to.deep.equal([SMALL, FULL]);
    rounds(history, 1, FULL);
    expect([history.health, history.loss, history.latencyMs, history.largest, history.unsettled]).to.deep.equal([
      'up',
      0,
      2,
      FULL,
      false,
    ]);
  });

  it('is down after three lost ones, lossy while two of the last ten are, and well after that', () => {
    const history = new PathHistory(SMALL, FULL);
    rounds(history, 1, FULL);
    rounds(history, 1);
    expect([history.health, history.unsettled]).to.deep.equal(['up', true]);
    rounds(history, 1);
    expect(history.health).to.equal('lossy');
    rounds(history, 1);
    expect([history.health, history.loss]).to.deep.equal(['down', 0.75]);
    rounds(history, 7, FULL);
    expect([history.health, history.loss]).to.deep.equal(['lossy', 0.3]);
    rounds(history, 3, FULL);
    expect([history.health, history.loss]).to.deep.equal(['up', 0]);
  });

  it('is down from the start where nothing arrives, and says no size', () => {
    const history = new PathHistory(SMALL, FULL);
    rounds(history, 3);
    expect([history.health, history.largest, history.latencyMs]).to.deep.equal(['down', undefined, undefined]);
  });

  for (const limit of [SMALL, 65, 300, 1000, 1359, 1400, FULL - 1])
    it(`finds that ${limit} octets arrive, and no more`, () => {
      const history = new PathHistory(SMALL, FULL);
      rounds(history, 2, limit);
      expect([history.health, history.searching]).to.deep.equal(['mtu', true]);
      let count = 0;
      for (; history.searching; count++) rounds(history, 1, limit);
      expect([history.health, history.largest, history.unsettled]).to.deep.equal(['mtu', limit, false]);
      expect(count).to.be.at.most(6);
      // It stays known, is found anew where it shrinks, and is gone where everything arrives.
      rounds(history, 3, limit);
      expect(history.largest).to.equal(limit);
      rounds(history, 1, FULL);
      expect([history.health, history.largest]).to.deep.equal(['up', FULL]);
    });

  it('finds a path MTU anew where it shrinks and where it grows', () => {
    const history = new PathHistory(SMALL, FULL);
    for (const limit of [1400, 700, 1200]) {
      rounds(history, 12, limit);
      expect([history.health, history.largest]).to.deep.equal(['mtu', limit]);
    }
  });

  it('does not take one lost large probe for a path MTU', () => {
    const history = new PathHistory(SMALL, FULL);
    rounds(history, 1, FULL);
    rounds(history, 1, 1000);
    expect([history.health, history.largest]).to.deep.equal(['up', FULL]);
    rounds(history, 1, FULL);
    expect(history.unsettled).to.equal(false);
  });
});
