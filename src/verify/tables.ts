/**
 * What is known of a host's tables before any packet: the classes of each, the words that matter from a table on (so that
 * states which differ only in what nobody asks for are one), and the bits that a resubmit to a table may have changed
 * when it comes back.
 */
import { TableIndex } from './index-table.js';
import type { HostDump } from './model.js';
import { Classes, newTouch, type Touch, touch } from './reduce.js';
import { TRACKED } from './words.js';

const TABLES = 256;

export class HostTables {
  readonly classes = new Classes();
  readonly indexes: (TableIndex | undefined)[] = new Array<TableIndex | undefined>(TABLES).fill(undefined);
  readonly #touched: (Touch | undefined)[] = new Array<Touch | undefined>(TABLES).fill(undefined);

  constructor(readonly dump: HostDump) {
    const { flows } = dump;
    for (let flow = 0; flow < flows.count; flow++) if (flows.has(flow)) this.#place(flow);
    this.#close();
  }

  /** Puts a flow into its class. */
  #place(flow: number): void {
    const found = this.classes.of(this.dump.flows, flow);
    if (found === undefined) return;
    const cls = this.classes.all[found.index] as (typeof this.classes.all)[number];
    cls.members++;
    if (!found.isNew) return;
    this.#index(cls.table).add(found.index);
    let touched = this.#touched[cls.table];
    if (touched === undefined) {
      touched = newTouch();
      this.#touched[cls.table] = touched;
    }
    touch(this.dump, cls, touched);
  }

  #index(table: number): TableIndex {
    let index = this.indexes[table];
    if (index === undefined) {
      index = new TableIndex(this.classes.all);
      this.indexes[table] = index;
    }
    return index;
  }

  /** Words that matter from this table on; undefined where no class is. */
  reads(table: number): Uint8Array | undefined {
    return this.#touched[table]?.reads;
  }

  /** Bits that may be another after a resubmit to this table. */
  writes(table: number): Int32Array | undefined {
    return this.#touched[table]?.writes;
  }

  /** Whether the stack may be another after a resubmit to this table. */
  stack(table: number): boolean {
    return this.#touched[table]?.stack === true;
  }

  /** Adds to each table what its successors touch, until nothing changes. */
  #close(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const touched of this.#touched) {
        if (touched === undefined) continue;
        for (const next of touched.tables) {
          const other = this.#touched[next];
          if (other !== undefined && other !== touched && include(touched, other)) changed = true;
        }
      }
    }
  }

  /**
   * Adds one flow. `class`: its class, where it is the first of one that asks for nothing new. `same`: nothing changes.
   * `anew`: what was known of the tables no longer holds.
   */
  add(
    flow: number,
  ): { readonly is: 'same' } | { readonly is: 'anew' } | { readonly is: 'class'; readonly index: number } {
    const found = this.classes.of(this.dump.flows, flow);
    if (found === undefined) return { is: 'same' };
    const cls = this.classes.all[found.index] as (typeof this.classes.all)[number];
    cls.members++;
    if (!found.isNew && cls.members > 1) return { is: 'same' };
    const touched = this.#touched[cls.table];
    const mine = newTouch();
    touch(this.dump, cls, mine);
    for (const next of mine.tables) {
      const other = this.#touched[next];
      if (other !== undefined) include(mine, other);
    }
    if (touched === undefined || include({ ...copyOf(touched) }, mine)) return { is: 'anew' };
    if (found.isNew) this.#index(cls.table).add(found.index);
    return { is: 'class', index: found.index };
  }

  /** Takes one flow out of its class; true when it was the last there. */
  remove(flow: number): boolean {
    const found = this.classes.of(this.dump.flows, flow);
    if (found === undefined) return false;
    const cls = this.classes.all[found.index] as (typeof this.classes.all)[number];
    cls.members--;
    return cls.members === 0;
  }
}

const copyOf = (t: Touch): Touch => ({
  reads: t.reads.slice(),
  writes: t.writes.slice(),
  tables: new Set(t.tables),
  stack: t.stack,
});

/** Adds `from` to `into` (tables of `into` apart); true when that changed it. */
function include(into: Touch, from: Touch): boolean {
  let changed = from.stack && !into.stack;
  into.stack ||= from.stack;
  for (let word = 0; word < TRACKED; word++) {
    if (from.reads[word] === 1 && into.reads[word] === 0) {
      into.reads[word] = 1;
      changed = true;
    }
    const writes = (into.writes[word] as number) | (from.writes[word] as number);
    if (writes !== into.writes[word]) {
      into.writes[word] = writes;
      changed = true;
    }
  }
  return changed;
}
