/** `kakuri flows` and `status` on a running installation: the switch's own truth, with owner and reason beside it. */
import { expect } from 'chai';
import type { FlowReport } from '../../src/controller/index.js';
import { normalised } from '../golden/dumps.js';
import { kakuri } from '../lab/kakuri.js';
import { type Installation, startInstallation } from './installation.js';
import { networks } from './networks.js';

describe('flows and status of a running installation', function () {
  this.timeout(60_000);
  let net: Installation;
  const asked = async (...args: string[]) => {
    const { code, stdout, stderr } = await kakuri([...args, '--api', net.kakuri.api]);
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const reports = async (...args: string[]): Promise<FlowReport[]> =>
    JSON.parse(await asked('flows', ...args, '--json'));

  before(async () => {
    net = await startInstallation(networks());
    await net.plugAll();
  });
  after(() => net?.stop());

  it('prints what ovs-ofctl prints, with names', async () => {
    const ours = normalised((await reports('hv1')).map((r) => r.flow));
    expect(ours).to.equal(normalised(await net.lab.flows('hv1')));
  });

  it('names owner and reason of every flow, and filters by tenant and network', async () => {
    const all = await reports();
    expect(new Set(all.map((r) => r.host))).to.deep.equal(new Set(['hv1', 'hv2', 'hv3']));
    for (const { owner, why } of all) {
      expect(owner).to.match(/^(host|tunnel|vtep|network|port|address|remote|peer)\b/);
      expect(why).to.not.equal('');
    }
    const red = await reports('--tenant', 'red');
    expect(red.length).to.be.greaterThan(0).and.below(all.length);
    expect(red.every((r) => / red\/web/.test(r.owner))).to.equal(true);
    expect(await reports('--network', 'green/web')).to.have.length(
      all.filter((r) => / green\/web/.test(r.owner)).length,
    );
  });

  it('prints for people: a heading for each host, the owner beside, one sentence below when asked', async () => {
    const text = await asked('flows', 'hv1', '--tenant', 'red', '--explain');
    expect(text).to.match(/^# hv1\n/);
    expect(text).to.match(
      /table=guard.*output:"?t-red-vm1"? +# port red\/web\/red-vm1\n {4}Port red-vm1 of network web of tenant red, generation 1, \d+ packets?: red-vm1 receives broadcast and multicast of red\/web; without it, packets of red\/web on their way to red-vm1 to everybody or a group would be dropped as guard\.\n/,
    );
    expect(await asked('flows', 'hv1', '--tenant', 'red')).to.not.include('without it');
  });

  it('says for machines whose a flow is, its hits, and what would be otherwise without it', async () => {
    const all = await reports('hv1', '--explain');
    const [accepts] = all.filter((r) => r.table === 'classify' && r.why === 'VM port red-vm1 belongs to red/web');
    expect(accepts).to.deep.include({
      tenant: 'red',
      network: 'red/web',
      port: 'red-vm1',
      generation: 1,
      without: 'untagged packets that red-vm1 sends would be dropped as vlan_tagged',
    });
    expect(accepts?.packets).to.be.greaterThan(0);
    expect(accepts?.bytes).to.be.greaterThan(accepts?.packets ?? 0);
    for (const { flow, without } of all) expect(without, flow).to.match(/ (would|could) /);
    expect((await reports('hv1')).filter((r) => r.without !== undefined)).to.deep.equal([]);
  });

  it('shows state, ports and drops in the form machines rely on', async () => {
    const status = JSON.parse(await asked('status', '--json'));
    expect(status.pid).to.equal(net.kakuri.pid);
    expect(status.generation).to.equal(1);
    const hv1 = status.hosts.find((h: { name: string }) => h.name === 'hv1');
    expect(hv1).to.include({ state: 'ready' });
    expect(hv1.flowModsSent).to.be.greaterThan(50);
    expect(hv1.errors).to.deep.equal([]);
    const port = status.ports.find((p: { name: string }) => p.name === 'red-vm1');
    expect(port).to.deep.include({
      ifaceId: 'red-vm1',
      tenant: 'red',
      network: 'web',
      host: 'hv1',
      state: 'installed',
    });
    expect(port.ofport).to.be.greaterThan(0);
  });
});
