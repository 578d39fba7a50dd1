/** The example of the README, as it stands there, run against ovs-vswitchd. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { startOvs } from './ovs.js';
import { example, exampleFor } from './readme.js';

const ROOT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
describe('ts-openflow: the example of the README', () => {
  it('has at most ten lines, connects to ovs-vswitchd and adds a flow', async () => {
    expect(example().trim().split('\n').length).to.be.at.most(10);
    const ovs = await startOvs();
    try {
      const args = ['--input-type=module', '-e', exampleFor(ovs.mgmt)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
      expect(stdout).to.equal('datapath a1 speaks OpenFlow 1.5\npriority=100,in_port=1 actions=output:2\n');
      expect(ovs.ofctl('dump-flows', ovs.mgmt)).to.include('priority=100,in_port=1 actions=output:2');
    } finally {
      await ovs.stop();
    }
  }).timeout(60_000);
});
