/**
 * From the text of a topology file to a draft, or to every mistake in it at once, each with line and column. Pure.
 *
 *   text → YAML with places (source) → single values (schema) → what is right of it (entries) → across values (checks)
 */
import { allowedText, ipText, subnetText } from './address.js';
import { crossFaults } from './checks.js';
import { overhead } from './encapsulation.js';
import {
  type DhcpEntry,
  type Entries,
  entriesOf,
  type NetworkEntry,
  type PortEntry,
  type VlanEntry,
} from './entries.js';
import type { Dhcp, NetworkDraft, Port, Problem, TopologyDraft, VlanHalf } from './model.js';
import { shapeFaults } from './schema.js';
import { slaacAddresses } from './service-checks.js';
import { type Fault, readSource, type Source } from './source.js';

export interface Parsed {
  /** Only if there is no problem. */
  readonly draft?: TopologyDraft;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a topology file; `file` is its name in problems. The same content in any order gives the same draft, but for
 * the places of keys.
 */
export function parseTopology(text: string, file: string): Parsed {
  const source = readSource(text, file);
  if (!('value' in source)) return { problems: source.problems };
  const shape = shapeFaults(source.value);
  const entries = entriesOf(source.value, shape);
  const faults = [...shape, ...crossFaults(entries)];
  const problems = [...source.problems, ...faults.map((fault) => problemOf(fault, file, source))].sort(
    (a, b) => a.line - b.line || a.column - b.column || order(a.code, b.code),
  );
  return problems.length > 0 ? { problems } : { draft: draftOf(entries, file, source), problems };
}

function problemOf({ path, at, code, message, first }: Fault, file: string, source: Source): Problem {
  const also = first === undefined ? '' : ` (first on line ${source.locate(first, 'value').line})`;
  return { file, ...source.locate(path, at), code, message: `${message}${also}` };
}

/** Code unit order: the same on every machine, whatever its locale. */
export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function draftOf(entries: Entries, file: string, source: Source): TopologyDraft {
  const family = entries.hosts[0]?.vtep?.value.kind() ?? 'ipv4';
  const hosts = entries.hosts.map(({ name, ovsdb, vtep, trunk, zone }) => ({
    name,
    ovsdb: right(ovsdb).value,
    vtep: ipText(right(vtep).value),
    ...(trunk !== undefined && { trunk }),
    ...(zone && { zone: zone.value }),
  }));
  const networks = entries.networks.map((network) => networkOf(network, entries, family, source));
  return {
    file,
    underlay: entries.underlay,
    hosts: hosts.sort((a, b) => order(a.name, b.name)),
    networks: networks.sort((a, b) => order(a.path, b.path)),
  };
}

function networkOf(
  network: NetworkEntry,
  { underlay: { mtu }, hosts }: Entries,
  family: 'ipv4' | 'ipv6',
  source: Source,
): NetworkDraft {
  const { label, tenant, name, key, vlan, zone, subnets, dhcp, ra, ports } = network;
  const home = zone && hosts.filter((host) => host.zone?.value === zone.value).map((host) => host.name);
  const encapsulation = right(network.encapsulation).value;
  return {
    path: label,
    tenant,
    name,
    ...(key && { key: key.value }),
    keyAt: key ? source.locate(key.path, 'value') : source.locate(network.path, 'key'),
    encapsulation,
    ...(zone && { zone: zone.value }),
    ...(vlan && { vlan: vlanOf(vlan) }),
    subnets: subnets.map(({ value }) => subnetText(value)).sort(order),
    mtu: mtu - overhead(encapsulation, family),
    ...(dhcp && { dhcp: dhcpOf(dhcp) }),
    ...(ra && { ra }),
    ports: ports.map((port) => portOf(port, network, home)).sort((a, b) => order(a.path, b.path)),
  };
}

const vlanOf = ({ id, hosts, gateways }: VlanEntry): VlanHalf => ({
  id: right(id).value,
  hosts: hosts.map(({ value }) => value).sort(order),
  gateways: gateways.map(({ value }) => value),
});

/** A week: guests outlive a controller that is away, and a change of the topology reaches them in half of it. */
const LEASE_SECONDS = 7 * 24 * 3600;

const dhcpOf = ({ dns, routes, gateway, lease = LEASE_SECONDS }: DhcpEntry): Dhcp => ({
  dns: dns.map(({ value }) => ipText(value)),
  routes: routes.map(({ to, via }) => ({ to: subnetText(right(to).value), via: ipText(right(via).value) })),
  ...(gateway && { gateway: ipText(gateway.value) }),
  lease,
});

function portOf(
  { label, name, ifaceId, mac, ips, hosts, allowed, qos, plain }: PortEntry,
  network: NetworkEntry,
  home: readonly string[] | undefined,
): Port {
  const places = hosts?.map(({ value }) => value) ?? home;
  const own = [...ips.map(({ value }) => ipText(value)), ...slaacAddresses(network, right(mac).value)];
  return {
    path: label,
    name,
    ifaceId: right(ifaceId).value,
    mac: right(mac).value,
    ips: [...new Set(own)].sort(order),
    ...(places && { hosts: [...places].sort(order) }),
    ...(allowed.length > 0 && { allowed: allowed.map(({ value }) => allowedText(value)).sort(order) }),
    ...plain,
    ...(qos && Object.keys(qos.value).length > 0 && { qos: qos.value }),
  };
}

/** A value of a file without mistakes. */
function right<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a topology file without problems lacks a value');
  return value;
}
