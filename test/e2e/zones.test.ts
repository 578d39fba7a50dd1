/**
 * Zones that use one VLAN id for two tenants, on real Open vSwitch: hv1 and hv2 share a switch for their trunks, hv3 and
 * hv4 another. A VM that turns up in the other tenant's zone gets nothing there, and it is said whose the id is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { kakuri } from '../lab/kakuri.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';

const ID = 101;
const COUNT = 5;
const ZONES = ['west', 'west', 'east', 'east'] as const;
const mac = (n: number): string => `02:00:00:00:01:0${n}`;
const port = (name: string, n: number, host: string): string =>
  `${name}: { mac: "${mac(n)}", ips: [192.168.0.${n}], hosts: [${host}] }`;
const tenant = (name: string, zone: string, [a, b]: readonly [string, string]): string =>
  `  ${name}: { networks: { web: { encapsulation: vlan, key: ${ID}, zone: ${zone}, subnets: [192.168.0.0/24], ports: {\n` +
  `    ${port(`${name}-vm1`, 1, a)},\n    ${port(`${name}-vm2`, 2, b)} } } } }`;
const TOPOLOGY = [
  'hosts:',
  ...ZONES.map(
    (zone, i) =>
      `  hv${i + 1}: { ovsdb: "unix:/run/kakuri/hv${i + 1}/db.sock", vtep: 10.99.0.${i + 1}, trunk: eth1, zone: ${zone} }`,
  ),
  'tenants:',
  tenant('red', 'west', ['hv1', 'hv2']),
  tenant('blue', 'east', ['hv3', 'hv4']),
  '',
].join('\n');

const MARK = Buffer.from('kakuri-test-mark');
/** A frame with the mark; an ICMP error that quotes one is none. */
const isMarked = (hex: string): boolean => hex.includes(MARK.toString('hex')) && !/^.{24}0800.{18}01/.test(hex);
const packet = (src: number, dst: number): Buffer =>
  ethernet(
    { dst: mac(dst), src: mac(src), type: ETH.ipv4 },
    ipv4(
      { src: `192.168.0.${src}`, dst: `192.168.0.${dst}`, proto: IP_PROTO.udp },
      udp({ sport: 4000, dport: 4001 }, MARK),
    ),
  );

describe('VLAN ids of two zones', function () {
  this.timeout(60_000);
  let net: Installation;
  before(async () => {
    net = await startInstallation(TOPOLOGY);
    await net.plugAll();
  });
  after(() => net?.stop());

  /** The VMs that hear the mark meanwhile, once for each frame. */
  async function whoHears(send: () => Promise<unknown>): Promise<string[]> {
    const stops = await Promise.all(
      Object.keys(net.lab.ready.vms).map(async (vm) => [vm, await net.lab.capture({ vm })] as const),
    );
    await send();
    await sleep(200);
    const heard = await Promise.all(stops.map(async ([vm, stop]) => [vm, await stop()] as const));
    return heard.flatMap(([vm, frames]) => frames.filter((f) => f.dir === 'in' && isMarked(f.hex)).map(() => vm));
  }

  it('are two networks: each tenant reaches its own, and nobody else', async () => {
    const vms = Object.keys(net.lab.ready.vms);
    const pairs = vms.flatMap((a) => vms.filter((b) => a !== b).map((b) => [a, b] as const));
    for (const [i, result] of (await net.lab.pingMatrix(pairs, { count: 2 })).entries()) {
      const [a, b] = pairs[i] as readonly [string, string];
      const own = a.split('-')[0] === b.split('-')[0];
      expect([result.arrived, own ? result.received : 0], `${a}→${b}`).to.deep.equal(own ? [2, 2] : [0, 0]);
    }
    expect(
      await whoHears(() => net.lab.sendFrames({ vm: 'blue-vm1' }, [packet(1, 2)], { count: COUNT })),
    ).to.deep.equal(Array(COUNT).fill('blue-vm2'));
  });

  it('are isolated by the proof, which knows that one id is two', async () => {
    const { stdout, code } = await kakuri(['verify', '--json', '--api', net.kakuri.api]);
    const { verdict, leaks } = JSON.parse(stdout) as { verdict: string; leaks: unknown[] };
    expect([code, verdict, leaks]).to.deep.equal([0, 'isolated', []]);
  });

  it('are called by their zone’s names in flows', async () => {
    const told = async (host: string) => (await kakuri(['flows', host, '--explain', '--api', net.kakuri.api])).stdout;
    expect(await told('hv1'))
      .to.include('red/web')
      .and.not.include('blue/web');
    expect(await told('hv3'))
      .to.include('blue/web')
      .and.not.include('red/web');
  });

  it('let no VM into the zone where its id is another tenant’s: it gets nothing there, and it is said whose that is', async () => {
    await net.lab.plugLeg('red-vm2', 'hv3');
    await eventually('the collision on status', async () => {
      const { reason, host, state } = (await net.status()).ports.find((p) => p.name === 'red-vm2') ?? {};
      const said = reason?.includes(`VLAN id ${ID} is that of network blue/web in zone east`) === true;
      return said && host === 'hv2' && state === 'installed' ? true : JSON.stringify([reason, host, state]);
    });
    const frames = await whoHears(() => net.lab.sendFrames({ vm: 'blue-vm2' }, [packet(2, 1)], { count: COUNT }));
    expect(frames).to.deep.equal(Array(COUNT).fill('blue-vm1'));
    expect((await net.lab.ping('red-vm1', 'red-vm2', { count: 2 })).received).to.equal(2);
    await net.lab.unplugLeg('red-vm2', 'hv3');
  });

  it('are refused by check, with line and column, where a file lets a VM into the other’s zone', async () => {
    const file = join(dirname(net.lab.ready.topology), 'next.yaml');
    const text = TOPOLOGY.replace('hosts: [hv2]', 'hosts: [hv2, hv3]');
    writeFileSync(file, text);
    const { stderr, code } = await kakuri(['check', file]);
    expect(code).to.equal(2);
    const lines = text.split('\n');
    const line = lines.findIndex((l) => l.startsWith('  blue:')) + 1;
    expect(stderr).to.include(
      `${file}:${line}:${(lines[line - 1] ?? '').indexOf(`${ID}`) + 1}: tunnel key ${ID} is taken by network red/web in zone east`,
    );
    expect(readFileSync(file, 'utf8'), 'the file itself').to.equal(text);
  });
});
