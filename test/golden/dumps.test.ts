import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dumpsOf, topologies } from './dumps.js';
import { ROOT } from './root.js';

describe('flows/: what real Open vSwitch holds (npm run golden writes it)', function () {
  this.timeout(120_000);

  for (const topology of topologies())
    it(topology, async () => {
      const folder = join(ROOT, 'flows', topology);
      const dumps = await dumpsOf(topology);
      expect(existsSync(folder) ? readdirSync(folder).sort() : []).to.deep.equal(
        [...dumps.keys()].map((h) => `${h}.flows`).sort(),
      );
      for (const [host, dump] of dumps)
        expect(dump, host).to.equal(readFileSync(join(folder, `${host}.flows`), 'utf8'));
    });
});
