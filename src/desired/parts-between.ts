/**
 * Which objects' flows make two states of one host differ: pieces that are the same value hold the same flows, so only
 * those that are not are opened, and of them only objects that are not equal give their flows.
 */
import { type Meter, portMeters } from '../pipeline/index.js';
import { groundNeeds } from './host-state.js';
import { made, type Need, needsApart } from './needs.js';
import { addressParts, headNeeds, onlyPort, peerNeeds } from './network-slice.js';
import type { NetworkSlice } from './slices.js';
import type { DesiredFlow, DesiredState, Part } from './state.js';

/** A piece of a host's state: one network's, and of that one other host's; without a network the host's own. */
export interface Piece {
  readonly network?: string;
  readonly peer?: string;
  /** The network's addresses: those of all its ports, or of all but the only one here. */
  readonly addresses?: true;
}

export interface PartsBetween {
  /** In the one, not in the other. */
  readonly gone: readonly Part[];
  readonly come: readonly Part[];
  /** Meters of ports that are in the one, or in the other, or in both and are not equal. */
  readonly meters: { readonly gone: readonly Meter[]; readonly come: readonly Meter[] };
  /** The pieces that were opened: all of these parts are in them. */
  readonly pieces: readonly Piece[];
}

/** What one piece of a state needs; its network's addresses aside. */
function needsIn({ slices: { ground, networks } }: DesiredState, { network, peer }: Piece): readonly Need[] {
  if (network === undefined) return groundNeeds(ground);
  const slice = networks.get(network);
  if (slice === undefined) return [];
  if (peer === undefined) return headNeeds(slice.head);
  const other = slice.peers.get(peer);
  return other === undefined ? [] : peerNeeds(other);
}

function addressesIn({ slices: { networks } }: DesiredState, path: string): readonly Part[] {
  const slice = networks.get(path);
  return slice === undefined ? [] : addressParts(slice);
}

const madeIn = ({ slices: { ground } }: DesiredState, needs: readonly Need[]): readonly Part[] =>
  needs.map((need) => made(ground.flowsOf, need));

const NO_METERS: PartsBetween['meters'] = { gone: [], come: [] };

const onlyOf = (slice: NetworkSlice | undefined): string | undefined => slice && onlyPort(slice.head.local)?.path;

/** Of one and the same network only the answers for the only port here come and go; undefined where it is another. */
function addressesApart(
  before: NetworkSlice | undefined,
  after: NetworkSlice | undefined,
): Omit<PartsBetween, 'pieces'> | undefined {
  if (before === undefined || after === undefined || before.network !== after.network) return undefined;
  const { network, ground } = after;
  const of = (only: string | undefined): readonly Part[] =>
    only === undefined
      ? []
      : ground.flowsOf.addresses(network).flatMap(({ port, parts }) => (port.path === only ? parts : []));
  return { gone: of(onlyOf(after)), come: of(onlyOf(before)), meters: NO_METERS };
}

/** The parts of one piece that are in one state and not in the other. */
function apart(before: DesiredState, after: DesiredState, piece: Piece): Omit<PartsBetween, 'pieces'> {
  const { network, peer, addresses } = piece;
  if (network !== undefined && addresses) {
    const few = addressesApart(before.slices.networks.get(network), after.slices.networks.get(network));
    if (few !== undefined) return few;
    return { gone: addressesIn(before, network), come: addressesIn(after, network), meters: NO_METERS };
  }
  const { gone, come } = needsApart(needsIn(before, piece), needsIn(after, piece));
  const meters =
    network === undefined || peer !== undefined ? NO_METERS : { gone: metersOf(gone), come: metersOf(come) };
  return { gone: madeIn(before, gone), come: madeIn(after, come), meters };
}

const metersOf = (needs: readonly Need[]): readonly Meter[] =>
  needs.flatMap((need) => (need.kind === 'port' ? portMeters(need.object) : []));

/** The pieces of one network that are other ones now. */
function piecesOf(
  network: string,
  before: NetworkSlice | undefined,
  after: NetworkSlice | undefined,
): readonly Piece[] {
  if (before === after) return [];
  const pieces: Piece[] = before?.head === after?.head ? [] : [{ network }];
  if (before?.network !== after?.network || onlyOf(before) !== onlyOf(after)) pieces.push({ network, addresses: true });
  if (before?.peers === after?.peers) return pieces;
  for (const [peer, slice] of before?.peers ?? []) if (after?.peers.get(peer) !== slice) pieces.push({ network, peer });
  for (const peer of after?.peers.keys() ?? []) if (before?.peers.has(peer) !== true) pieces.push({ network, peer });
  return pieces;
}

/** The parts by which `after` differs from `before`; only pieces that are other values are opened. */
export function partsBetween(before: DesiredState, after: DesiredState): PartsBetween {
  const [was, is] = [before.slices, after.slices];
  if (was === is) return { gone: [], come: [], meters: NO_METERS, pieces: [] };
  const pieces: Piece[] = was.ground === is.ground ? [] : [{}];
  for (const [path, slice] of was.networks) pieces.push(...piecesOf(path, slice, is.networks.get(path)));
  for (const [path, slice] of is.networks)
    if (!was.networks.has(path)) pieces.push(...piecesOf(path, undefined, slice));
  const found = pieces.map((piece) => apart(before, after, piece));
  return {
    gone: found.flatMap(({ gone }) => gone),
    come: found.flatMap(({ come }) => come),
    meters: {
      gone: found.flatMap(({ meters }) => meters.gone),
      come: found.flatMap(({ meters }) => meters.come),
    },
    pieces,
  };
}

/** The flows of one piece of a state. */
export function flowsIn(state: DesiredState, piece: Piece): readonly DesiredFlow[] {
  const { network, addresses } = piece;
  if (network !== undefined && addresses) return addressesIn(state, network).flat();
  return madeIn(state, needsIn(state, piece)).flat();
}
