/** What one class of flows does with one abstract state: where it goes on, and by which ports it leaves. */
import { OFPP } from 'ts-openflow';
import type { AbstractHost } from './abstract.js';
import { judge } from './judge.js';
import { AT_DIRTY, IN_PORT, KNOWN, LENGTH, TUN_ID, TUN6_SRC, VALUES } from './layout.js';
import { nextOp, OP, UNKNOWN } from './ops.js';
import type { FlowClass } from './reduce.js';
import { ones32, TRACKED } from './words.js';

/** The carrying out of one class's actions on one state. */
export class ClassRun {
  #stack: (readonly [number, number])[] | undefined;

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
        for (const bucket of this.host.view.dump.groups.get(a >>> 0)?.buckets ?? [])
          this.#reduced(state.slice(), bucket);
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
        this.run(state.slice(), code, at + 2, at + 2 + a);
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
        this.#stack ??= [];
        if (a < TRACKED) this.#stack.push([(state[VALUES + a] as number) >>> b, (state[KNOWN + a] as number) >>> b]);
        else this.#stack.push([0, 0]);
        return true;
      case OP.pop: {
        const [value, known] = this.#stack?.pop() ?? [0, 0];
        if (a < TRACKED) assign(state, a, b, c, value, known, 0);
        return true;
      }
      case OP.unknown:
        this.host.caveats.add(UNKNOWN[a] ?? 'an unknown action');
        return true;
      case OP.exit:
        return false;
      default:
        return true;
    }
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
    const known = word < TRACKED ? (state[KNOWN + word] as number) >>> shift : 0;
    const mask = ones32(width);
    if ((known & mask) === mask) {
      this.#output(state, ((state[VALUES + word] as number) >>> shift) & mask);
      return;
    }
    for (const port of this.host.view.dump.ports.keys()) this.#output(state, port | 0);
  }

  #resubmit(state: Int32Array, table: number, port: number, last: boolean): void {
    const target = table === 255 ? this.cls.table : table;
    const other = port !== (OFPP.IN_PORT | 0);
    const value = state[VALUES + IN_PORT] as number;
    const known = state[KNOWN + IN_PORT] as number;
    if (other) {
      state[VALUES + IN_PORT] = port;
      state[KNOWN + IN_PORT] = -1;
    }
    this.host.emit(state, target, this.from, this.index);
    if (other) {
      state[VALUES + IN_PORT] = value;
      state[KNOWN + IN_PORT] = known;
    }
    const writes = last ? undefined : this.host.tables.writes(target);
    if (writes === undefined) return;
    for (let word = 0; word < TRACKED; word++) {
      if (writes[word] === 0) continue;
      state[KNOWN + word] = (state[KNOWN + word] as number) & ~(writes[word] as number);
      written(state, word);
    }
  }
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

/** Notes that a word is written: the tunnel's words are then no longer as they came. */
function written(state: Int32Array, word: number): void {
  if (word >= TUN_ID && word < TUN6_SRC + 4) state[AT_DIRTY] = 1;
}
