/**
 * A tunnelled network that is joined to a VLAN: what its VLAN, its hosts and its gateways mean together. The VLAN id is the
 * network's as much as its key is, and no other network's; every port says on which half it may run, because its host is
 * what says where its frames are.
 */
import { networkNumber } from './encapsulation.js';
import type { Entries, NetworkEntry, Sited, VlanEntry } from './entries.js';
import type { Fault } from './source.js';
import { whereBoth, zonesOf, zonesOfHalf, zonesOfKey } from './zone-checks.js';
import { meet, type ZoneList } from './zones.js';

/** Tunnels that carry Ethernet. */
const L2_TUNNELS: readonly string[] = ['geneve', 'vxlan', 'gre', 'nvgre'];
/** One OpenFlow action names the tunnels to all of them. */
const MOST_GATEWAYS = 8;

const atValue = (path: Fault['path'], code: string, message: string): Fault => ({ path, at: 'value', code, message });

interface Taken {
  readonly label: string;
  readonly path: Fault['path'];
  readonly zones: ZoneList;
}

/** VLAN ids, of joined networks and of those that are VLANs as a whole, are one's alone in a zone; so are the numbers that they give. */
export function* vlanIds({ networks, hosts }: Entries): Iterable<Fault> {
  const zones = zonesOf(hosts);
  const taken = new Map<number, Taken[]>();
  const take = (number: number, by: Taken): void => {
    taken.set(number, [...(taken.get(number) ?? []), by]);
  };
  for (const network of networks) {
    const { label, key, encapsulation } = network;
    if (!key || !encapsulation) continue;
    const number = networkNumber({ encapsulation: encapsulation.value, key: key.value });
    take(number, { label, path: key.path, zones: zonesOfKey(network, zones) });
  }
  for (const { label, vlan } of networks) {
    if (vlan?.id === undefined) continue;
    const { path, value } = vlan.id;
    const number = networkNumber({ encapsulation: 'vlan', key: value });
    const here = zonesOfHalf(vlan, zones);
    const other = taken.get(number)?.find((by) => meet(by.zones, here));
    if (other === undefined) take(number, { label, path, zones: here });
    else {
      const message = `VLAN id ${value} is taken by network ${other.label}${whereBoth(other.zones, here)}: choose another`;
      yield { ...atValue(path, 'duplicate-vlan', message), first: other.path };
    }
  }
}

/** The hosts that a list names: known ones, with a trunk, each once. */
function* named(list: readonly Sited<string>[], what: string, { hosts, hostNames }: Entries): Iterable<Fault> {
  const seen = new Set<string>();
  for (const { path, value } of list) {
    if (hostNames !== undefined && !hostNames.has(value)) {
      yield atValue(path, 'unknown-host', `unknown host ${value}: hosts has ${[...hostNames].join(', ') || 'none'}`);
    } else if (seen.has(value)) yield atValue(path, 'duplicate-host', `host ${value} is named twice: remove one`);
    else if (hosts.some(({ name, trunk }) => name === value && trunk === undefined))
      yield atValue(path, 'no-trunk', `host ${value} has no trunk and is ${what}: give it one (trunk: eth1)`);
    seen.add(value);
  }
}

function* sides({ gateways, hosts, path }: VlanEntry, label: string): Iterable<Fault> {
  const at = [...path, 'gateways'];
  if (gateways.length === 0)
    yield atValue(at, 'no-gateway', `nobody joins the two halves of ${label}: name one or two hosts`);
  if (gateways.length > MOST_GATEWAYS)
    yield atValue(at, 'too-many-gateways', `${label} has ${gateways.length} gateways: name at most ${MOST_GATEWAYS}`);
  for (const { path: place, value } of gateways)
    if (hosts.some((host) => host.value === value))
      yield atValue(place, 'gateway-on-vlan', `${value} is a host of the VLAN: a gateway runs no VMs of ${label}`);
}

/** What can be joined, and by whom. */
export function* vlanHalves(network: NetworkEntry, entries: Entries): Iterable<Fault> {
  const { label, encapsulation, vlan, ports } = network;
  if (vlan === undefined) return;
  if (encapsulation !== undefined && !L2_TUNNELS.includes(encapsulation.value)) {
    const message = `${label} is ${encapsulation.value}, which cannot be joined to a VLAN: choose ${L2_TUNNELS.join(', ')}`;
    yield atValue(encapsulation.path, 'not-joinable', message);
  }
  if (entries.underlay.tunnels !== 'mesh')
    yield {
      ...atValue(vlan.path, 'not-joinable', 'gateways are watched by BFD, which needs tunnels: mesh'),
      at: 'key',
    };
  yield* named(vlan.hosts, 'on the VLAN', entries);
  yield* named(vlan.gateways, 'a gateway', entries);
  yield* sides(vlan, label);
  for (const { name, path, hosts, plain } of ports) {
    if (plain.unknown === true)
      yield atValue(
        [...path, 'unknown'],
        'not-joinable',
        `${name} receives unknown MAC addresses: no gateway carries them`,
      );
    if (hosts === undefined) {
      const message = `${name} may run anywhere, on gateways of ${label} too: say where (hosts)`;
      yield { ...atValue(path, 'on-gateway', message), at: 'key' };
    }
    for (const { path: place, value } of hosts ?? [])
      if (vlan.gateways.some((gateway) => gateway.value === value))
        yield atValue(place, 'on-gateway', `${value} is a gateway of ${label}, and runs no VMs of it`);
  }
}
