/** The lab with packets: static flows on real Open vSwitch, so that what fails here is the lab and not a controller. */
import { expect } from 'chai';
import { arpRequest, pingFrame, tunnelFrame } from './frames.js';
import { type Lab, startLab } from './lab.js';
import { parseFrame } from './parse-frame.js';
import { staticFlows } from './static-flows.js';

const TOPOLOGY = `
underlay: { encapsulation: geneve, tunnels: flow, mtu: 1500 }
hosts:
  hv1: { ovsdb: "unix:/run/kakuri/hv1/db.sock", vtep: 10.99.0.1 }
  hv2: { ovsdb: "tcp:192.0.2.2:6640", vtep: 10.99.0.2 }
tenants:
  red:
    networks:
      web:
        subnets: [192.168.0.0/24]
        ports:
          red-vm1: { mac: "02:00:00:00:01:01", ips: [192.168.0.1], hosts: [hv1] }
          red-vm2: { mac: "02:00:00:00:01:02", ips: [192.168.0.2], hosts: [hv2] }
  blue:
    networks:
      web:
        subnets: [192.168.0.0/24]
        ports:
          blue-vm1: { mac: "02:00:00:00:01:01", ips: [192.168.0.1], hosts: [hv1] }
          blue-vm2: { mac: "02:00:00:00:01:02", ips: [192.168.0.2], hosts: [hv2] }
`;
const KEYS = { 'red/web': 100, 'blue/web': 200 };
const red1 = { mac: '02:00:00:00:01:01', ip: '192.168.0.1' };
const red2 = { mac: '02:00:00:00:01:02', ip: '192.168.0.2' };
const BOTH = [
  ['red-vm1', 'red-vm2'],
  ['blue-vm1', 'blue-vm2'],
] as const;

async function replies(lab: Lab, count = 3): Promise<number[]> {
  return (await lab.pingMatrix(BOTH, { count, timeout: 0.5 })).map((result) => result.received);
}

describe('the lab, switched underlay', function () {
  this.timeout(20_000);
  let lab: Lab;
  before(async () => {
    lab = await startLab(TOPOLOGY);
  });
  after(() => lab.stop());

  it('has no br-int of its own, and says so when a port cannot be plugged', async () => {
    expect((await lab.vsctl('hv1', 'list-br')).stdout.split('\n')).to.deep.equal(['br-phy', '']);
    const failure = await lab.plug('red-vm1', { timeout: 1 }).catch((error: Error) => error);
    expect(failure).to.be.an('error');
    await staticFlows(lab, { type: 'geneve', keys: KEYS });
  });

  it('carries pings across hosts, the first packet included, in both tenants', async () => {
    const results = await lab.pingMatrix(BOTH, { count: 3 });
    for (const result of results) expect(result).to.include({ sent: 3, received: 3, arrived: 3 });
  });

  it('tells who got a ping where tenants share addresses', async () => {
    const [across, self] = await lab.pingMatrix([
      ['red-vm1', 'blue-vm2'],
      ['red-vm1', 'blue-vm1'],
    ]);
    expect(across).to.include({ received: 1, arrived: 0 }); // red-vm2 has the address, too
    expect(self).to.include({ received: 1, arrived: 0 }); // the sender's own address
  });

  it('carries TCP, and lets a ping of ten milliseconds go on meanwhile', async () => {
    const stop = await lab.startPing('blue-vm1', 'blue-vm2');
    const tcp = await lab.tcp('red-vm1', 'red-vm2', { bytes: 1_000_000 });
    expect(tcp).to.include({ connected: true, bytes: 1_000_000 });
    const ping = await stop();
    expect(ping.sent).to.be.greaterThan(0);
    expect(ping.received).to.be.greaterThan(0); // not all: a burst overruns the socket buffer of a userspace switch
  });

  it('captures what a VM sends, on the underlay with key and VTEPs, and at the other VM', async () => {
    const underlay = await lab.capture({ underlay: 'hv1' });
    const guest = await lab.capture({ vm: 'red-vm2' });
    await lab.sendFrames({ vm: 'red-vm1' }, [pingFrame(red1, red2, 77, 9)]);
    await lab.ping('red-vm1', 'red-vm2');
    const outer = (await underlay()).map((f) => ({ dir: f.dir, ...parseFrame(f.hex) }));
    const mine = outer.find((f) => f.tunnel?.inner.icmp?.id === 77 && f.tunnel.inner.icmp.type === 8);
    expect(mine?.dir).to.equal('in');
    expect(mine?.ip).to.include({ src: '10.99.0.1', dst: '10.99.0.2' });
    expect(mine?.tunnel).to.include({ kind: 'geneve', key: 100 });
    const inner = (await guest()).map((f) => ({ dir: f.dir, ...parseFrame(f.hex) }));
    const received = inner.filter((f) => f.icmp?.id === 77);
    expect(received.map((f) => [f.dir, f.icmp?.type])).to.deep.equal([
      ['in', 8],
      ['out', 0],
    ]);
  });

  it('lets the rogue send a tunnel packet that claims to come from a VTEP', async () => {
    const { rogue, hosts } = lab.ready;
    const to = { mac: hosts.hv2?.mac ?? '', ip: hosts.hv2?.vtep ?? '' };
    const guests = await Promise.all(['red-vm2', 'blue-vm2'].map((vm) => lab.capture({ vm })));
    const forged = (key: number, id: number) =>
      tunnelFrame({ kind: 'geneve', key, from: { mac: rogue.mac, ip: '10.99.0.1' }, to }, pingFrame(red1, red2, id));
    await lab.sendFrames({ rogue: true }, [forged(100, 501), forged(200, 502), forged(300, 503)]);
    await lab.ping('rogue', 'hv2'); // what was sent before has arrived when this is answered
    // hv2 has learned the rogue's MAC for hv1's VTEP from the forged packets (tnl_neigh_set in terminate_native_tunnel)
    expect((await lab.appctl('hv2', 'tnl/neigh/show')).stdout).to.match(RegExp(`10\\.99\\.0\\.1 +${rogue.mac}`));
    await lab.warm('hv2');
    expect(await replies(lab)).to.deep.equal([3, 3]);
    const ids = await Promise.all(
      guests.map(async (stop) =>
        (await stop())
          .map((f) => ({ dir: f.dir, id: parseFrame(f.hex).icmp?.id ?? 0 }))
          .filter((f) => f.dir === 'in' && f.id > 500 && f.id < 504)
          .map((f) => f.id),
      ),
    );
    expect(ids).to.deep.equal([[501], [502]]);
  });

  it('keeps the kernels of hypervisors silent about what Open vSwitch receives', async () => {
    const stop = await lab.capture({ rogue: true });
    const { rogue } = lab.ready;
    await lab.sendFrames({ rogue: true }, [arpRequest(rogue.mac, rogue.ip, '10.99.0.2')]);
    await lab.ping('rogue', 'hv2');
    const answers = (await stop())
      .map((f) => parseFrame(f.hex))
      .filter((f) => f.arp?.op === 2 && f.arp.spa === '10.99.0.2');
    expect(new Set(answers.map((f) => f.arp?.sha))).to.deep.equal(new Set([lab.ready.hosts.hv2?.mac]));
  });

  it('gives VMs the MTU that the tunnel leaves', async () => {
    const ping = (size: number) =>
      lab.exec({ vm: 'red-vm1' }, ['ping', '-M', 'do', '-c1', '-W1', '-s', `${size - 28}`, '192.168.0.2']);
    expect((await ping(1450)).rc).to.equal(0);
    expect((await ping(1451)).rc).not.to.equal(0);
  });

  it('loses packets and finds them again', async () => {
    await lab.loss({ host: 'hv2' });
    expect(await replies(lab)).to.deep.equal([0, 0]);
    await lab.heal({ host: 'hv2' });
    await lab.loss({ vm: 'red-vm1' }, { direction: 'to' });
    expect(await replies(lab)).to.deep.equal([0, 3]);
    await lab.heal({ vm: 'red-vm1' });
    expect(await replies(lab)).to.deep.equal([3, 3]);
  });

  it('restarts daemons: flows saved and restored as ovs-ctl does, or lost', async () => {
    const flows = async () =>
      (await lab.flows('hv2', { names: false }))
        .map((f) => f.replace(/^.*(?=table=)| (n_packets|n_bytes|idle_age)=\d+,/g, ''))
        .sort();
    const before = await flows();
    const { 'ovs-vswitchd': pid } = (await lab.processes()).hv2 ?? {};
    await lab.restart('hv2');
    expect((await lab.processes()).hv2?.['ovs-vswitchd']).not.to.equal(pid);
    expect(await flows()).to.deep.equal(before);
    expect(await replies(lab)).to.deep.equal([3, 3]);
    await lab.restartOvsdb('hv2', { kill: true });
    expect((await lab.vsctl('hv2', 'list-br')).stdout).to.contain('br-int');
    await lab.stopVswitchd('hv2', { kill: true });
    expect((await lab.processes()).hv2?.['ovs-vswitchd']).to.equal(null);
    await lab.startVswitchd('hv2');
    expect(await flows()).to.deep.equal([]);
    expect(await replies(lab, 1)).to.deep.equal([0, 0]);
  });

  it('moves a VM with its connections to another host', async () => {
    const moved = await lab.move('red-vm2', 'hv1');
    expect(moved.host).to.equal('hv1');
    const row = await lab.vsctl('hv1', 'get', 'Interface', moved.tap, 'external_ids');
    expect(row.stdout.trim()).to.equal('{attached-mac="02:00:00:00:01:02", iface-id=red-vm2}');
    expect((await lab.vsctl('hv2', 'list-ports', 'br-int')).stdout).not.to.contain(moved.tap);
    await lab.unplug('red-vm2');
    expect((await lab.vsctl('hv1', 'list-ports', 'br-int')).stdout).not.to.contain(moved.tap);
  });

  it('answers a request that makes no sense, and goes on', async () => {
    for (const [name, parameters, message] of [
      ['fly', {}, /unknown request fly/],
      ['plug', { vm: 'nobody' }, /no VM nobody/],
      ['unplug', { vm: 'red-vm1', colour: 'red' }, /unknown parameter colour/],
    ] as const) {
      const failure = await lab.request(name, parameters).catch((error: Error) => error);
      expect(failure).to.be.an('error').with.property('message').that.matches(message);
    }
  });
});

describe('the lab, routed underlay', function () {
  this.timeout(20_000);
  for (const type of ['geneve', 'vxlan', 'gre'] as const) {
    it(`carries ${type} between VTEPs that share no subnet, beside another lab`, async () => {
      const lab = await startLab(TOPOLOGY, { underlay: 'routed' });
      try {
        await staticFlows(lab, { type, keys: KEYS });
        const stop = await lab.capture({ underlay: 'hv2' });
        expect(await replies(lab)).to.deep.equal([3, 3]);
        const outer = (await stop())
          .map((f) => ({ dir: f.dir, ...parseFrame(f.hex) }))
          .filter((f) => f.tunnel !== undefined);
        expect(new Set(outer.map((f) => f.tunnel?.kind))).to.deep.equal(new Set([type]));
        expect(new Set(outer.map((f) => f.tunnel?.key))).to.deep.equal(new Set([100, 200]));
        expect(new Set(outer.filter((f) => f.dir === 'out').map((f) => f.ip?.src))).to.deep.equal(
          new Set(['10.99.0.1']),
        );
      } finally {
        await lab.stop();
      }
    });
  }
});
