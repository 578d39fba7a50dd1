/**
 * Zones: where VLAN ids mean the same. Hosts of one zone have trunks in one bridged network; two zones may use one id for
 * two networks, as data centres with a VLAN scheme do once 4094 are not enough. Where no host has a zone, all are one.
 *
 * An id is a network's in the zones where its ports may run. So two networks collide where a port of one is let into a
 * zone in which its id is the other's: by the file (check), by the keys remembered (allocate), or by a VM that turns up
 * where the file does not have it (desired/bindings).
 */
import type { Host, Network, VlanHalf } from './model.js';

/** Names of zones, sorted; undefined: all there are. */
export type ZoneList = readonly string[] | undefined;

/** The zones that are in both lists; undefined: all there are. */
export function commonZones(a: ZoneList, b: ZoneList): ZoneList {
  if (a === undefined) return b;
  return b === undefined ? a : a.filter((zone) => b.includes(zone));
}

/** The zones that are in one of two lists; undefined: all there are. */
export const allZones = (a: ZoneList, b: ZoneList): ZoneList =>
  a === undefined || b === undefined ? undefined : [...new Set([...a, ...b])].sort();

/** Whether a number that is one network's in the zones `a` and another's in `b` means both somewhere. */
export const meet = (a: ZoneList, b: ZoneList): boolean => commonZones(a, b)?.length !== 0;

/** What of a network says where it may be. */
export interface Placed {
  /** The zone whose hosts its ports may run on that name none. */
  readonly zone?: string | undefined;
  /** For each port the hosts where it may run; undefined: those of the zone, or any. */
  readonly ports: readonly (readonly string[] | undefined)[];
}

/** The zones of a topology's hosts. */
export class Zones {
  readonly #byHost = new Map<string, string>();
  /** Sorted; undefined where no host has one. */
  readonly all: ZoneList;

  constructor(hosts: readonly Pick<Host, 'name' | 'zone'>[]) {
    for (const { name, zone } of hosts) if (zone !== undefined) this.#byHost.set(name, zone);
    this.all = this.#byHost.size === 0 ? undefined : [...new Set(this.#byHost.values())].sort();
  }

  of(host: string): string | undefined {
    return this.#byHost.get(host);
  }

  /** Those of some hosts. */
  ofHosts(hosts: Iterable<string>): ZoneList {
    if (this.all === undefined) return undefined;
    return [...new Set([...hosts].flatMap((host) => this.#byHost.get(host) ?? []))].sort();
  }

  /** Where a network's own key is its alone: everywhere, but for a VLAN id. */
  ofKey({ encapsulation, zone, ports }: Pick<Network, 'encapsulation' | 'zone' | 'ports'>): ZoneList {
    return encapsulation === 'vlan' ? this.ofVlan({ zone, ports: ports.map(({ hosts }) => hosts) }) : undefined;
  }

  /** Where the id of a network's VLAN half is its alone. */
  ofHalf({ hosts, gateways }: Pick<VlanHalf, 'hosts' | 'gateways'>): ZoneList {
    return this.ofHosts([...hosts, ...gateways]);
  }

  /** Those of a network that is a VLAN as a whole; without ports it may get them anywhere. */
  ofVlan({ zone, ports }: Placed): ZoneList {
    if (this.all === undefined) return undefined;
    const home = zone === undefined ? this.all : [zone];
    if (ports.length === 0) return home;
    const zones = ports.flatMap((hosts) => (hosts === undefined ? home : (this.ofHosts(hosts) ?? [])));
    return [...new Set(zones)].sort();
  }
}
