/**
 * Which objects' flows make two states of one host differ, found by identity: pieces that are the same value hold the same
 * flows, so only those that are not are opened.
 */
import { headParts, peerParts } from './network-slice.js';
import type { NetworkSlice } from './slices.js';
import type { DesiredFlow, DesiredState, Part } from './state.js';

/** A piece of a host's state: one network's, and of that one other host's; without a network the host's own. */
export interface Piece {
  readonly network?: string;
  readonly peer?: string;
  /** The network's addresses, which are the same on every host and as long as the network is. */
  readonly addresses?: true;
}

export interface PartsBetween {
  /** In the one, not in the other. */
  readonly gone: readonly Part[];
  readonly come: readonly Part[];
  /** The pieces that were opened: all of these parts are in them. */
  readonly pieces: readonly Piece[];
}

/** Parts that are in one list and not in the other. */
function apart(before: readonly Part[], after: readonly Part[]): Omit<PartsBetween, 'pieces'> {
  const was = new Set(before);
  const is = new Set(after);
  return { gone: before.filter((part) => !is.has(part)), come: after.filter((part) => !was.has(part)) };
}

/** The parts of one piece of a state. */
function partsIn(
  { slices: { ground, parts, networks } }: DesiredState,
  { network, peer, addresses }: Piece,
): readonly Part[] {
  if (network === undefined) return parts;
  const slice = networks.get(network);
  if (slice === undefined) return [];
  if (addresses) return ground.flowsOf.addresses(slice.network);
  if (peer === undefined) return headParts(ground, slice.head);
  const other = slice.peers.get(peer);
  return other === undefined ? [] : peerParts(ground, other);
}

/** The pieces of one network that are other ones now. */
function piecesOf(
  network: string,
  before: NetworkSlice | undefined,
  after: NetworkSlice | undefined,
): readonly Piece[] {
  if (before === after) return [];
  const pieces: Piece[] = before?.head === after?.head ? [] : [{ network }];
  if (before?.network !== after?.network) pieces.push({ network, addresses: true });
  if (before?.peers === after?.peers) return pieces;
  for (const [peer, slice] of before?.peers ?? []) if (after?.peers.get(peer) !== slice) pieces.push({ network, peer });
  for (const peer of after?.peers.keys() ?? []) if (before?.peers.has(peer) !== true) pieces.push({ network, peer });
  return pieces;
}

/** The parts by which `after` differs from `before`; only pieces that are other values are opened. */
export function partsBetween(before: DesiredState, after: DesiredState): PartsBetween {
  const [was, is] = [before.slices, after.slices];
  if (was === is) return { gone: [], come: [], pieces: [] };
  const pieces: Piece[] = was.parts === is.parts ? [] : [{}];
  for (const [path, slice] of was.networks) pieces.push(...piecesOf(path, slice, is.networks.get(path)));
  for (const [path, slice] of is.networks)
    if (!was.networks.has(path)) pieces.push(...piecesOf(path, undefined, slice));
  const found = pieces.map((piece) => apart(partsIn(before, piece), partsIn(after, piece)));
  return { gone: found.flatMap(({ gone }) => gone), come: found.flatMap(({ come }) => come), pieces };
}

/** The flows of one piece of a state. */
export const flowsIn = (state: DesiredState, piece: Piece): readonly DesiredFlow[] => partsIn(state, piece).flat();
