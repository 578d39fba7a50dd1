/**
 * Port security with packets, both ways, on real Open vSwitch: IPv4, IPv6, ARP and neighbour discovery. For every rule a
 * packet that passes and one that is dropped and counted.
 */
import { expect } from 'chai';
import { arp, type Endpoint, ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { eui64, groupMac, icmpv6, ipv6, neighbour, solicitedNode, udp6 } from '../lab/ipv6.js';
import { parseFrame } from '../lab/parse-frame.js';
import { type Installation, sleep, startInstallation } from './installation.js';
import type { Variant } from './isolation.js';
import { networks } from './networks.js';
import { COUNT, type Row, sendAll } from './sending.js';

interface Vm extends Endpoint {
  readonly ip6: string;
  readonly local: string;
}
const vm = (n: number): Vm => {
  const mac = `02:00:00:00:01:0${n}`;
  return { mac, ip: `192.168.0.${n}`, ip6: `fd00:1::${n}`, local: eui64(mac) };
};
const ALL_NODES = 'ff02::1';
const PORTS = { sport: 4000, dport: 4001 };
const OTHERS = ['red-vm2', 'red-vm3'];
const dropped = (reason: string) => ({ dropped: reason });

const frame6 = (to: string, packet: Buffer, from = vm(1).mac): Buffer =>
  ethernet({ dst: to, src: from, type: ETH.ipv6 }, packet);
const udpOver6 =
  (src: string, dst: string, ports = PORTS) =>
  (mark: Buffer) =>
    ipv6({ src, dst, next: IP_PROTO.udp }, udp6(ports, mark, { src, dst }));
const udpOver4 =
  (src: string, dst: string, ports = PORTS) =>
  (mark: Buffer) =>
    ipv4({ src, dst, proto: IP_PROTO.udp }, udp(ports, mark));
/** What follows the options that anybody reads: an option of an experimental kind (RFC 4727) that carries the mark. */
const marked = (mark: Buffer): Buffer => Buffer.concat([Buffer.from([253, 2, 0, 0, 0, 0, 0, 0]), mark]);

const solicit =
  (target: string, over: { src?: string; mac?: string | null; hopLimit?: number; to?: string } = {}) =>
  (mark: Buffer) => {
    const { src = vm(1).ip6, mac = vm(1).mac, hopLimit = 255, to } = over;
    const dst = solicitedNode(target);
    const option = mac === null ? {} : { mac };
    return frame6(to ?? groupMac(dst), neighbour(135, { src, dst, target, hopLimit, ...option }, marked(mark)));
  };
const advertise =
  (target: string, over: { mac?: string; hopLimit?: number; to?: string; dst?: string } = {}) =>
  (mark: Buffer) => {
    const { mac = vm(1).mac, hopLimit = 255, to = vm(2).mac, dst = vm(2).ip6 } = over;
    return frame6(to, neighbour(136, { src: vm(1).ip6, dst, target, mac, hopLimit, flags: 0x60 }, marked(mark)));
  };

/** A router advertisement (RFC 4861, 4.2) and a redirect (4.5). */
const fromRouter = (type: 134 | 137) => (mark: Buffer) => {
  const body = type === 134 ? Buffer.from('400007080000000000000000', 'hex') : Buffer.alloc(36);
  return frame6(
    groupMac(ALL_NODES),
    icmpv6({ src: vm(1).local, dst: ALL_NODES }, type, Buffer.concat([body, marked(mark)])),
  );
};

export const SOURCES: readonly Row[] = [
  {
    what: 'IPv6 from its address, to another host',
    frame: (m) => frame6(vm(2).mac, udpOver6(vm(1).ip6, vm(2).ip6)(m)),
    to: ['red-vm2'],
  },
  {
    what: 'IPv6 from its address, on this host',
    frame: (m) => frame6(vm(3).mac, udpOver6(vm(1).ip6, vm(3).ip6)(m)),
    to: ['red-vm3'],
  },
  {
    what: 'IPv6 by link-local addresses',
    frame: (m) => frame6(vm(2).mac, udpOver6(vm(1).local, vm(2).local)(m)),
    to: ['red-vm2'],
  },
  {
    what: 'IPv6 to a group',
    frame: (m) => frame6(groupMac('ff02::fb'), udpOver6(vm(1).ip6, 'ff02::fb')(m)),
    to: OTHERS,
  },
  {
    what: "IPv6 from another's address",
    frame: (m) => frame6(vm(2).mac, udpOver6(vm(3).ip6, vm(2).ip6)(m)),
    to: dropped('ipv6_spoof'),
  },
  {
    what: "IPv6 from another's link-local address",
    frame: (m) => frame6(vm(2).mac, udpOver6(vm(3).local, vm(2).ip6)(m)),
    to: dropped('ipv6_spoof'),
  },
  {
    what: 'IPv6 from ::',
    frame: (m) => frame6(groupMac(ALL_NODES), udpOver6('::', ALL_NODES)(m)),
    to: dropped('ipv6_spoof'),
  },
  {
    what: 'echo request from ::',
    frame: (m) =>
      frame6(groupMac(ALL_NODES), icmpv6({ src: '::', dst: ALL_NODES }, 128, Buffer.concat([Buffer.alloc(4), m]))),
    to: dropped('ipv6_spoof'),
  },
  {
    what: "IPv6 from another's MAC address",
    frame: (m) => frame6(vm(2).mac, udpOver6(vm(1).ip6, vm(2).ip6)(m), vm(3).mac),
    to: dropped('mac_spoof'),
  },
  {
    what: 'MLD from ::',
    frame: (m) =>
      frame6('33:33:00:00:00:16', icmpv6({ src: '::', dst: 'ff02::16' }, 143, Buffer.concat([Buffer.alloc(4), m]))),
    to: OTHERS,
  },
  {
    what: 'a fragment whose headers go on in the next',
    // Hop-by-hop header of 8 octets where the fragment has 4 of it, then the mark in what Open vSwitch no longer reads.
    frame: (m) =>
      frame6(
        vm(2).mac,
        ipv6(
          { src: vm(1).ip6, dst: vm(2).ip6, next: 44 },
          Buffer.concat([Buffer.from('3c00000100000001', 'hex'), Buffer.from('3aff0000', 'hex'), m]),
        ),
      ),
    to: dropped('ipv6_headers'),
  },
];

export const SERVERS: readonly Row[] = [
  { what: 'a router advertisement', frame: fromRouter(134), to: dropped('router_advertisement') },
  {
    what: 'a router solicitation',
    frame: (m) =>
      frame6(
        groupMac('ff02::2'),
        icmpv6({ src: vm(1).local, dst: 'ff02::2' }, 133, Buffer.concat([Buffer.alloc(4), marked(m)])),
      ),
    to: dropped('router_solicitation'),
  },
  { what: 'a redirect', frame: fromRouter(137), to: dropped('redirect') },
  {
    what: 'a DHCP offer',
    frame: (m) =>
      ethernet(
        { dst: vm(2).mac, src: vm(1).mac, type: ETH.ipv4 },
        udpOver4(vm(1).ip, vm(2).ip, { sport: 67, dport: 68 })(m),
      ),
    to: dropped('dhcp_server'),
  },
  {
    what: 'a DHCP offer to everybody',
    frame: (m) =>
      ethernet(
        { dst: 'ff:ff:ff:ff:ff:ff', src: vm(1).mac, type: ETH.ipv4 },
        udpOver4(vm(1).ip, '255.255.255.255', { sport: 67, dport: 68 })(m),
      ),
    to: dropped('dhcp_server'),
  },
  {
    what: 'a DHCPv6 advertisement',
    frame: (m) => frame6(vm(2).mac, udpOver6(vm(1).local, vm(2).local, { sport: 547, dport: 546 })(m)),
    to: dropped('dhcp_server'),
  },
  {
    what: 'UDP to another port',
    frame: (m) =>
      ethernet(
        { dst: vm(2).mac, src: vm(1).mac, type: ETH.ipv4 },
        udpOver4(vm(1).ip, vm(2).ip, { sport: 67, dport: 69 })(m),
      ),
    to: ['red-vm2'],
  },
];

const FREE = 'fd00:1::77';
export const NEIGHBOURS: readonly Row[] = [
  { what: 'a solicitation of an unknown address', frame: solicit(FREE), to: OTHERS },
  {
    what: 'a solicitation with a foreign MAC address',
    frame: solicit(FREE, { mac: vm(3).mac }),
    to: dropped('nd_spoof'),
  },
  { what: 'a solicitation from afar', frame: solicit(FREE, { hopLimit: 64 }), to: dropped('nd_spoof') },
  { what: 'detection of an unknown address', frame: solicit(FREE, { src: '::', mac: null }), to: OTHERS },
  {
    what: 'detection of its own address',
    frame: solicit(vm(1).ip6, { src: '::', mac: null }),
    to: dropped('nd_announcement'),
  },
  {
    what: 'detection of its own link-local address',
    frame: solicit(vm(1).local, { src: '::', mac: null }),
    to: dropped('nd_announcement'),
  },
  // The controller answers these two (services.test.ts).
  { what: "detection of another's address", frame: solicit(vm(2).ip6, { src: '::', mac: null }), to: [] },
  { what: 'a solicitation without its option', frame: solicit(vm(2).ip6, { mac: null }), to: [] },
  {
    what: 'a probe of one VM without the option',
    frame: (m) => frame6(vm(2).mac, neighbour(135, { src: vm(1).ip6, dst: vm(2).ip6, target: vm(2).ip6 }, marked(m))),
    to: ['red-vm2'],
  },
  { what: 'an advertisement of its address', frame: advertise(vm(1).ip6), to: ['red-vm2'] },
  { what: "an advertisement of another's address", frame: advertise(vm(3).ip6), to: dropped('nd_spoof') },
  {
    what: 'an advertisement with a foreign MAC address',
    frame: advertise(vm(1).ip6, { mac: vm(3).mac }),
    to: dropped('nd_spoof'),
  },
  { what: 'an advertisement from afar', frame: advertise(vm(1).ip6, { hopLimit: 254 }), to: dropped('nd_spoof') },
  {
    what: 'an advertisement to everybody',
    frame: advertise(vm(1).ip6, { to: groupMac(ALL_NODES), dst: ALL_NODES }),
    to: dropped('nd_announcement'),
  },
];

export const FOREIGN: readonly Row[] = [
  {
    what: 'IPv4 for another address',
    frame: (m) => ethernet({ dst: vm(3).mac, src: vm(1).mac, type: ETH.ipv4 }, udpOver4(vm(1).ip, '192.168.0.77')(m)),
    to: dropped('foreign_destination'),
  },
  {
    what: 'IPv4 for its address',
    frame: (m) => ethernet({ dst: vm(3).mac, src: vm(1).mac, type: ETH.ipv4 }, udpOver4(vm(1).ip, vm(3).ip)(m)),
    to: ['red-vm3'],
  },
  {
    what: 'IPv6 for another address',
    frame: (m) => frame6(vm(3).mac, udpOver6(vm(1).ip6, FREE)(m)),
    to: dropped('foreign_destination'),
  },
  {
    what: "IPv6 for another's link-local address",
    frame: (m) => frame6(vm(3).mac, udpOver6(vm(1).local, vm(2).local)(m)),
    to: dropped('foreign_destination'),
  },
  {
    what: 'IPv6 for its link-local address',
    frame: (m) => frame6(vm(3).mac, udpOver6(vm(1).local, vm(3).local)(m)),
    to: ['red-vm3'],
  },
  {
    what: 'ARP for another address',
    frame: (m) =>
      Buffer.concat([
        ethernet(
          { dst: vm(3).mac, src: vm(1).mac, type: ETH.arp },
          arp({ op: 2, sha: vm(1).mac, spa: vm(1).ip, tpa: '192.168.0.77' }),
        ),
        m,
      ]),
    to: dropped('foreign_destination'),
  },
  {
    what: 'ARP for its address',
    frame: (m) =>
      Buffer.concat([
        ethernet(
          { dst: vm(3).mac, src: vm(1).mac, type: ETH.arp },
          arp({ op: 2, sha: vm(1).mac, spa: vm(1).ip, tpa: vm(3).ip }),
        ),
        m,
      ]),
    to: ['red-vm3'],
  },
];

/** All tests of one variant. */
export function describeSecurity({ encapsulation, tunnels, family = 'ipv4' }: Variant): void {
  describe(`port security: ${encapsulation}, ${tunnels}${family === 'ipv6' ? ', IPv6 VTEPs' : ''}`, function () {
    this.timeout(60_000);
    let net: Installation;

    before(async () => {
      net = await startInstallation(networks({ encapsulation, tunnels, family, dual: true }));
      await net.plugAll();
    });
    after(() => net?.stop());

    it('takes what comes from an address of the VM, and nothing else', () => sendAll(net, 'red-vm1', 'hv1', SOURCES));
    it('lets no VM speak as a server or router', () => sendAll(net, 'red-vm1', 'hv1', SERVERS));
    it('takes neighbour discovery for what the VM is', () => sendAll(net, 'red-vm1', 'hv1', NEIGHBOURS));
    it('gives a VM on this host what is for an address of it', () => sendAll(net, 'red-vm1', 'hv1', FOREIGN));

    it('gives a VM on another host what is for an address of it', async () => {
      const drops = await net.dropped('hv2', () =>
        net.lab.sendFrames(
          { vm: 'red-vm1' },
          [
            frame6(vm(2).mac, udpOver6(vm(1).ip6, FREE)(Buffer.alloc(8))),
            ethernet(
              { dst: vm(2).mac, src: vm(1).mac, type: ETH.ipv4 },
              udpOver4(vm(1).ip, '192.168.0.77')(Buffer.alloc(8)),
            ),
          ],
          { count: COUNT },
        ),
      );
      expect(drops).to.deep.equal({ foreign_destination: 2 * COUNT });
    });

    it('answers solicitations of known addresses itself, on this host, with a right checksum', async () => {
      const underlay = await net.lab.capture({ underlay: 'hv1' });
      const own = await net.lab.capture({ vm: 'red-vm1' });
      const asked = [vm(2).ip6, vm(2).local, vm(3).ip6];
      await net.lab.sendFrames(
        { vm: 'red-vm1' },
        asked.map((ip) =>
          frame6(
            groupMac(solicitedNode(ip)),
            neighbour(135, { src: vm(1).ip6, dst: solicitedNode(ip), target: ip, mac: vm(1).mac }),
          ),
        ),
      );
      await sleep(300);
      const answers = (await own())
        .filter((f) => f.dir === 'in' && parseFrame(f.hex).ip?.proto === 58)
        .map((f) => f.hex);
      const expected = asked.map((ip, i) => {
        const { mac } = vm(i === 2 ? 3 : 2);
        return ethernet(
          { dst: vm(1).mac, src: mac, type: ETH.ipv6 },
          neighbour(136, { src: ip, dst: vm(1).ip6, target: ip, mac, flags: 0x60 }),
        ).toString('hex');
      });
      expect(answers).to.deep.equal(expected);
      const crossed = (await underlay()).map((f) => parseFrame(f.hex)).filter((f) => f.tunnel?.inner.ip?.proto === 58);
      expect(crossed).to.deep.equal([]);
    });

    it('carries ping over IPv6 between VMs, by global and link-local addresses, and their detection works', async () => {
      for (const [from, to] of [
        ['red-vm1', 'fd00:1::2'],
        ['red-vm1', 'fd00:1::3'],
        ['blue-vm2', 'fd00:1::1'],
        ['red-vm1', `${vm(2).local}%eth0`],
      ] as const) {
        const { stdout } = await net.lab.shell({ vm: from }, `ping -6 -c 2 -i 0.2 -W 3 ${to}`, { timeout: 20 });
        expect(stdout, `${from} → ${to}`).to.contain(' 2 received');
      }
      const detection = await net.lab.shell(
        { vm: 'red-vm1' },
        'ip -6 addr del fd00:1::1/64 dev eth0; ip -6 addr add fd00:1::1/64 dev eth0; for i in $(seq 50); do ip -6 addr show dev eth0 tentative | grep -q fd00 || break; sleep 0.1; done; ip -6 addr show dev eth0',
        { timeout: 20 },
      );
      expect(detection.stdout).to.contain('fd00:1::1/64');
      expect(detection.stdout).to.not.contain('tentative');
      expect(detection.stdout).to.not.contain('dadfailed');
    });
  });
}
