/**
 * Several encapsulations at once on one host, GRE and NVGRE with one tunnel port between them, each network with its own;
 * and VMs that speak tunnel protocols themselves, towards the hypervisors.
 */
import { expect } from 'chai';
import { ETH, ethernet, geneve, gre, IP_PROTO, ipv4, type TunnelKind, udp, vxlan } from '../lab/frames.js';
import { parseFrame } from '../lab/parse-frame.js';
import { type Installation, sleep, startInstallation } from './installation.js';

/** Tenant, encapsulation, key; the key as its tunnel header has it. */
const NETWORKS = [
  ['red', 'geneve', 101, 101],
  ['blue', 'vxlan', 102, 102],
  ['green', 'gre', 0x12345678, 0x12345678],
  ['violet', 'nvgre', 104, 104 << 8],
] as const;
const MARK = Buffer.from('kakuri-test-mark');
const COUNT = 5;

const topology = (tunnels: 'mesh' | 'flow'): string =>
  [
    `underlay: { tunnels: ${tunnels}, tos: 8, ttl: 33, csum: true, df: false }`,
    'hosts:',
    ...[1, 2].map((n) => `  hv${n}: { ovsdb: "unix:/run/kakuri/hv${n}/db.sock", vtep: 10.99.0.${n} }`),
    'tenants:',
    ...NETWORKS.flatMap(([tenant, encapsulation, key]) => [
      `  ${tenant}: { networks: { web: { encapsulation: ${encapsulation}, key: ${key}, subnets: [192.168.0.0/24], ports: {`,
      ...[1, 2].map(
        (n) =>
          `    ${tenant}-vm${n}: { mac: "02:00:00:00:01:0${n}", ips: [192.168.0.${n}], hosts: [hv${n}] }${n === 1 ? ',' : ' } } } }'}`,
      ),
    ]),
    '',
  ].join('\n');

describe('several encapsulations on one host', function () {
  this.timeout(60_000);
  let net: Installation;
  before(async () => {
    net = await startInstallation(topology('mesh'));
    await net.plugAll();
  });
  after(() => net?.stop());

  it('carry each network in its own, with its own key, and reach nobody else', async () => {
    const vms = Object.keys(net.lab.ready.vms);
    const pairs = vms.flatMap((a) => vms.filter((b) => a !== b).map((b) => [a, b] as const));
    const underlay = await net.lab.capture({ underlay: 'hv1' });
    const results = await net.lab.pingMatrix(pairs, { count: 2 });
    const tenant = (vm: string) => vm.split('-')[0];
    for (const [i, [a, b]] of pairs.entries())
      expect(results[i]?.arrived, `${a}→${b}`).to.equal(tenant(a) === tenant(b) ? 2 : 0);
    const seen = new Set(
      (await underlay())
        .map((f) => parseFrame(f.hex).tunnel)
        .flatMap((t) => (t?.inner.icmp === undefined ? [] : [`${t.kind} ${t.key}`])),
    );
    expect([...seen].sort()).to.deep.equal(
      NETWORKS.map(([, kind, , key]) => `${kind === 'nvgre' ? 'gre' : kind} ${key}`).sort(),
    );
  });

  it('have the header options of the topology', async () => {
    const underlay = await net.lab.capture({ underlay: 'hv1' });
    await net.lab.ping('red-vm1', 'red-vm2');
    await net.lab.ping('blue-vm1', 'blue-vm2');
    const heads = (await underlay())
      .map((f) => Buffer.from(f.hex, 'hex'))
      .filter((b) => parseFrame(b).tunnel?.inner.icmp !== undefined)
      .map((b) => ({ tos: b[15], ttl: b[22], df: ((b[20] ?? 0) & 0x40) !== 0, csum: b.readUInt16BE(40) !== 0 }));
    expect(heads).to.have.length(4);
    for (const head of heads) expect(head).to.deep.equal({ tos: 8, ttl: 33, df: false, csum: true });
  });

  const spoken: readonly (readonly [what: string, kind: TunnelKind, payload: Buffer])[] = [
    ['Geneve', 'geneve', geneve(102, MARK)],
    ['VXLAN', 'vxlan', vxlan(102, MARK)],
    ['GRE', 'gre', gre(0x12345678, MARK)],
  ];
  for (const [what, kind, payload] of spoken)
    it(`do not carry a VM's own ${what} packet to a hypervisor`, async () => {
      const packet = ipv4(
        { src: '192.168.0.1', dst: '10.99.0.2', proto: kind === 'gre' ? IP_PROTO.gre : IP_PROTO.udp },
        kind === 'gre' ? payload : udp({ sport: 4000, dport: kind === 'geneve' ? 6081 : 4789 }, payload),
      );
      const to = (dst: string) => ethernet({ dst, src: '02:00:00:00:01:01', type: ETH.ipv4 }, packet);
      const vtepMac = net.lab.ready.hosts.hv2?.mac as string;
      const watched = Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'red-vm1');
      const captures = await Promise.all(watched.map(async (vm) => [vm, await net.lab.capture({ vm })] as const));
      const underlay = await net.lab.capture({ underlay: 'hv1' });
      const drops = await net.dropped('hv1', async () => {
        await net.lab.sendFrames({ vm: 'red-vm1' }, [to(vtepMac)], { count: COUNT });
        await net.lab.sendFrames({ vm: 'red-vm1' }, [to('ff:ff:ff:ff:ff:ff')], { count: COUNT });
      });
      await sleep(100);
      const heard = await Promise.all(captures.map(async ([vm, stop]) => [vm, await stop()] as const));
      const marked = (hex: string) => hex.includes(MARK.toString('hex'));
      // A broadcast is heard by the sender's own network, as any other; nobody takes it for a tunnel packet.
      expect(heard.flatMap(([vm, frames]) => frames.filter((f) => marked(f.hex)).map(() => vm))).to.deep.equal(
        Array(COUNT).fill('red-vm2'),
      );
      expect(drops.unknown_unicast).to.equal(COUNT);
      const onTheWire = (await underlay()).filter((f) => marked(f.hex)).map((f) => parseFrame(f.hex).tunnel);
      expect(onTheWire.map((t) => `${t?.kind} ${t?.key}`)).to.deep.equal(Array(COUNT).fill('geneve 101'));
    });
});
