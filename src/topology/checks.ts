/**
 * What values of a topology file mean together: names, duplicates, addresses and their subnets, hosts. Each check is a generator from the entries to its mistakes, independent of the others.
 */
import { contains, ipText, overlap, reservedIn, subnetText } from './address.js';
import { ENCAPSULATIONS, KeySpace, largestKey, MINIMUM_MTU, overhead } from './encapsulation.js';
import type { Entries, NetworkEntry } from './entries.js';
import { allowedAddresses, linkLocals, qosBursts, routedPorts, unknownKeys } from './port-checks.js';
import { nameFault } from './schema.js';
import { advertisedPrefixes, dhcpRouters, dhcpSizes, slaacDuplicates } from './service-checks.js';
import type { Fault, Path } from './source.js';
import { vlanHalves, vlanIds } from './vlan-checks.js';
import { hostZones, networkZone, whereBoth, zonesOf, zonesOfKey } from './zone-checks.js';

type Check = (entries: Entries) => Iterable<Fault>;

/** Every mistake across values, in no order. */
export function crossFaults(entries: Entries): Fault[] {
  const each = entries.networks.flatMap((network) => NETWORK_CHECKS.flatMap((check) => [...check(network, entries)]));
  return [...CHECKS.flatMap((check) => [...check(entries)]), ...each];
}

interface Named {
  readonly id: string;
  readonly path: Path;
  /** Default: the value. */
  readonly at?: Fault['at'];
}

/** A fault at every item whose `id` an earlier one has; `message` names the two. */
function* twice<T extends Named>(
  items: Iterable<T>,
  code: string,
  message: (item: T, first: T) => string,
): Iterable<Fault> {
  const seen = new Map<string, T>();
  for (const item of items) {
    const first = seen.get(item.id);
    if (first)
      yield { path: item.path, at: item.at ?? 'value', code, message: message(item, first), first: first.path };
    else seen.set(item.id, item);
  }
}

function* names({ hosts, tenants, networks }: Entries): Iterable<Fault> {
  for (const { path, name } of [...hosts, ...tenants, ...networks, ...networks.flatMap((n) => n.ports)]) {
    const message = nameFault(name);
    if (message) yield { path, at: 'key', code: 'bad-name', message: `${JSON.stringify(name)} is no name: ${message}` };
  }
}

function* someHost({ hosts, hostNames }: Entries): Iterable<Fault> {
  if (hostNames === undefined || hosts.length > 0) return;
  yield { path: ['hosts'], at: 'value', code: 'no-hosts', message: 'no hosts: name at least one under hosts' };
}

function* vteps({ hosts }: Entries): Iterable<Fault> {
  const sites = hosts.flatMap(({ name, vtep }) => (vtep ? [{ ...vtep, name, id: ipText(vtep.value) }] : []));
  yield* twice(sites, 'duplicate-vtep', (a, b) => `${a.id} is the VTEP of ${b.name} already: give ${a.name} its own`);
  const [first] = sites;
  for (const { path, value } of sites) {
    if (first === undefined || value.kind() === first.value.kind()) continue;
    const message = `the VTEP of ${first.name} is ${first.value.kind()} and this one is not: a tunnel has one family at both ends`;
    yield { path, at: 'value', code: 'mixed-vteps', message, first: first.path };
  }
}

function* ovsdbs({ hosts }: Entries): Iterable<Fault> {
  const sites = hosts.flatMap(({ name, ovsdb }) => (ovsdb ? [{ ...ovsdb, name, id: ovsdb.value }] : []));
  yield* twice(sites, 'duplicate-ovsdb', (a, b) => `${a.id} is the OVSDB of ${b.name} already: give ${a.name} its own`);
}

function* mtu({ underlay, networks, hosts }: Entries): Iterable<Fault> {
  const family = hosts.some(({ vtep }) => vtep?.value.kind() === 'ipv6') ? 'ipv6' : 'ipv4';
  const used = new Set([underlay.encapsulation, ...networks.flatMap((n) => n.encapsulation?.value ?? [])]);
  for (const encapsulation of used) {
    const cost = overhead(encapsulation, family);
    const left = underlay.mtu - cost;
    if (left >= MINIMUM_MTU) continue;
    const least = `an underlay of at least ${MINIMUM_MTU + cost} is needed for ${MINIMUM_MTU}`;
    const message = `MTU ${underlay.mtu} less the ${cost} octets of ${encapsulation} leaves VMs ${left}: ${least}`;
    yield { path: ['underlay', 'mtu'], at: 'value', code: 'mtu-too-small', message };
  }
}

function* ifaceIds({ networks }: Entries): Iterable<Fault> {
  const ports = networks.flatMap((network) => network.ports);
  const sites = ports.flatMap(({ label, path, ifaceId }) => {
    // Not given: it is the port's name.
    const at = ifaceId?.path === path ? ('key' as const) : ('value' as const);
    return ifaceId ? [{ ...ifaceId, label, id: ifaceId.value, at }] : [];
  });
  yield* twice(
    sites,
    'duplicate-iface-id',
    (a, b) =>
      `iface-id ${a.id} of ${a.label} is that of ${b.label} already: rename the port, or give it its own iface-id`,
  );
}

function* tunnelKeys({ networks, hosts }: Entries): Iterable<Fault> {
  const space = new KeySpace();
  const zones = zonesOf(hosts);
  const others = new Map(networks.map((network) => [network.label, network]));
  for (const network of networks) {
    const { label, key, encapsulation } = network;
    if (!key) continue;
    // A network whose encapsulation is no word still has a number.
    const kind = encapsulation?.value ?? 'geneve';
    const here = zonesOfKey(network, zones);
    const owner = space.owner(kind, key.value, here);
    if (owner === undefined) space.add(kind, key.value, label, here);
    else {
      const other = others.get(owner);
      const where = whereBoth(other && zonesOfKey(other, zones), here);
      const message = `tunnel key ${key.value} ${space.conflict(kind, key.value)} by network ${owner}${where}: choose another, or leave it out`;
      const first = other?.key?.path;
      yield { path: key.path, at: 'value', code: 'duplicate-tunnel-key', message, ...(first && { first }) };
    }
  }
}

const CHECKS: readonly Check[] = [names, someHost, vteps, ovsdbs, mtu, ifaceIds, hostZones, tunnelKeys, vlanIds];

type NetworkCheck = (network: NetworkEntry, entries: Entries) => Iterable<Fault>;

function* keyWidth({ key, encapsulation }: NetworkEntry): Iterable<Fault> {
  if (!key || !encapsulation || key.value <= largestKey(encapsulation.value)) return;
  const { keyBits } = ENCAPSULATIONS[encapsulation.value];
  const most = `at most ${largestKey(encapsulation.value)}`;
  const what =
    encapsulation.value === 'vlan'
      ? `VLAN id ${key.value} does not exist (IEEE 802.1Q has ${keyBits} bits, and 4095 is reserved)`
      : `tunnel key ${key.value} is wider than the ${keyBits} bits of ${encapsulation.value}`;
  const message = `${what}: choose ${most}`;
  yield { path: key.path, at: 'value', code: 'key-too-wide', message };
}

function* subnets({ label, subnets }: NetworkEntry): Iterable<Fault> {
  for (const [index, subnet] of subnets.entries()) {
    const other = subnets.slice(0, index).find((earlier) => overlap(earlier.value, subnet.value));
    if (!other) continue;
    const message = `subnet ${subnetText(subnet.value)} overlaps ${subnetText(other.value)} of ${label}: keep one`;
    yield { path: subnet.path, at: 'value', code: 'subnet-overlap', message, first: other.path };
  }
}

function* addresses({ label, ports, subnets, subnetsRead }: NetworkEntry): Iterable<Fault> {
  for (const { path, value } of ports.flatMap((port) => port.ips)) {
    const home = subnets.find((subnet) => contains(subnet.value, value));
    const reserved = home && reservedIn(home.value, value);
    if (reserved) {
      const message = `${ipText(value)} is the ${reserved} address of ${subnetText(home.value)}: choose one between`;
      yield { path, at: 'value', code: 'reserved-address', message };
    } else if (!home && subnetsRead) {
      const list = subnets.map((subnet) => subnetText(subnet.value)).join(', ');
      const where = subnets.length === 0 ? `${label} has no subnets` : `outside the subnets of ${label} (${list})`;
      const message = `${ipText(value)}: ${where}: correct it, or add its subnet`;
      yield { path, at: 'value', code: 'address-outside-subnets', message };
    }
  }
}

function* portDuplicates({ ports }: NetworkEntry): Iterable<Fault> {
  const macs = ports.flatMap(({ name, mac }) => (mac ? [{ ...mac, name, id: mac.value }] : []));
  yield* twice(
    macs,
    'duplicate-mac',
    (a, b) => `MAC ${a.id} is that of port ${b.name} already: give ${a.name} its own`,
  );
  const ips = ports.flatMap(({ name, ips }) => ips.map((ip) => ({ ...ip, name, id: ipText(ip.value) })));
  yield* twice(
    ips,
    'duplicate-ip',
    (a, b) => `address ${a.id} is that of port ${b.name} already: give ${a.name} its own`,
  );
}

function* portHosts({ ports }: NetworkEntry, { hostNames }: Entries): Iterable<Fault> {
  for (const { name, path, hosts } of ports) {
    if (hosts?.length === 0) {
      const message = `${name} may run on no host: name some, or leave hosts out for any`;
      yield { path: [...path, 'hosts'], at: 'value', code: 'no-hosts', message };
    }
    for (const host of hosts ?? []) {
      if (hostNames === undefined || hostNames.has(host.value)) continue;
      const message = `unknown host ${host.value}: hosts has ${[...hostNames].join(', ') || 'none'}`;
      yield { path: host.path, at: 'value', code: 'unknown-host', message };
    }
    const sites = (hosts ?? []).map((host) => ({ ...host, id: host.value }));
    yield* twice(sites, 'duplicate-host', ({ id }) => `host ${id} is named twice: remove one`);
  }
}

/** A VLAN's ports can run only where there is a trunk. */
function* trunks({ label, encapsulation, zone, ports }: NetworkEntry, { hosts }: Entries): Iterable<Fault> {
  if (encapsulation?.value !== 'vlan') return;
  const without = hosts.filter(({ trunk }) => trunk === undefined).map(({ name }) => name);
  const say = (host: string): string =>
    `host ${host} has no trunk for VLAN network ${label}: give it one (trunk: eth1)`;
  const [first] = without;
  if (first !== undefined && zone === undefined && ports.some((port) => port.hosts === undefined))
    yield {
      path: encapsulation.path,
      at: 'value',
      code: 'no-trunk',
      message: `${say(first)}, or say where its ports run`,
    };
  for (const { path, value } of ports.flatMap((port) => port.hosts ?? []))
    if (without.includes(value)) yield { path, at: 'value', code: 'no-trunk', message: say(value) };
}

const NETWORK_CHECKS: readonly NetworkCheck[] = [
  keyWidth,
  trunks,
  networkZone,
  vlanHalves,
  subnets,
  addresses,
  portDuplicates,
  portHosts,
  linkLocals,
  allowedAddresses,
  qosBursts,
  unknownKeys,
  routedPorts,
  dhcpRouters,
  dhcpSizes,
  advertisedPrefixes,
  slaacDuplicates,
];
