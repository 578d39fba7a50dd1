/**
 * Whether the paths between hosts work, on real Open vSwitch over a routed underlay: probes into flow-based tunnels and BFD
 * in a mesh; a cut path names the tenants that it touches, a smaller MTU on the way is found, and forged probes come to nothing.
 */
import { expect } from 'chai';
import { frame, tunnelPacket } from '../../src/cli/evaluate/forged-frames.js';
import { statusText } from '../../src/cli/status.js';
import type { PathStatus } from '../../src/controller/index.js';
import { UDP_PROBE } from '../../src/pipeline/index.js';
import { PROBE_ID, probeFrame } from '../../src/services/index.js';
import { kakuri } from '../lab/kakuri.js';
import { eventually, type Installation, startInstallation } from './installation.js';

const COUNT = 5;
/** The router's interfaces in the lab (mininet/kakuri_lab/underlay.py), to which a stranger's and a host's packets go. */
const NEXT_HOP = { rogue: '02:ee:01:00:00:00', hv2: '02:ee:01:00:00:02' } as const;
const HV2_MAC = '02:ee:00:00:00:02';

const port = (name: string, n: number, host: string): string =>
  `${name}: { mac: "02:00:00:00:01:0${n}", ips: [192.168.0.${n}], hosts: [${host}] }`;
const tenant = (name: string, other: string): string =>
  `  ${name}: { networks: { web: { subnets: [192.168.0.0/24], ports: { ${port(`${name}-vm1`, 1, 'hv1')}, ${port(`${name}-vm2`, 2, other)} } } } }`;
const topology = (tunnels: 'mesh' | 'flow'): string =>
  [
    `underlay: { encapsulation: geneve, tunnels: ${tunnels}, mtu: 1500, fabric: routed }`,
    'hosts:',
    ...[1, 2, 3].map((n) => `  hv${n}: { ovsdb: "unix:/run/kakuri/hv${n}/db.sock", vtep: 10.99.0.${n} }`),
    'tenants:',
    tenant('red', 'hv2'),
    tenant('blue', 'hv3'),
    '',
  ].join('\n');

const PAIRS = ['hv1 hv2', 'hv1 hv3', 'hv2 hv1', 'hv3 hv1'];

/** Each path in a few words. */
const words = (paths: readonly PathStatus[]): string[] =>
  paths.map(({ from, to, state, tenants }) => `${from} ${to} ${[state, ...tenants].join(' ')}`).sort();

const becomes = (net: Installation, expected: readonly string[], patienceMs = 20_000): Promise<void> =>
  eventually(
    expected.join(', '),
    async () => {
      const found = words((await net.status()).paths);
      return found.join() === [...expected].sort().join() ? true : found.join(', ');
    },
    patienceMs,
  );

const logged = (net: Installation): readonly { from: string; to: string; state: string; tenants?: string[] }[] =>
  net.kakuri.output.stderr
    .split('\n')
    .filter((line) => line.includes('"path '))
    .map((line) => JSON.parse(line));

describe('paths of flow-based tunnels', function () {
  this.timeout(90_000);
  let net: Installation;

  before(async () => {
    net = await startInstallation(topology('flow'));
    await net.plugAll();
    await net.end();
    await net.run('--probe-every', '0.2');
    await net.ready(Object.keys(net.lab.ready.vms));
  });
  after(() => net?.stop());

  const pathOf = async (name: string): Promise<PathStatus | undefined> =>
    (await net.status()).paths.find(({ from, to }) => `${from} ${to}` === name);

  it('are found well: what is lost, how long a probe takes, the MTU; and only between hosts that share a network', async () => {
    await becomes(
      net,
      PAIRS.map((pair) => `${pair} up`),
    );
    await eventually('no loss', async () => {
      const { paths } = await net.status();
      const right = paths.every(({ by, loss, mtu, tunnel, latencyMs = 0 }) => {
        return (
          by === 'probes' && loss === 0 && mtu === 1500 && tunnel === 'kkgflow' && latencyMs > 0 && latencyMs < 1000
        );
      });
      return right ? true : JSON.stringify(paths);
    });
    const text = await (await fetch(`${net.kakuri.api}/metrics`)).text();
    expect(text).to.match(/kakuri_path_up\{from="hv1",to="hv2",tunnel="kkgflow"\} 1/);
    expect(text).to.match(/kakuri_path_mtu_bytes\{from="hv1",to="hv2",tunnel="kkgflow"\} 1500/);
    expect(text).to.match(/kakuri_path_latency_seconds\{from="hv1",to="hv2",tunnel="kkgflow"\} 0\.\d+/);
    expect(statusText(await net.status())).to.match(/paths between hosts: 4 up; probes take/);
    expect(logged(net)).to.deep.equal([]);
  });

  it('are as isolated as before', async () => {
    const { stdout, code } = await kakuri(['verify', '--json', '--api', net.kakuri.api]);
    expect([(JSON.parse(stdout) as { verdict: string }).verdict, code]).to.deep.equal(['isolated', 0]);
  });

  it('of a cut link are down and name the tenants that need them, once in the log; and come back', async () => {
    await net.lab.request('fault', { kind: 'loss', host: 'hv2' });
    await becomes(net, ['hv1 hv2 down red', 'hv2 hv1 down red', 'hv1 hv3 up', 'hv3 hv1 up']);
    const status = await net.status();
    expect(status.paths.find(({ from }) => from === 'hv2')?.loss).to.be.greaterThan(0.2);
    expect(statusText(status)).to.match(/hv1 → hv2\s+│ kkgflow │ down/);
    expect(logged(net).filter(({ state }) => state === 'down')).to.have.length(2);
    expect(logged(net).every(({ tenants }) => tenants?.join() === 'red')).to.equal(true);
    await net.lab.request('heal', { host: 'hv2' });
    await becomes(
      net,
      PAIRS.map((pair) => `${pair} up`),
    );
    expect(logged(net).filter(({ state }) => state === 'up')).to.have.length(2);
  });

  it('with a smaller MTU on the way say which', async () => {
    const router = (script: string) => net.lab.shell({ node: 'fabric' }, script);
    await router('ip link set p2 mtu 1400');
    await eventually('a path MTU of 1400', async () => {
      const path = await pathOf('hv1 hv2');
      return path?.state === 'mtu' && path.mtu === 1400 && path.tenants.join() === 'red' ? true : JSON.stringify(path);
    });
    expect((await pathOf('hv1 hv3'))?.mtu).to.equal(1500);
    await eventually('a line in the log', async () =>
      logged(net).some(({ from, to, state }) => `${from} ${to} ${state}` === 'hv1 hv2 mtu') ? true : 'none',
    );
    await router('ip link set p2 mtu 1500');
    await becomes(
      net,
      PAIRS.map((pair) => `${pair} up`),
    );
  });

  const probe = probeFrame(Buffer.alloc(PROBE_ID, 7), 64, UDP_PROBE);
  /** The frames that come to any VM meanwhile which have the number of the forged probes in them. */
  async function heard(send: () => Promise<unknown>): Promise<number> {
    const stops = await Promise.all(Object.keys(net.lab.ready.vms).map((vm) => net.lab.capture({ vm })));
    await send();
    const frames = (await Promise.all(stops.map((stop) => stop()))).flat();
    return frames.filter(({ dir, hex }) => dir === 'in' && hex.includes('07'.repeat(PROBE_ID))).length;
  }

  it('are not reached by a guest’s forged probe: it is dropped and counted', async () => {
    let arrived = -1;
    const drops = await net.dropped('hv1', async () => {
      arrived = await heard(() => net.lab.sendFrames({ vm: 'red-vm1' }, [probe], { count: COUNT }));
    });
    expect(arrived).to.equal(0);
    expect(drops).to.include({ mac_spoof: COUNT });
  });

  it('are not reached by a stranger’s: what has key 0 and is no host’s probe is dropped and counted', async () => {
    const to = { mac: NEXT_HOP.rogue, ip: '10.99.0.1' };
    const { rogue } = net.lab.ready;
    const outer = { encapsulation: 'geneve', key: 0 } as const;
    const fromStranger = tunnelPacket({ ...outer, from: rogue, to }, probe);
    const other = frame(
      { mac: '02:00:00:00:01:02', ip: '192.168.0.2' },
      { mac: '02:00:00:00:01:01', ip: '192.168.0.1' },
    );
    const fromHost = { ...outer, from: { mac: HV2_MAC, ip: '10.99.0.2' }, to: { ...to, mac: NEXT_HOP.hv2 } };
    let arrived = -1;
    const drops = await net.dropped('hv1', async () => {
      arrived = await heard(async () => {
        await net.lab.sendFrames({ rogue: true }, [fromStranger], { count: COUNT });
        // A host’s own key 0, and a probe that nobody sent: that one comes to the controller, which does not know it.
        await net.lab.sendFrames({ host: 'hv2' }, [tunnelPacket(fromHost, other), tunnelPacket(fromHost, probe)], {
          count: COUNT,
        });
      });
    });
    expect(arrived).to.equal(0);
    expect(drops).to.include({ tunnel_key_zero: 2 * COUNT });
    expect((await pathOf('hv2 hv1'))?.state).to.equal('up');
  });
});

describe('paths of a mesh', function () {
  this.timeout(90_000);
  let net: Installation;

  before(async () => {
    net = await startInstallation(topology('mesh'));
    await net.plugAll();
  });
  after(() => net?.stop());

  it('are told by BFD, with the tenants of one that fails', async () => {
    await becomes(
      net,
      PAIRS.map((pair) => `${pair} up`),
    );
    expect((await net.status()).paths.every(({ by }) => by === 'bfd')).to.equal(true);
    await net.lab.request('fault', { kind: 'loss', host: 'hv3' });
    await becomes(net, ['hv1 hv2 up', 'hv2 hv1 up', 'hv1 hv3 down blue', 'hv3 hv1 down blue']);
    await eventually('lines in the log', async () => {
      const down = logged(net).filter(({ state, tenants }) => state === 'down' && tenants?.join() === 'blue');
      return down.length === 2 ? true : JSON.stringify(logged(net));
    });
    await net.lab.request('heal', { host: 'hv3' });
    await becomes(
      net,
      PAIRS.map((pair) => `${pair} up`),
    );
  });
});
