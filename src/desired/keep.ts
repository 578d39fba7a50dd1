/**
 * What must be left in a switch as it is, because nobody can judge it yet: flows and buckets for hosts that were not heard
 * or have not confirmed, and for ports of which nobody knows where they are. Asked for only where a switch holds something
 * that is not wanted, so it is found out then and not before.
 */
import { groupId, unknownGroupId, wantsUnknown } from '../pipeline/index.js';
import type { Host, Network } from '../topology/index.js';
import type { Bound } from './bound.js';
import { bucketName, GATEWAY_BUCKET } from './network-group.js';

import { peerOwner, remoteOwner, senderOwner } from './owners.js';
import { waysTo } from './passages.js';
import type { Ground, NetworkSlice } from './slices.js';
import { waysOf } from './ways.js';
import type { World } from './world.js';

export interface Kept {
  /** Owners (by cookie). */
  readonly owners: ReadonlySet<bigint>;
  /** Buckets, as `group_id bucket_id`. */
  readonly buckets: ReadonlySet<string>;
}

/** What of the world it follows from. */
export interface KeepContext {
  readonly facts: World['facts'];
  readonly bound: Bound;
  readonly ground: Ground;
}

/** The groups of a network: that of its hosts, and that of the hosts where a port receives the unknown. */
const groupsOf = (network: Network): readonly number[] =>
  wantsUnknown(network) ? [groupId(network), unknownGroupId(network)] : [groupId(network)];

/** The hosts to which some tunnel port leads. */
function reachable({ topology, index, tunnels }: Ground): readonly Host[] {
  const vteps = [...tunnels.values()].map(({ remoteVtep }) => remoteVtep);
  if (vteps.includes(undefined)) return topology.hosts;
  return [...new Set(vteps)].flatMap((vtep) => (vtep === undefined ? [] : (index.byVtep.get(vtep) ?? [])));
}

/** What is kept on the host, for the networks that it has. */
export function keptOn(context: KeepContext, slices: Iterable<NetworkSlice>): Kept {
  const { facts, ground, bound } = context;
  const others = reachable(ground);
  const owners = new Set<bigint>();
  const buckets = new Set<string>();
  for (const { network, peers } of slices) {
    const keepBuckets = (host: string): void => {
      const names = new Set(waysOf(ground.topology, network).map((way) => bucketName(way, host)));
      if (network.vlan !== undefined) for (const name of ['', GATEWAY_BUCKET]) names.add(name);
      for (const group of groupsOf(network))
        for (const name of names) buckets.add(`${group} ${ground.flowsOf.bucketId(name)}`);
    };
    let claimedTwice = false;
    for (const port of network.ports) {
      const state = bound.get(port.path)?.state;
      if (state === 'unknown' || state === 'conflict')
        for (const of of [remoteOwner, senderOwner]) owners.add(of(network, port).cookie);
      claimedTwice ||= state === 'conflict';
    }
    for (const [name, { open, waiting, there }] of peers) {
      if (open === undefined) keepBuckets(name);
      if (waiting.length === 0) continue;
      for (const port of there) if (waiting.includes(port.path)) owners.add(remoteOwner(network, port).cookie);
    }
    for (const peer of others) {
      // It has no port of the network, as far as anybody can say.
      if (peer.name === ground.here || peers.has(peer.name) || (facts.has(peer.name) && !claimedTwice)) continue;
      if (waysTo(ground, network, peer).length === 0) continue;
      owners.add(peerOwner(network, peer.name).cookie);
      keepBuckets(peer.name);
    }
  }
  return { owners, buckets };
}
