/** The lab's historical IP tunnel: VMs reach each other through their router VMs, and no frame of theirs is in the tunnel. */
import { expect } from 'chai';
import { buildRouterVms } from '../../src/cli/evaluate/router-vm.js';
import { Site, until } from '../../src/cli/evaluate/site.js';
import { MTU, speedTopology } from '../../src/cli/evaluate/topology.js';

interface Frame {
  readonly hex: string;
  readonly dir: 'in' | 'out';
}

describe('router VMs', function () {
  this.timeout(120_000);
  let site: Site;

  before(async () => {
    site = await Site.start(speedTopology([]));
    await buildRouterVms(site, MTU);
  });
  after(() => site?.stop());

  it('carry what their VMs send, whole, in a tunnel that has only IP of theirs', async () => {
    const reach = () => site.ping('rvm-vm1', 'rvm-vm2', { count: 1, timeout: 1 });
    await until('the VMs to reach each other', async () => (await reach()).received === 1);
    const capture = await site.lab.request<number>('capture_start', { underlay: 'hv1' });
    expect((await site.ping('rvm-vm1', 'rvm-vm2', { count: 3, timeout: 5 })).received).to.equal(3);
    const largest = `ping -c 1 -W 5 -M do -s ${MTU - 28} 192.168.0.2`;
    expect(await site.shell({ vm: 'rvm-vm1' }, largest)).to.include(' 0% packet loss');
    const frames = await site.lab.request<readonly Frame[]>('capture_stop', { capture });
    const own = frames.filter(({ hex }) => hex.includes('c0a80001c0a80002') || hex.includes('c0a80002c0a80001'));
    const sent = own.filter(({ dir }) => dir === 'in');
    expect(sent).to.have.length(4);
    expect(own).to.have.length(8);
    for (const { hex } of own) {
      // Outer: IPv4, UDP, to port 4789, between the routers.
      expect(hex.slice(24, 28)).to.equal('0800');
      expect(hex.slice(46, 48)).to.equal('11');
      expect(hex.slice(52, 68)).to.match(/^0a620001|^0a620002/);
      expect(hex.slice(72, 76)).to.equal('12b5');
      // Neither VM's MAC address is in it: its Ethernet ends at its router.
      expect(hex).to.not.match(/02000000010[12]/);
    }
  });
});
