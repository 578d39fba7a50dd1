/**
 * What isolation means for the hosts at hand: whose port is whose, which key on the wire is whose, which address is which
 * host, and which hosts an owner has ports on. An owner is a network's path (Kakuri's own hosts) or a tenant's name
 * (hosts of other controllers, whose networks we do not know).
 */
import { ipv4, ipv6 } from 'ts-openflow';
import { inject, reg_network, reg_out } from '../pipeline/index.js';
import {
  type Network,
  networkNumber,
  type Topology,
  type Wire,
  wireKey,
  type ZoneList,
  Zones,
} from '../topology/index.js';
import { type HostDump, isTunnel } from './model.js';
import { type AddressWords, VtepTable, WireTable } from './underlay.js';
import { wordOf } from './words.js';

export interface Spec {
  /** `kakuri`: closed, whatever is not allowed is a leak. `foreign`: only traffic between two owners is one. */
  readonly kind: 'kakuri' | 'foreign';
  /** host → OpenFlow port number → owner. */
  readonly owners: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** host → OpenFlow port number → what people call it. */
  readonly names: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Tunnel type → keys; of VLANs `vlan` alone, or with a zone: `vlan ZONE`. */
  readonly wires: ReadonlyMap<string, WireTable>;
  /** Addresses of the hosts' tunnels. */
  readonly vteps: VtepTable;
  /** Owner → hosts that have a port of it. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  /** Owner → hosts that carry its packets between its VLAN and its tunnels; they are members, too. */
  readonly gateways: ReadonlyMap<string, ReadonlySet<string>>;
  /** Where the controller's packets enter: each with the words it sets (word → value), and on whose behalf. */
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
  /** host → the name of the interface that carries its VLANs. */
  readonly trunks: ReadonlyMap<string, string>;
  /** host → its zone of VLAN ids, if it has one: a frame of one zone is in no other. */
  readonly zones: ReadonlyMap<string, string>;
}

/** A place where the controller may send a packet in. */
export interface Entry {
  readonly table: number;
  readonly owner: string;
  readonly name: string;
  /** word → value. */
  readonly words: ReadonlyMap<number, number>;
}

/** An address as words. */
export function addressWords(address: string): AddressWords {
  if (!address.includes(':')) return [ipv4(address) | 0];
  const value = ipv6(address);
  return [0n, 32n, 64n, 96n].map((shift) => Number(BigInt.asIntN(32, value >> shift)));
}

/** By which kind of tunnel port: NVGRE is GRE for Open vSwitch, and without Ethernet a port is another (see kindOf). */
const typeOf = (encapsulation: string): string =>
  encapsulation === 'nvgre' ? 'gre' : encapsulation === 'ip-tunnel' ? 'gre legacy_l3' : encapsulation;

interface Draft {
  readonly owners: Map<string, Map<number, string>>;
  readonly names: Map<string, Map<number, string>>;
  readonly members: Map<string, Set<string>>;
}

function bind(draft: Draft, host: string, ofport: number, owner: string, name: string): void {
  if (!draft.owners.has(host)) draft.owners.set(host, new Map());
  if (!draft.names.has(host)) draft.names.set(host, new Map());
  if (!draft.members.has(owner)) draft.members.set(owner, new Set());
  draft.owners.get(host)?.set(ofport, owner);
  draft.names.get(host)?.set(ofport, name);
  draft.members.get(owner)?.add(host);
}

const newDraft = (): Draft => ({ owners: new Map(), names: new Map(), members: new Map() });

/** The specification of Kakuri's own hosts: from the topology, and from where the dumps have its ports. */
export function kakuriSpec(topology: Topology, dumps: readonly HostDump[], given?: Spec['entries']): Spec {
  const draft = newDraft();
  const byIface = new Map(topology.networks.flatMap((n) => n.ports.map((p) => [p.ifaceId, { n, p }] as const)));
  for (const dump of dumps)
    for (const port of dump.ports.values()) {
      const found = port.ifaceId === undefined || isTunnel(port) ? undefined : byIface.get(port.ifaceId);
      if (found !== undefined) bind(draft, dump.host, port.ofport, found.n.path, found.p.path);
    }
  const gateways = joining(topology, draft);
  const vteps = new VtepTable();
  for (const host of topology.hosts) vteps.add(host.name, addressWords(host.vtep));
  const keys = new Map(topology.networks.map((network) => [network.path, networkNumber(network)]));
  const trunks = new Map(
    topology.hosts.flatMap(({ name, trunk }) => (trunk === undefined ? [] : [[name, trunk] as const])),
  );
  const zones = new Map(
    topology.hosts.flatMap(({ name, zone }) => (zone === undefined ? [] : [[name, zone] as const])),
  );
  const wires = wiresOf(topology);
  return { kind: 'kakuri', ...draft, gateways, wires, vteps, trunks, zones, entries: given ?? entriesOf(draft, keys) };
}

/** Under which name of `Spec.wires` the VLAN ids are of a host in this zone. */
export const vlanWires = (zone: string | undefined): string => (zone === undefined ? 'vlan' : `vlan ${zone}`);

function wiresOf({ hosts, networks }: Topology): Spec['wires'] {
  const zones = new Zones(hosts);
  const wires = new Map<string, WireTable>();
  const add = (network: Network, wire: Wire, where: ZoneList) => {
    const { value, mask } = wireKey(wire);
    const vlans = wire.encapsulation === 'vlan' ? (where ?? zones.all)?.map(vlanWires) : undefined;
    for (const type of vlans ?? [typeOf(wire.encapsulation)]) {
      const rules = wires.get(type) ?? new WireTable();
      rules.add({ value: value | 0, mask: (mask ?? 0xffffffff) | 0, owner: network.path });
      wires.set(type, rules);
    }
  };
  for (const network of networks) {
    add(network, network, zones.ofKey(network));
    if (network.vlan !== undefined)
      add(network, { encapsulation: 'vlan', key: network.vlan.id }, zones.ofHalf(network.vlan));
  }
  // By its former ways a network's packets may still travel while its file's change is on its way, where they are no other's.
  for (const network of networks) for (const wire of network.former ?? []) add(network, wire, undefined);
  return wires;
}

/** The gateways of networks that are joined to a VLAN; those that a port is behind may be sent to. */
function joining({ networks }: Topology, { members }: Draft): Spec['gateways'] {
  const gateways = new Map<string, ReadonlySet<string>>();
  for (const { path, vlan } of networks) {
    const hosts = members.get(path);
    if (vlan === undefined || hosts === undefined) continue;
    for (const host of vlan.gateways) hosts.add(host);
    gateways.set(path, new Set(vlan.gateways));
  }
  return gateways;
}

/** In br-int the controller answers a port by table `inject`, with that port's registers (session/punts.ts). */
function entriesOf({ owners, names }: Draft, keys: ReadonlyMap<string, number>): Spec['entries'] {
  const entry = (host: string, ofport: number, owner: string): Entry => ({
    table: inject.id,
    owner,
    name: names.get(host)?.get(ofport) ?? String(ofport),
    words: new Map([
      [wordOf(reg_network), (keys.get(owner) ?? 0) | 0],
      [wordOf(reg_out), ofport],
    ]),
  });
  return new Map(
    [...owners]
      .filter(([host]) => !host.includes('/'))
      .map(([host, ports]) => [host, [...ports].map(([ofport, owner]) => entry(host, ofport, owner))]),
  );
}

/** The specification of other controllers' hosts: `tenants` says whose each port is, by iface-id or interface name. */
export function foreignSpec(tenants: ReadonlyMap<string, string>, dumps: readonly HostDump[]): Spec {
  const draft = newDraft();
  for (const dump of dumps)
    for (const port of dump.ports.values()) {
      const owner = tenants.get(port.ifaceId ?? '') ?? tenants.get(port.name);
      if (owner !== undefined) bind(draft, dump.host, port.ofport, owner, port.ifaceId ?? port.name);
    }
  const vteps = new VtepTable();
  for (const [host, address] of foreignAddresses(dumps)) vteps.add(host, addressWords(address));
  return {
    kind: 'foreign',
    ...draft,
    gateways: new Map(),
    wires: new Map(),
    vteps,
    trunks: new Map(),
    zones: new Map(),
    entries: new Map(),
  };
}

/** The addresses in an option of a host's tunnels. */
const addressesIn = (dump: HostDump, option: 'local_ip' | 'remote_ip'): readonly string[] =>
  [...dump.ports.values()].flatMap((port) => {
    const address = isTunnel(port) ? port.options[option] : undefined;
    return address === undefined || address === 'flow' ? [] : [address];
  });

/**
 * Which address is which host: as its tunnels say; where they do not (OVN's have no local_ip), the one address that the
 * others send to and it does not. An address that stays without a host is nobody's.
 */
function foreignAddresses(dumps: readonly HostDump[]): readonly (readonly [host: string, address: string])[] {
  const told = dumps.flatMap((dump) => addressesIn(dump, 'local_ip').map((address) => [dump.host, address] as const));
  const open = new Set(dumps.flatMap((dump) => addressesIn(dump, 'remote_ip')));
  for (const [, address] of told) open.delete(address);
  const guessed = dumps.flatMap((dump) => {
    const remotes = new Set(addressesIn(dump, 'remote_ip'));
    if (remotes.size === 0 || told.some(([host]) => host === dump.host)) return [];
    const left = [...open].filter((address) => !remotes.has(address));
    return left.length === 1 ? [[dump.host, left[0] as string] as const] : [];
  });
  const once = guessed.filter(([, address]) => guessed.filter(([, other]) => other === address).length === 1);
  return [...told, ...once];
}
