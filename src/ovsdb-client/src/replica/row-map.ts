/**
 * The rows of one table by uuid: a Map's ways to look into it, and a third of a Map's time to fill and memory. A hundred thousand
 * uuids cost a Map their hashes and a dozen enlargements, all of which the garbage collector looks through; here they
 * are numbers in typed arrays.
 *
 *   #slots: open addressing, linear probing; place + 1 of a row in #rows, or 0      #hashes: by place
 */
import type { UntypedRow } from '../schema/table.js';

const FEWEST = 16;

/** A hash of a uuid. Its ends will do: uuids are random, and those made by hand differ at an end. */
function hashOf(uuid: string): number {
  const { length } = uuid;
  let hash = length;
  for (let i = 0; i < 8 && i < length; i++)
    hash = Math.imul(hash, 31) + uuid.charCodeAt(i) + Math.imul(uuid.charCodeAt(length - 1 - i), 0x9e3779b1);
  return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ (hash >>> 13);
}

export class RowMap implements ReadonlyMap<string, UntypedRow> {
  readonly [Symbol.toStringTag] = 'Map';
  #rows: (UntypedRow | undefined)[] = [];
  #hashes = new Int32Array(FEWEST);
  #slots = new Int32Array(FEWEST * 2);
  /** Places of deleted rows. */
  #free: number[] = [];

  get size(): number {
    return this.#rows.length - this.#free.length;
  }

  get(uuid: string): UntypedRow | undefined {
    return this.#rows[this.#place(uuid, hashOf(uuid))];
  }

  has(uuid: string): boolean {
    return this.#place(uuid, hashOf(uuid)) >= 0;
  }

  /** Adds a row, or puts it in the place of the one with its uuid. */
  add(row: UntypedRow): void {
    const hash = hashOf(row._uuid);
    const known = this.#place(row._uuid, hash);
    if (known >= 0) {
      this.#rows[known] = row;
      return;
    }
    const place = this.#free.pop() ?? this.#rows.length;
    if (place === this.#hashes.length) this.#enlarge();
    this.#rows[place] = row;
    this.#hashes[place] = hash;
    this.#insert(place, hash);
  }

  /** Takes over the rows of another, which is then of no further use; its own are gone. */
  become(other: RowMap): void {
    this.#rows = other.#rows;
    this.#hashes = other.#hashes;
    this.#slots = other.#slots;
    this.#free = other.#free;
  }

  delete(uuid: string): boolean {
    const place = this.#place(uuid, hashOf(uuid));
    if (place < 0) return false;
    this.#rows[place] = undefined;
    this.#free.push(place);
    this.#remove(place);
    return true;
  }

  /** As Map's; but a row that is added while one looks through may be passed over, and the order is any. */
  *values(): MapIterator<UntypedRow> {
    for (const row of this.#rows) if (row) yield row;
  }

  *keys(): MapIterator<string> {
    for (const { _uuid } of this.values()) yield _uuid;
  }

  *entries(): MapIterator<[string, UntypedRow]> {
    for (const row of this.values()) yield [row._uuid, row];
  }

  [Symbol.iterator](): MapIterator<[string, UntypedRow]> {
    return this.entries();
  }

  forEach(visit: (row: UntypedRow, uuid: string, map: ReadonlyMap<string, UntypedRow>) => void, self?: unknown): void {
    for (const row of this.values()) visit.call(self, row, row._uuid, this);
  }

  /** Where the row of this uuid is; -1 if nowhere. */
  #place(uuid: string, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = (slots[slot] as number) - 1;
      if (place < 0 || (this.#hashes[place] === hash && this.#rows[place]?._uuid === uuid)) return place;
    }
  }

  #insert(place: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = place + 1;
  }

  /** Empties the slot of a place, and moves up those behind it that had to give way to it. */
  #remove(place: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let empty = (this.#hashes[place] as number) & mask;
    while (slots[empty] !== place + 1) empty = (empty + 1) & mask;
    for (let slot = (empty + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const wish = (this.#hashes[(slots[slot] as number) - 1] as number) & mask;
      if (((slot - wish) & mask) < ((slot - empty) & mask)) continue;
      slots[empty] = slots[slot] as number;
      empty = slot;
    }
    slots[empty] = 0;
  }

  #enlarge(): void {
    const length = this.#hashes.length * 2;
    const hashes = new Int32Array(length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#slots = new Int32Array(length * 2);
    for (let place = 0; place < this.#rows.length; place++) this.#insert(place, hashes[place] as number);
  }
}
