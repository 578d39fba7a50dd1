/**
 * Networks that are VLANs, on real Open vSwitch and a switch that joins the hosts' trunks: tenants with the same MAC and IP
 * addresses, a tunnelled network with the number of a VLAN beside them, and frames of somebody else on the trunk.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { BROADCAST, ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { kakuri } from '../lab/kakuri.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';

const IDS = { red: 101, blue: 102, green: 103 } as const;
const COUNT = 5;
const MARK = Buffer.from('kakuri-test-mark');
const mac = (n: number): string => `02:00:00:00:01:0${n}`;

const port = (name: string, n: number, host: string): string =>
  `${name}: { mac: "${mac(n)}", ips: [192.168.0.${n}], hosts: [${host}] }`;
const network = (more: string, ports: readonly string[]): string =>
  `{ networks: { web: { ${more}, subnets: [192.168.0.0/24], ports: { ${ports.join(', ')} } } } }`;
const vlan = (tenant: keyof typeof IDS, ports: readonly string[]): string =>
  network(`encapsulation: vlan, key: ${IDS[tenant]}`, ports);

const TOPOLOGY = [
  'hosts:',
  ...[1, 2, 3].map((n) => `  hv${n}: { ovsdb: "unix:/run/kakuri/hv${n}/db.sock", vtep: 10.99.0.${n}, trunk: eth1 }`),
  'tenants:',
  ...(['red', 'blue'] as const).map(
    (t) =>
      `  ${t}: ${vlan(t, [port(`${t}-vm1`, 1, 'hv1'), port(`${t}-vm2`, 2, t === 'red' ? 'hv3, hv2' : 'hv2'), port(`${t}-vm3`, 3, 'hv1')])}`,
  ),
  `  green: ${vlan('green', [port('green-vm1', 1, 'hv1'), port('green-vm2', 4, 'hv3')])}`,
  `  violet: ${network(`encapsulation: geneve, key: ${IDS.red}`, [port('violet-vm1', 1, 'hv1'), port('violet-vm2', 2, 'hv2')])}`,
  '',
].join('\n');

const payload = (dst: string): Buffer =>
  ipv4({ src: '192.168.0.2', dst, proto: IP_PROTO.udp }, udp({ sport: 4000, dport: 4001 }, MARK));
const tag = (id: number, rest: Uint8Array, type = 0x8100): Buffer =>
  Buffer.concat([Buffer.from([type >> 8, type & 255, id >> 8, id & 255]), rest]);
const untagged = Buffer.concat([Buffer.from([0x08, 0x00]), payload('192.168.0.1')]);
/** A frame for VM 1 of every tenant, with what follows its addresses. */
const frame = (rest: Uint8Array, src = mac(2), dst = mac(1)): Buffer =>
  Buffer.concat([...[dst, src].map((m) => Buffer.from(m.replaceAll(':', ''), 'hex')), rest]);
/** A frame with the mark; an ICMP error that quotes one is none. */
const isMarked = (hex: string): boolean => hex.includes(MARK.toString('hex')) && !/^.{24}0800.{18}01/.test(hex);

/** The VLAN id of a frame that somebody sent (the kernel hides that of a frame that came). */
const tagOf = (hex: string): number | undefined =>
  hex.slice(24, 28) === '8100' ? Number.parseInt(hex.slice(28, 32), 16) & 0xfff : undefined;

describe('networks as VLANs', function () {
  this.timeout(60_000);
  let net: Installation;
  before(async () => {
    net = await startInstallation(TOPOLOGY);
    await net.plugAll();
  });
  after(() => net?.stop());

  /** What each VM hears of marked frames meanwhile, and each trunk (with the tag), once for each frame. */
  async function whoHears(send: () => Promise<unknown>): Promise<{ vms: string[]; trunks: string[] }> {
    const names = Object.keys(net.lab.ready.vms);
    const vms = await Promise.all(names.map(async (vm) => [vm, await net.lab.capture({ vm })] as const));
    const hosts = await Promise.all(
      ['hv1', 'hv2', 'hv3'].map(async (host) => [host, await net.lab.capture({ host, interface: 'eth1' })] as const),
    );
    await send();
    await sleep(200);
    const heard = async (points: typeof vms, dir: 'in' | 'out', said: (name: string, hex: string) => string) =>
      (await Promise.all(points.map(async ([name, stop]) => [name, await stop()] as const)))
        .flatMap(([name, frames]) =>
          frames.filter((f) => f.dir === dir && isMarked(f.hex)).map((f) => said(name, f.hex)),
        )
        .sort();
    return { vms: await heard(vms, 'in', (vm) => vm), trunks: await heard(hosts, 'out', (host) => host) };
  }

  const inject = (bytes: Buffer) => net.lab.sendFrames({ rogue: true, interface: 'eth1' }, [bytes], { count: COUNT });

  it('reach their own tenants by ping and TCP, and nobody else', async () => {
    const vms = Object.keys(net.lab.ready.vms);
    const pairs = vms.flatMap((a) => vms.filter((b) => a !== b).map((b) => [a, b] as const));
    const tenant = (vm: string) => vm.split('-')[0];
    for (const [i, result] of (await net.lab.pingMatrix(pairs, { count: 2 })).entries()) {
      const [a, b] = pairs[i] as readonly [string, string];
      const own = tenant(a) === tenant(b);
      expect([result.arrived, own ? result.received : 0], `${a}→${b}`).to.deep.equal(own ? [2, 2] : [0, 0]);
    }
    const { connected, bytes } = await net.lab.tcp('red-vm1', 'red-vm2', { bytes: 200_000 });
    expect([connected, bytes]).to.deep.equal([true, 200_000]);
  });

  it('are isolated by the proof, from what the switches hold', async () => {
    const verify = await kakuri(['verify', '--json', '--api', net.kakuri.api]);
    const { verdict, leaks } = JSON.parse(verify.stdout) as { verdict: string; leaks: unknown[] };
    expect([verdict, leaks]).to.deep.equal(['isolated', []]);
  });

  it('carry a broadcast exactly once on the trunk, and to each VM of its network', async () => {
    const all = ethernet(
      { dst: BROADCAST, src: mac(1), type: ETH.ipv4 },
      ipv4(
        { src: '192.168.0.1', dst: '255.255.255.255', proto: IP_PROTO.udp },
        udp({ sport: 4000, dport: 4001 }, MARK),
      ),
    );
    const { vms, trunks } = await whoHears(() => net.lab.sendFrames({ vm: 'red-vm1' }, [all], { count: COUNT }));
    expect(vms).to.deep.equal([...Array(COUNT).fill('red-vm2'), ...Array(COUNT).fill('red-vm3')]);
    expect(trunks).to.deep.equal(Array(COUNT).fill('hv1'));
  });

  it('take a right frame from the trunk, by its id', async () => {
    const { vms } = await whoHears(() => inject(frame(tag(IDS.blue, untagged))));
    expect(vms).to.deep.equal(Array(COUNT).fill('blue-vm1'));
  });

  const forged: readonly (readonly [what: string, bytes: Buffer, reason: string])[] = [
    ['an id that nobody has', frame(tag(999, untagged)), 'trunk_vlan'],
    ['no tag', frame(untagged), 'trunk_untagged'],
    ['a priority alone', frame(tag(0, untagged)), 'trunk_untagged'],
    ['a MAC address that is no port', frame(tag(IDS.red, untagged), '02:00:00:00:01:99'), 'trunk_source'],
    ['the MAC address of a VM that is here (a loop)', frame(tag(IDS.red, untagged), mac(3)), 'trunk_source'],
    ['a MAC address of another tenant', frame(tag(IDS.red, untagged), mac(4)), 'trunk_source'],
    ['two tags', frame(tag(IDS.red, tag(IDS.blue, untagged))), 'trunk_double_tag'],
    ['two tags, to everybody', frame(tag(IDS.red, tag(IDS.blue, untagged)), mac(2), BROADCAST), 'trunk_double_tag'],
    ['an 802.1ad tag inside', frame(tag(IDS.red, tag(IDS.blue, untagged, 0x88a8))), 'trunk_double_tag'],
  ];
  it('drop and count frames of the trunk that are nobody’s', async () => {
    const expected: Record<string, number> = {};
    for (const [, , reason] of forged) expected[reason] = (expected[reason] ?? 0) + COUNT;
    let heard: string[] = [];
    const drops = await net.dropped('hv1', async () => {
      heard = (
        await whoHears(async () => {
          for (const [, bytes] of forged) await inject(bytes);
        })
      ).vms;
    });
    expect(heard).to.deep.equal([]);
    expect(drops).to.include(expected);
  });

  it('do not let a VM send a tag', async () => {
    const own = frame(tag(IDS.blue, untagged), mac(1), mac(2));
    const drops = await net.dropped('hv1', async () => {
      const { vms, trunks } = await whoHears(() => net.lab.sendFrames({ vm: 'red-vm1' }, [own], { count: COUNT }));
      expect([vms, trunks]).to.deep.equal([[], []]);
    });
    expect(drops.vlan_tagged).to.equal(COUNT);
  });

  it('never send back to the trunk what came by it', async () => {
    const all = frame(tag(IDS.red, untagged), mac(2), BROADCAST);
    const { vms, trunks } = await whoHears(() => inject(all));
    expect(trunks).to.deep.equal([]);
    expect(vms).to.deep.equal([...Array(COUNT).fill('red-vm1'), ...Array(COUNT).fill('red-vm3')]);
  });

  it('show the id on the trunk, and in a trace', async () => {
    const stop = await net.lab.capture({ host: 'hv1', interface: 'eth1' });
    await net.lab.ping('red-vm1', 'red-vm2');
    const tags = (await stop()).filter((f) => f.dir === 'out').map((f) => tagOf(f.hex));
    expect(new Set(tags)).to.deep.equal(new Set([IDS.red]));
    const { stdout, code } = await kakuri(['trace', 'red-vm1', 'red-vm2', '--api', net.kakuri.api]);
    expect(stdout).to.include('by trunk eth1 to hv2').and.to.include('delivered to red/web/red-vm2 on hv2');
    expect(code).to.equal(0);
  });

  it('are followed by a VM that migrates: TCP goes on, and the switches of the VLAN learn where it is', async () => {
    const movedTo = (host: string, migratingTo?: string) =>
      eventually(`red-vm2 on ${host}, migrating to ${migratingTo}`, async () => {
        const found = (await net.status()).ports.find((p) => p.name === 'red-vm2');
        const right = found?.host === host && found.migratingTo === migratingTo && found.state === 'installed';
        return right ? true : JSON.stringify(found);
      });
    await net.lab.plugLeg('red-vm2', 'hv3');
    await movedTo('hv2', 'hv3');
    const tcp = net.lab.tcp('red-vm1', 'red-vm2', { seconds: 3 });
    const stopPing = await net.lab.startPing('red-vm1', 'red-vm2');
    await sleep(300);
    await net.lab.cutOver('red-vm2', 'hv3');
    await movedTo('hv3');
    const { sent, received } = await stopPing();
    expect(sent - received).to.be.at.most(50);
    const { connected, bytes, sent: octets } = await tcp;
    expect(connected).to.equal(true);
    expect(bytes).to.equal(octets).and.to.be.greaterThan(100_000);
    await net.lab.unplugLeg('red-vm2', 'hv2');
    expect((await net.lab.ping('red-vm1', 'red-vm2', { count: 3 })).received).to.equal(3);
  });

  it('become tunnels and VLANs again while they are in use, and the trunk goes off the bridge with its last network', async () => {
    const before = await net.status();
    const file = net.lab.ready.topology;
    const text = readFileSync(file, 'utf8');
    const next = JSON.parse(text) as {
      tenants: Record<string, { networks: { web: { encapsulation: string; key: number } } }>;
    };
    for (const { networks } of Object.values(next.tenants))
      if (networks.web.encapsulation === 'vlan')
        Object.assign(networks.web, { encapsulation: 'geneve', key: networks.web.key + 1000 });
    writeFileSync(file, JSON.stringify(next));
    const trunk = async () => (await net.lab.vsctl('hv1', 'list-ports', 'br-int')).stdout.split('\n').includes('eth1');
    await eventually('no trunk on br-int', async () => ((await trunk()) ? 'eth1 is there' : true));
    await net.ready(before.ports.filter((p) => p.state === 'installed').map((p) => p.name));
    expect((await net.lab.ping('red-vm1', 'red-vm2', { count: 2 })).received).to.equal(2);
    writeFileSync(file, text);
    await eventually('the trunk on br-int', async () => ((await trunk()) ? true : 'no eth1'));
    await eventually('red by the trunk', async () => {
      const stop = await net.lab.capture({ host: 'hv1', interface: 'eth1' });
      await net.lab.ping('red-vm1', 'red-vm2', { timeout: 0.5 });
      return (await stop()).some((f) => tagOf(f.hex) === IDS.red) ? true : 'no tagged frame';
    });
  });
});
