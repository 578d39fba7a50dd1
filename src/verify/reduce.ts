/**
 * Flows as the linear pass sees them: only what a pipeline steers by (the tracked words), and only flows that can send a
 * packet anywhere. Flows of one table that are then the same are one class: the thousand ARP answers of a network, or the
 * flows of a port's addresses, are looked at once.
 */
import { OFPP } from 'ts-openflow';
import { type FlowSet, type HostDump, isClause } from './model.js';
import { nextOp, OP } from './ops.js';
import { Sequences } from './sequences.js';
import { ones32, TRACKED, wordOf } from './words.js';
import { touchesStack } from './writes.js';

/** One class of flows. */
export interface FlowClass {
  readonly table: number;
  /** Triples word, value, mask. */
  readonly terms: Int32Array;
  readonly code: Int32Array;
  /** A flow of the class. */
  flow: number;
  /** Flows of the class that are there. */
  members: number;
}

/** Writes into an array that grows. */
class Scratch {
  data = new Int32Array(128);
  length = 0;

  put(value: number): void {
    if (this.length === this.data.length) {
      const wider = new Int32Array(this.length * 2);
      wider.set(this.data);
      this.data = wider;
    }
    this.data[this.length++] = value;
  }

  copy(from: Int32Array, at: number, end: number): void {
    for (let i = at; i < end; i++) this.put(from[i] as number);
  }
}

/**
 * Writes what is left of a list of actions; true when it matters: it can send a packet anywhere, it writes what a packet
 * is steered by after it (a table that only loads registers, met by a resubmit), or it has an effect not modelled.
 */
function reduceCode(code: Int32Array, from: number, to: number, out: Scratch): boolean {
  let leads = false;
  for (let at = from; at < to; at = nextOp(code, at)) if (reduceOp(code, at, out)) leads = true;
  return leads;
}

function reduceOp(code: Int32Array, at: number, out: Scratch): boolean {
  const end = nextOp(code, at);
  switch (code[at]) {
    case OP.set:
    case OP.havoc:
      if ((code[at + 1] as number) >= TRACKED) return false;
      out.copy(code, at, end);
      return true;
    case OP.move:
      return reduceMove(code, at, out);
    case OP.clone:
    case OP.write:
      return reduceNested(code, at, at + 2, out);
    case OP.ct:
      reduceNested(code, at, at + 3, out);
      return true;
    case OP.meter:
    case OP.dec_ttl:
    case OP.conjunction:
    case OP.guess:
      return false;
    case OP.clear:
    case OP.exit:
      out.copy(code, at, end);
      return false;
    default:
      out.copy(code, at, end);
      return true;
  }
}

function reduceMove(code: Int32Array, at: number, out: Scratch): boolean {
  const [word, shift, from, , width] = code.subarray(at + 1, at + 6) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (word >= TRACKED) return false;
  if (from < TRACKED) {
    out.copy(code, at, at + 6);
    return true;
  }
  out.put(OP.havoc);
  out.put(word);
  out.put(ones32(width) << shift);
  return true;
}

function reduceNested(code: Int32Array, at: number, body: number, out: Scratch): boolean {
  out.copy(code, at, body - 1);
  const length = out.length;
  out.put(0);
  const leads = reduceCode(code, body, nextOp(code, at), out);
  out.data[length] = out.length - length - 1;
  return leads;
}

/** Tables and words that a list of actions touches. */
export interface Touch {
  /** Words read. */
  readonly reads: Uint8Array;
  /** Bits written to the packet that goes on. */
  readonly writes: Int32Array;
  readonly tables: Set<number>;
  /** The packet may go on with another stack. */
  stack: boolean;
}

export const newTouch = (): Touch => ({
  reads: new Uint8Array(TRACKED),
  writes: new Int32Array(TRACKED),
  tables: new Set(),
  stack: false,
});

const IN_PORT = wordOf('in_port');
const TCI = wordOf('vlan_tci');
const TCI1 = wordOf('vlan_tci1');
const TUN_ID = wordOf('tun_id');
const TUN_DST = wordOf('tun_dst');
const TUN6_DST = wordOf('tun_ipv6_dst');

/** Adds what a class touches. */
export function touch(dump: HostDump, cls: FlowClass, into: Touch): void {
  for (let i = 0; i < cls.terms.length; i += 3) into.reads[cls.terms[i] as number] = 1;
  new Toucher(dump, cls.table, into).code(cls.code, 0, cls.code.length, true);
}

/** Bits of its word that an operation writes. */
function writtenBits(code: Int32Array, at: number): number {
  switch (code[at]) {
    case OP.set:
      return code[at + 3] as number;
    case OP.havoc:
      return code[at + 2] as number;
    case OP.move:
      return ones32(code[at + 5] as number) << (code[at + 2] as number);
    case OP.pop:
      return ones32(code[at + 3] as number) << (code[at + 2] as number);
    default:
      return 0;
  }
}

const TUNNEL_OUT: readonly number[] = [TUN_ID, TUN_DST, TUN6_DST, TUN6_DST + 1, TUN6_DST + 2, TUN6_DST + 3];

/** Goes through actions and notes what they read, write and lead to. `goesOn`: the packet goes on as they leave it. */
class Toucher {
  /** Groups looked at: what they touch is the same wherever they are met. */
  readonly #groups = new Set<number>();

  constructor(
    readonly dump: HostDump,
    readonly table: number,
    readonly into: Touch,
  ) {}

  code(code: Int32Array, from: number, to: number, goesOn: boolean): void {
    for (let at = from; at < to; at = nextOp(code, at)) {
      if (goesOn) this.#writes(code, at);
      if (goesOn && touchesStack(code[at])) this.into.stack = true;
      this.#reads(code, at);
      this.#leads(code, at, goesOn);
    }
  }

  #writes(code: Int32Array, at: number): void {
    if (code[at] === OP.port) this.into.writes[IN_PORT] = -1;
    const word = code[at + 1] as number;
    const mask = writtenBits(code, at);
    if (mask !== 0 && word < TRACKED) this.into.writes[word] = (this.into.writes[word] as number) | mask;
    if (code[at] === OP.push_vlan || code[at] === OP.pop_vlan) this.into.writes[TCI] = this.into.writes[TCI1] = -1;
  }

  #reads(code: Int32Array, at: number): void {
    const a = code[at + 1] as number;
    const op = code[at];
    const read = (word: number): void => {
      if (word < TRACKED) this.into.reads[word] = 1;
    };
    if (op === OP.move) read(code[at + 3] as number);
    if (op === OP.push || op === OP.output_reg) read(a);
    if (op === OP.push_vlan) read(TCI);
    if (op === OP.pop_vlan) read(TCI1);
    if ((op === OP.output && a === (OFPP.IN_PORT | 0)) || op === OP.output_reg || op === OP.port) read(IN_PORT);
    const tunnel = op === OP.output && this.dump.ports.get(a >>> 0)?.options.remote_ip !== undefined;
    if (tunnel || op === OP.output_reg) for (const word of TUNNEL_OUT) read(word);
    if (op === OP.output_reg || (op === OP.output && this.#mayBeTrunk(a))) read(TCI);
  }

  /** An interface that is no VM's and no tunnel. */
  #mayBeTrunk(port: number): boolean {
    const there = this.dump.ports.get(port >>> 0);
    return there !== undefined && there.ifaceId === undefined && there.options.remote_ip === undefined;
  }

  #leads(code: Int32Array, at: number, goesOn: boolean): void {
    const a = code[at + 1] as number;
    const end = nextOp(code, at);
    switch (code[at]) {
      case OP.goto:
        this.into.tables.add(a);
        break;
      case OP.resubmit:
        this.into.tables.add(a === 255 ? this.table : a);
        break;
      case OP.group:
        if (this.#groups.has(a)) break;
        this.#groups.add(a);
        for (const bucket of this.dump.groups.get(a >>> 0)?.buckets ?? []) this.code(bucket, 0, bucket.length, false);
        break;
      case OP.clone:
        this.code(code, at + 2, end, false);
        break;
      case OP.write:
        this.code(code, at + 2, end, goesOn);
        break;
      case OP.ct:
        if (a !== 255) this.into.tables.add(a);
        this.code(code, at + 3, end, false);
        break;
      default:
    }
  }
}

/** Sorts flows into classes. */
export class Classes {
  readonly all: FlowClass[] = [];
  readonly #keys = new Sequences();
  readonly #scratch = new Scratch();

  /** The class of a flow: `isNew` when there was none; undefined for a flow that sends nothing anywhere. */
  of(flows: FlowSet, flow: number): { readonly index: number; readonly isNew: boolean } | undefined {
    if (flows.codeAt(flow) === flows.endAt(flow) || isClause(flows, flow)) return undefined;
    const out = this.#scratch;
    out.length = 0;
    out.put(flows.table(flow));
    out.put(0);
    const { body } = flows;
    for (let at = flows.termsAt(flow); at < flows.codeAt(flow); at += 3)
      if ((body[at] as number) < TRACKED) out.copy(body, at, at + 3);
    const terms = out.length;
    out.data[1] = terms;
    if (!reduceCode(body, flows.codeAt(flow), flows.endAt(flow), out)) return undefined;
    const number = this.#keys.add(out.data, out.length);
    if (number >= 0) return { index: number, isNew: false };
    const stored = this.#keys.at(-1 - number);
    this.all.push({
      table: stored[0] as number,
      terms: stored.subarray(2, terms),
      code: stored.subarray(terms),
      flow,
      members: 0,
    });
    return { index: -1 - number, isNew: true };
  }
}
