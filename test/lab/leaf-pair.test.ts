/**
 * The fabric of leaf pairs: hypervisors bonded to two leaves that share a gateway address by VRRP. A bond's member and the
 * master leaf are cut; the traffic goes on by the other one, once each, and no flow is sent for that.
 */
import { expect } from 'chai';
import { expectIsolatedAndWhole, fabricTopology, flowModsSent } from '../e2e/fabric.js';
import { eventually, type Installation, sleep, startInstallation } from '../e2e/installation.js';

describe('lab: leaf pairs with OVS bonds and VRRP', function () {
  this.timeout(90_000);
  let net: Installation;
  before(async () => {
    net = await startInstallation(fabricTopology('geneve').replace('fabric: leaf-spine', 'fabric: leaf-pair'));
    await net.plugAll();
  });
  after(() => net?.stop());

  /** The leaf of a pair that holds the virtual MAC. */
  async function masters(): Promise<string[]> {
    const up = await Promise.all(
      ['leaf1', 'leaf2', 'leaf3', 'leaf4'].map(async (node) => {
        const { stdout } = await net.lab.request<{ stdout: string }>('exec', {
          node,
          argv: ['ip', '-o', 'link', 'show', 'vrrp4'],
        });
        return /<[^>]*\bUP\b/.test(stdout) ? [node] : [];
      }),
    );
    return up.flat();
  }

  async function activeMember(): Promise<string> {
    const { stdout } = await net.lab.appctl('hv1', 'bond/show', 'bond0');
    expect(stdout).to.include('bond_mode: active-backup');
    return /active member mac: \S+\((\w+)\)/.exec(stdout)?.[1] ?? stdout;
  }

  const whole = () =>
    eventually('the fabric to be whole', async () => ((await net.lab.converged()) ? true : 'not yet'), 40_000);

  /** The longest time without a reply (ms) while an element loses its carrier, and while it has it again. */
  async function outage(
    element: string,
    during: () => Promise<unknown> = async () => undefined,
  ): Promise<{ readonly cut: number; readonly healed: number }> {
    const gap = async (act: () => Promise<unknown>, wait: () => Promise<unknown>) => {
      const stop = await net.lab.startPing('red-vm1', 'red-vm2', { interval: 0.01 });
      await sleep(300);
      await act();
      await wait();
      const { longestGapMs, duplicates, received } = await stop();
      expect(received).to.be.greaterThan(50);
      // At a hand-over both leaves may have a packet that none of the switches knows where to send.
      expect(duplicates).to.be.at.most(5);
      return longestGapMs;
    };
    const cut = await gap(
      () => net.lab.cutCarrier({ element }),
      () => sleep(2000),
    );
    expect((await net.lab.ping('red-vm1', 'red-vm2', { count: 5, interval: 0.02 })).received).to.equal(5);
    await during();
    const healed = await gap(
      () => net.lab.heal({ element }),
      async () => {
        await whole();
        await sleep(1000);
      },
    );
    return { cut, healed };
  }

  it('are whole: one master a pair, the tenants apart', async () => {
    await whole();
    expect(await masters()).to.deep.equal(['leaf1', 'leaf3']);
    await expectIsolatedAndWhole(net);
  });

  it('lose a member of a bond, and go by the other leaf', async () => {
    const before = await flowModsSent(net);
    const used = await activeMember();
    const { cut, healed } = await outage(`hv1-leaf${used.slice(-1)}`);
    expect(await activeMember()).to.not.equal(used);
    // Open vSwitch sees the carrier; 23 to 57 ms are this machine's noise, and it may be busy.
    expect([cut, healed].filter((ms) => ms > 1500)).to.deep.equal([]);
    expect(await masters()).to.deep.equal(['leaf1', 'leaf3']);
    expect(await flowModsSent(net)).to.equal(before);
  });

  it('lose the leaf that is master, and its address goes to the other one', async () => {
    const before = await flowModsSent(net);
    const { cut, healed } = await outage('leaf1', async () =>
      expect(await masters()).to.deep.equal(['leaf2', 'leaf3']),
    );
    // Three advertisements of 100 ms and a skew below one, or BFD at the spines (3 × 100 ms).
    expect([cut, healed].filter((ms) => ms > 3000)).to.deep.equal([]);
    expect(await flowModsSent(net)).to.equal(before);
  });

  it('have the leaf back as master when it has its routes again', async () => {
    await eventually('leaf1 to be master', async () => {
      const found = (await masters()).join(' ');
      return found === 'leaf1 leaf3' ? true : found;
    });
    await expectIsolatedAndWhole(net);
  });
});
