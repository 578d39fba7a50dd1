/**
 * Answers the questions of guests. Who asks is the port that the host's switch holds under the number that the switch
 * reports, and only if the network agrees too; the answer goes back to that number.
 */
import type { DesiredState } from '../desired/index.js';
import { answer, type Guest } from '../services/index.js';
import type { Punt } from '../session/index.js';
import type { Topology } from '../topology/index.js';

/** The ports of a host by the number under which they were installed. */
function guestsOf(topology: Topology, { numbers }: DesiredState): ReadonlyMap<number, Guest> {
  const guests = new Map<number, Guest>();
  for (const network of topology.networks)
    for (const port of network.ports) {
      const ofport = numbers.get(port.path);
      if (ofport !== undefined) guests.set(ofport, { network, port });
    }
  return guests;
}

export class Answers {
  #of: readonly [Topology, DesiredState] | undefined;
  #guests: ReadonlyMap<number, Guest> = new Map();

  /** The frame that answers; undefined where there is none, or nobody is known by that number. */
  to(punt: Punt, topology: Topology, desired: DesiredState | undefined): Buffer | undefined {
    if (desired === undefined) return undefined;
    if (this.#of?.[0] !== topology || this.#of[1] !== desired) {
      this.#guests = guestsOf(topology, desired);
      this.#of = [topology, desired];
    }
    const guest = this.#guests.get(punt.ofport);
    return guest === undefined || guest.network.key !== punt.network ? undefined : answer(guest, punt.frame);
  }
}
