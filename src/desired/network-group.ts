/**
 * The groups of a network on a host, one bucket for each other host that may be sent to. Buckets are made when they are
 * asked for; a group whose causes are the same is the same value.
 */
import { groupId, isRouted, type LocalNetwork, sendByTunnel, unknownGroupId, wantsUnknown } from '../pipeline/index.js';
import type { Network, Wire } from '../topology/index.js';
import { canonicalActions } from './canonical.js';
import { networkOwner, type Owner } from './owners.js';
import type { Ground, PeerSlice } from './slices.js';
import type { DesiredBucket, DesiredGroup } from './state.js';

/** The bucket for all that is behind gateways (no host has such a name). */
export const GATEWAY_BUCKET = ' ';

/** One bucket for each other host, and one for all on a VLAN (no host has an empty name). */
export const bucketName = (way: Wire, host: string): string => (way.encapsulation === 'vlan' ? '' : host);

function bucketOf({ flowsOf }: Ground, { peer, open, joins }: PeerSlice): DesiredBucket | undefined {
  // An IP tunnel carries no broadcast.
  if (open === undefined || isRouted(open.way)) return undefined;
  // No host is told by way of a gateway but those that are behind it; a gateway's own group is for the tunnels.
  if (open.gateways !== undefined || (joins && open.tunnel.trunk)) return undefined;
  const actions = sendByTunnel(open.tunnel, peer.vtep, open.way);
  return {
    bucket_id: flowsOf.bucketId(open.tunnel.gateways ? GATEWAY_BUCKET : bucketName(open.way, peer.name)),
    actions,
    content: canonicalActions(actions),
    host: peer.name,
  };
}

const asks = ({ there }: PeerSlice): boolean => there.some((port) => port.unknown === true);

/** A group whose buckets are made when they are asked for. */
class NetworkGroup implements DesiredGroup {
  readonly group_id: number;
  readonly #ground: Ground;
  readonly #network: Network;
  readonly #peers: ReadonlyMap<string, PeerSlice>;
  readonly #asking: boolean;

  /** `asking`: only the hosts with a port that receives the unknown. */
  constructor(ground: Ground, network: Network, peers: ReadonlyMap<string, PeerSlice>, asking: boolean) {
    this.group_id = asking ? unknownGroupId(network) : groupId(network);
    this.#ground = ground;
    this.#network = network;
    this.#peers = peers;
    this.#asking = asking;
  }

  get owner(): Owner {
    return networkOwner(this.#network);
  }

  get buckets(): readonly DesiredBucket[] {
    const buckets: DesiredBucket[] = [];
    // One frame on a VLAN is for all its hosts, and so is one to a gateway.
    const shared = new Set<number>();
    for (const slice of this.#peers.values()) {
      const bucket = this.#asking && !asks(slice) ? undefined : bucketOf(this.#ground, slice);
      if (bucket === undefined) continue;
      if (slice.open?.tunnel.trunk || slice.open?.tunnel.gateways) {
        if (shared.has(bucket.bucket_id)) continue;
        shared.add(bucket.bucket_id);
      }
      buckets.push(bucket);
    }
    return buckets.sort((a, b) => a.bucket_id - b.bucket_id);
  }
}

/** Of a network that is too large for broadcasts: a group without buckets. */
const NOWHERE: ReadonlyMap<string, PeerSlice> = new Map();

export function groupsOf(
  ground: Ground,
  { network, floods }: LocalNetwork,
  peers: ReadonlyMap<string, PeerSlice>,
): readonly DesiredGroup[] {
  if (!floods) return [new NetworkGroup(ground, network, NOWHERE, false)];
  const all = new NetworkGroup(ground, network, peers, false);
  return wantsUnknown(network) ? [all, new NetworkGroup(ground, network, peers, true)] : [all];
}

/** The groups' causes are the same: the way there, and who asks for the unknown. */
export const sameBuckets = (a: PeerSlice, b: PeerSlice | undefined): boolean =>
  a === b || (a.open === b?.open && (b === undefined || asks(a) === asks(b)));
