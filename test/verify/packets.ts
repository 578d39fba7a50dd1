/**
 * The packets that the oracle is asked about: every combination of the values that flows of small installations tell
 * apart, and one more of each that they do not know. All packets that go the same way through right and slightly wrong
 * tables are alike one of these, or nearly so: the proof must find at least what they find.
 */
import { mac } from 'ts-openflow';
import type { Topology } from '../../src/topology/index.js';
import { wireKey } from '../../src/topology/index.js';
import type { OracleHost, Packet } from './oracle.js';
import { addressOf } from './oracle-rules.js';

const BROADCAST = 0xffffffffffffn;
const MULTICAST = 0x01005e000001n;
const STRANGE_MAC = 0x0200000000ffn;
const STRANGE_IP = 0xc0a800fen;
const STRANGE_V6 = addressOf('fd00:1::fe');

const unique = (list: readonly bigint[]): bigint[] => [...new Set(list)];

interface Values {
  readonly macs: readonly bigint[];
  readonly ips: readonly bigint[];
  readonly sixes: readonly bigint[];
}

function valuesOf(topology: Topology): Values {
  const ports = topology.networks.flatMap((n) => n.ports);
  const all = ports.flatMap((p) => p.ips);
  return {
    macs: unique(ports.map((p) => BigInt(mac(p.mac)))),
    ips: unique(all.filter((ip) => !ip.includes(':')).map(addressOf)),
    sixes: unique(all.filter((ip) => ip.includes(':')).map(addressOf)),
  };
}

/** Frames as a VM with these addresses, or one that lies, may send them. */
function frames(values: Values, src: bigint, ip: bigint, six: bigint): Packet[] {
  const list: Packet[] = [];
  const to = [...values.macs, BROADCAST, MULTICAST, STRANGE_MAC];
  for (const eth_dst of to) {
    const eth = { eth_src: src, eth_dst };
    list.push({ ...eth, eth_type: 0x0800n, ip_src: ip, ip_dst: STRANGE_IP, ip_proto: 17n });
    list.push({ ...eth, eth_type: 0x86ddn, ipv6_src: six, ipv6_dst: STRANGE_V6, ip_proto: 17n });
    list.push({ ...eth, eth_type: 0x0806n, arp_op: 2n, arp_sha: src, arp_spa: ip, arp_tpa: STRANGE_IP });
    list.push({ ...eth, eth_type: 0x88b5n });
  }
  for (const arp_tpa of [...values.ips, STRANGE_IP])
    list.push({ eth_src: src, eth_dst: BROADCAST, eth_type: 0x0806n, arp_op: 1n, arp_sha: src, arp_spa: ip, arp_tpa });
  for (const nd_target of [...values.sixes, STRANGE_V6])
    list.push({
      eth_src: src,
      eth_dst: 0x333300000001n,
      eth_type: 0x86ddn,
      ipv6_src: six,
      ipv6_dst: addressOf('ff02::1:ff00:1'),
      ip_proto: 58n,
      nw_ttl: 255n,
      icmpv6_type: 135n,
      nd_target,
      nd_sll: src,
    });
  return list;
}

/** What asks the network's services: DHCPv4, DHCPv6, router solicitation. */
function questions(src: bigint, six: bigint): Packet[] {
  const all6 = { eth_src: src, eth_type: 0x86ddn, ipv6_src: six };
  const dhcp4 = { eth_src: src, eth_dst: BROADCAST, eth_type: 0x0800n, ip_dst: 0xffffffffn, ip_proto: 17n };
  return [
    { ...dhcp4, udp_src: 68n, udp_dst: 67n },
    { ...dhcp4, udp_src: 67n, udp_dst: 68n },
    {
      ...all6,
      eth_dst: 0x333300010002n,
      ipv6_dst: addressOf('ff02::1:2'),
      ip_proto: 17n,
      udp_src: 546n,
      udp_dst: 547n,
    },
    {
      ...all6,
      eth_dst: 0x333300000002n,
      ipv6_dst: addressOf('ff02::2'),
      ip_proto: 58n,
      nw_ttl: 255n,
      icmpv6_type: 133n,
    },
  ];
}

/** What may come in by the ports of a host. */
export function packetsInto(topology: Topology, host: OracleHost): readonly Packet[] {
  const values = valuesOf(topology);
  const owners = new Map(topology.networks.flatMap((n) => n.ports.map((p) => [p.ifaceId, p] as const)));
  const list: Packet[] = [];
  for (const port of host.ports) {
    const in_port = BigInt(port.ofport);
    const own = owners.get(port.ifaceId ?? '');
    if (port.options.remote_ip === undefined) {
      const address = BigInt(mac(own?.mac ?? '02:00:00:00:01:01'));
      const ip = own?.ips.find((i) => !i.includes(':'));
      const six = own?.ips.find((i) => i.includes(':'));
      const right = frames(
        values,
        address,
        ip === undefined ? STRANGE_IP : addressOf(ip),
        six === undefined ? STRANGE_V6 : addressOf(six),
      );
      const lies = frames(values, STRANGE_MAC, STRANGE_IP, STRANGE_V6);
      const asked = questions(address, six === undefined ? STRANGE_V6 : addressOf(six));
      for (const frame of [...right, ...lies, ...asked]) list.push({ in_port, ...frame });
      for (const frame of right.slice(0, 4)) list.push({ in_port, vlan_vid: 0x1005n, ...frame });
    } else list.push(...tunnelPackets(topology, host, { ...port, remote: port.options.remote_ip }, values));
  }
  return list;
}

function tunnelPackets(
  topology: Topology,
  host: OracleHost,
  { ofport, type, remote }: { readonly ofport: number; readonly type: string; readonly remote: string },
  values: Values,
): Packet[] {
  const in_port = BigInt(ofport);
  // No packet brings a key that its header has no room for: 24 bits, in GRE 32.
  const widest = type === 'gre' ? 0xffffffffn : 0xffffffn;
  const keys = unique([0n, 0xfffffn, ...topology.networks.map((n) => BigInt(wireKey(n).value))]).filter(
    (key) => key <= widest,
  );
  const strangers = remote.includes('.') || topology.hosts[0]?.vtep.includes('.') ? '10.99.0.200' : 'fd00:99::200';
  const vteps =
    remote === 'flow'
      ? [...topology.hosts.filter((h) => h.name !== host.name).map((h) => h.vtep), strangers]
      : [remote];
  const list: Packet[] = [];
  for (const tun_id of keys)
    for (const vtep of vteps) {
      const from = vtep.includes(':') ? { tun_ipv6_src: addressOf(vtep) } : { tun_src: addressOf(vtep) };
      for (const eth_dst of [...values.macs, BROADCAST, STRANGE_MAC])
        list.push({
          in_port,
          tun_id,
          ...from,
          eth_src: STRANGE_MAC,
          eth_dst,
          eth_type: 0x0800n,
          ip_src: STRANGE_IP,
          ip_proto: 17n,
        });
    }
  return list;
}
