/**
 * Which objects' flows make two states of one host differ, found by identity: pieces that are the same value hold the same
 * flows, so only those that are not are opened.
 */
import type { NetworkSlice } from './network-slice.js';
import type { DesiredState, Part } from './state.js';

export interface PartsBetween {
  /** In the one, not in the other. */
  readonly gone: readonly Part[];
  readonly come: readonly Part[];
}

/** Lists of parts, of which those that are in both cancel out. */
class Changes {
  readonly #count = new Map<Part, number>();

  add(parts: readonly Part[] | undefined, by: 1 | -1): void {
    for (const part of parts ?? []) this.#count.set(part, (this.#count.get(part) ?? 0) + by);
  }

  between(before: readonly Part[] | undefined, after: readonly Part[] | undefined): void {
    if (before === after) return;
    this.add(before, -1);
    this.add(after, 1);
  }

  get result(): PartsBetween {
    const gone: Part[] = [];
    const come: Part[] = [];
    for (const [part, count] of this.#count) {
      for (let i = 0; i < -count; i++) gone.push(part);
      for (let i = 0; i < count; i++) come.push(part);
    }
    return { gone, come };
  }
}

function compareNetworks(changes: Changes, before: NetworkSlice | undefined, after: NetworkSlice | undefined): void {
  if (before === after) return;
  changes.between(before?.head.parts, after?.head.parts);
  changes.between(before?.head.addresses, after?.head.addresses);
  if (before?.peers === after?.peers) return;
  for (const [host, peer] of before?.peers ?? []) {
    const other = after?.peers.get(host);
    if (other !== peer) changes.between(peer.parts, other?.parts);
  }
  for (const [host, peer] of after?.peers ?? []) if (before?.peers.has(host) !== true) changes.add(peer.parts, 1);
}

/** The parts by which `after` differs from `before`. */
export function partsBetween({ slices: before }: DesiredState, { slices: after }: DesiredState): PartsBetween {
  const changes = new Changes();
  if (before !== after) {
    changes.between(before.parts, after.parts);
    for (const [path, slice] of before.networks) compareNetworks(changes, slice, after.networks.get(path));
    for (const [path, slice] of after.networks)
      if (!before.networks.has(path)) compareNetworks(changes, undefined, slice);
  }
  return changes.result;
}
