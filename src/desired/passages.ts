/**
 * By which ports of this host a network's packets go to another one, and who must have opened the way before: a tunnel port,
 * the trunk, or whichever gateway is in use. Pure.
 */
import type { Gateways, Segment, SendTo, TunnelPort } from '../pipeline/index.js';
import type { Host, Network, Port, Way, Wire } from '../topology/index.js';
import type { NetworkPlaces } from './bound.js';
import { halfOf, isAcross, openedBy, VIA_GATEWAYS, vlanWay, waysBetween } from './halves.js';
import type { Ground, OpenWay, SliceContext } from './slices.js';
import { tunnelNameOn } from './tunnels.js';
import { peerKey, presentWay, waysOf } from './ways.js';
import type { World } from './world.js';

export const wireOf = ({ encapsulation, key }: Way): Wire => ({ encapsulation, key });

export const sendToPeer = (peer: Host, { way, tunnel }: OpenWay): SendTo => ({
  host: peer.name,
  vtep: peer.vtep,
  tunnel,
  wire: wireOf(way),
});

/** The ways from this host to another, and the tunnel ports that they lead by. */
export function waysTo(ground: Ground, network: Network, peer: Host): readonly OpenWay[] {
  const { topology, here } = ground;
  const ways = waysBetween(topology, network, here, peer.name);
  if (isAcross(network, here, peer.name)) return ways.map((way) => ({ way, tunnel: VIA_GATEWAYS }));
  const isGateway = network.vlan !== undefined && halfOf(network, peer.name) === 'gateway';
  const by = (way: Way, tunnel: TunnelPort | undefined): readonly OpenWay[] =>
    tunnel === undefined ? [] : [{ way, tunnel, ...(isGateway && { gateways: gatewayTunnels(ground, network, way) }) }];
  return [
    ...ways.flatMap((way) => by(way, tunnelFor(ground, way, peer))),
    ...arrivingByMesh(ways).flatMap((way) => by(way, tunnelFor(ground, { ...way, tunnels: 'mesh' }, peer))),
  ];
}

/**
 * Of the ways by flow-based tunnels those that are no way by a mesh port, too: Open vSwitch takes what comes from a peer
 * for the mesh port to it, as long as there is one (ofproto/tunnel.c, tnl_find: a port with remote_ip before one without).
 * There is while some network's former ways lead by it. Nothing is sent so: such a way comes after the same by its own port.
 */
const arrivingByMesh = (ways: readonly Way[]): readonly Way[] =>
  ways.filter(
    ({ tunnels, encapsulation, key }) =>
      tunnels === 'flow' &&
      encapsulation !== 'vlan' &&
      !ways.some((way) => way.tunnels === 'mesh' && way.encapsulation === encapsulation && way.key === key),
  );

/** The tunnel port that leads to another host by a way. */
function tunnelFor({ index, tunnels, here }: Ground, way: Way, peer: Host): TunnelPort | undefined {
  const remote = way.tunnels === 'mesh' ? peer.vtep : undefined;
  return tunnels.get(tunnelNameOn(index.hosts.get(here), way.encapsulation, remote, index.tunnelName));
}

/** The first way by which the peer has confirmed to let this host in. */
export const openWay = (world: World, network: Network, here: string, peer: string, ways: readonly OpenWay[]) => {
  const by = openedBy(network, here, peer);
  return by === undefined ? ways[0] : ways.find(letsIn(world, by, network, here));
};

/** Whether one of the hosts has confirmed to let this one in by a way. */
function letsIn(world: World, by: readonly string[], network: Network, here: string) {
  const accepted = by.flatMap((host) => world.confirmed.get(host)?.peers ?? []);
  return ({ way }: { readonly way: Way }): boolean =>
    accepted.some((peers) => peers.has(peerKey(network.path, here, way)));
}

/** The network's VLANs on this host's trunk. */
export function segmentsOf({ topology, index, tunnels, here }: Ground, network: Network): readonly Segment[] {
  const own = halfOf(network, here) === 'tunnels' || network.vlan === undefined ? [] : [vlanWay(network.vlan)];
  const trunk = tunnels.get(index.hosts.get(here)?.trunk ?? '');
  if (trunk === undefined) return [];
  const vlans = [...own, ...waysOf(topology, network)].filter(({ encapsulation }) => encapsulation === 'vlan');
  return vlans.map((way) => ({ tunnel: trunk, wire: wireOf(way) }));
}

/** Where it is told that a VM is here now: to the switches of its VLAN, by a gateway where that is not here. */
export const announcedBy = (ground: Ground, network: Network): readonly Segment[] => [
  ...segmentsOf(ground, network),
  ...(network.vlan !== undefined && halfOf(network, ground.here) === 'tunnels'
    ? [{ tunnel: VIA_GATEWAYS, wire: wireOf(presentWay(ground.topology, network)) }]
    : []),
];

/** The tunnels from this host to the network's gateways, by one way. */
const gatewayTunnels = (ground: Ground, { vlan }: Network, way: Way): readonly TunnelPort[] =>
  (vlan?.gateways ?? []).flatMap((name) => {
    const host = ground.index.hosts.get(name);
    return (host === undefined ? undefined : tunnelFor(ground, way, host)) ?? [];
  });

/** How the VLAN half is reached from here, where this host is on the other; by the way that a gateway has opened. */
export function throughGateways({ world, ground }: SliceContext, network: Network): Gateways | undefined {
  const { topology, here } = ground;
  const [gateway] = network.vlan?.gateways ?? [];
  const [half] = network.vlan?.hosts ?? [];
  if (gateway === undefined || halfOf(network, here) !== 'tunnels') return undefined;
  const ways = waysBetween(topology, network, here, half ?? gateway).filter((way) => way.encapsulation !== 'vlan');
  const isOpen = letsIn(world, network.vlan?.gateways ?? [], network, here);
  const open = ways.find((way) => isOpen({ way })) ?? ways[0];
  return open === undefined ? undefined : { tunnels: gatewayTunnels(ground, network, open), wire: wireOf(open) };
}

/** The same as text. */
export const throughText = (gateways: Gateways | undefined): string =>
  gateways === undefined ? '' : `${gateways.wire.encapsulation}:${gateways.wire.key}`;

/** No ports. */
export const NOBODY_THERE: readonly Port[] = [];

/** The hosts with a port of the network, each with those ports; with its gateways, where this host uses them. */
export function* othersOf(
  { network, byHost }: NetworkPlaces,
  here: string,
): Iterable<readonly [string, readonly Port[]]> {
  yield* byHost;
  if (network.vlan === undefined || halfOf(network, here) !== 'tunnels') return;
  for (const gateway of network.vlan.gateways) yield [gateway, NOBODY_THERE];
}
