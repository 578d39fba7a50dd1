/**
 * One concrete packet through one host's dump: which flow it meets in each table, what the actions do, and where it
 * leaves. Follows Open vSwitch: registers survive a resubmit, each bucket and each clone gets a copy, a packet does not
 * leave by the port it came in by, 64 levels and 4,096 resubmits are the end of everything (nothing leaves then).
 *
 * What depends on chance or on state that a dump does not show is told in `caveats`: a select or fast-failover group
 * (every bucket is carried out, for any may be chosen), connection tracking (the state given in the options), learn.
 */
import { OFPP } from 'ts-openflow';
import { matchFlow } from './lookup.js';
import type { HostDump } from './model.js';
import { nextOp, OP, UNKNOWN } from './ops.js';
import { moveBits, ones32, WORDS, wordOf } from './words.js';

/** How a packet came to a step. */
export type Via = 'start' | 'goto' | 'resubmit' | 'ct' | `bucket ${number} of group ${number}`;

/** A table that the packet met. */
export interface Step {
  /** The step before it on this packet's way; −1 for the first. */
  readonly parent: number;
  readonly via: Via;
  readonly table: number;
  /** The flow's number; −1 where none matched. */
  readonly flow: number;
  /** The packet as it came. */
  readonly words: Int32Array;
}

/** A copy of the packet that leaves. */
export interface Output {
  /** OpenFlow port number, or one of OFPP. */
  readonly port: number;
  /** As it leaves. */
  readonly words: Int32Array;
  /** The step that let it out, a place in `steps`. */
  readonly step: number;
}

export interface Execution {
  readonly steps: readonly Step[];
  readonly outputs: readonly Output[];
  readonly caveats: readonly string[];
  /** Why everything ended, if it did: too many resubmits. Nothing leaves then. */
  readonly aborted?: string;
}

export interface InterpretOptions {
  /** First table; 0 unless given. */
  readonly table?: number;
  /** ct_state after connection tracking; +trk+new (0x21) unless given. */
  readonly ctState?: number;
}

const MAX_DEPTH = 64;
const MAX_RESUBMITS = 4096;
const IN_PORT = wordOf('in_port');
const TCI = wordOf('vlan_tci');
const TCI1 = wordOf('vlan_tci1');
const TTL = wordOf('nw_ttl');
const CT_STATE = wordOf('ct_state');
/** Where a switch sends nothing by itself. */
const NOWHERE: ReadonlySet<number> = new Set([OFPP.ANY, OFPP.UNSET].map((p) => p | 0));

/** A packet whose bits are all zero. */
export const emptyPacket = (): Int32Array => new Int32Array(WORDS);

/** What two actions share: registers and headers, the stack, and the action set. */
interface Packet {
  words: Int32Array;
  stack: number[];
  actionSet: Int32Array[];
}

interface Place {
  readonly step: number;
  readonly table: number;
  readonly depth: number;
}

class Abort extends Error {}

class Run {
  readonly steps: Step[] = [];
  readonly outputs: Output[] = [];
  readonly caveats = new Set<string>();
  #resubmits = 0;
  #exit = false;

  constructor(
    readonly dump: HostDump,
    readonly options: InterpretOptions,
  ) {}

  /** The packet in a table: the flow it matches, and all that follows from it. */
  enter(packet: Packet, table: number, via: Via, parent: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new Abort(`more than ${MAX_DEPTH} levels of resubmit`);
    if (++this.#resubmits > MAX_RESUBMITS) throw new Abort(`more than ${MAX_RESUBMITS} resubmits`);
    const flow = matchFlow(this.dump.flows, table, packet.words);
    const step = this.steps.length;
    this.steps.push({ parent, via, table, flow, words: packet.words.slice() });
    if (flow < 0) return;
    const { flows } = this.dump;
    this.run(packet, flows.body, flows.codeAt(flow), flows.endAt(flow), { step, table, depth });
  }

  run(packet: Packet, code: Int32Array, from: number, to: number, place: Place): void {
    for (let at = from; at < to && !this.#exit; at = nextOp(code, at)) this.#one(packet, code, at, place);
  }

  #one(packet: Packet, code: Int32Array, at: number, place: Place): void {
    const [a, b, c, d, e] = code.subarray(at + 1, at + 6) as unknown as [number, number, number, number, number];
    const { words } = packet;
    switch (code[at]) {
      case OP.output:
        this.#output(packet, a, place);
        return;
      case OP.output_reg:
        this.#output(packet, outputPort((words[a] as number) >>> b, c), place);
        return;
      case OP.controller:
        this.#output(packet, OFPP.CONTROLLER | 0, place);
        return;
      case OP.group:
        this.#group(packet, a, place);
        return;
      case OP.goto:
        this.enter(packet, a, 'goto', place.step, place.depth);
        return;
      case OP.resubmit:
        this.#resubmit(packet, a, b, place);
        return;
      case OP.set:
        words[a] = ((words[a] as number) & ~c) | (b & c);
        return;
      case OP.move:
        moveBits(words, a, b, ((words[c] as number) >>> d) & ones32(e), e);
        return;
      default:
        this.#rare(packet, code, at, place);
    }
  }

  #rare(packet: Packet, code: Int32Array, at: number, place: Place): void {
    const a = code[at + 1] as number;
    const { words } = packet;
    switch (code[at]) {
      case OP.clone:
        this.run(copy(packet), code, at + 2, at + 2 + a, place);
        return;
      case OP.ct:
        this.#track(packet, code, at, place);
        return;
      case OP.exit:
        this.#exit = true;
        return;
      case OP.write:
        packet.actionSet.push(code.slice(at + 2, at + 2 + a));
        return;
      case OP.clear:
        packet.actionSet = [];
        return;
      case OP.dec_ttl:
        if (((words[TTL] as number) & 0xff) <= 1) this.#exit = true;
        else words[TTL] = (words[TTL] as number) - 1;
        return;
      case OP.havoc:
        this.caveats.add('a bit that depends on more than the packet');
        return;
      case OP.unknown:
        this.caveats.add(UNKNOWN[a] ?? 'an unknown action');
        return;
      default:
        tagOrStack(packet, code, at);
        return;
    }
  }

  #output(packet: Packet, port: number, { step }: Place): void {
    const inPort = packet.words[IN_PORT] as number;
    if (NOWHERE.has(port) || port === inPort) return;
    if (port === (OFPP.TABLE | 0)) {
      this.caveats.add('output to TABLE');
      return;
    }
    this.outputs.push({
      port: (port === (OFPP.IN_PORT | 0) ? inPort : port) >>> 0,
      words: packet.words.slice(),
      step,
    });
  }

  #group(packet: Packet, id: number, place: Place): void {
    const group = this.dump.groups.get(id >>> 0);
    if (group === undefined) return;
    if (group.type === 'select' || group.type === 'ff') this.caveats.add(`group ${id >>> 0} chooses one bucket`);
    group.buckets.forEach((code, i) => {
      const origin = this.steps[place.step] as Step;
      const step = this.steps.length;
      this.steps.push({ ...origin, parent: place.step, via: `bucket ${i} of group ${id >>> 0}` });
      this.run(copy(packet), code, 0, code.length, { ...place, step });
    });
  }

  #resubmit(packet: Packet, table: number, port: number, place: Place): void {
    const saved = packet.words[IN_PORT] as number;
    if (port !== (OFPP.IN_PORT | 0)) packet.words[IN_PORT] = port;
    this.enter(packet, table === 255 ? place.table : table, 'resubmit', place.step, place.depth + 1);
    if (port !== (OFPP.IN_PORT | 0)) packet.words[IN_PORT] = saved;
  }

  /** The tracked copy goes to the table; the packet itself goes on untracked. */
  #track(packet: Packet, code: Int32Array, at: number, place: Place): void {
    this.caveats.add('connection tracking: its state is not in a dump');
    const table = code[at + 1] as number;
    const tracked = copy(packet);
    const from = at + 3;
    this.run(tracked, code, from, from + (code[at + 2] as number), place);
    if (table === 255) return;
    tracked.words[CT_STATE] = this.options.ctState ?? 0x21;
    this.enter(tracked, table, 'ct', place.step, place.depth + 1);
    this.finish(tracked, place);
  }

  /** The action set, when the pipeline has ended: fields first, then group, else output (OpenFlow 1.5.1 clause 5.6). */
  finish(packet: Packet, place: Place): void {
    const sets = packet.actionSet;
    packet.actionSet = [];
    const isWay = (op: number): boolean => op === OP.output || op === OP.output_reg || op === OP.controller;
    for (const pass of [0, 1, 2])
      for (const code of sets)
        for (let at = 0; at < code.length; at = nextOp(code, at)) {
          const op = code[at] as number;
          const when = op === OP.group ? 1 : isWay(op) ? 2 : 0;
          if (when === pass) this.#one(packet, code, at, place);
        }
  }
}

/** Tags pushed and popped, and registers by way of the stack. */
function tagOrStack({ words, stack }: Packet, code: Int32Array, at: number): void {
  const [a, b, c] = code.subarray(at + 1, at + 4) as unknown as [number, number, number];
  switch (code[at]) {
    case OP.push_vlan:
      words[TCI1] = words[TCI] as number;
      words[TCI] = 0x1000;
      return;
    case OP.pop_vlan:
      words[TCI] = words[TCI1] as number;
      words[TCI1] = 0;
      return;
    case OP.push:
      stack.push(((words[a] as number) >>> b) & ones32(c));
      return;
    case OP.pop:
      moveBits(words, a, b, stack.pop() ?? 0, c);
      return;
    default:
  }
}

const copy = (packet: Packet): Packet => ({
  words: packet.words.slice(),
  stack: [...packet.stack],
  actionSet: [...packet.actionSet],
});

/** Ports out of a register: 16 bits have their own reserved numbers. */
function outputPort(bits: number, width: number): number {
  const port = bits & ones32(width);
  return width <= 16 && (port & 0xffff) >= 0xff00 ? (port & 0xffff) + 0xffff0000 || 0 : port | 0;
}

/** Carries a packet out. The words given stay as they are. */
export function interpret(dump: HostDump, words: Int32Array, options: InterpretOptions = {}): Execution {
  const run = new Run(dump, options);
  const packet: Packet = { words: words.slice(), stack: [], actionSet: [] };
  const table = options.table ?? 0;
  try {
    run.enter(packet, table, 'start', -1, 0);
    if (packet.actionSet.length > 0) run.finish(packet, { step: 0, table, depth: 0 });
  } catch (error) {
    if (!(error instanceof Abort)) throw error;
    return { steps: run.steps, outputs: [], caveats: [...run.caveats], aborted: error.message };
  }
  return { steps: run.steps, outputs: run.outputs, caveats: [...run.caveats] };
}

/** The steps that led to one, first to last. */
export function wayTo(execution: Execution, step: number): readonly Step[] {
  const way: Step[] = [];
  for (let at = step; at >= 0; ) {
    const found = execution.steps[at] as Step;
    way.unshift(found);
    at = found.parent;
  }
  return way;
}
