/**
 * The file's hosts, networks and ports as far as they are right, each value with its place, for the checks across them:
 * one mistake must not hide another, nor cause a second message. A value that the schema refused is `null` here, one
 * that is absent `undefined`.
 */
import { allowedOf, type Ip, ipOf, type Subnet, subnetOf } from './address.js';
import type { Encapsulation, Port, Qos, Underlay } from './model.js';
import { type File, NETWORK_KEYS } from './schema.js';
import type { Fault, Path } from './source.js';

type Refused<T> = T extends readonly (infer E)[]
  ? readonly (Refused<E> | null)[]
  : T extends object
    ? { readonly [K in keyof T]?: Refused<T[K]> | null }
    : T;

export interface Sited<T> {
  readonly value: T;
  readonly path: Path;
}

export interface HostEntry {
  readonly path: Path;
  readonly name: string;
  readonly ovsdb?: Sited<string>;
  readonly vtep?: Sited<Ip>;
  readonly trunk?: string;
  readonly zone?: Sited<string>;
}

export interface PortEntry {
  readonly path: Path;
  /** `TENANT/NETWORK/PORT`. */
  readonly label: string;
  readonly name: string;
  readonly ifaceId?: Sited<string>;
  readonly mac?: Sited<string>;
  readonly ips: readonly Sited<Ip>[];
  readonly hosts: readonly Sited<string>[] | undefined;
  readonly allowed: readonly Sited<Subnet>[];
  readonly qos?: Sited<Qos>;
  /** What needs no check across values. */
  readonly plain: Pick<Port, 'ipChecks' | 'unknown' | 'broadcastRate'>;
}

export interface NetworkEntry {
  readonly path: Path;
  /** `TENANT/NETWORK`. */
  readonly label: string;
  readonly tenant: string;
  readonly name: string;
  readonly key: Sited<number> | null | undefined;
  /** Its own or the underlay's, with the place that says so; absent when what the file names is none. */
  readonly encapsulation?: Sited<Encapsulation>;
  readonly vlan?: VlanEntry;
  readonly zone?: Sited<string>;
  readonly subnets: readonly Sited<Subnet>[];
  /** Whether every subnet could be read, so that "in none of them" can be said. */
  readonly subnetsRead: boolean;
  readonly ports: readonly PortEntry[];
  readonly dhcp?: DhcpEntry;
  readonly ra?: 'slaac' | 'managed';
  readonly raPath: Path;
}

export interface VlanEntry {
  readonly path: Path;
  readonly id?: Sited<number>;
  readonly hosts: readonly Sited<string>[];
  readonly gateways: readonly Sited<string>[];
}

export interface DhcpEntry {
  readonly dns: readonly Sited<Ip>[];
  readonly routes: readonly { readonly to?: Sited<Subnet>; readonly via?: Sited<Ip> }[];
  readonly gateway?: Sited<Ip>;
  /** Seconds; absent: as long as those that say nothing. */
  readonly lease?: number;
}

export interface Entries {
  readonly underlay: Underlay;
  readonly hosts: readonly HostEntry[];
  /** The names of the hosts, those with mistakes too; undefined if the section is no mapping. */
  readonly hostNames: ReadonlySet<string> | undefined;
  readonly tenants: readonly { readonly path: Path; readonly name: string }[];
  readonly networks: readonly NetworkEntry[];
}

const UNDERLAY: Underlay = { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 };

/** The entries of a file of which `faults` are the mistakes of single values. */
export function entriesOf(value: unknown, faults: readonly Fault[]): Entries {
  const file = withoutFaults(value, faults) as Refused<File> | null;
  const underlay = file?.underlay ?? {};
  const defaults: Underlay = {
    encapsulation: underlay.encapsulation ?? UNDERLAY.encapsulation,
    tunnels: underlay.tunnels ?? UNDERLAY.tunnels,
    mtu: underlay.mtu ?? UNDERLAY.mtu,
    ...(typeof underlay.csum === 'boolean' && { csum: underlay.csum }),
    ...(underlay.tos != null && { tos: underlay.tos }),
    ...(underlay.ttl != null && { ttl: underlay.ttl }),
    ...(typeof underlay.df === 'boolean' && { df: underlay.df }),
  };
  const fallback = underlay.encapsulation === null ? null : defaults.encapsulation;
  const tenants = Object.entries(file?.tenants ?? {}).map(([name, tenant]) => ({
    path: ['tenants', name],
    name,
    tenant,
  }));
  return {
    underlay: defaults,
    hosts: Object.entries(file?.hosts ?? {}).map(([name, host]) => hostEntry(name, host)),
    hostNames: file?.hosts ? new Set(Object.keys(file.hosts)) : undefined,
    tenants,
    networks: tenants.flatMap(({ name, tenant }) =>
      Object.entries(tenant?.networks ?? {}).map(([network, given]) => networkEntry(name, network, given, fallback)),
    ),
  };
}

type Values<T> = T extends { readonly [name: string]: infer V } ? V : never;
type GivenHost = Values<NonNullable<Refused<File>['hosts']>>;
type GivenNetwork = Values<NonNullable<NonNullable<Values<NonNullable<Refused<File>['tenants']>>>['networks']>>;
type GivenPort = Values<NonNullable<NonNullable<GivenNetwork>['ports']>>;

function hostEntry(name: string, host: GivenHost): HostEntry {
  const path = ['hosts', name];
  return {
    path,
    name,
    ...(host?.ovsdb && { ovsdb: { value: host.ovsdb, path: [...path, 'ovsdb'] } }),
    ...(host?.vtep && { vtep: { value: ipOf(host.vtep), path: [...path, 'vtep'] } }),
    ...(host?.trunk && { trunk: host.trunk }),
    ...(host?.zone && { zone: { value: host.zone, path: [...path, 'zone'] } }),
  };
}

function networkEntry(tenant: string, name: string, given: GivenNetwork, fallback: Encapsulation | null): NetworkEntry {
  const path = ['tenants', tenant, 'networks', name];
  const label = `${tenant}/${name}`;
  const encapsulation = given?.encapsulation === undefined ? fallback : given.encapsulation;
  const subnets = given?.subnets === undefined ? [] : given.subnets;
  // `subnet:` is a mistake of its own, and probably holds the subnets.
  const strange = Object.keys(given ?? {}).some((key) => !NETWORK_KEYS.includes(key));
  return {
    path,
    label,
    tenant,
    name,
    key: typeof given?.key === 'number' ? { value: given.key, path: [...path, 'key'] } : given?.key,
    ...(encapsulation && {
      encapsulation: {
        value: encapsulation,
        path: given?.encapsulation ? [...path, 'encapsulation'] : ['underlay', 'encapsulation'],
      },
    }),
    ...(given?.vlan && { vlan: vlanEntry([...path, 'vlan'], given.vlan) }),
    ...(given?.zone && { zone: { value: given.zone, path: [...path, 'zone'] } }),
    ...(given?.dhcp && { dhcp: dhcpEntry([...path, 'dhcp'], given.dhcp) }),
    ...(given?.ra && given.ra !== 'off' && { ra: given.ra as 'slaac' | 'managed' }),
    raPath: [...path, 'ra'],
    subnets: sited(subnets, [...path, 'subnets']).map((subnet) => ({ ...subnet, value: subnetOf(subnet.value) })),
    subnetsRead: (subnets?.every((subnet) => subnet !== null) ?? false) && !strange,
    ports: Object.entries(given?.ports ?? {}).map(([port, value]) =>
      portEntry([...path, 'ports', port], label, port, value),
    ),
  };
}

const vlanEntry = (path: Path, { id, hosts, gateways }: NonNullable<NonNullable<GivenNetwork>['vlan']>): VlanEntry => ({
  path,
  ...(id != null && { id: { value: id, path: [...path, 'id'] } }),
  hosts: sited(hosts, [...path, 'hosts']),
  gateways: sited(gateways, [...path, 'gateways']),
});

function dhcpEntry(
  path: Path,
  { dns, routes, gateway, lease }: NonNullable<NonNullable<GivenNetwork>['dhcp']>,
): DhcpEntry {
  return {
    dns: sited(dns, [...path, 'dns']).map((ip) => ({ ...ip, value: ipOf(ip.value) })),
    routes: sited(routes, [...path, 'routes']).map(({ path: at, value: { to, via } }) => ({
      ...(to && { to: { value: subnetOf(to), path: [...at, 'to'] } }),
      ...(via && { via: { value: ipOf(via), path: [...at, 'via'] } }),
    })),
    ...(gateway && { gateway: { value: ipOf(gateway), path: [...path, 'gateway'] } }),
    ...(lease != null && { lease }),
  };
}

function portEntry(path: Path, network: string, name: string, port: GivenPort): PortEntry {
  const id = port?.['iface-id'];
  const ifaceId = { value: id ?? name, path: id === undefined ? path : [...path, 'iface-id'] };
  return {
    path,
    label: `${network}/${name}`,
    name,
    ...(id !== null && { ifaceId }),
    ...(port?.mac && { mac: { value: port.mac.toLowerCase(), path: [...path, 'mac'] } }),
    ips: sited(port?.ips, [...path, 'ips']).map((ip) => ({ ...ip, value: ipOf(ip.value) })),
    hosts: port?.hosts ? sited(port.hosts, [...path, 'hosts']) : undefined,
    allowed: sited(port?.allowed, [...path, 'allowed']).map((entry) => ({ ...entry, value: allowedOf(entry.value) })),
    ...(port?.qos && { qos: { value: qosOf(port.qos), path: [...path, 'qos'] } }),
    plain: {
      ...(port?.['ip-checks'] === false && { ipChecks: false }),
      ...(port?.unknown === true && { unknown: true }),
      ...(port?.['broadcast-rate'] != null && { broadcastRate: port['broadcast-rate'] }),
    },
  };
}

function qosOf({ rate, burst, dscp }: NonNullable<NonNullable<GivenPort>['qos']>): Qos {
  // A burst beside a rate that is wrong is no second mistake.
  const peak = rate === null ? null : burst;
  return { ...(rate != null && { rate }), ...(peak != null && { burst: peak }), ...(dscp != null && { dscp }) };
}

/** The values of a list that are right, with their places. */
function sited<T>(list: readonly (T | null)[] | null | undefined, path: Path): Sited<T>[] {
  return (list ?? []).flatMap((value, index) => (value === null ? [] : [{ value, path: [...path, index] }]));
}

/** A copy of `value` with null for what the schema refused. */
function withoutFaults(value: unknown, faults: readonly Fault[]): unknown {
  const copy = structuredClone(value);
  for (const { path, code } of faults) {
    if (code === 'unknown-key' || code === 'missing-key') continue;
    const last = path.at(-1);
    if (last === undefined) return null;
    const owner = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], copy);
    (owner as Record<string | number, unknown>)[last] = null;
  }
  return copy;
}
