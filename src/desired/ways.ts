/**
 * A network's change from one encapsulation, key or kind of tunnels to another, without loss. Receivers come before
 * senders: every host takes the network's packets by the new way and by the former ones, each sender changes when its
 * receiver has confirmed the new way, and when all have changed the former ways are closed. Pure; `former` of a network
 * is the only memory of it.
 */
import {
  allZones,
  KeySpace,
  type Network,
  type Topology,
  type Way,
  type Wire,
  type ZoneList,
  Zones,
} from '../topology/index.js';

const sameWay = (a: Way, b: Way): boolean =>
  a.encapsulation === b.encapsulation && a.key === b.key && a.tunnels === b.tunnels;

/** The present way of a network. */
export const presentWay = ({ underlay }: Topology, { encapsulation, key }: Network): Way => ({
  encapsulation,
  key,
  // A trunk is one port, whatever the tunnels are.
  tunnels: encapsulation === 'vlan' ? 'flow' : underlay.tunnels,
});

/** All ways by which a network's packets may come: the present one first, then the former ones. */
export const waysOf = (topology: Topology, network: Network): readonly Way[] => [
  presentWay(topology, network),
  ...(network.former ?? []),
];

/** `network path` + ' ' + `host` + ' ' + the key by which that host is let in, as in Confirmed.peers. */
export const peerKey = (networkPath: string, host: string, { encapsulation, key }: Wire): string =>
  `${networkPath} ${host} ${encapsulation}:${key}`;

/** The host of a peerKey. */
export const hostOfPeer = (key: string): string => key.split(' ')[1] ?? '';

/** The same with the kind of tunnel port, as in Confirmed.sends. */
export const sendKey = (networkPath: string, host: string, way: Way): string =>
  `${peerKey(networkPath, host, way)} ${way.tunnels}`;

/**
 * The topology that takes the place of `before`, each network with the ways it had. A key that is another network's now
 * is nobody's former one: no packet is ever taken for two networks' (quarantine keeps such files out; this holds
 * whatever the source of the intent).
 */
export function withFormerWays(before: Topology, after: Topology): Topology {
  const space = new KeySpace();
  const zones = new Zones(after.hosts);
  for (const network of after.networks) {
    const { encapsulation, key, path, vlan } = network;
    space.add(encapsulation, key, path, zones.ofKey(network));
    if (vlan !== undefined) space.add('vlan', vlan.id, path, zones.ofHalf(vlan));
  }
  const old = new Map(before.networks.map((network) => [network.path, network]));
  const zonesBefore = new Zones(before.hosts);
  // Where it was, and where its ports are to take what still comes by it.
  const zonesOf = (way: Way, was: Network, { zone, ports }: Network): ZoneList => {
    if (way.encapsulation !== 'vlan') return undefined;
    const there = sameWay(way, presentWay(before, was))
      ? zonesBefore.ofKey(was)
      : was.vlan?.id === way.key
        ? zonesBefore.ofHalf(was.vlan)
        : undefined;
    return allZones(there, zones.ofVlan({ zone, ports: ports.map(({ hosts }) => hosts) }));
  };
  const free = (way: Way, was: Network, network: Network): boolean => {
    const where = zonesOf(way, was, network);
    const owner = space.owner(way.encapsulation, way.key, where);
    if (owner === undefined) space.add(way.encapsulation, way.key, network.path, where);
    return owner === undefined || owner === network.path;
  };
  const networks = after.networks.map((network) => {
    const present = presentWay(after, network);
    const was = old.get(network.path);
    if (was === undefined) return network;
    const former = waysBefore(before, was).filter(
      (way) => !sameWay(way, present) && !isHalf(way, network) && free(way, was, network),
    );
    return former.length === 0 ? network : { ...network, former };
  });
  return { ...after, networks };
}

/** What is the way on the VLAN half of the network is no former one. */
const isHalf = ({ encapsulation, key }: Way, { vlan }: Network): boolean =>
  encapsulation === 'vlan' && key === vlan?.id;

/** All ways of a network, that of its VLAN half too. */
const waysBefore = (topology: Topology, network: Network): readonly Way[] => [
  ...waysOf(topology, network),
  ...(network.vlan === undefined ? [] : [{ encapsulation: 'vlan', key: network.vlan.id, tunnels: 'flow' } as const]),
];

/** A change that every host has carried out, or that is to be ended. */
export interface WayChange {
  readonly network: string;
  readonly former: readonly Way[];
}

/** The topology without these former ways. */
export function withoutFormerWays(topology: Topology, { network: path, former: ended }: WayChange): Topology {
  const networks = topology.networks.map((network) => {
    if (network.path !== path || network.former === undefined) return network;
    const { former, ...rest } = network;
    const left = former.filter((way) => !ended.some((other) => sameWay(way, other)));
    return left.length === 0 ? rest : { ...rest, former: left };
  });
  return { ...topology, networks };
}
