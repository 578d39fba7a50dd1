/**
 * `run --verify enforce` on a real hypervisor: somebody's flow lies in wait for a VM that is not plugged in yet; the plan
 * that would let the VM in is refused, the VM's packets go nowhere, and everything else goes on.
 */
import { expect } from 'chai';
import { eventually, type Installation, startInstallation } from './installation.js';
import { KEYS, networks } from './networks.js';

describe('run --verify enforce', function () {
  this.timeout(90_000);
  let net: Installation;
  const ofctl = (...args: string[]) => net.lab.ofctl('hv1', ['-O', 'OpenFlow15', ...args]);
  const ofport = async (vm: string) =>
    (await net.lab.vsctl('hv1', 'get', 'Interface', `t-${vm}`, 'ofport')).stdout.trim();

  before(async () => {
    net = await startInstallation(networks());
    await net.end();
    await net.run('--verify', 'enforce');
    await net.ready();
  });
  after(() => net?.stop());

  it('installs what is proved, and VMs reach their networks', async () => {
    await net.plugAll();
    expect((await net.status()).hosts.map(({ errors }) => errors)).to.deep.equal([[], [], []]);
  });

  it('refuses the plan that would complete a leak, says with which packet, and serves all others', async () => {
    const blue = await ofport('blue-vm1');
    await net.lab.unplug('red-vm1');
    await net.ready(Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'red-vm1'));
    // Nothing but red-vm1 gets so far with that source address, for port security comes first.
    const trap = `reg0=${KEYS.red},dl_src=02:00:00:00:01:01`;
    await ofctl('add-flow', 'br-int', `cookie=0x77,table=20,priority=60000,${trap},actions=output:${blue}`);
    await eventually('the foreign flow to be seen', async () => {
      const told = (await net.status()).hosts.find(({ name }) => name === 'hv1')?.errors.join('\n') ?? '';
      return told.includes('foreign flow') ? true : told;
    });
    await net.lab.plug('red-vm1');
    await eventually('the plan to be refused', async () => {
      const told = (await net.status()).hosts.find(({ name }) => name === 'hv1')?.errors.join('\n') ?? '';
      return /refused by the proof \(G2\): red\/web\/red-vm1 would reach blue\/web\/blue-vm1: .*; packet [0-9a-f]+/.test(
        told,
      )
        ? true
        : told;
    });
    const stop = await net.lab.capture({ vm: 'blue-vm1' });
    await net.lab.ping('red-vm1', 'red-vm2', { count: 3, timeout: 0.3 });
    const heard = (await stop()).filter(({ dir }) => dir === 'in');
    expect(
      heard.filter(({ hex }) => hex.includes('020000000101') && hex.includes('c0a80001')),
      'at blue-vm1',
    ).to.deep.equal([]);
    expect((await net.lab.ping('red-vm3', 'red-vm2', { count: 2, timeout: 1 })).received).to.equal(2);
    expect((await net.status()).ports.find(({ name }) => name === 'red-vm1')?.state).to.not.equal('installed');
  });

  it('lets the VM in as soon as the foreign flow is gone', async () => {
    await ofctl('del-flows', 'br-int', 'cookie=0x77/-1');
    await net.ready(Object.keys(net.lab.ready.vms));
    expect((await net.lab.ping('red-vm1', 'red-vm2', { count: 2, timeout: 1 })).received).to.equal(2);
  });
});
