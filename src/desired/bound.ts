/**
 * Where all ports are, as one value: the binding of each by path, and by network and host for whoever asks the other way
 * round. A change makes a new value at the cost of what changed; everything else is shared with the old one.
 */
import type { Network, Port, Topology } from '../topology/index.js';
import { type Binding, expectedOn, placeOn, placesOf } from './binding.js';
import { sharingMap, withEntries, withEntry } from './persistent.js';
import { type TopologyIndex, topologyIndex } from './topology-index.js';
import type { InterfaceFact } from './world.js';

/** A row that bears an iface-id. */
export interface Claim {
  readonly host: string;
  readonly row: InterfaceFact;
}

/** One network's ports by the host where they are, in the order of the topology; during a migration at both ends. */
export interface NetworkPlaces {
  readonly network: Network;
  /**
   * Hosts with a port of the network, each with its ports and those that it alone may get: others send to both, so that a
   * port that comes waits for nobody else. Another list wherever a port there, or its number, is another.
   */
  readonly byHost: ReadonlyMap<string, readonly Port[]>;
  /** Paths of the ports that migrate. */
  readonly migrating: ReadonlySet<string>;
}

/** A binding that is another now. */
export interface Rebinding {
  readonly path: string;
  readonly before: Binding | undefined;
  readonly after: Binding;
}

interface Contents {
  readonly index: TopologyIndex;
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly places: ReadonlyMap<string, NetworkPlaces>;
  readonly atHosts: ReadonlyMap<string, ReadonlySet<string>>;
  readonly claims: ReadonlyMap<string, readonly Claim[]>;
  readonly doubtful: ReadonlySet<string>;
}

const NOWHERE: ReadonlySet<string> = new Set();

export class Bound {
  readonly #contents: Contents;

  private constructor(contents: Contents) {
    this.#contents = contents;
  }

  /** Where nothing is bound. */
  static nothing(topology: Topology): Bound {
    const index = topologyIndex(topology);
    const places = topology.networks.map(
      (network) => [network.path, { network, byHost: new Map(), migrating: NOWHERE }] as const,
    );
    return new Bound({
      index,
      bindings: sharingMap([]),
      places: sharingMap(places),
      atHosts: sharingMap([]),
      claims: sharingMap([]),
      doubtful: NOWHERE,
    });
  }

  get index(): TopologyIndex {
    return this.#contents.index;
  }

  /** The binding of the port with this path. */
  get(path: string): Binding | undefined {
    return this.#contents.bindings.get(path);
  }

  get size(): number {
    return this.#contents.bindings.size;
  }

  [Symbol.iterator](): Iterator<readonly [string, Binding]> {
    return this.#contents.bindings[Symbol.iterator]();
  }

  /** Where the ports of the network with this path are. */
  places(network: string): NetworkPlaces | undefined {
    return this.#contents.places.get(network);
  }

  /** Paths of the networks with a port on the host. */
  networksAt(host: string): ReadonlySet<string> {
    return this.#contents.atHosts.get(host) ?? NOWHERE;
  }

  /** The rows that bear an iface-id of the topology, by host. */
  claims(ifaceId: string): readonly Claim[] {
    return this.#contents.claims.get(ifaceId) ?? [];
  }

  /** Paths of the ports that rows claim, and that nobody can judge all the same. */
  get doubtful(): ReadonlySet<string> {
    return this.#contents.doubtful;
  }

  /** With other rows for some iface-ids. */
  claimed(claims: Iterable<readonly [ifaceId: string, rows: readonly Claim[]]>): Bound {
    return new Bound({ ...this.#contents, claims: withEntries(this.#contents.claims, claims) });
  }

  /** With other bindings for some ports. */
  rebound(changes: readonly Rebinding[]): Bound {
    if (changes.length === 0) return this;
    const bindings = withEntries(
      this.#contents.bindings,
      changes.map(({ path, after }) => [path, after] as const),
    );
    const next = new Bound({ ...this.#contents, bindings, doubtful: this.#doubtfulAfter(changes) });
    const byNetwork = new Map<string, Rebinding[]>();
    for (const change of changes) {
      const path = this.index.ports.get(change.path)?.network.path;
      if (path === undefined) continue;
      const list = byNetwork.get(path);
      if (list === undefined) byNetwork.set(path, [change]);
      else list.push(change);
    }
    return [...byNetwork].reduce((bound, [network, list]) => bound.#moved(network, list), next);
  }

  #doubtfulAfter(changes: readonly Rebinding[]): ReadonlySet<string> {
    const { doubtful, index } = this.#contents;
    const isDoubtful = ({ path, after }: Rebinding): boolean =>
      after.state === 'unknown' && this.claims(index.ports.get(path)?.port.ifaceId ?? '').length > 0;
    if (!changes.some((change) => isDoubtful(change) !== doubtful.has(change.path))) return doubtful;
    const next = new Set(doubtful);
    for (const change of changes)
      if (isDoubtful(change)) next.add(change.path);
      else next.delete(change.path);
    return next;
  }

  /** The same bindings of a topology with the same ports, whose networks differ in something else. */
  over(topology: Topology): Bound {
    const index = topologyIndex(topology);
    const empty: readonly Port[] = [];
    const places = topology.networks.map((network) => {
      const own = new Map(network.ports.map((port) => [port.path, port]));
      const byHost = [...(this.places(network.path)?.byHost ?? [])].map(
        ([host, ports]) => [host, ports.flatMap((port) => own.get(port.path) ?? empty)] as const,
      );
      const migrating = this.places(network.path)?.migrating ?? NOWHERE;
      return [network.path, { network, byHost: new Map(byHost), migrating }] as const;
    });
    return new Bound({ ...this.#contents, index, places: sharingMap(places) });
  }

  #migratingAfter(present: ReadonlySet<string>, changes: readonly Rebinding[]): ReadonlySet<string> {
    const isMigrating = ({ after }: Rebinding): boolean => placesOf(after).length > 1;
    if (!changes.some((change) => isMigrating(change) !== present.has(change.path))) return present;
    const next = new Set(present);
    for (const change of changes)
      if (isMigrating(change)) next.add(change.path);
      else next.delete(change.path);
    return next;
  }

  /** The indices after these changes of one network's bindings, which are in `bindings` already. */
  #moved(path: string, changes: readonly Rebinding[]): Bound {
    const present = this.places(path);
    if (present === undefined) return this;
    const hosts = new Set(
      changes.flatMap(({ before, after }) => [
        ...[...placesOf(before), ...placesOf(after)].map(({ host }) => host),
        ...[expectedOn(before), expectedOn(after)].flatMap((host) => host ?? []),
      ]),
    );
    const { ports } = this.index;
    const byHost = new Map(present.byHost);
    let { atHosts } = this.#contents;
    for (const host of hosts) {
      const candidates = new Map((byHost.get(host) ?? []).map((port) => [port.path, port]));
      for (const { path: port } of changes) {
        const placed = ports.get(port);
        if (placed !== undefined) candidates.set(port, placed.port);
      }
      const isHere = (port: Port): boolean => placeOn(this.get(port.path), host) !== undefined;
      // With its first port a host gets those that it may get.
      const all = byHost.has(host) ? [...candidates.values()] : present.network.ports;
      const here = (([...candidates.values()].some(isHere) ? all : []) as readonly Port[])
        .filter((port) => isHere(port) || expectedOn(this.get(port.path)) === host)
        .sort((a, b) => (ports.get(a.path)?.order ?? 0) - (ports.get(b.path)?.order ?? 0));
      if (here.length > 0) byHost.set(host, here);
      else byHost.delete(host);
      const at = new Set(atHosts.get(host) ?? []);
      if (at.has(path) === here.length > 0) continue;
      if (here.length > 0) at.add(path);
      else at.delete(path);
      atHosts = withEntry(atHosts, host, at);
    }
    const migrating = this.#migratingAfter(present.migrating, changes);
    const places = withEntry(this.#contents.places, path, { network: present.network, byHost, migrating });
    return new Bound({ ...this.#contents, places, atHosts });
  }
}
