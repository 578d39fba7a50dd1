/**
 * Networks of IP tunnels (no Ethernet between the hosts), on real Open vSwitch: tenants with the same MAC and IP addresses,
 * a GRE network between the same hosts beside them, and packets of somebody else.
 */
import { expect } from 'chai';
import { arp, BROADCAST, ETH, ethernet, gre, IP_PROTO, ipv4, routed, udp } from '../lab/frames.js';
import { ipv6, udp6 } from '../lab/ipv6.js';
import { kakuri } from '../lab/kakuri.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';

const KEYS = { red: 101, blue: 102, green: 103, violet: 104 } as const;
const COUNT = 5;
const MARK = Buffer.from('kakuri-test-mark');
const mac = (n: number): string => `02:00:00:00:01:0${n}`;
const ip = (n: number): string => `192.168.0.${n}`;
const ip6 = (n: number): string => `fd00:1::${n}`;

const port = (name: string, n: number, hosts: string): string =>
  `${name}: { mac: "${mac(n)}", ips: [${ip(n)}, "${ip6(n)}"], hosts: [${hosts}] }`;
const network = (tenant: keyof typeof KEYS, encapsulation: string, ports: readonly string[]): string =>
  `  ${tenant}: { networks: { web: { encapsulation: ${encapsulation}, key: ${KEYS[tenant]}, subnets: [192.168.0.0/24, "fd00:1::/64"], ports: { ${ports.join(', ')} } } } }`;

const topology = (tunnels: 'mesh' | 'flow'): string =>
  [
    `underlay: { tunnels: ${tunnels} }`,
    'hosts:',
    ...[1, 2, 3].map((n) => `  hv${n}: { ovsdb: "unix:/run/kakuri/hv${n}/db.sock", vtep: 10.99.0.${n} }`),
    'tenants:',
    ...(['red', 'blue'] as const).map((t) =>
      network(t, 'ip-tunnel', [
        port(`${t}-vm1`, 1, 'hv1'),
        port(`${t}-vm2`, 2, t === 'red' ? 'hv3, hv2' : 'hv2'),
        port(`${t}-vm3`, 3, 'hv1'),
        ...(t === 'red' ? [port('red-vm5', 5, 'hv2')] : []),
      ]),
    ),
    network('green', 'ip-tunnel', [port('green-vm1', 1, 'hv1'), port('green-vm2', 4, 'hv3')]),
    network('violet', 'gre', [port('violet-vm1', 1, 'hv1'), port('violet-vm2', 2, 'hv2')]),
    '',
  ].join('\n');

const datagram = udp({ sport: 4000, dport: 4001 }, MARK);
/** An IP packet for VM 1, of VM 2 unless told. */
const packet = (src = ip(2), dst = ip(1)): Buffer => ipv4({ src, dst, proto: IP_PROTO.udp }, datagram);
const packet6 = (src = ip6(2), dst = ip6(1)): Buffer =>
  ipv6({ src, dst, next: IP_PROTO.udp }, udp6({ sport: 4000, dport: 4001 }, MARK, { src, dst }));
/** A frame of VM 1, for VM 2 unless told. */
const frame = (payload: Uint8Array, { dst = mac(2), src = mac(1), type = ETH.ipv4 as number } = {}): Buffer =>
  ethernet({ dst, src, type }, payload);
/** A frame with the mark; an ICMP error that quotes one is none. */
const isMarked = (hex: string): boolean =>
  hex.includes(MARK.toString('hex')) && !/^.{24}(0800.{18}01|86dd.{12}3a)/.test(hex);
const times = (name: string): string[] => Array(COUNT).fill(name);

for (const tunnels of ['mesh', 'flow'] as const)
  describe(`networks of IP tunnels, ${tunnels}`, function () {
    this.timeout(90_000);
    let net: Installation;
    before(async () => {
      net = await startInstallation(topology(tunnels));
      await net.plugAll();
    });
    after(() => net?.stop());

    /** The VMs that hear marked frames meanwhile, once for each frame; and what they hear. */
    async function whoHears(send: () => Promise<unknown>): Promise<{ vms: string[]; frames: string[] }> {
      const stops = await Promise.all(
        Object.keys(net.lab.ready.vms).map(async (vm) => [vm, await net.lab.capture({ vm })] as const),
      );
      await send();
      await sleep(200);
      const heard = await Promise.all(stops.map(async ([vm, stop]) => [vm, await stop()] as const));
      const marked = heard.flatMap(([vm, frames]) =>
        frames.filter((f) => f.dir === 'in' && isMarked(f.hex)).map((f) => [vm, f.hex] as const),
      );
      return { vms: marked.map(([vm]) => vm).sort(), frames: marked.map(([, hex]) => hex) };
    }

    /** Somebody on the underlay sends to hv1, as if from a VTEP. */
    async function inject(tunnelled: Buffer, from = '10.99.0.2'): Promise<void> {
      const dst = net.lab.ready.hosts.hv1?.mac as string;
      const whole = ipv4({ src: from, dst: '10.99.0.1', proto: IP_PROTO.gre }, tunnelled);
      const outer = ethernet({ dst, src: net.lab.ready.rogue.mac, type: ETH.ipv4 }, whole);
      await net.lab.sendFrames({ rogue: true }, [outer], { count: COUNT });
    }
    const send = (from: string, bytes: Buffer) =>
      whoHears(() => net.lab.sendFrames({ vm: from }, [bytes], { count: COUNT }));

    it('reach their own tenants by ping, IPv6 ping and TCP, and nobody else', async () => {
      const vms = Object.keys(net.lab.ready.vms);
      const pairs = vms.flatMap((a) => vms.filter((b) => a !== b).map((b) => [a, b] as const));
      const tenant = (vm: string) => vm.split('-')[0];
      for (const [i, result] of (await net.lab.pingMatrix(pairs, { count: 2 })).entries()) {
        const [a, b] = pairs[i] as readonly [string, string];
        const own = tenant(a) === tenant(b);
        expect([result.arrived, own ? result.received : 0], `${a}→${b}`).to.deep.equal(own ? [2, 2] : [0, 0]);
      }
      const { stdout } = await net.lab.shell({ vm: 'red-vm1' }, `ping -6 -c 3 -i 0.2 -W 3 ${ip6(2)}`, { timeout: 20 });
      expect(stdout).to.include(' 0% packet loss');
      for (const to of [ip(2), ip6(2)]) {
        const { connected, bytes } = await net.lab.tcp('red-vm1', 'red-vm2', { bytes: 200_000, ip: to });
        expect([connected, bytes], to).to.deep.equal([true, 200_000]);
      }
    });

    it('deliver a frame as it was sent, and carry no Ethernet between the hosts', async () => {
      const underlay = await net.lab.capture({ host: 'hv1', interface: 'up0' });
      const sent = frame(packet(ip(1), ip(2)));
      const { vms, frames } = await send('red-vm1', sent);
      expect(vms).to.deep.equal(times('red-vm2'));
      expect(new Set(frames)).to.deep.equal(new Set([sent.toString('hex')]));
      const outer = (await underlay()).filter((f) => f.dir === 'out' && isMarked(f.hex)).map((f) => f.hex);
      expect(outer).to.have.length(COUNT);
      for (const hex of outer) {
        // GRE with a key around IPv4, the key, and 28 octets before the VM's IP header.
        expect(hex.slice(2 * 34, 2 * 42)).to.equal(`20000800${KEYS.red.toString(16).padStart(8, '0')}`);
        expect(hex.slice(2 * 42)).to.equal(packet(ip(1), ip(2)).toString('hex'));
      }
    });

    it('are isolated by the proof, from what the switches hold', async () => {
      const { stdout } = await kakuri(['verify', '--json', '--api', net.kakuri.api]);
      const { verdict, leaks } = JSON.parse(stdout) as { verdict: string; leaks: unknown[] };
      expect([verdict, leaks]).to.deep.equal(['isolated', []]);
    });

    it('show their way in a trace', async () => {
      const { stdout, code } = await kakuri(['trace', 'red-vm1', 'red-vm2', '--api', net.kakuri.api]);
      expect(stdout).to.include('to hv2').and.to.include('delivered to red/web/red-vm2 on hv2');
      expect(code, stdout).to.equal(0);
    });

    it('take a right packet from a tunnel, and give it both MAC addresses of the topology', async () => {
      for (const [inner, type] of [
        [packet(), ETH.ipv4],
        [packet6(), ETH.ipv6],
      ] as const) {
        const { vms, frames } = await whoHears(() => inject(routed(KEYS.blue, inner, type)));
        expect(vms).to.deep.equal(times('blue-vm1'));
        expect(new Set(frames)).to.deep.equal(
          new Set([frame(inner, { dst: mac(1), src: mac(2), type }).toString('hex')]),
        );
      }
    });

    const L2 = frame(packet(), { dst: mac(1), src: mac(2) });
    const forged: readonly (readonly [what: string, tunnelled: Buffer, reason: string, from?: string])[] = [
      ['a key that nobody has', routed(999, packet()), 'tunnel_key'],
      ['key 0', routed(0, packet()), 'tunnel_key_zero'],
      ['the key of the GRE network', routed(KEYS.violet, packet()), 'tunnel_key'],
      ['the key of an IP tunnel around Ethernet', gre(KEYS.red, L2), 'tunnel_key'],
      ['the key of a network that is not on that host', routed(KEYS.red, packet()), 'tunnel_key', '10.99.0.3'],
      ['the address of no VM', routed(KEYS.red, packet(ip(9))), 'routed_source'],
      ['the address of a VM that is here', routed(KEYS.red, packet(ip(3))), 'routed_source'],
      ['the address of a VM on another host', routed(KEYS.green, packet(ip(4)), ETH.ipv4), 'tunnel_key'],
      ['the IPv6 address of no VM', routed(KEYS.red, packet6(ip6(9)), ETH.ipv6), 'routed_source'],
      ['a destination that is not here', routed(KEYS.red, packet(ip(2), ip(4))), 'routed_destination'],
      ['a destination that is all', routed(KEYS.red, packet(ip(2), '255.255.255.255')), 'routed_destination'],
      ['a group as destination', routed(KEYS.red, packet6(ip6(2), 'ff02::1'), ETH.ipv6), 'routed_destination'],
      [
        'ARP',
        routed(KEYS.red, Buffer.concat([arp({ op: 1, sha: mac(2), spa: ip(2), tpa: ip(1) }), MARK]), ETH.arp),
        'routed_protocol',
      ],
    ];
    for (const [what, bytes, reason, from] of forged)
      it(`drop and count packets of a tunnel with ${what}`, async () => {
        let heard: string[] = [];
        const drops = await net.dropped('hv1', async () => {
          heard = (await whoHears(() => inject(bytes, from))).vms;
        });
        await net.lab.warm('hv1');
        expect(heard).to.deep.equal([]);
        expect(drops[reason]).to.equal(COUNT);
      });

    it('take nothing from an address that is no host', async () => {
      expect((await whoHears(() => inject(routed(KEYS.red, packet()), '10.99.0.77'))).vms).to.deep.equal([]);
    });

    it('keep broadcasts on their host, and count them', async () => {
      const all = frame(packet(ip(1), '255.255.255.255'), { dst: BROADCAST });
      let heard: string[] = [];
      const drops = await net.dropped('hv1', async () => {
        heard = (await send('red-vm1', all)).vms;
      });
      expect(heard).to.deep.equal(times('red-vm3'));
      expect(drops.routed_broadcast).to.equal(COUNT);
    });

    const refused: readonly (readonly [what: string, bytes: Buffer, reason: string])[] = [
      [
        'ARP for nobody, to one VM',
        frame(Buffer.concat([arp({ op: 1, sha: mac(1), spa: ip(1), tpa: ip(9) }), MARK]), { type: ETH.arp }),
        'not_routed',
      ],
      ['IP for an address that is not of that MAC address', frame(packet(ip(1), ip(9))), 'not_routed'],
      ["another's address", frame(packet(ip(3), ip(2))), 'ip_spoof'],
      ["another's MAC address", frame(packet(ip(1), ip(2)), { src: mac(3) }), 'mac_spoof'],
      ['a MAC address that the network does not have', frame(packet(ip(1), ip(4)), { dst: mac(4) }), 'unknown_unicast'],
    ];
    for (const [what, bytes, reason] of refused)
      it(`drop and count a VM's ${what}`, async () => {
        let heard: string[] = [];
        const drops = await net.dropped('hv1', async () => {
          heard = (await send('red-vm1', bytes)).vms;
        });
        expect(heard).to.deep.equal([]);
        expect(drops[reason]).to.equal(COUNT);
      });

    it('send to both ends of a migration, from elsewhere and from the host where it begins', async () => {
      const { tap } = await net.lab.plugLeg('red-vm2', 'hv3');
      const migratingTo = async () => (await net.status()).ports.find((p) => p.ifaceId === 'red-vm2')?.migratingTo;
      await eventually('red-vm2 to migrate', async () => ((await migratingTo()) === 'hv3' ? true : 'not yet'));
      const taps = [
        ['hv2', net.lab.ready.vms['red-vm2']?.tap],
        ['hv3', tap],
      ] as const;
      /** What the guard let out by each tap, of one kind of packet. */
      const counted = () =>
        Promise.all(
          taps.map(async ([host, name]) =>
            (await net.lab.flows(host))
              .filter((f) => f.includes(`output:"${name}"`) && f.includes('table=guard') && f.includes('nw_dst='))
              .reduce((sum, f) => sum + Number(/n_packets=(\d+)/.exec(f)?.[1] ?? 0), 0),
          ),
        );
      for (const n of [1, 5]) {
        await eventually(`copies of red-vm${n} at both ends`, async () => {
          await sleep(700);
          const before = await counted();
          const bytes = frame(packet(ip(n), ip(2)), { src: mac(n) });
          await net.lab.sendFrames({ vm: `red-vm${n}` }, [bytes], { count: COUNT });
          await sleep(700);
          const grown = (await counted()).map((count, i) => count - (before[i] ?? 0));
          return grown.every((count) => count === COUNT) ? true : grown.join(' ');
        });
      }
      await net.lab.unplugLeg('red-vm2', 'hv3');
      await eventually('no migration', async () => ((await migratingTo()) === undefined ? true : 'still'));
    });

    it('follow a VM that migrates', async () => {
      await net.lab.move('red-vm2', 'hv3');
      await eventually('red-vm2 on hv3', async () => {
        const { received } = await net.lab.ping('red-vm1', 'red-vm2', { count: 2, timeout: 0.5 });
        return received === 2 ? true : `${received} of 2`;
      });
      const { stdout } = await net.lab.shell({ vm: 'red-vm2' }, `ping -6 -c 2 -i 0.2 -W 3 ${ip6(1)}`, { timeout: 20 });
      expect(stdout).to.include(' 0% packet loss');
      const drops = await net.dropped('hv1', async () => {
        expect((await whoHears(() => inject(routed(KEYS.red, packet())))).vms, 'from where it was').to.deep.equal([]);
      });
      await net.lab.warm('hv1');
      expect(drops.routed_source).to.equal(COUNT);
    });
  });
