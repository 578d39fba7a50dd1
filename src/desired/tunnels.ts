/**
 * The tunnel ports a host needs, as the rows of OVSDB should say it: in `mesh` mode one for each peer that may share a
 * network with it, in `flow` mode one for each encapsulation. Every option is written out, because an absent one takes a
 * default that differs between versions and a misspelt one is silently ignored (seen on 3.1.0).
 */
import { createHash } from 'node:crypto';
import type { Encapsulation, Host, Topology, Underlay } from '../topology/index.js';
import { waysOf } from './ways.js';

export interface TunnelIntent {
  readonly name: string;
  /** Interface.type: NVGRE is GRE on the wire and for Open vSwitch, and has one port with it. */
  readonly type: 'geneve' | 'vxlan' | 'gre';
  readonly options: Readonly<Record<string, string>>;
  readonly bfd: Readonly<Record<string, string>>;
  /** The peer of a mesh port. */
  readonly peer?: Host;
}

const TYPE = { geneve: 'geneve', vxlan: 'vxlan', gre: 'gre', nvgre: 'gre' } as const;
const LETTER = { geneve: 'g', vxlan: 'v', gre: 'r' } as const;
/** IANA: Geneve RFC 8926 clause 3.3, VXLAN RFC 7348 clause 5. */
const DST_PORT = { geneve: '6081', vxlan: '4789' } as const;

/** `kk` + letter + 8 hex digits of the peer (its IPv4 address, else a hash), or `kkgflow`: never more than 11 octets. */
export function tunnelName(encapsulation: Encapsulation, remoteVtep: string | undefined): string {
  const letter = LETTER[TYPE[encapsulation]];
  if (remoteVtep === undefined) return `kk${letter}flow`;
  const octets = remoteVtep.split('.').map(Number);
  const hex =
    octets.length === 4
      ? octets.map((o) => o.toString(16).padStart(2, '0')).join('')
      : createHash('sha256').update(remoteVtep).digest('hex').slice(0, 8);
  return `kk${letter}${hex}`;
}

/** Hosts on which any port of the network may run. */
const mayHost = (topology: Topology): ((network: Topology['networks'][number]) => ReadonlySet<string>) => {
  const every = new Set(topology.hosts.map((host) => host.name));
  return ({ ports }) =>
    ports.some((port) => port.hosts === undefined) ? every : new Set(ports.flatMap((port) => port.hosts ?? []));
};

/**
 * UDP over IPv6 has a checksum unless both ends agree on none (RFC 8200 clause 8.1, RFC 6935); over IPv4 it is saved, as
 * RFC 7348 clause 5 and RFC 8926 clause 3.3 advise, and GRE's own is not needed anywhere.
 */
const checksummed = (type: TunnelIntent['type'], vtep: string): boolean => type !== 'gre' && vtep.includes(':');

function intent(underlay: Underlay, host: Host, encapsulation: Encapsulation, peer: Host | undefined): TunnelIntent {
  const type = TYPE[encapsulation];
  const options: Record<string, string> = {
    key: 'flow',
    local_ip: host.vtep,
    remote_ip: peer === undefined ? 'flow' : peer.vtep,
    csum: String(underlay.csum ?? checksummed(type, host.vtep)),
    df_default: String(underlay.df ?? true),
    packet_type: 'legacy_l2',
    tos: String(underlay.tos ?? 0),
    ttl: String(underlay.ttl ?? 64),
  };
  if (type !== 'gre') options.dst_port = DST_PORT[type];
  return {
    name: tunnelName(encapsulation, peer?.vtep),
    type,
    options,
    bfd: peer === undefined ? {} : { enable: 'true', check_tnl_key: 'true', min_rx: '1000', min_tx: '1000' },
    ...(peer === undefined ? {} : { peer }),
  };
}

/** The tunnel ports of one host, sorted by name. */
export function desiredTunnels(topology: Topology, hostName: string): readonly TunnelIntent[] {
  const host = topology.hosts.find((h) => h.name === hostName);
  if (host === undefined) return [];
  const hostsOf = mayHost(topology);
  const wanted = new Map<string, TunnelIntent>();
  for (const network of topology.networks) {
    const members = hostsOf(network);
    if (!members.has(host.name)) continue;
    const peers = topology.hosts.filter((peer) => peer !== host && members.has(peer.name));
    if (peers.length === 0) continue;
    for (const { encapsulation, tunnels } of waysOf(topology, network))
      for (const peer of tunnels === 'mesh' ? peers : [undefined]) {
        const name = tunnelName(encapsulation, peer?.vtep);
        if (!wanted.has(name)) wanted.set(name, intent(topology.underlay, host, encapsulation, peer));
      }
  }
  return [...wanted.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
