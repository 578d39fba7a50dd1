/** A thousand random packets: `kakuri trace`, `ofproto/trace` and the frames' arrival agree on every one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import { Random } from '../verify/random.js';
import { startInstallation } from './installation.js';
import { networks } from './networks.js';
import { expectAgreement } from './trace-lab.js';

const PACKETS = 1000;

describe('trace, ofproto/trace and the frames themselves', function () {
  this.timeout(1_200_000);

  for (const [seed, tunnels] of (['mesh', 'flow'] as const).entries())
    it(`agree on ${PACKETS / 2} random packets (tunnels: ${tunnels}, seed ${seed})`, async () => {
      const net = await startInstallation(networks({ tunnels }));
      const directory = mkdtempSync(join(tmpdir(), 'kakuri-dumps-'));
      try {
        await net.plugAll();
        const dumps = join(directory, 'today');
        expect((await kakuri(['dump', dumps, '--api', net.kakuri.api])).code).to.equal(0);
        const seen = await expectAgreement(net, dumps, new Random(seed), PACKETS / 2);
        process.stdout.write(`      ${JSON.stringify(seen)}\n`);
        expect(seen.delivered + seen.dropped).to.equal(PACKETS / 2);
        expect(Math.min(seen.delivered, seen.dropped)).to.be.greaterThan(PACKETS / 20);
      } finally {
        await net.stop();
        rmSync(directory, { recursive: true, force: true });
      }
    });
});
