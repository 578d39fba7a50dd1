/**
 * The way of a running tenant from a VLAN to tunnels, on real Open vSwitch: its network is joined to an overlay by two gateways,
 * its VMs are migrated one by one over a TCP connection that goes on, and the VLAN is taken away; the gateway in use fails
 * meanwhile. Every VM sends numbered frames to every address all the time, so each frame that comes twice, comes back, or
 * comes to another tenant is counted. Beside it two tenants with the same MAC and IP addresses: one a VLAN, one in tunnels.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import type { CrossfireReport } from '../lab/types.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';

const HOSTS = ['gw1', 'gw2', 'hv1', 'hv2', 'hv3', 'hv4'] as const;
const SUBNET = '192.168.0.0/24';
const port = (n: number, hosts: readonly string[]) => ({
  mac: `02:00:00:00:01:0${n}`,
  ips: [`192.168.0.${n}`],
  hosts,
});
const pair = (tenant: string, more: object, one: readonly string[], two: readonly string[]) => ({
  networks: {
    web: { ...more, subnets: [SUBNET], ports: { [`${tenant}-vm1`]: port(1, one), [`${tenant}-vm2`]: port(2, two) } },
  },
});
/** Red before, while it is joined, and after. */
const RED = {
  vlan: pair('red', { encapsulation: 'vlan', key: 120 }, ['hv1'], ['hv2']),
  joined: pair(
    'red',
    { key: 1120, vlan: { id: 120, hosts: ['hv1', 'hv2'], gateways: ['gw1', 'gw2'] } },
    ['hv1', 'hv3'],
    ['hv2', 'hv4'],
  ),
  tunnels: pair('red', { key: 1120 }, ['hv3'], ['hv4']),
};
const TOPOLOGY = {
  // The tunnels leave VMs 1500 octets.
  underlay: { encapsulation: 'geneve', mtu: 1550 },
  hosts: Object.fromEntries(
    HOSTS.map((name, i) => [
      name,
      {
        ovsdb: `unix:/run/kakuri/${name}/db.sock`,
        vtep: `10.99.0.${i + 1}`,
        ...(name === 'hv3' || name === 'hv4' ? {} : { trunk: 'eth1' }),
      },
    ]),
  ),
  tenants: {
    red: RED.vlan,
    blue: pair('blue', { encapsulation: 'vlan', key: 130 }, ['hv1'], ['hv2']),
    violet: pair('violet', { key: 120 }, ['hv3'], ['hv4']),
  },
};
const MOBILE = ['red-vm1', 'red-vm2'] as const;
const MTU = 1500;

describe('a tenant that goes from a VLAN to tunnels', function () {
  this.timeout(90_000);
  let net: Installation;
  let tcp: ReturnType<Installation['lab']['tcp']>;

  before(async () => {
    net = await startInstallation(`${JSON.stringify(TOPOLOGY)}\n`);
    await net.plugAll();
    for (const vm of MOBILE) {
      await net.lab.makeMobile(vm);
      await net.lab.shell({ vm }, `ip link set vm0 mtu ${MTU}`);
    }
  });
  after(() => net?.stop());

  /** Red becomes that, by an edit of the file; done when every port is installed by it. */
  async function become(stage: keyof typeof RED): Promise<void> {
    const file = net.lab.ready.topology;
    const before = (await net.status()).generation;
    const document = JSON.parse(readFileSync(file, 'utf8')) as { tenants: object };
    writeFileSync(file, JSON.stringify({ ...document, tenants: { ...document.tenants, red: RED[stage] } }));
    await eventually(`red as ${stage}`, async () => {
      const status = await net.status();
      const waiting = status.ports.filter((p) => p.state !== 'installed').map((p) => [p.name, p.state]);
      const busy = status.hosts.filter((h) => h.state !== 'ready').map((h) => [h.name, h.state, ...h.errors]);
      const right = status.generation > before && waiting.length + busy.length === 0;
      return right ? true : JSON.stringify([status.generation, waiting, busy]);
    });
  }

  async function migrate(vm: string, from: string, to: string): Promise<void> {
    const isOn = (host: string, other?: string) =>
      eventually(`${vm} on ${host}, migrating to ${other}`, async () => {
        const found = (await net.status()).ports.find((p) => p.name === vm);
        const right = found?.host === host && found.migratingTo === other && found.state === 'installed';
        return right ? true : JSON.stringify(found);
      });
    await net.lab.plugLeg(vm, to);
    await isOn(from, to);
    await net.lab.cutOver(vm, to);
    await isOn(to);
    await net.lab.unplugLeg(vm, from);
  }

  /** What a crossfire has counted that must not be. */
  const faults = ({ repeats, repeatCount, returned, strays, strayCount }: CrossfireReport) => ({
    repeatCount,
    repeats,
    returned,
    strayCount,
    strays,
  });
  const NO_FAULTS = { repeatCount: 0, repeats: [], returned: 0, strayCount: 0, strays: [] };

  /** Both of red's VMs get frames of each other, to one and to all, that were sent from now on; in both directions. */
  async function bothHear(what: string): Promise<number> {
    const since = (await net.lab.crossfire()).now;
    await eventually(what, async () => {
      const { pairs } = await net.lab.crossfire();
      const red = pairs.filter(({ from, to }) => from.startsWith('red') && to.startsWith('red'));
      const now = red.filter(({ unicast, broadcast }) => unicast > since && broadcast > since);
      return now.length === 2 ? true : JSON.stringify({ since, red });
    });
    return (await net.lab.crossfire()).now - since;
  }

  const gatewayIs = (gateway: string, tunnel: string) =>
    eventually(`${gateway} in use`, async () => {
      const { stdout } = await net.lab.vsctl('hv3', 'get', 'Interface', tunnel, 'bfd_status:forwarding');
      return stdout.includes('true') ? true : stdout;
    });

  async function isIsolated(): Promise<void> {
    const { stdout } = await kakuri(['verify', '--json', '--api', net.kakuri.api]);
    const { verdict, leaks, unproven } = JSON.parse(stdout) as { verdict: string; leaks: unknown; unproven: unknown };
    expect([verdict, leaks, unproven]).to.deep.equal(['isolated', [], []]);
  }

  it('is joined to an overlay, and nothing of it stops', async () => {
    tcp = net.lab.tcp('red-vm2', 'red-vm1', { seconds: 35, timeout: 20 });
    await net.lab.startCrossfire({ interval: 0.05 });
    await bothHear('the two to hear each other by the VLAN');
    await become('joined');
    await bothHear('the two to hear each other by the VLAN of the joined network');
    await isIsolated();
  });

  it('has one VM behind tunnels, while the other one is on the VLAN', async () => {
    await migrate('red-vm1', 'hv1', 'hv3');
    await bothHear('the halves to hear each other');
    await isIsolated();
    for (const [from, to, way] of [
      ['red-vm1', 'red-vm2', 'by trunk eth1 to hv2'],
      ['red-vm2', 'red-vm1', 'to hv3'],
    ] as const) {
      const { stdout, code } = await kakuri(['trace', from, to, '--api', net.kakuri.api]);
      expect(stdout, stdout).to.include('on gw1').and.to.include(way).and.to.include(`delivered to red/web/${to}`);
      expect(code).to.equal(0);
    }
    expect(faults(await net.lab.crossfire())).to.deep.equal(NO_FAULTS);
  });

  it('goes by the other gateway when the tunnels of the one in use are cut, and back, without a flow_mod', async () => {
    const sent = async () => (await net.status()).hosts.map(({ flowModsSent }) => flowModsSent);
    const before = await sent();
    await net.lab.loss({ element: 'gw1' });
    const gap = await bothHear('the halves to hear each other by gw2');
    // Three intervals of 300 ms, and what the machine takes.
    expect(gap).to.be.lessThan(15_000);
    // Of a broadcast that is on its way when the first gateway comes back both copies may be taken, or none.
    expect(faults(await net.lab.crossfire({ stop: true }))).to.deep.equal(NO_FAULTS);
    await net.lab.heal({ element: 'gw1' });
    await gatewayIs('gw1', 'kkg0a630001');
    await net.lab.startCrossfire({ interval: 0.05 });
    await bothHear('the halves to hear each other by gw1');
    expect(await sent()).to.deep.equal(before);
  });

  it('tells the VLAN behind which gateway a VM is now that does not speak by itself', async () => {
    expect(faults(await net.lab.crossfire({ stop: true }))).to.deep.equal(NO_FAULTS);
    // Only what red-vm2 on the VLAN asks makes red-vm1 say anything.
    const stopPing = await net.lab.startPing('red-vm2', 'red-vm1');
    await net.lab.loss({ element: 'gw1' });
    await sleep(7000);
    await net.lab.heal({ element: 'gw1' });
    await gatewayIs('gw1', 'kkg0a630001');
    await sleep(500);
    const { sent, received, duplicates, longestGapMs } = await stopPing();
    // Without a word to the VLAN's switch the answers would come again when gw1 does, after these seven seconds.
    expect(longestGapMs).to.be.lessThan(6000);
    expect(received).to.be.greaterThan(sent / 4);
    expect(duplicates).to.equal(0);
    await net.lab.startCrossfire({ interval: 0.05 });
    await bothHear('the halves to hear each other');
  });

  it('has both VMs behind tunnels, and its VLAN is taken away', async () => {
    await migrate('red-vm2', 'hv2', 'hv4');
    await bothHear('the two to hear each other by tunnels');
    await become('tunnels');
    await bothHear('the two to hear each other by tunnels alone');
    await isIsolated();
    await eventually('no flow of red on the VLAN’s hosts and gateways', async () => {
      const flows = await Promise.all(['gw1', 'gw2', 'hv1', 'hv2'].map((host) => net.lab.flows(host)));
      const left = flows.flat().filter((flow) => flow.includes('0x460') || flow.includes('dl_vlan=120'));
      return left.length === 0 ? true : left.join('\n');
    });
  });

  it('has kept its TCP connection, and no frame came twice, came back or went to another tenant', async () => {
    const { connected, bytes, sent } = await tcp;
    expect(connected).to.equal(true);
    expect(bytes).to.equal(sent).and.to.be.greaterThan(100_000);
    expect(faults(await net.lab.crossfire({ stop: true }))).to.deep.equal(NO_FAULTS);
  });
});
