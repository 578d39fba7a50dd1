/**
 * Isolation with packets, on real Open vSwitch, for every encapsulation and both tunnel modes: for each rule a packet that
 * passes and one that is dropped and counted.
 */
import { expect } from 'chai';
import type { Encapsulation } from '../../src/topology/index.js';
import {
  arp,
  arpRequest,
  BROADCAST,
  type Endpoint,
  ETH,
  ethernet,
  IP_PROTO,
  ipv4,
  tunnelFrame,
  udp,
} from '../lab/frames.js';
import { type Frame, parseFrame } from '../lab/parse-frame.js';
import { type Installation, sleep, startInstallation } from './installation.js';
import { KEYS, networks, vtep } from './networks.js';

const vm = (n: number): Endpoint => ({ mac: `02:00:00:00:01:0${n}`, ip: `192.168.0.${n}` });
const COUNT = 5;
/** A payload that marks a frame as this test's. */
const MARK = Buffer.from('kakuri-test-mark');

const marked = (from: Endpoint, to: Endpoint): Buffer =>
  ethernet(
    { dst: to.mac, src: from.mac, type: ETH.ipv4 },
    ipv4({ src: from.ip, dst: to.ip, proto: IP_PROTO.udp }, udp({ sport: 4000, dport: 4001 }, MARK)),
  );
const broadcast = (from: Endpoint): Buffer =>
  ethernet(
    { dst: BROADCAST, src: from.mac, type: ETH.ipv4 },
    ipv4({ src: from.ip, dst: '255.255.255.255', proto: IP_PROTO.udp }, udp({ sport: 4000, dport: 4001 }, MARK)),
  );

const isMarked = (hex: string): boolean => hex.includes(MARK.toString('hex'));

export interface Variant {
  readonly encapsulation: Exclude<Encapsulation, 'vlan' | 'ip-tunnel'>;
  readonly tunnels: 'mesh' | 'flow';
  /** Of the VTEPs. */
  readonly family?: 'ipv4' | 'ipv6';
}

/** The GRE key, or VNI, of a network's key. */
const onTheWire = (encapsulation: Encapsulation, key: number, flowId = 0): number =>
  encapsulation === 'nvgre' ? key * 256 + flowId : key;

/** All tests of one variant. */
export function describeIsolation({ encapsulation, tunnels, family = 'ipv4' }: Variant): void {
  describe(`isolation: ${encapsulation}, ${tunnels}${family === 'ipv6' ? ', IPv6 VTEPs' : ''}`, function () {
    this.timeout(60_000);
    let net: Installation;
    const wire = (key: number) => onTheWire(encapsulation, key);
    const others = (name: string) => Object.keys(net.lab.ready.vms).filter((v) => v !== name);

    /** Sends frames while every other VM records; the names of those that got marked frames, once for each frame. */
    async function whoHears(sender: string, send: () => Promise<unknown>): Promise<string[]> {
      const stops = await Promise.all(others(sender).map(async (v) => [v, await net.lab.capture({ vm: v })] as const));
      await send();
      await sleep(150);
      const heard = await Promise.all(stops.map(async ([v, stop]) => [v, await stop()] as const));
      return heard
        .flatMap(([v, frames]) => frames.filter((f) => f.dir === 'in' && isMarked(f.hex)).map(() => v))
        .sort();
    }

    /** A tunnel packet on the underlay, towards hv1, from any VTEP with any key. */
    const inject = (from: string, key: number, inner: Buffer) =>
      net.lab.sendFrames(
        { rogue: true },
        [
          tunnelFrame(
            {
              kind: encapsulation === 'nvgre' ? 'gre' : encapsulation,
              key,
              from: { ip: from, mac: net.lab.ready.rogue.mac },
              to: { ip: vtep(1, family), mac: net.lab.ready.hosts.hv1?.mac as string },
            },
            inner,
          ),
        ],
        { count: COUNT },
      );

    before(async () => {
      net = await startInstallation(networks({ encapsulation, tunnels, family }));
      await net.plugAll();
    });
    after(() => net?.stop());

    it('reaches its own network by ping and TCP, on this host and across hosts', async () => {
      const pairs = [
        ['red-vm1', 'red-vm2'],
        ['red-vm2', 'red-vm1'],
        ['red-vm1', 'red-vm3'],
        ['blue-vm1', 'blue-vm2'],
        ['green-vm1', 'green-vm2'],
      ] as const;
      for (const [i, result] of (await net.lab.pingMatrix(pairs, { count: 3 })).entries())
        expect(result.received, pairs[i]?.join('→')).to.equal(3);
      const { connected, bytes } = await net.lab.tcp('red-vm1', 'red-vm2', { bytes: 200_000 });
      expect(connected).to.equal(true);
      expect(bytes).to.equal(200_000);
    });

    it('reaches nobody of another tenant, though the addresses are the same', async () => {
      expect(
        await whoHears('red-vm1', () =>
          net.lab.sendFrames({ vm: 'red-vm1' }, [marked(vm(1), vm(2))], { count: COUNT }),
        ),
      ).to.deep.equal(Array(COUNT).fill('red-vm2'));
      expect(
        await whoHears('blue-vm2', () =>
          net.lab.sendFrames({ vm: 'blue-vm2' }, [marked(vm(2), vm(1))], { count: COUNT }),
        ),
      ).to.deep.equal(Array(COUNT).fill('blue-vm1'));
    });

    it('drops and counts what goes to an address its network does not have', async () => {
      const drops = await net.dropped('hv1', async () => {
        expect(
          await whoHears('red-vm1', () =>
            net.lab.sendFrames({ vm: 'red-vm1' }, [marked(vm(1), vm(4))], { count: COUNT }),
          ),
        ).to.deep.equal([]);
      });
      expect(drops.unknown_unicast).to.equal(COUNT);
    });

    const forged: [string, Buffer, string][] = [
      ['MAC', marked({ ...vm(1), mac: '02:00:00:00:01:09' }, vm(2)), 'mac_spoof'],
      ['IPv4 address', marked({ ...vm(1), ip: '192.168.0.3' }, vm(2)), 'ip_spoof'],
      [
        'ARP sender IP',
        Buffer.concat([
          ethernet(
            { dst: vm(2).mac, src: vm(1).mac, type: ETH.arp },
            arp({ op: 2, sha: vm(1).mac, spa: '192.168.0.3', tpa: vm(2).ip }),
          ),
          MARK,
        ]),
        'arp_spoof',
      ],
      [
        'ARP sender MAC',
        Buffer.concat([
          ethernet(
            { dst: vm(2).mac, src: vm(1).mac, type: ETH.arp },
            arp({ op: 2, sha: vm(3).mac, spa: vm(1).ip, tpa: vm(2).ip }),
          ),
          MARK,
        ]),
        'arp_spoof',
      ],
      [
        'VLAN tag',
        ethernet(
          { dst: vm(2).mac, src: vm(1).mac, type: 0x8100 },
          Buffer.concat([Buffer.from('00050800', 'hex'), marked(vm(1), vm(2)).subarray(14)]),
        ),
        'vlan_tagged',
      ],
      ['protocol (LLDP)', ethernet({ dst: vm(2).mac, src: vm(1).mac, type: 0x88cc }, MARK), 'ethertype'],
    ];
    for (const [what, frame, reason] of forged)
      it(`drops and counts a VM's forged ${what}`, async () => {
        const drops = await net.dropped('hv1', async () => {
          expect(
            await whoHears('red-vm1', () => net.lab.sendFrames({ vm: 'red-vm1' }, [frame], { count: COUNT })),
          ).to.deep.equal([]);
        });
        expect(drops[reason], JSON.stringify(drops)).to.equal(COUNT);
      });

    it('passes a right ARP reply to one VM, and answers questions itself, on this host', async () => {
      const reply = Buffer.concat([
        ethernet(
          { dst: vm(2).mac, src: vm(1).mac, type: ETH.arp },
          arp({ op: 2, sha: vm(1).mac, spa: vm(1).ip, tha: vm(2).mac, tpa: vm(2).ip }),
        ),
        MARK,
      ]);
      expect(await whoHears('red-vm1', () => net.lab.sendFrames({ vm: 'red-vm1' }, [reply]))).to.deep.equal([
        'red-vm2',
      ]);
      const underlay = await net.lab.capture({ underlay: 'hv1' });
      const own = await net.lab.capture({ vm: 'red-vm1' });
      await net.lab.sendFrames({ vm: 'red-vm1' }, [arpRequest(vm(1).mac, vm(1).ip, vm(2).ip)]);
      await sleep(150);
      const answers = (await own())
        .filter((f) => f.dir === 'in')
        .map((f) => parseFrame(f.hex))
        .filter((f) => f.arp?.op === 2);
      expect(answers.map((f) => [f.eth.src, f.eth.dst, f.arp?.sha, f.arp?.spa, f.arp?.tha, f.arp?.tpa])).to.deep.equal([
        [vm(2).mac, vm(1).mac, vm(2).mac, vm(2).ip, vm(1).mac, vm(1).ip],
      ]);
      const tunnelled = (await underlay())
        .map((f) => parseFrame(f.hex))
        .filter((f) => f.tunnel?.inner.arp !== undefined);
      expect(tunnelled).to.deep.equal([]);
    });

    it('drops and counts an announcement of an address, which nobody needs', async () => {
      const drops = await net.dropped('hv1', () =>
        net.lab.sendFrames({ vm: 'red-vm1' }, [arpRequest(vm(1).mac, vm(1).ip, vm(1).ip)], { count: COUNT }),
      );
      expect(drops.arp_announcement).to.equal(COUNT);
    });

    it('brings a broadcast to exactly the other ports of its network, once each', async () => {
      expect(await whoHears('red-vm1', () => net.lab.sendFrames({ vm: 'red-vm1' }, [broadcast(vm(1))]))).to.deep.equal([
        'red-vm2',
        'red-vm3',
      ]);
      expect(await whoHears('red-vm2', () => net.lab.sendFrames({ vm: 'red-vm2' }, [broadcast(vm(2))]))).to.deep.equal([
        'red-vm1',
        'red-vm3',
      ]);
      expect(
        await whoHears('green-vm2', () => net.lab.sendFrames({ vm: 'green-vm2' }, [broadcast(vm(4))])),
      ).to.deep.equal(['green-vm1']);
    });

    if (encapsulation === 'nvgre')
      it('takes any FlowID, and sends one', async () => {
        const underlay = await net.lab.capture({ underlay: 'hv2' });
        const key = onTheWire('nvgre', KEYS.red, 0x5a);
        expect(await whoHears('red-vm2', () => inject(vtep(2, family), key, marked(vm(2), vm(1))))).to.deep.equal(
          Array(COUNT).fill('red-vm1'),
        );
        await net.lab.warm('hv1');
        expect((await net.lab.ping('red-vm2', 'red-vm1')).received).to.equal(1);
        const sent = (await underlay()).filter((f) => f.dir === 'in').map((f) => parseFrame(f.hex).tunnel);
        expect(new Set(sent.filter((t) => t?.inner.icmp !== undefined).map((t) => t?.key))).to.deep.equal(
          new Set([onTheWire('nvgre', KEYS.red)]),
        );
      });

    it('takes a tunnel packet with a right key from a right VTEP, and never sends it on by a tunnel', async () => {
      const underlay = await net.lab.capture({ underlay: 'hv1' });
      expect(await whoHears('red-vm2', () => inject(vtep(2, family), wire(KEYS.red), broadcast(vm(2))))).to.deep.equal(
        [...Array(COUNT).fill('red-vm1'), ...Array(COUNT).fill('red-vm3')].sort(),
      );
      expect(
        await whoHears('red-vm2', () => inject(vtep(2, family), wire(KEYS.red), marked(vm(2), vm(1)))),
      ).to.deep.equal(Array(COUNT).fill('red-vm1'));
      const drops = await net.dropped('hv1', () => inject(vtep(2, family), wire(KEYS.red), marked(vm(1), vm(2))));
      expect(drops.tunnel_unicast).to.equal(COUNT);
      const sent = (await underlay())
        .filter((f) => f.dir === 'in' && isMarked(f.hex))
        .map((f): Frame => parseFrame(f.hex));
      // A VM's own kernel answers with ICMP what it did not ask for; the packet itself is UDP.
      expect(sent.filter((f) => f.tunnel?.inner.udp !== undefined)).to.deep.equal([]);
      await net.lab.warm('hv1');
    });

    const rogueVtep = family === 'ipv4' ? '10.99.0.254' : 'fd00:99::fffe';
    const rogue = tunnels === 'mesh' ? undefined : 'tunnel_source';
    const wrong: (readonly [string, string, number, string | undefined])[] = [
      ['a right key from a wrong VTEP', rogueVtep, wire(KEYS.red), rogue],
      ['a wrong key from a right VTEP', vtep(2, family), wire(KEYS.green), 'tunnel_key'],
      ['a right key of another VTEP', vtep(3, family), wire(KEYS.red), 'tunnel_key'],
      ['an unknown key', vtep(2, family), wire(4000), 'tunnel_key'],
      ['key 0', vtep(2, family), 0, 'tunnel_key_zero'],
      ...(encapsulation === 'nvgre'
        ? ([["a network's VSID where the FlowID belongs", vtep(2, family), KEYS.red, 'tunnel_key']] as const)
        : []),
    ];
    for (const [what, from, key, reason] of wrong)
      it(`drops ${what}${reason === undefined ? ' (Open vSwitch itself, uncounted)' : ' and counts it'}`, async () => {
        const drops = await net.dropped('hv1', async () => {
          expect(await whoHears('', () => inject(from, key, marked(vm(2), vm(1))))).to.deep.equal([]);
          expect(await whoHears('', () => inject(from, key, broadcast(vm(2))))).to.deep.equal([]);
        });
        await net.lab.warm('hv1');
        const { ethertype: _, ...tunnelDrops } = drops;
        expect(tunnelDrops).to.deep.equal(reason === undefined ? {} : { [reason]: 2 * COUNT });
      });
  });
}
