/**
 * Strings read lately in one place, by their octets: a column of few different values (`type`, `admin_state`, a host's name) makes
 * a string once and not for every row. Where hardly any is found again it gives up, and costs nothing more.
 */

/** A power of two: each string has one place it can be in. */
const PLACES = 64;
/** No longer string is remembered. */
const LONGEST = 32;
/** So many are tried before it may give up. */
const TRIAL = 512;

export class RecentStrings {
  readonly #octets = new Uint8Array(PLACES * LONGEST);
  readonly #lengths = new Uint8Array(PLACES);
  readonly #values: string[] = new Array<string>(PLACES).fill('');
  #tried = 0;
  #found = 0;

  get useful(): boolean {
    return this.#tried < TRIAL || this.#found * 2 > this.#tried;
  }

  /** The place of the string that these octets spell; -1 if it is too long for any. */
  placeOf(octets: Uint8Array, start: number, end: number): number {
    if (end - start > LONGEST) return -1;
    let hash = end - start;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (octets[at] as number)) | 0;
    return (hash ^ (hash >>> 6) ^ (hash >>> 12)) & (PLACES - 1);
  }

  /** The string in this place, if it is the one that these octets spell. */
  get(place: number, octets: Uint8Array, start: number, end: number): string | undefined {
    this.#tried++;
    if (place < 0 || this.#lengths[place] !== end - start) return undefined;
    const known = this.#octets;
    for (let at = start, i = place * LONGEST; at < end; at++, i++) if (octets[at] !== known[i]) return undefined;
    this.#found++;
    return this.#values[place];
  }

  /** Puts a string in a place, instead of the one that was there. */
  set(place: number, octets: Uint8Array, start: number, end: number, value: string): void {
    if (place < 0) return;
    this.#lengths[place] = end - start;
    for (let at = start, i = place * LONGEST; at < end; at++, i++) this.#octets[i] = octets[at] as number;
    this.#values[place] = value;
  }
}
