/** 10,000 networks in one installation, in every encapsulation, over fake hosts on real sockets; prints what it took. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { SimulateResult } from '../../src/cli/run-simulate.js';
import { ENCAPSULATIONS } from '../../src/topology/index.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NETWORKS = 10_000;

describe('10,000 networks of two VMs on 20 fake hosts', function () {
  this.timeout(1_200_000);

  for (const encapsulation of Object.keys(ENCAPSULATIONS))
    it(`are all confirmed, and found right by another controller: ${encapsulation}`, async () => {
      const size = ['--hosts', '20', '--networks', String(NETWORKS), '--ports', String(2 * NETWORKS)];
      const args = ['bin/kakuri.js', 'simulate', ...size, '--changes', '5', '--encapsulation', encapsulation, '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
      const result = JSON.parse(stdout) as SimulateResult;
      expect(result).to.include({ networks: NETWORKS, ports: 2 * NETWORKS });
      // Every port has flows of its own, and every network on each of its hosts.
      expect(result.flows).to.be.greaterThan(10 * 2 * NETWORKS);
      expect(result.restart.flowMods).to.equal(0);
      const { seconds, megabytes } = result.plugAll;
      console.log(`      ${result.flows} flows, plugged in ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB`);
    });
});
