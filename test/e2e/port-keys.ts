/**
 * What the topology says of one port beyond its addresses, with packets on real Open vSwitch: allowed addresses, no IP
 * checks, unknown unicast, the rate of broadcasts, the rate and mark of everything.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { broadcastMeter, PROBE_METER } from '../../src/pipeline/index.js';
import { arp, BROADCAST, ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { eui64, groupMac, icmpv6, ipv6, neighbour, udp6 } from '../lab/ipv6.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';
import type { Variant } from './isolation.js';
import { networks } from './networks.js';
import { type Row, sendAll } from './sending.js';

const vm = (n: number) => ({ mac: `02:00:00:00:01:0${n}`, ip: `192.168.0.${n}`, ip6: `fd00:1::${n}` });
const PORTS = { sport: 4000, dport: 4001 };
const NOBODY = '02:00:00:00:01:99';
const ALL_NODES = 'ff02::1';
const dropped = (reason: string) => ({ dropped: reason });
/** Sends what `MORE` lets it receive beyond its addresses: red-vm3 on this host, red-vm2 on another. */
const MORE = {
  'red-vm1': 'allowed: [10.1.0.0/16, 192.168.0.200, "fd00:2::/64"]',
  'red-vm2': 'unknown: true',
  'red-vm3': 'unknown: true, ip-checks: false',
  'green-vm1': 'broadcast-rate: 20, qos: { rate: 2000, burst: 100, dscp: 46 }',
};

interface Way {
  readonly from: number;
  readonly src: string;
  readonly dst: string;
  readonly mac: string;
}
const over4 =
  ({ from, src, dst, mac }: Way) =>
  (mark: Buffer) =>
    ethernet(
      { dst: mac, src: vm(from).mac, type: ETH.ipv4 },
      ipv4({ src, dst, proto: IP_PROTO.udp }, udp(PORTS, mark)),
    );
const over6 =
  ({ from, src, dst, mac }: Way) =>
  (mark: Buffer) =>
    ethernet(
      { dst: mac, src: vm(from).mac, type: ETH.ipv6 },
      ipv6({ src, dst, next: IP_PROTO.udp }, udp6(PORTS, mark, { src, dst })),
    );
const arpFrame = (from: number, to: string, message: Parameters<typeof arp>[0]) => (mark: Buffer) =>
  Buffer.concat([ethernet({ dst: to, src: vm(from).mac, type: ETH.arp }, arp(message)), mark]);
const announce6 =
  (target: string) =>
  (mark: Buffer): Buffer => {
    const header = { src: vm(1).ip6, dst: ALL_NODES, target, mac: vm(1).mac, flags: 0x20 };
    const rest = Buffer.concat([Buffer.from([253, 2, 0, 0, 0, 0, 0, 0]), mark]);
    return ethernet({ dst: groupMac(ALL_NODES), src: vm(1).mac, type: ETH.ipv6 }, neighbour(136, header, rest));
  };

const to2 = { from: 1, dst: vm(2).ip, mac: vm(2).mac };
const ALLOWED: readonly Row[] = [
  { what: 'from an allowed prefix', frame: over4({ ...to2, src: '10.1.2.3' }), to: ['red-vm2'] },
  { what: 'from an allowed address', frame: over4({ ...to2, src: '192.168.0.200' }), to: ['red-vm2'] },
  { what: 'from beside the prefix', frame: over4({ ...to2, src: '10.2.0.1' }), to: dropped('ip_spoof') },
  { what: 'from beside the address', frame: over4({ ...to2, src: '192.168.0.201' }), to: dropped('ip_spoof') },
  { what: 'from an allowed IPv6 prefix', frame: over6({ ...to2, src: 'fd00:2::5', dst: vm(2).ip6 }), to: ['red-vm2'] },
  { what: 'from beside it', frame: over6({ ...to2, src: 'fd00:3::5', dst: vm(2).ip6 }), to: dropped('ipv6_spoof') },
  {
    what: 'announces an allowed address',
    frame: arpFrame(1, BROADCAST, { op: 2, sha: vm(1).mac, spa: '192.168.0.200', tpa: '192.168.0.200' }),
    to: ['red-vm2', 'red-vm3'],
  },
  {
    what: 'announces one beside it',
    frame: arpFrame(1, BROADCAST, { op: 2, sha: vm(1).mac, spa: '192.168.0.201', tpa: '192.168.0.201' }),
    to: dropped('arp_spoof'),
  },
  {
    what: 'announces its own address',
    frame: arpFrame(1, BROADCAST, { op: 2, sha: vm(1).mac, spa: vm(1).ip, tpa: vm(1).ip }),
    to: dropped('arp_announcement'),
  },
  { what: 'announces an allowed IPv6 address', frame: announce6('fd00:2::5'), to: ['red-vm2', 'red-vm3'] },
  { what: 'announces one beside it, IPv6', frame: announce6('fd00:3::5'), to: dropped('nd_spoof') },
];

const UNCHECKED: readonly Row[] = [
  {
    what: 'any IPv4 source',
    frame: over4({ from: 3, src: '8.8.8.8', dst: vm(2).ip, mac: vm(2).mac }),
    to: ['red-vm2'],
  },
  {
    what: 'any IPv6 source',
    frame: over6({ from: 3, src: '2001:db8::1', dst: vm(2).ip6, mac: vm(2).mac }),
    to: ['red-vm2'],
  },
  {
    what: 'to an allowed address of another',
    frame: over4({ from: 3, src: '8.8.8.8', dst: '10.1.2.3', mac: vm(1).mac }),
    to: ['red-vm1'],
  },
  {
    what: 'to an allowed IPv6 address of another',
    frame: over6({ from: 3, src: '2001:db8::1', dst: 'fd00:2::5', mac: vm(1).mac }),
    to: ['red-vm1'],
  },
  {
    what: 'to an address that the other is not allowed',
    frame: over4({ from: 3, src: '8.8.8.8', dst: '10.2.0.1', mac: vm(1).mac }),
    to: dropped('foreign_destination'),
  },
  {
    what: 'from a MAC address that is not its own',
    frame: over4({ from: 4, src: '8.8.8.8', dst: vm(2).ip, mac: vm(2).mac }),
    to: dropped('mac_spoof'),
  },
  {
    what: 'an IPv6 router all the same',
    frame: (mark) =>
      ethernet(
        { dst: groupMac(ALL_NODES), src: vm(3).mac, type: ETH.ipv6 },
        icmpv6({ src: eui64(vm(3).mac), dst: ALL_NODES }, 134, Buffer.concat([Buffer.alloc(12), mark])),
      ),
    to: dropped('router_advertisement'),
  },
];

const TO_NOBODY: readonly Row[] = [
  {
    what: 'to nobody',
    frame: over4({ from: 1, src: vm(1).ip, dst: '192.168.0.9', mac: NOBODY }),
    to: ['red-vm2', 'red-vm3'],
  },
  {
    what: 'any address to the unchecked',
    frame: over4({ from: 1, src: vm(1).ip, dst: '8.8.8.8', mac: vm(3).mac }),
    to: ['red-vm3'],
  },
  {
    what: 'another address to the checked, though it asks for the unknown',
    frame: over4({ from: 1, src: vm(1).ip, dst: vm(2).ip, mac: vm(2).mac }),
    to: ['red-vm2'],
  },
];

/** All tests of one variant. */
export function describePortKeys({ encapsulation, tunnels }: Variant): void {
  describe(`keys of a port: ${encapsulation}, ${tunnels}`, function () {
    this.timeout(60_000);
    let net: Installation;

    before(async () => {
      net = await startInstallation(networks({ encapsulation, tunnels, dual: true, more: MORE }));
      await net.plugAll();
    });
    after(() => net?.stop());

    it('lets a port use what it is allowed besides its addresses', () => sendAll(net, 'red-vm1', 'hv1', ALLOWED));
    it('lets a port without IP checks use any, with its MAC address only', () =>
      sendAll(net, 'red-vm3', 'hv1', UNCHECKED));

    it('brings unknown unicast to the ports that ask for it, here and on other hosts, once', async () => {
      await sendAll(net, 'red-vm1', 'hv1', TO_NOBODY);
      const row = { what: 'from hv2', frame: over4({ from: 2, src: vm(2).ip, dst: '192.168.0.9', mac: NOBODY }) };
      await sendAll(net, 'red-vm2', 'hv2', [{ ...row, to: ['red-vm3'] }]);
      const other = { what: 'of blue', frame: over4({ from: 1, src: vm(1).ip, dst: '192.168.0.9', mac: NOBODY }) };
      await sendAll(net, 'blue-vm1', 'hv1', [{ ...other, to: dropped('unknown_unicast') }]);
    });

    /** How many of `count` frames, sent at once from green-vm1, green-vm2 gets; and what of them was dropped by meters. */
    async function burst(frame: Buffer, count: number) {
      const record = await net.lab.capture({ vm: 'green-vm2' });
      const dropped = await net.dropped('hv1', () => net.lab.sendFrames({ vm: 'green-vm1' }, [frame], { count }));
      const mark = frame.subarray(-8).toString('hex');
      const got = (await record()).filter((f) => f.dir === 'in' && f.hex.includes(mark));
      // The kernel of a VM looks for routers now and then.
      const { router_solicitation: _, nd_announcement: __, ...drops } = dropped;
      return { got: got.length, drops, first: got[0]?.hex ?? '' };
    }
    const filler = (size: number, name: string): Buffer => Buffer.concat([Buffer.alloc(size), Buffer.from(name)]);
    const toGreen = (size: number) =>
      over4({ from: 1, src: vm(1).ip, dst: '192.168.0.4', mac: vm(4).mac })(filler(size, 'unicast!'));

    it('drops and counts broadcasts above the rate of the port, and no unicast', async () => {
      const COUNT = 120;
      const everybody = over4({ from: 1, src: vm(1).ip, dst: '255.255.255.255', mac: BROADCAST })(
        filler(0, 'broadcst'),
      );
      const { got, drops } = await burst(everybody, COUNT);
      expect(got).to.be.at.least(20).and.below(COUNT);
      expect(drops).to.deep.equal({ broadcast_rate: COUNT - got });
      const unicast = await burst(toGreen(0), 40);
      expect([unicast.got, unicast.drops]).to.deep.equal([40, {}]);
    });

    it('drops and counts what is above the rate of the port', async () => {
      // More at once would be too much for the socket that Open vSwitch reads the port by.
      const COUNT = 60;
      const { got, drops } = await burst(toGreen(1000), COUNT);
      expect(got).to.be.at.least(5).and.below(COUNT);
      expect(drops).to.deep.equal({ port_rate: COUNT - got });
    });

    it('gives the IP packets of the port its mark', async () => {
      const { first } = await burst(toGreen(0), 1);
      expect(Buffer.from(first, 'hex').readUInt8(15)).to.equal(46 << 2);
      const frame = over6({ from: 1, src: vm(1).ip6, dst: 'fd00:1::4', mac: vm(4).mac })(filler(0, 'marked-6'));
      const over = await burst(frame, 1);
      expect((Buffer.from(over.first, 'hex').readUInt16BE(14) >> 4) & 0xff).to.equal(46 << 2);
    });

    it('changes rates in place, and takes keys off again', async () => {
      const file = net.lab.ready.topology;
      const before = readFileSync(file, 'utf8');
      const meters = async () => {
        const { stdout } = await net.lab.ofctl('hv1', ['-O', 'OpenFlow15', 'dump-meters', 'br-int']);
        // Without those of what comes to the controller: every port has one, and probes do.
        const asks = (id: number): boolean => id >= PROBE_METER.meter_id && id < broadcastMeter(0);
        return [...stdout.matchAll(/meter=(\d+).*?rate=(\d+)/gs)]
          .filter(([, id]) => !asks(Number(id)))
          .map(([, , rate]) => Number(rate))
          .sort((a, b) => a - b);
      };
      const edit = async (change: (port: Record<string, unknown>) => void, wanted: number[]) => {
        const document = JSON.parse(before);
        change(document.tenants.green.networks.web.ports['green-vm1']);
        writeFileSync(file, JSON.stringify(document));
        await eventually(`meters ${wanted.join()}`, async () => {
          const found = await meters();
          return found.join() === wanted.join() ? true : found.join();
        });
        await net.ready();
      };
      expect(await meters()).to.deep.equal([1, 20, 1000, 1000, 1000, 1000, 2000]);
      const sent = (await net.status()).hosts.find((h) => h.name === 'hv1')?.flowModsSent;
      await edit((port) => Object.assign(port, { 'broadcast-rate': 40 }), [1, 40, 1000, 1000, 1000, 1000, 2000]);
      expect((await net.status()).hosts.find((h) => h.name === 'hv1')?.flowModsSent).to.equal(sent);
      const off = (port: Record<string, unknown>) => {
        delete port['broadcast-rate'];
        delete port.qos;
      };
      await edit(off, [1, 1000, 1000, 1000, 1000, 1000]);
      await sleep(100);
      const { got, drops, first } = await burst(toGreen(1000), 60);
      expect([got, drops]).to.deep.equal([60, {}]);
      expect(Buffer.from(first, 'hex').readUInt8(15)).to.equal(0);
      writeFileSync(file, before);
    });
  });
}
