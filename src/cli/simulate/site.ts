/**
 * An installation of any size, as values: hosts, networks and ports spread over them, the same for the same numbers. Every
 * network has the same subnet and its ports the same addresses, as tenants' do.
 */
import { type Encapsulation, type Network, overhead, type Port, type Topology } from '../../topology/index.js';

export interface SiteSize {
  readonly hosts: number;
  readonly networks: number;
  /** Of all networks together. */
  readonly ports: number;
  /** `mesh`: ports name their host, and only hosts that share a network have tunnels to each other. */
  readonly tunnels: 'mesh' | 'flow';
  /** Absent: geneve. */
  readonly encapsulation?: Encapsulation;
  /** Hosts of a rack: a network's ports are in one rack. Absent: anywhere. */
  readonly rack?: number;
  /** One network among them that is larger than the others: its ports, and the hosts that they are on. */
  readonly large?: { readonly ports: number; readonly hosts: number };
}

export interface Site {
  readonly topology: Topology;
  /** By host, the iface-ids of the ports there. */
  readonly places: ReadonlyMap<string, readonly string[]>;
}

const MTU = 1500;

const octet = (n: number): string => n.toString(16).padStart(2, '0');
const digits = (n: number, count: number): string => String(n).padStart(count, '0');

export const hostNameOf = (i: number): string => `hv${digits(i, 4)}`;
const vtepOf = (i: number): string => `10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;

/** A number that looks as if by chance and is not (a multiplicative hash). */
const scattered = (n: number, below: number): number => (Math.imul(n + 1, 0x9e3779b1) >>> 8) % below;

function portOf(network: string, index: number, host: string, size: SiteSize): Port {
  const name = `vm${digits(index, 5)}`;
  const path = `${network}/${name}`;
  return {
    path,
    name,
    ifaceId: path.replaceAll('/', '-'),
    mac: `02:00:00:${octet((index >> 16) & 255)}:${octet((index >> 8) & 255)}:${octet(index & 255)}`,
    ips: [`10.${(index + 1) >> 16}.${((index + 1) >> 8) & 255}.${(index + 1) & 255}`],
    ...(size.tunnels === 'mesh' ? { hosts: [host] } : {}),
  };
}

/** The host of a network's port: in the network's rack, or any; of the large network one of the first hosts. */
function hostIndex(size: SiteSize, network: number, index: number): number {
  const { hosts, rack, large } = size;
  if (large !== undefined && network === 0) return index % Math.min(large.hosts, hosts);
  if (rack === undefined || rack >= hosts) return scattered(network * 4099 + index, hosts);
  const racks = Math.floor(hosts / rack);
  return (network % racks) * rack + ((index + Math.floor(network / racks)) % rack);
}

/** Ports of each network: as many for each, the first ones one more; the large one has its own number. */
function portCounts({ networks, ports, large }: SiteSize): (network: number) => number {
  const others = large === undefined ? networks : networks - 1;
  const rest = Math.max(0, ports - (large?.ports ?? 0));
  const each = Math.floor(rest / Math.max(1, others));
  const more = rest - each * others;
  return (network) => {
    if (large !== undefined && network === 0) return large.ports;
    return each + ((large === undefined ? network : network - 1) < more ? 1 : 0);
  };
}

/** The installation of this size. */
export function siteOf(size: SiteSize): Site {
  const countOf = portCounts(size);
  const { encapsulation = 'geneve', tunnels } = size;
  const places = new Map(Array.from({ length: size.hosts }, (_, i) => [hostNameOf(i), [] as string[]]));
  const networks = Array.from({ length: size.networks }, (_, n): Network => {
    const tenant = `t${digits(n, 5)}`;
    const path = `${tenant}/net`;
    const ports = Array.from({ length: countOf(n) }, (_, index) => {
      const host = hostNameOf(hostIndex(size, n, index));
      const port = portOf(path, index, host, size);
      places.get(host)?.push(port.ifaceId);
      return port;
    });
    const key = n + 1;
    const mtu = MTU - overhead(encapsulation, 'ipv4');
    return { path, tenant, name: 'net', key, encapsulation, subnets: ['10.0.0.0/8'], mtu, ports };
  });
  const hosts = [...places.keys()].map((name, i) => ({ name, ovsdb: 'tcp:127.0.0.1:1', vtep: vtepOf(i) }));
  return {
    topology: { underlay: { encapsulation, tunnels, mtu: MTU }, hosts, networks },
    places,
  };
}
