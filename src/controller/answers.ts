/**
 * Answers the questions of guests. Who asks is the port that the host's switch holds under the number that the switch
 * reports, and only if the network agrees too; the answer goes back to that number.
 */
import type { DesiredState, TopologyIndex } from '../desired/index.js';
import { answer, type Guest } from '../services/index.js';
import type { Punt } from '../session/index.js';
import { networkNumber } from '../topology/index.js';

/** The ports of a host by the number under which they were installed. */
function guestsOf({ ports }: TopologyIndex, { numbers }: DesiredState): ReadonlyMap<number, Guest> {
  const guests = new Map<number, Guest>();
  for (const [path, ofport] of numbers) {
    const placed = ports.get(path);
    if (placed !== undefined) guests.set(ofport, placed);
  }
  return guests;
}

export class Answers {
  #of: readonly [TopologyIndex, DesiredState] | undefined;
  #guests: ReadonlyMap<number, Guest> = new Map();

  /** The frame that answers; undefined where there is none, or nobody is known by that number. */
  to(punt: Punt, index: TopologyIndex, desired: DesiredState | undefined): Buffer | undefined {
    if (desired === undefined) return undefined;
    if (this.#of?.[0] !== index || this.#of[1] !== desired) {
      this.#guests = guestsOf(index, desired);
      this.#of = [index, desired];
    }
    const guest = this.#guests.get(punt.ofport);
    return guest === undefined || networkNumber(guest.network) !== punt.network ? undefined : answer(guest, punt.frame);
  }
}
