/** Zones of VLAN ids: which hosts and networks may name one, and in which zones a network's id is its own. */
import type { Entries, HostEntry, NetworkEntry } from './entries.js';
import type { Fault, Path } from './source.js';
import { commonZones, type ZoneList, Zones } from './zones.js';

const atValue = (path: Path, code: string, message: string): Fault => ({ path, at: 'value', code, message });

/** Either no trunk has a zone, or all do: what has none could be in any. */
export function* hostZones({ hosts }: Entries): Iterable<Fault> {
  const first = hosts.find(({ zone }) => zone !== undefined);
  if (first?.zone === undefined) return;
  for (const { name, path, trunk, zone } of hosts) {
    if (zone !== undefined && trunk === undefined)
      yield atValue(zone.path, 'no-trunk', `host ${name} has a zone and no trunk: give it one (trunk: eth1)`);
    if (zone === undefined && trunk !== undefined) {
      const message = `host ${name} has a trunk and no zone, and ${first.name} has one: say whose VLAN ids its trunk has (zone: ${first.zone.value})`;
      yield { path, at: 'key', code: 'no-zone', message, first: first.zone.path };
    }
  }
}

export function* networkZone({ label, zone, encapsulation }: NetworkEntry, { hosts }: Entries): Iterable<Fault> {
  if (zone === undefined) return;
  if (encapsulation !== undefined && encapsulation.value !== 'vlan') {
    const message = `${label} is ${encapsulation.value}, and zones are of VLANs: leave it out`;
    yield atValue(zone.path, 'not-a-vlan', message);
  }
  const known = new Set(hosts.flatMap((host) => host.zone?.value ?? []));
  if (known.has(zone.value)) return;
  yield atValue(zone.path, 'unknown-zone', `unknown zone ${zone.value}: hosts have ${[...known].join(', ') || 'none'}`);
}

export const zonesOf = (hosts: readonly HostEntry[]): Zones =>
  new Zones(hosts.map(({ name, zone }) => ({ name, ...(zone && { zone: zone.value }) })));

/** Where the id of a network that is a VLAN is its own; undefined: everywhere, as the key of any other is. */
export function zonesOfKey({ encapsulation, zone, ports }: NetworkEntry, zones: Zones): ZoneList {
  if (encapsulation?.value !== 'vlan') return undefined;
  return zones.ofVlan({
    zone: zone?.value,
    ports: ports.map(({ hosts }) => hosts?.map(({ value }) => value)),
  });
}

/** Where the id of a network's VLAN half is its own. */
export const zonesOfHalf = (vlan: NetworkEntry['vlan'], zones: Zones): ZoneList =>
  zones.ofHosts([...(vlan?.hosts ?? []), ...(vlan?.gateways ?? [])].map(({ value }) => value));

/** Words that go behind "is taken by network N": where two networks' ids meet. */
export function whereBoth(a: ZoneList, b: ZoneList): string {
  const both = commonZones(a, b);
  return both === undefined ? '' : ` in zone ${both.join(', ')}`;
}
