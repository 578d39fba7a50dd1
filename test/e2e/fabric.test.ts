/** One element of the leaf-spine fabric fails silently: the tunnels go another way, and the controller has no part. */
import { expect } from 'chai';
import { expectIsolatedAndWhole, flowModsSent, outage, pathInUse, startFabric } from './fabric.js';
import type { Installation } from './installation.js';

describe('on a leaf-spine fabric', function () {
  this.timeout(180_000);
  let installation: Installation;

  before(async () => {
    installation = await startFabric('geneve');
  });
  after(() => installation?.stop());

  it('tenants reach their own network only, through a leaf and a spine', async () => {
    await expectIsolatedAndWhole(installation);
    expect(Object.values(await pathInUse(installation)).join(' ')).to.match(
      /^leaf\d-spine\d spine\d hv1-leaf\d leaf\d$/,
    );
  });

  it('a spine that falls silent is gone around without a flow_mod', async () => {
    const sent = await flowModsSent(installation);
    const { name, cutMs } = await outage(installation, 'spine', 'silent');
    expect(name).to.match(/^spine[12]$/);
    // It was in use, or there would be no gap. Found by BFD (3 × 100 ms), not by OSPF's dead interval (4 s). Figures are the slow suite's and the benchmark's.
    expect(cutMs).to.be.within(100, 3000);
    await expectIsolatedAndWhole(installation);
    expect(await flowModsSent(installation)).to.equal(sent);
  });
});
