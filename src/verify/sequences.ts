/**
 * Numbers sequences of integers: the same sequence has the same number. All of them stand in one array, and are found by
 * a hash table of integers, for a proof of a thousand hosts makes millions of them.
 */

const FIRST_DATA = 1024;
const FIRST_SLOTS = 256;

export class Sequences {
  #data = new Int32Array(FIRST_DATA);
  #end = 0;
  /** Where each begins, and its hash. */
  readonly #starts: number[] = [];
  readonly #hashes: number[] = [];
  /** By hash, with the next free slot after it: number + 1; 0 is free. At most half are taken. */
  #slots = new Int32Array(FIRST_SLOTS);

  get count(): number {
    return this.#starts.length;
  }

  /** The sequence of a number; not to be written to. */
  at(number: number): Int32Array {
    return this.#data.subarray(this.#starts[number], this.#starts[number + 1] ?? this.#end);
  }

  /** The number of the first `length` integers of `data`; −1 − n where n is new. */
  add(data: Int32Array, length: number): number {
    let hash = length;
    for (let i = 0; i < length; i++)
      hash = (Math.imul(hash, 0x01000193) ^ (data[i] as number)) + ((hash >>> 15) & 0xff);
    hash |= 0;
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 16)) & mask;
    for (let found = this.#slots[slot] as number; found !== 0; found = this.#slots[slot] as number) {
      if (this.#hashes[found - 1] === hash && this.#is(found - 1, data, length)) return found - 1;
      slot = (slot + 1) & mask;
    }
    const number = this.#starts.length;
    this.#append(data, length);
    this.#hashes.push(hash);
    this.#slots[slot] = number + 1;
    if (this.#starts.length * 2 > this.#slots.length) this.#widen();
    return -1 - number;
  }

  #is(number: number, data: Int32Array, length: number): boolean {
    const start = this.#starts[number] as number;
    if ((this.#starts[number + 1] ?? this.#end) - start !== length) return false;
    for (let i = 0; i < length; i++) if (this.#data[start + i] !== data[i]) return false;
    return true;
  }

  #append(data: Int32Array, length: number): void {
    const end = this.#end + length;
    if (end > this.#data.length) {
      // Sequences handed out stay in the array that was; nobody writes to either.
      const wider = new Int32Array(Math.max(end, this.#data.length * 2));
      wider.set(this.#data);
      this.#data = wider;
    }
    for (let i = 0; i < length; i++) this.#data[this.#end + i] = data[i] as number;
    this.#starts.push(this.#end);
    this.#end = end;
  }

  #widen(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    this.#hashes.forEach((hash, number) => {
      let slot = (hash ^ (hash >>> 16)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    });
  }
}
