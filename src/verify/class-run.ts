/** What one class of flows does with one abstract state: where it goes on, and by which ports it leaves. */
import { OFPP } from 'ts-openflow';
import type { AbstractHost } from './abstract.js';
import { judge } from './judge.js';
import { AT_DIRTY, DIRTY, IN_PORT, KNOWN, LENGTH, TCI, TCI1, TUN_ID, TUN6_SRC, VALUES } from './layout.js';
import { nextOp, OP, portOf16, portOfField, UNKNOWN } from './ops.js';
import { RESERVED_PORTS } from './ports.js';
import type { FlowClass } from './reduce.js';
import { TAG } from './tunnel.js';
import { ones32, TRACKED } from './words.js';

/** The carrying out of one class's actions on one state. */
export class ClassRun {
  /** What this class has pushed: of each entry its pieces by their lowest bit. */
  readonly #stack: Map<number, Bits>[] = [];
  /** Groups whose buckets are being carried out. */
  readonly #groups = new Set<number>();

  constructor(
    readonly host: AbstractHost,
    readonly cls: FlowClass,
    readonly from: number,
    readonly index: number,
  ) {}

  /** False: everything ended. */
  run(state: Int32Array, code: Int32Array, from: number, to: number): boolean {
    for (let at = from; at < to; at = nextOp(code, at)) if (!this.#one(state, code, at, to)) return false;
    return true;
  }

  #one(state: Int32Array, code: Int32Array, at: number, to: number): boolean {
    const a = code[at + 1] as number;
    const b = code[at + 2] as number;
    const c = code[at + 3] as number;
    switch (code[at]) {
      case OP.output:
        this.#output(state, a);
        return true;
      case OP.goto:
        this.host.emit(state, a, this.from, this.index);
        return true;
      case OP.set:
        state[VALUES + a] = ((state[VALUES + a] as number) & ~c) | (b & c);
        state[KNOWN + a] = (state[KNOWN + a] as number) | c;
        written(state, a);
        return true;
      case OP.move:
        assign(
          state,
          a,
          b,
          code[at + 5] as number,
          state[VALUES + c] as number,
          state[KNOWN + c] as number,
          code[at + 4] as number,
        );
        return true;
      case OP.havoc:
        state[KNOWN + a] = (state[KNOWN + a] as number) & ~b;
        written(state, a);
        return true;
      case OP.resubmit:
        this.#resubmit(state, a, b, nextOp(code, at) >= to);
        return true;
      case OP.group:
        this.#group(state, a >>> 0);
        return true;
      default:
        return this.#rare(state, code, at);
    }
  }

  #rare(state: Int32Array, code: Int32Array, at: number): boolean {
    const a = code[at + 1] as number;
    const b = code[at + 2] as number;
    const c = code[at + 3] as number;
    switch (code[at]) {
      case OP.controller:
        this.#output(state, OFPP.CONTROLLER | 0);
        return true;
      case OP.output_reg:
        this.#outputReg(state, a, b, c);
        return true;
      case OP.clone:
        this.#copied(() => this.run(state.slice(), code, at + 2, at + 2 + a));
        return true;
      case OP.ct:
        this.host.caveats.add('connection tracking: its state is not in the flows');
        if (a !== 255) this.host.emit(state, a, this.from, this.index);
        return true;
      case OP.write:
        this.host.caveats.add('write_actions: the action set is carried out at the end of the pipeline');
        this.run(state.slice(), code, at + 2, at + 2 + a);
        return true;
      case OP.push:
        this.#push(state, a, b, c, code[at + 4] as number);
        return true;
      case OP.pop:
        this.#pop(state, code.subarray(at + 1, at + 6));
        return true;
      case OP.port:
        widenPort(state);
        return true;
      case OP.push_vlan:
        copyWord(state, TCI1, TCI);
        setWord(state, TCI, TAG.present);
        return true;
      case OP.pop_vlan:
        copyWord(state, TCI, TCI1);
        setWord(state, TCI1, 0);
        return true;
      case OP.unknown:
        this.host.caveats.add(UNKNOWN[a] ?? 'an unknown action');
        return true;
      case OP.exit:
        return false;
      default:
        return true;
    }
  }

  /** A switch has no flow to a group that is not there: then the dump is not whole. */
  #group(state: Int32Array, id: number): void {
    const group = this.host.view.dump.groups.get(id);
    if (group === undefined || this.#groups.has(id)) {
      this.host.caveats.add(
        group === undefined ? `group ${id} is not in the dump, and a flow leads to it` : `group ${id} leads to itself`,
      );
      return;
    }
    this.#groups.add(id);
    for (const bucket of group.buckets) {
      this.#reduced(state.slice(), bucket);
      this.#stack.length = 0;
    }
    this.#groups.delete(id);
  }

  /** A bucket's actions stand there whole: those on headers are passed over. */
  #reduced(state: Int32Array, code: Int32Array): void {
    for (let at = 0; at < code.length; at = nextOp(code, at)) {
      const op = code[at];
      const word = code[at + 1] as number;
      if ((op === OP.set || op === OP.move || op === OP.havoc) && word >= TRACKED) continue;
      if (op === OP.move && (code[at + 3] as number) >= TRACKED) {
        const mask = ones32(code[at + 5] as number) << (code[at + 2] as number);
        state[KNOWN + word] = (state[KNOWN + word] as number) & ~mask;
        written(state, word);
      } else if (!this.#one(state, code, at, code.length)) return;
    }
  }

  /** What is done to a copy leaves the stack as it is. */
  #copied(run: () => void): void {
    const saved = [...this.#stack];
    run();
    this.#stack.splice(0, this.#stack.length, ...saved);
  }

  #output(state: Int32Array, given: number): void {
    const known = state[KNOWN + IN_PORT] === -1;
    const inPort = state[VALUES + IN_PORT] as number;
    if (known && given === inPort) return;
    const port = given === (OFPP.IN_PORT | 0) && known ? inPort : given;
    const { view } = this.host;
    const finding = judge(
      view,
      this.host.sourceOf(state),
      port,
      state.subarray(VALUES, KNOWN),
      state.subarray(KNOWN, LENGTH),
    );
    if (finding !== undefined) this.host.found(finding, this.from, this.index);
  }

  #outputReg(state: Int32Array, word: number, shift: number, width: number): void {
    const mask = ones32(width);
    const known = word < TRACKED ? ((state[KNOWN + word] as number) >>> shift) & mask : 0;
    const value = word < TRACKED ? ((state[VALUES + word] as number) >>> shift) & known : 0;
    if (known === mask) {
      const port = portOfField(value);
      if (port !== undefined) this.#output(state, port);
      return;
    }
    for (const port of [...this.host.view.dump.ports.keys(), ...RESERVED_PORTS]) {
      const bits = port & 0xffff;
      if ((bits & known) === value && (bits & ~mask) === 0) this.#output(state, portOf16(bits));
    }
  }

  /** Bits of a field onto the stack; those from 0 on begin an entry. */
  #push(state: Int32Array, word: number, shift: number, width: number, lo: number): void {
    if (lo === 0) this.#stack.push(new Map());
    if (word >= TRACKED) return;
    const value = (state[VALUES + word] as number) >>> shift;
    this.#stack.at(-1)?.set(lo, { value, known: ((state[KNOWN + word] as number) >>> shift) & ones32(width) });
  }

  #pop(state: Int32Array, operands: Int32Array): void {
    const [word, shift, width, lo, last] = operands as unknown as [number, number, number, number, number];
    const bits = this.#stack.at(-1)?.get(lo);
    if (word < TRACKED) assign(state, word, shift, width, bits?.value ?? 0, bits?.known ?? 0, 0);
    if (last === 1) this.#stack.pop();
  }

  #resubmit(state: Int32Array, table: number, port: number, last: boolean): void {
    const target = table === 255 ? this.cls.table : table;
    this.host.emit(state, target, this.from, this.index, port);
    // Entries that are left may be others; a pop then takes what is not known.
    if (!last && this.host.tables.stack(target)) this.#stack.length = 0;
    const writes = last ? undefined : this.host.tables.writes(target);
    if (writes === undefined) return;
    for (let word = 0; word < TRACKED; word++) {
      if (writes[word] === 0) continue;
      state[KNOWN + word] = (state[KNOWN + word] as number) & ~(writes[word] as number);
      written(state, word);
    }
  }
}

interface Bits {
  readonly value: number;
  readonly known: number;
}

/** The upper half of in_port follows from the lower one, where that is known. */
function widenPort(state: Int32Array): void {
  const sure = ((state[KNOWN + IN_PORT] as number) & 0xffff) === 0xffff;
  if (sure) state[VALUES + IN_PORT] = portOf16((state[VALUES + IN_PORT] as number) & 0xffff);
  else state[VALUES + IN_PORT] = (state[VALUES + IN_PORT] as number) & 0xffff;
  state[KNOWN + IN_PORT] = sure ? -1 : (state[KNOWN + IN_PORT] as number) & 0xffff;
}

function copyWord(state: Int32Array, to: number, from: number): void {
  state[VALUES + to] = state[VALUES + from] as number;
  state[KNOWN + to] = state[KNOWN + from] as number;
  written(state, to);
}

function setWord(state: Int32Array, word: number, value: number): void {
  state[VALUES + word] = value;
  state[KNOWN + word] = -1;
  written(state, word);
}

/** Writes bits that may be known in part. */
function assign(
  state: Int32Array,
  word: number,
  shift: number,
  width: number,
  value: number,
  known: number,
  from: number,
): void {
  written(state, word);
  const mask = ones32(width) << shift;
  const bits = ((value >>> from) << shift) & mask;
  const sure = ((known >>> from) << shift) & mask;
  state[VALUES + word] = ((state[VALUES + word] as number) & ~mask) | (bits & sure);
  state[KNOWN + word] = ((state[KNOWN + word] as number) & ~mask) | sure;
}

/** Notes that a word is written: the tunnel's words, or the tag, are then no longer as they came. */
function written(state: Int32Array, word: number): void {
  if (word >= TUN_ID && word < TUN6_SRC + 4) state[AT_DIRTY] = (state[AT_DIRTY] as number) | DIRTY.tunnel;
  if (word === TCI) state[AT_DIRTY] = (state[AT_DIRTY] as number) | DIRTY.tag;
}
