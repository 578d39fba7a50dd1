/** Which changes of networks' ways every host has carried out, so that the former ways may be closed. Pure. */
import type { Network } from '../topology/index.js';
import { placesOf } from './binding.js';
import type { Bound } from './bound.js';
import { waysBetween } from './halves.js';
import { sendKey, type WayChange } from './ways.js';
import type { World } from './world.js';

/** True when every host with a port of the network has confirmed that it sends to all others by the present way. */
function carriedOut(world: World, network: Network, bound: Bound): boolean {
  const { topology, facts, confirmed } = world;
  const may = new Set(network.ports.flatMap((port) => port.hosts ?? topology.hosts.map((host) => host.name)));
  if ([...may].some((host) => !facts.has(host))) return false;
  const members = [...new Set(network.ports.flatMap((port) => placesOf(bound.get(port.path)).map(({ host }) => host)))];
  return [...members, ...(network.vlan?.gateways ?? [])].every((here) =>
    members.every((there) => {
      const [way] = waysBetween(topology, network, here, there);
      return here === there || way === undefined || confirmed.get(here)?.sends.has(sendKey(network.path, there, way));
    }),
  );
}

/** Of the networks in the middle of a change those that have carried it out everywhere: former ways may be closed. */
export const finishedChanges = (world: World, bound: Bound, changing: readonly Network[]): readonly WayChange[] =>
  changing.flatMap((network) =>
    network.former !== undefined && carriedOut(world, network, bound)
      ? [{ network: network.path, former: network.former }]
      : [],
  );
