/**
 * One concrete packet through one host's dump: which flow it meets in each table, what the actions do, and where it
 * leaves. Follows Open vSwitch (3.1.0): registers survive a resubmit, each bucket and each clone gets a copy, a packet does
 * not leave by the port it came in by, a resubmit's other in_port is for the lookup only, 64 levels (of tables that
 * are not further on) and 4,096 resubmits are the end of everything (nothing leaves then).
 *
 * What depends on chance or on state that a dump does not show is told in `caveats`: a select or fast-failover group
 * (every bucket is carried out, for any may be chosen), connection tracking (the state given in the options), learn.
 */
import { OFPP } from 'ts-openflow';
import { matchFlow } from './lookup.js';
import type { HostDump } from './model.js';
import { nextOp, OP, portOfField, UNKNOWN } from './ops.js';
import { tagOrStack } from './tag-or-stack.js';
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
const TTL = wordOf('nw_ttl');
const ETH_TYPE = wordOf('eth_type');
const CT_STATE = wordOf('ct_state');
/** Where a switch sends nothing by itself. */
const NOWHERE: ReadonlySet<number> = new Set([OFPP.ANY, OFPP.UNSET].map((p) => p | 0));

/** A packet whose bits are all zero. */
export const emptyPacket = (): Int32Array => new Int32Array(WORDS);

/** What two actions share: registers and headers, the stack, and the action set. */
interface Packet {
  words: Int32Array;
  stack: bigint[];
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

  /** The packet in a table: the flow it matches, and all that follows from it. `port`: the in_port of the lookup. */
  enter(packet: Packet, table: number, via: Via, parent: number, depth: number, port?: number): void {
    if (depth > MAX_DEPTH) throw new Abort(`more than ${MAX_DEPTH} levels of resubmit`);
    if (++this.#resubmits > MAX_RESUBMITS) throw new Abort(`more than ${MAX_RESUBMITS} resubmits`);
    const words = packet.words.slice();
    if (port !== undefined) words[IN_PORT] = port;
    const flow = matchFlow(this.dump.flows, table, words);
    const step = this.steps.length;
    this.steps.push({ parent, via, table, flow, words });
    if (flow < 0) return;
    const { flows } = this.dump;
    this.run(packet, flows.body, flows.codeAt(flow), flows.endAt(flow), { step, table, depth });
  }

  run(packet: Packet, code: Int32Array, from: number, to: number, place: Place): void {
    for (let at = from; at < to && !this.#exit; at = nextOp(code, at)) {
      // The list that it stands in ends there, and no other.
      if (code[at] === OP.dec_ttl && isExpired(packet.words)) return;
      this.#one(packet, code, at, place);
    }
  }

  #one(packet: Packet, code: Int32Array, at: number, place: Place): void {
    const [a, b, c, d, e] = code.subarray(at + 1, at + 6) as unknown as [number, number, number, number, number];
    const { words } = packet;
    switch (code[at]) {
      case OP.output:
        this.#output(packet, a, place);
        return;
      case OP.output_reg:
        this.#outputField(packet, ((words[a] as number) >>> b) & ones32(c), place);
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
        if (hasTtl(words) && !isExpired(words)) words[TTL] = (words[TTL] as number) - 1;
        return;
      case OP.havoc:
        this.caveats.add('a bit that depends on more than the packet');
        return;
      case OP.guess:
        words[a] = ((words[a] as number) & ~(code[at + 3] as number)) | (code[at + 2] as number);
        return;
      case OP.unknown:
        this.caveats.add(UNKNOWN[a] ?? 'an unknown action');
        return;
      default:
        tagOrStack(packet, code, at);
        return;
    }
  }

  #outputField(packet: Packet, bits: number, place: Place): void {
    const port = portOfField(bits);
    if (port !== undefined) this.#output(packet, port, place);
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
    if (place.depth > MAX_DEPTH) throw new Abort(`more than ${MAX_DEPTH} levels of groups`);
    if (group.type === 'select' || group.type === 'ff') this.caveats.add(`group ${id >>> 0} chooses one bucket`);
    group.buckets.forEach((code, i) => {
      const origin = this.steps[place.step] as Step;
      const step = this.steps.length;
      this.steps.push({ ...origin, parent: place.step, via: `bucket ${i} of group ${id >>> 0}` });
      // The stack is not the bucket's own, and what ends in it ends it alone.
      const { depth } = place;
      this.run({ ...copy(packet), stack: packet.stack }, code, 0, code.length, { ...place, step, depth: depth + 1 });
      this.#exit = false;
    });
  }

  #resubmit(packet: Packet, table: number, port: number, place: Place): void {
    const next = table === 255 ? place.table : table;
    const other = port === (OFPP.IN_PORT | 0) ? undefined : port;
    this.enter(packet, next, 'resubmit', place.step, place.depth + (next <= place.table ? 1 : 0), other);
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

const copy = (packet: Packet): Packet => ({
  words: packet.words.slice(),
  stack: [...packet.stack],
  actionSet: [...packet.actionSet],
});

const hasTtl = (words: Int32Array): boolean => words[ETH_TYPE] === 0x0800 || words[ETH_TYPE] === 0x86dd;
const isExpired = (words: Int32Array): boolean => hasTtl(words) && ((words[TTL] as number) & 0xff) <= 1;

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
