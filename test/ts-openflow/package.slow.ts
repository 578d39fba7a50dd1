/** The packed package, installed alone in an empty project: it imports, type-checks, and runs the README's example. */
import { expect } from 'chai';
import { expectFiles, installAlone } from '../package.js';
import { startOvs } from './ovs.js';
import { exampleFor } from './readme.js';

const FAKE = `
import { connect } from 'ts-openflow';
import { FakeSwitch } from 'ts-openflow/testing';
const fake = new FakeSwitch();
const address = await fake.listen('ptcp:0:127.0.0.1');
const session = await connect(address);
await session.command({ kind: 'FlowMod', match: { tun_id: { value: 5n } } });
console.log((await session.multipart('FLOW', { match: {} })).map(({ match }) => match.tun_id?.value));
session.close();
await session.closed;
await fake.close();
`;

describe('ts-openflow: the package', () => {
  it('packs what it needs and nothing else, and works alone', async () => {
    const alone = installAlone('ts-openflow');
    const ovs = await startOvs();
    try {
      expectFiles(alone.files, 'dist/testing/index.js', 'dist/testing/index.d.ts');
      expect(alone.run(exampleFor(ovs.mgmt))).to.match(/OpenFlow 1\.5\npriority=100,in_port=1 actions=output:2\n$/);
      expect(alone.run(FAKE)).to.equal('[ 5n ]\n');
    } finally {
      await ovs.stop();
      alone.remove();
    }
  }).timeout(180_000);
});
