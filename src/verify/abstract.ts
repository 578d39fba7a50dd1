/**
 * The linear pass over one host: every place where a packet may come in, followed through all flows it may match, as if
 * there were no priorities. What is known of a packet is exact on in_port, registers, metadata, the tunnel's fields and the tags;
 * nothing is known of its headers. More packets get further than in truth, never fewer: where this pass finds nothing
 * wrong, nothing is wrong. What it finds is an alarm, which exact.ts looks into.
 */
import { OFPP } from 'ts-openflow';
import { ClassRun } from './class-run.js';
import type { Ingress } from './ingress.js';
import { type Finding, type HostView, type Source, tagSource, tunnelSource } from './judge.js';
import {
  AT_DIRTY,
  AT_LOOKUP,
  AT_SOURCE,
  AT_TABLE,
  DIRTY,
  IN_PORT,
  KNOWN,
  LENGTH,
  SLOTS,
  TCI,
  TUNNEL_WORDS,
  VALUES,
} from './layout.js';
import type { FlowClass } from './reduce.js';
import { Sequences } from './sequences.js';
import { HostTables } from './tables.js';
import { wireOwner } from './tunnel.js';
import { TRACKED } from './words.js';

export interface Alarm {
  readonly finding: Finding;
  readonly state: number;
  readonly cls: number;
}

/** More states than this on one host, and the proof gives up there. */
const MOST_STATES = 2_000_000;

export class AbstractHost {
  readonly tables: HostTables;
  readonly alarms: Alarm[] = [];
  /** Effects that are not modelled, which a packet may meet. */
  readonly caveats = new Set<string>();
  /** For each state, where it came from: state and class, in turns; −1 and an ingress for a start. */
  readonly origins: number[][] = [];
  readonly #states = new Sequences();
  readonly #sources: (Source | { readonly kind: 'raw'; readonly ofport: number })[] = [];
  readonly #sourceIds = new Map<string, number>();
  readonly #byTable = new Map<number, number[]>();
  readonly #queue: number[] = [];
  readonly #seenAlarms = new Set<string>();
  /** The state that a class works on, and the one that goes on: copied from and into, never kept. */
  readonly #next = new Int32Array(LENGTH);
  readonly #emitted = new Int32Array(LENGTH);
  #done = 0;

  constructor(
    readonly view: HostView,
    readonly ingresses: readonly Ingress[],
  ) {
    this.tables = new HostTables(view.dump);
    for (const [i, ingress] of ingresses.entries()) this.#start(ingress, i);
    this.#work();
  }

  get stateCount(): number {
    return this.#states.count;
  }

  state(number: number): Int32Array {
    return this.#states.at(number);
  }

  #sourceId(source: Source | { readonly kind: 'raw'; readonly ofport: number }): number {
    const key =
      source.kind === 'raw' ? `raw ${source.ofport}` : `${source.kind} ${source.half ?? ''} ${source.owner ?? ''}`;
    let id = this.#sourceIds.get(key);
    if (id === undefined) {
      id = this.#sources.length;
      this.#sources.push(source);
      this.#sourceIds.set(key, id);
    }
    return id;
  }

  #start(ingress: Ingress, number: number): void {
    const state = new Int32Array(LENGTH);
    state[AT_SOURCE] = this.#sourceId(ingress.source);
    for (const [word, value] of ingress.words) {
      if (word >= TRACKED) continue;
      state[VALUES + word] = value;
      state[KNOWN + word] = -1;
    }
    refineTunnel(state);
    this.#emit(state, ingress.table, -1, number);
  }

  #work(): void {
    for (; this.#done < this.#queue.length; this.#done++) {
      if (this.#states.count > MOST_STATES) {
        this.caveats.add(`more than ${MOST_STATES} abstract states`);
        return;
      }
      const number = this.#queue[this.#done] as number;
      const state = this.#states.at(number);
      const sought = lookedUp(state);
      this.tables.indexes[state[AT_TABLE] as number]?.lookup(sought, (index) => this.#step(number, state, index));
    }
  }

  /** One flow class applied to one state. */
  #step(number: number, state: Int32Array, index: number): void {
    const cls = this.tables.classes.all[index] as FlowClass;
    if (cls.members === 0) return;
    const next = this.#next;
    next.set(state);
    const { terms } = cls;
    const other = next[AT_LOOKUP] !== 0;
    next[AT_LOOKUP] = 0;
    for (let i = 0; i < terms.length; i += 3) {
      const word = terms[i] as number;
      if (other && word === IN_PORT) continue;
      const mask = terms[i + 2] as number;
      next[VALUES + word] = ((next[VALUES + word] as number) & ~mask) | (terms[i + 1] as number);
      next[KNOWN + word] = (next[KNOWN + word] as number) | mask;
    }
    refineTunnel(next);
    const run = new ClassRun(this, cls, number, index);
    run.run(next, cls.code, 0, cls.code.length);
  }

  /** A class that was added applied to every state of its table that may match it. */
  applyClass(index: number): void {
    const cls = this.tables.classes.all[index] as FlowClass;
    for (const number of this.#byTable.get(cls.table) ?? []) {
      const state = this.#states.at(number);
      if (!mayMatch(cls, lookedUp(state))) continue;
      this.#step(number, state, index);
    }
    this.#work();
  }

  /** A packet goes on in a table; `port`: the in_port that it is looked up under there, where that is another. */
  emit(state: Int32Array, table: number, from: number, cls: number, port: number = OFPP.IN_PORT | 0): void {
    this.#emitted.set(state);
    this.#emitted[AT_LOOKUP] = port ^ (OFPP.IN_PORT | 0);
    this.#emit(this.#emitted, table, from, cls);
  }

  #emit(state: Int32Array, table: number, from: number, cls: number): void {
    const reads = this.tables.reads(table);
    if (reads === undefined) return;
    this.#classify(state);
    const raw = this.#sources[state[AT_SOURCE] as number]?.kind === 'raw';
    state[AT_TABLE] = table;
    if (!raw) state[AT_DIRTY] = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      const known = (slot < TRACKED ? reads[slot] === 1 : raw) ? (state[KNOWN + slot] as number) : 0;
      state[KNOWN + slot] = known;
      state[VALUES + slot] = (state[VALUES + slot] as number) & known;
    }
    const found = this.#states.add(state, LENGTH);
    const number = found < 0 ? -1 - found : found;
    if (found < 0) {
      this.origins.push([]);
      this.#queue.push(number);
      const list = this.#byTable.get(table);
      if (list === undefined) this.#byTable.set(table, [number]);
      else list.push(number);
    }
    this.origins[number]?.push(from, cls);
  }

  /** A packet that came by a tunnel is somebody's or nobody's as soon as key and address tell. */
  #classify(state: Int32Array): void {
    const source = this.#sources[state[AT_SOURCE] as number];
    if (source?.kind !== 'raw') return;
    const resolved = this.resolve(source.ofport, state);
    if (resolved !== undefined) state[AT_SOURCE] = this.#sourceId(resolved);
  }

  /** Whose a tunnel packet is, if what is known of key and address as it came is enough. */
  resolve(ofport: number, state: Int32Array): Source | undefined {
    const end = this.view.ends.get(ofport);
    if (end === undefined) return { kind: 'nobody' };
    if (end.trunk) {
      const tag = TRACKED + TUNNEL_WORDS.indexOf(TCI);
      return tagSource(this.view, end, state[VALUES + tag] as number, state[KNOWN + tag] as number);
    }
    const key = state[VALUES + TRACKED] as number;
    const known = state[KNOWN + TRACKED] as number;
    const full = (slot: number): boolean => state[KNOWN + TRACKED + slot] === -1;
    const from = full(2)
      ? [state[VALUES + TRACKED + 2] as number]
      : [3, 4, 5, 6].every(full)
        ? [3, 4, 5, 6].map((slot) => state[VALUES + TRACKED + slot] as number)
        : undefined;
    if (from === undefined) return undefined;
    const source = tunnelSource(this.view, end, key, known, from);
    if (source.kind === 'nobody' && (known & end.keyMask) !== end.keyMask && wireOwner(end, key, known) === undefined)
      return undefined;
    return source;
  }

  /** Whose the packets of a state are; those of a tunnel that it cannot tell are nobody's. */
  sourceOf(state: Int32Array): Source {
    const source = this.#sources[state[AT_SOURCE] as number];
    if (source === undefined) return { kind: 'nobody' };
    if (source.kind !== 'raw') return source;
    return this.resolve(source.ofport, state) ?? { kind: 'nobody' };
  }

  found(finding: Finding, state: number, cls: number): void {
    const key = `${state} ${cls} ${finding.reason}`;
    if (this.#seenAlarms.has(key)) return;
    this.#seenAlarms.add(key);
    this.alarms.push({ finding, state, cls });
  }
}

/** While the tunnel's words and the tag are as they came, what a match tells of them is told of how they came. */
function refineTunnel(state: Int32Array): void {
  for (let i = 0; i < TUNNEL_WORDS.length; i++) {
    const word = TUNNEL_WORDS[i] as number;
    if (((state[AT_DIRTY] as number) & (word === TCI ? DIRTY.tag : DIRTY.tunnel)) !== 0) continue;
    const kept = TRACKED + i;
    const more = (state[KNOWN + word] as number) & ~(state[KNOWN + kept] as number);
    state[VALUES + kept] = (state[VALUES + kept] as number) | ((state[VALUES + word] as number) & more);
    state[KNOWN + kept] = (state[KNOWN + kept] as number) | more;
  }
}

/** The state as a table's flows are looked up for it. */
function lookedUp(state: Int32Array): Int32Array {
  if (state[AT_LOOKUP] === 0) return state;
  const other = state.slice();
  other[VALUES + IN_PORT] = (state[AT_LOOKUP] as number) ^ (OFPP.IN_PORT | 0);
  other[KNOWN + IN_PORT] = -1;
  return other;
}

function mayMatch({ terms }: FlowClass, state: Int32Array): boolean {
  for (let i = 0; i < terms.length; i += 3) {
    const word = terms[i] as number;
    const known = (state[KNOWN + word] as number) & (terms[i + 2] as number);
    if ((((state[VALUES + word] as number) ^ (terms[i + 1] as number)) & known) !== 0) return false;
  }
  return true;
}
