/** Schemes measured for a moment, on real Open vSwitch: what an evaluation says is so because of packets. */
import { expect } from 'chai';
import { fill } from '../../src/cli/evaluate/fill.js';
import { isolation } from '../../src/cli/evaluate/isolation.js';
import { moves } from '../../src/cli/evaluate/moves.js';
import { SCHEMES, type Scheme } from '../../src/cli/evaluate/schemes.js';
import { type Outcome, Site } from '../../src/cli/evaluate/site.js';
import { switchFaults } from '../../src/cli/evaluate/switches.js';
import { fabricTopology } from '../../src/cli/evaluate/topology.js';

describe('an evaluation of vlan', function () {
  this.timeout(180_000);
  const scheme = SCHEMES.find(({ name }) => name === 'vlan') as Scheme;
  let site: Site;

  before(async () => {
    site = await Site.start(fabricTopology(scheme.encapsulation));
    await site.plug(Object.keys(site.lab.ready.vms));
  });
  after(() => site?.stop());

  it('finds it isolated, from frames on the trunk too', async () => {
    const found = await isolation(site, scheme);
    expect(found).to.include({ ownReached: 12, foreignPackets: 0, forgedSent: 45, forgedArrived: 0 });
    expect(found.proof.verdict).to.equal('isolated');
  });

  it('finds the blocked link between two switches, its failover, and the loop that it is without a spanning tree', async () => {
    const said: string[] = [];
    const found = await switchFaults(site, 1, (what) => said.push(what), ['carrier'], ['link', 'uplink']);
    expect(found).to.include({ links: 2, blocked: 1 });
    expect(found.outages.map(({ element, heals, flowMods }) => [element, heals, flowMods])).to.deep.equal([
      ['link', true, 0],
      ['uplink', false, 0],
    ]);
    expect(found.loop.copies).to.be.greaterThan(10 * found.loop.sent);
    expect(said).to.have.length(3);
  });
});

describe('an evaluation of ip-tunnel', function () {
  this.timeout(180_000);
  const scheme = SCHEMES.find(({ name }) => name === 'ip-tunnel') as Scheme;

  it('finds it isolated, from packets without Ethernet on the underlay too', async () => {
    const site = await Site.start(fabricTopology(scheme.encapsulation));
    try {
      await site.plug(Object.keys(site.lab.ready.vms));
      const found = await isolation(site, scheme);
      expect(found).to.include({ ownReached: 12, foreignPackets: 0, forgedSent: 40, forgedArrived: 0 });
      expect(found.proof.verdict).to.equal('isolated');
    } finally {
      await site.stop();
    }
  });
});

describe('an evaluation of vxlan', function () {
  this.timeout(180_000);
  const scheme = SCHEMES.find(({ name }) => name === 'vxlan') as Scheme;
  let site: Site;

  before(async () => {
    site = await Site.start(fabricTopology(scheme.encapsulation));
    await site.plug(Object.keys(site.lab.ready.vms));
  });
  after(() => site?.stop());

  const ofctl = async (...args: readonly string[]): Promise<void> => {
    const { rc, stderr } = await site.lab.request<Outcome>('ofctl', {
      host: 'hv1',
      args: ['-O', 'OpenFlow15', ...args],
    });
    expect(rc, stderr).to.equal(0);
  };

  it('finds it isolated', async () => {
    const found = await isolation(site, scheme);
    expect(found).to.include({
      ownPairs: 12,
      ownReached: 12,
      foreignPairs: 18,
      foreignPackets: 0,
      forgedSent: 40,
      forgedArrived: 0,
    });
    expect(found.proof.verdict).to.equal('isolated');
  });

  it('finds forged packets that arrive where a flow lets them through', async () => {
    // On purpose: whatever red's first VM sends goes to its neighbour on the other host, unchecked.
    const vms = site.lab.ready.vms as Readonly<Record<string, { readonly tap: string }>>;
    const [from, to] = [vms['red-vm1']?.tap, vms['blue-vm1']?.tap];
    const leak = `priority=9999,in_port=${from}`;
    await ofctl('add-flow', 'br-int', `${leak},actions=${to}`);
    try {
      const found = await isolation(site, scheme);
      expect(found.forgedArrived).to.be.greaterThan(0);
      expect(found.foreignPackets).to.be.greaterThan(0);
      expect(found.proof.verdict).to.not.equal('isolated');
    } finally {
      await ofctl('--strict', 'del-flows', 'br-int', leak);
    }
  });

  it('moves a VM to every host and back, and nothing of it changes', async () => {
    const found = await moves(site, 1);
    expect(found).to.deep.include({ moves: 3, changed: [] });
    expect(found.gapMs.least).to.be.greaterThan(10);
  });

  it('fills a switch, and takes it away again', async () => {
    const found = await fill(site, scheme, 20);
    expect(found).to.include({ networks: 2 ** 24 - 1, filled: 20 });
    expect(found.refusal).to.match(/^tunnel key 16777216 is wider than the 24 bits of vxlan/);
    expect(found.flowsPerNetwork).to.be.within(10, 60);
  });
});
