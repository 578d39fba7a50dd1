/**
 * The classes of one table, found by what a state knows. Classes that match the same bits of the same words stand in one
 * group; a group is looked up by hash of those bits, as far as the state knows them. (Tuple space search, as in Open
 * vSwitch's classifier, with partly known keys.)
 */
import { KNOWN, VALUES } from './layout.js';
import type { FlowClass } from './reduce.js';

interface Group {
  /** Word and mask of each term. */
  readonly words: readonly number[];
  readonly masks: readonly number[];
  readonly classes: number[];
  /** For each set of terms that a state knew so far (as bits): classes by the hash of their values there. */
  readonly indexes: Map<number, Map<number, number[]>>;
}

const mix = (hash: number, value: number): number => (Math.imul(hash ^ value, 0x01000193) + (hash >>> 13)) | 0;

export class TableIndex {
  readonly #groups = new Map<string, Group>();
  readonly classes: number[] = [];

  constructor(readonly all: readonly FlowClass[]) {}

  add(index: number): void {
    const { terms } = this.all[index] as FlowClass;
    const words: number[] = [];
    const masks: number[] = [];
    for (let i = 0; i < terms.length; i += 3) {
      words.push(terms[i] as number);
      masks.push(terms[i + 2] as number);
    }
    const key = `${words.join()};${masks.join()}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { words, masks, classes: [], indexes: new Map() };
      this.#groups.set(key, group);
    }
    group.classes.push(index);
    for (const [bits, table] of group.indexes) put(table, this.#hash(index, bits), index);
    this.classes.push(index);
  }

  #hash(index: number, bits: number): number {
    const { terms } = this.all[index] as FlowClass;
    let hash = 17;
    for (let i = 0; i * 3 < terms.length; i++) if ((bits >>> i) & 1) hash = mix(hash, terms[i * 3 + 1] as number);
    return hash;
  }

  /** Calls `each` for every class that the state may match. */
  lookup(state: Int32Array, each: (index: number) => void): void {
    for (const group of this.#groups.values()) {
      const found = this.#candidates(group, state);
      for (let i = 0; i < found.length; i++) {
        const index = found[i] as number;
        if (compatible(this.all[index] as FlowClass, state)) each(index);
      }
    }
  }

  #candidates(group: Group, state: Int32Array): readonly number[] {
    const { words, masks, classes, indexes } = group;
    if (classes.length <= 2) return classes;
    let bits = 0;
    let hash = 17;
    for (let i = 0; i < words.length && i < 31; i++) {
      const word = words[i] as number;
      const mask = masks[i] as number;
      if (((state[KNOWN + word] as number) & mask) !== mask) continue;
      bits |= 1 << i;
      hash = mix(hash, (state[VALUES + word] as number) & mask);
    }
    if (bits === 0) return classes;
    let table = indexes.get(bits);
    if (table === undefined) {
      table = new Map();
      for (const index of classes) put(table, this.#hash(index, bits), index);
      indexes.set(bits, table);
    }
    return table.get(hash) ?? [];
  }
}

function put(table: Map<number, number[]>, hash: number, index: number): void {
  const list = table.get(hash);
  if (list === undefined) table.set(hash, [index]);
  else list.push(index);
}

/** True unless the state knows a bit that the class wants otherwise. */
function compatible({ terms }: FlowClass, state: Int32Array): boolean {
  for (let i = 0; i < terms.length; i += 3) {
    const word = terms[i] as number;
    const known = (state[KNOWN + word] as number) & (terms[i + 2] as number);
    if ((((state[VALUES + word] as number) ^ (terms[i + 1] as number)) & known) !== 0) return false;
  }
  return true;
}
