/**
 * The tunnel ports a host needs, as the rows of OVSDB should say it: in `mesh` mode one for each peer that may share a
 * network with it, in `flow` mode one for each encapsulation. Every option is written out, because an absent one takes a
 * default that differs between versions and a misspelt one is silently ignored (seen on 3.1.0).
 */
import { createHash } from 'node:crypto';
import type { Encapsulation, Host, Network, Topology, Underlay, Way } from '../topology/index.js';
import { halfOf, vlanWay } from './halves.js';
import { waysOf } from './ways.js';

export interface TunnelIntent {
  readonly name: string;
  /** Interface.type: NVGRE is GRE on the wire and for Open vSwitch, and has one port with it; empty: a trunk. */
  readonly type: 'geneve' | 'vxlan' | 'gre' | '';
  readonly options: Readonly<Record<string, string>>;
  readonly bfd: Readonly<Record<string, string>>;
  /** The peer of a mesh port. */
  readonly peer?: Host;
}

const TYPE = { geneve: 'geneve', vxlan: 'vxlan', gre: 'gre', nvgre: 'gre', vlan: '', 'ip-tunnel': 'gre' } as const;
const LETTER = { geneve: 'g', vxlan: 'v', gre: 'r', nvgre: 'r', vlan: 't', 'ip-tunnel': 'i' } as const;
/** IANA: Geneve RFC 8926 clause 3.3, VXLAN RFC 7348 clause 5. */
type TunnelType = Exclude<TunnelIntent['type'], ''>;
const DST_PORT = { geneve: '6081', vxlan: '4789' } as const;

/** `kk` + letter + 8 hex digits of the peer (its IPv4 address, else a hash), or `kkgflow`: never more than 11 octets. */
export function tunnelName(encapsulation: Encapsulation, remoteVtep: string | undefined): string {
  const letter = LETTER[encapsulation];
  if (remoteVtep === undefined) return `kk${letter}flow`;
  const octets = remoteVtep.split('.').map(Number);
  const hex =
    octets.length === 4
      ? octets.map((o) => o.toString(16).padStart(2, '0')).join('')
      : createHash('sha256').update(remoteVtep).digest('hex').slice(0, 8);
  return `kk${letter}${hex}`;
}

/**
 * UDP over IPv6 has a checksum unless both ends agree on none (RFC 8200 clause 8.1, RFC 6935); over IPv4 it is saved, as
 * RFC 7348 clause 5 and RFC 8926 clause 3.3 advise, and GRE's own is not needed anywhere.
 */
const checksummed = (type: TunnelType, vtep: string): boolean => type !== 'gre' && vtep.includes(':');

/** True for the interface of a host that carries VLANs: it is there already, and becomes a port of the bridge. */
export const isTrunk = ({ type }: Pick<TunnelIntent, 'type'>): boolean => type === '';

/** How often the ends of a tunnel speak (ms): of three that are lost the third is an outage. */
const BFD_INTERVAL = { plain: '1000', gateway: '300' } as const;

function intent(
  underlay: Underlay,
  host: Host,
  encapsulation: Encapsulation,
  peer: Host | undefined,
  gateways: ReadonlySet<string>,
): TunnelIntent {
  const type = TYPE[encapsulation];
  if (type === '') return { name: host.trunk ?? '', type, options: {}, bfd: {} };
  const options: Record<string, string> = {
    key: 'flow',
    local_ip: host.vtep,
    remote_ip: peer === undefined ? 'flow' : peer.vtep,
    csum: String(underlay.csum ?? checksummed(type, host.vtep)),
    df_default: String(underlay.df ?? true),
    // With and without Ethernet two ports stand side by side: Open vSwitch tells them apart by what is in the tunnel.
    packet_type: encapsulation === 'ip-tunnel' ? 'legacy_l3' : 'legacy_l2',
    tos: String(underlay.tos ?? 0),
    ttl: String(underlay.ttl ?? 64),
  };
  if (type !== 'gre') options.dst_port = DST_PORT[type];
  const interval = BFD_INTERVAL[[host, peer].some((h) => gateways.has(h?.name ?? '')) ? 'gateway' : 'plain'];
  return {
    name: tunnelName(encapsulation, peer?.vtep),
    type,
    options,
    bfd: peer === undefined ? {} : { enable: 'true', check_tnl_key: 'true', min_rx: interval, min_tx: interval },
    ...(peer === undefined ? {} : { peer }),
  };
}

/** Which networks a host may have, found once for a topology. */
interface MayHave {
  /** The ways of networks that may be anywhere, each once. */
  readonly everywhere: readonly Way[];
  /** By host, the networks that name it and others: their ways, and those hosts. */
  readonly named: ReadonlyMap<string, readonly Members[]>;
  /** Names of the gateways of all networks. */
  readonly gateways: ReadonlySet<string>;
}

/** Hosts that speak with each other, and by which ways. */
interface Members {
  readonly ways: readonly Way[];
  readonly hosts: readonly Host[];
}

/** The hosts of a network that name it; of one that is joined to a VLAN those on either half, with its gateways. */
function membersOf(topology: Topology, network: Network, hosts: ReadonlyMap<string, Host>): readonly Members[] {
  const names = new Set(network.ports.flatMap((port) => port.hosts ?? []));
  const found = (list: Iterable<string>): readonly Host[] =>
    [...new Set(list)].flatMap((name) => hosts.get(name) ?? []);
  const ways = waysOf(topology, network);
  const { vlan } = network;
  if (vlan === undefined) return [{ ways, hosts: found(names) }];
  const behind = [...names].filter((name) => halfOf(network, name) === 'tunnels');
  return [
    { ways, hosts: found([...behind, ...vlan.gateways]) },
    { ways: [vlanWay(vlan), ...(network.former ?? [])], hosts: found(vlan.hosts) },
    { ways: [vlanWay(vlan)], hosts: found([...vlan.hosts, ...vlan.gateways]) },
  ];
}

/** Ways that lead by the same tunnel ports are one. */
const portOf = ({ encapsulation, tunnels }: Way): string => `${LETTER[encapsulation]} ${tunnels}`;

function mayHave(topology: Topology): MayHave {
  const hosts = new Map(topology.hosts.map((host) => [host.name, host]));
  const everywhere = new Map<string, Way>();
  const named = new Map<string, Members[]>();
  for (const network of topology.networks) {
    if (network.ports.some((port) => port.hosts === undefined))
      for (const way of waysOf(topology, network)) everywhere.set(portOf(way), way);
    else
      for (const may of membersOf(topology, network, hosts))
        for (const { name } of may.hosts) {
          const list = named.get(name);
          if (list === undefined) named.set(name, [may]);
          else list.push(may);
        }
  }
  const gateways = new Set(topology.networks.flatMap(({ vlan }) => vlan?.gateways ?? []));
  return { everywhere: [...everywhere.values()], named, gateways };
}

function tunnelsOf(topology: Topology, host: Host, { everywhere, named, gateways }: MayHave): readonly TunnelIntent[] {
  const wanted = new Map<string, TunnelIntent>();
  const seen = new Map<string, Set<Host>>();
  const add = (ways: readonly Way[], hosts: readonly Host[]): void => {
    if (hosts.length < 2) return;
    for (const way of ways) {
      const port = portOf(way);
      const peers = seen.get(port) ?? new Set<Host>([host]);
      seen.set(port, peers);
      for (const peer of hosts) {
        if (peers.has(peer)) continue;
        peers.add(peer);
        const to = way.tunnels === 'mesh' ? peer : undefined;
        if (way.encapsulation === 'vlan' && host.trunk === undefined) break;
        const name = tunnelNameOn(host, way.encapsulation, to?.vtep, tunnelName);
        if (!wanted.has(name)) wanted.set(name, intent(topology.underlay, host, way.encapsulation, to, gateways));
        if (to === undefined) break;
      }
    }
  };
  add(everywhere, topology.hosts);
  for (const { ways, hosts } of named.get(host.name) ?? []) add(ways, hosts);
  return [...wanted.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The name of the port on a host; that of its trunk is the host's own matter. */
export const tunnelNameOn = (
  host: Host | undefined,
  encapsulation: Encapsulation,
  remoteVtep: string | undefined,
  named: typeof tunnelName,
): string => (encapsulation === 'vlan' ? (host?.trunk ?? '') : named(encapsulation, remoteVtep));

/** tunnelName that remembers what it gave. */
export function tunnelNames(): typeof tunnelName {
  const known = new Map<Encapsulation, Map<string | undefined, string>>();
  return (encapsulation, remoteVtep) => {
    let names = known.get(encapsulation);
    if (names === undefined) {
      names = new Map();
      known.set(encapsulation, names);
    }
    let name = names.get(remoteVtep);
    if (name === undefined) {
      name = tunnelName(encapsulation, remoteVtep);
      names.set(remoteVtep, name);
    }
    return name;
  };
}

/** Gives the tunnel ports of each host of a topology, sorted by name; what was found is kept with the function. */
export function tunnelPlan(topology: Topology): (host: string) => readonly TunnelIntent[] {
  const hosts = new Map(topology.hosts.map((host) => [host.name, host]));
  const found = new Map<string, readonly TunnelIntent[]>();
  let may: MayHave | undefined;
  return (name) => {
    const host = hosts.get(name);
    if (host === undefined) return [];
    may ??= mayHave(topology);
    const tunnels = found.get(name) ?? tunnelsOf(topology, host, may);
    found.set(name, tunnels);
    return tunnels;
  };
}

/** The tunnel ports of one host, sorted by name. Whoever asks for many asks tunnelPlan. */
export const desiredTunnels = (topology: Topology, hostName: string): readonly TunnelIntent[] =>
  tunnelPlan(topology)(hostName);
