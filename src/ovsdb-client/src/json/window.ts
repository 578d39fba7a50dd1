/**
 * Octets that come piece by piece, to read in: a window over what has been taken in and not yet read. Where it ends too early,
 * the reader goes back to a mark, and the window moves on from there to include the next piece.
 *
 *   push ──► [piece] [piece] ──extend──► | unread rest | next piece |   = what the reader has
 */
import { Deviation, OctetReader } from './reader.js';

/** Most octets taken in at a time. */
const PIECE = 64 << 10;
/** No token that is looked for is longer; text that is unexpected so long before the end of the window is wrong, not cut off. */
const LONGEST_TOKEN = 256;
/** What is read at one go must fit into so many octets. */
const MOST = 16 << 20;

/** Follows the brackets of text that comes piece by piece, and begins outside of strings within so many open ones. */
class Brackets {
  #open: number;
  #inString = false;
  #escaped = false;

  constructor(open: number) {
    this.#open = open;
  }

  /** Goes on in these octets; true if they close all that is open. */
  close(octets: Buffer): boolean {
    for (const octet of octets) {
      if (this.#escaped) this.#escaped = false;
      else if (octet === 0x22) this.#inString = !this.#inString;
      else if (this.#inString) this.#escaped = octet === 0x5c;
      else if ((octet | 0x20) === 0x7b) this.#open++;
      else if ((octet | 0x20) === 0x7d && --this.#open === 0) return true;
    }
    return false;
  }
}

/** Octets gathered since reading failed. */
interface Gathered {
  /** With so many in the window, reading is tried again. */
  readonly enough: number;
  /** How many there were when it failed. */
  readonly before: number;
  readonly brackets: Brackets;
  /** How many the brackets have seen. */
  scanned: number;
}

export class Window {
  /** How many brackets are open where reading last succeeded: kept by the reader, to tell text that is cut off from text that is wrong. */
  depth = 0;
  readonly reader = new OctetReader();
  readonly #pieces: Buffer[] = [];
  #octets = Buffer.allocUnsafe(PIECE + (PIECE >> 2));
  /** Octets of the window. */
  #end = 0;
  #gathered: Gathered | undefined;

  push(piece: Buffer): void {
    this.#pieces.push(piece);
  }

  /**
   * After reading failed: moves on, from `mark`. False if it has to wait for more octets; it is then asked again when they
   * have been pushed. Throws what is wrong with those there are.
   */
  extend(mark: number, error: unknown): boolean {
    if (!this.#gathered) this.#gather(mark, error);
    const gathered = this.#gathered as Gathered;
    while (this.#pieces.length > 0) {
      this.#append(this.#pieces.shift() as Buffer);
      if (this.#end >= gathered.enough) return this.#open(error);
    }
    const fresh = this.#octets.subarray(gathered.scanned, this.#end);
    gathered.scanned = this.#end;
    if (!gathered.brackets.close(fresh)) return false;
    if (this.#end === gathered.before) throw error;
    return this.#open(error);
  }

  /** Drops what has been read. What is longer than the whole window is read again only when the window has doubled, or the message ends. */
  #gather(mark: number, error: unknown): void {
    const { reader } = this;
    if (!(error instanceof Deviation) || error.at + LONGEST_TOKEN < reader.end) throw error;
    reader.at = 0;
    this.#octets.copyWithin(0, mark, this.#end);
    this.#end -= mark;
    this.#gathered = {
      enough: mark === 0 ? this.#end * 2 : 0,
      before: this.#end,
      brackets: new Brackets(this.depth),
      scanned: 0,
    };
  }

  #append(piece: Buffer): void {
    const part = piece.subarray(0, PIECE);
    if (piece.length > PIECE) this.#pieces.unshift(piece.subarray(PIECE));
    if (this.#end + part.length >= this.#octets.length) {
      const larger = Buffer.allocUnsafe((this.#end + part.length) * 2);
      this.#octets.copy(larger, 0, 0, this.#end);
      this.#octets = larger;
    }
    part.copy(this.#octets, this.#end);
    this.#end += part.length;
  }

  /** What was pushed and has not been read. */
  rest(): Buffer {
    return Buffer.concat([this.#octets.subarray(this.reader.at, this.#end), ...this.#pieces]);
  }

  #open(error: unknown): true {
    if (this.#end > MOST) throw error;
    this.#gathered = undefined;
    this.reader.open(this.#octets, this.#end);
    return true;
  }
}
