/**
 * One host's dump as values: flows, groups, meters and ports. Flows are packed into a few arrays of numbers (about 100
 * octets a flow), so that a thousand hosts fit into memory at once. A flow is named by its place in its host's FlowSet.
 */
import type { CompiledFlow } from './compile.js';
import { OP } from './ops.js';

/** A growing list of 32-bit integers. */
class Ints {
  #data: Int32Array;
  #length = 0;

  constructor(capacity: number) {
    this.#data = new Int32Array(capacity);
  }

  get data(): Int32Array {
    return this.#data;
  }

  get length(): number {
    return this.#length;
  }

  push(values: readonly number[]): void {
    const end = this.#length + values.length;
    if (end > this.#data.length) {
      const wider = new Int32Array(Math.max(end, this.#data.length * 2));
      wider.set(this.#data);
      this.#data = wider;
    }
    this.#data.set(values, this.#length);
    this.#length = end;
  }

  /** Gives back what was allocated and is not used. */
  trim(): void {
    this.#data = this.#data.slice(0, this.#length);
  }
}

/** Integers that each flow has in `heads`. */
const HEAD = 7;
const FIRST_CAPACITY = 256;

/** The flows of one host. A removed flow keeps its number, which is not given again. */
export class FlowSet {
  /** table, priority, cookie (low, high), first term, first operation, end; table −1 when removed. */
  readonly #heads = new Ints(FIRST_CAPACITY * HEAD);
  readonly #body = new Ints(FIRST_CAPACITY * 16);
  #alive = 0;
  /** Flows of each table, highest priority first; undefined after a change. */
  #tables: Map<number, number[]> | undefined;

  /** Numbers given so far, removed ones included. */
  get count(): number {
    return this.#heads.length / HEAD;
  }

  /** Flows that are there. */
  get size(): number {
    return this.#alive;
  }

  /** Where terms and operations of all flows stand. */
  get body(): Int32Array {
    return this.#body.data;
  }

  add(flow: CompiledFlow): number {
    const number = this.count;
    const terms = this.#body.length;
    this.#body.push(flow.terms);
    const code = this.#body.length;
    this.#body.push(flow.code);
    const low = Number(BigInt.asIntN(32, flow.cookie));
    const high = Number(BigInt.asIntN(32, flow.cookie >> 32n));
    this.#heads.push([flow.table, flow.priority, low, high, terms, code, this.#body.length]);
    this.#alive++;
    this.#tables = undefined;
    return number;
  }

  remove(flow: number): void {
    if (!this.has(flow)) return;
    this.#heads.data[flow * HEAD] = -1;
    this.#alive--;
    this.#tables = undefined;
  }

  has(flow: number): boolean {
    return flow < this.count && this.#heads.data[flow * HEAD] !== -1;
  }

  #head(flow: number, at: number): number {
    return this.#heads.data[flow * HEAD + at] as number;
  }

  table(flow: number): number {
    return this.#head(flow, 0);
  }

  priority(flow: number): number {
    return this.#head(flow, 1);
  }

  cookie(flow: number): bigint {
    return (BigInt(this.#head(flow, 3) >>> 0) << 32n) | BigInt(this.#head(flow, 2) >>> 0);
  }

  /** Terms stand in `body` from here to `codeAt`. */
  termsAt(flow: number): number {
    return this.#head(flow, 4);
  }

  /** Operations stand in `body` from here to `endAt`. */
  codeAt(flow: number): number {
    return this.#head(flow, 5);
  }

  endAt(flow: number): number {
    return this.#head(flow, 6);
  }

  /** The flow as values again. */
  read(flow: number): CompiledFlow {
    const cut = (from: number, to: number): number[] => [...this.body.subarray(from, to)];
    return {
      table: this.table(flow),
      priority: this.priority(flow),
      cookie: this.cookie(flow),
      terms: cut(this.termsAt(flow), this.codeAt(flow)),
      code: cut(this.codeAt(flow), this.endAt(flow)),
    };
  }

  /** Numbers of the flows that are there. */
  *numbers(): Generator<number> {
    for (let flow = 0; flow < this.count; flow++) if (this.has(flow)) yield flow;
  }

  /** The flows of a table, highest priority first. */
  ofTable(table: number): readonly number[] {
    this.#tables ??= this.#sorted();
    return this.#tables.get(table) ?? [];
  }

  #sorted(): Map<number, number[]> {
    const tables = new Map<number, number[]>();
    for (const flow of this.numbers()) {
      const list = tables.get(this.table(flow));
      if (list === undefined) tables.set(this.table(flow), [flow]);
      else list.push(flow);
    }
    for (const list of tables.values()) list.sort((a, b) => this.priority(b) - this.priority(a) || a - b);
    return tables;
  }

  /** Gives back memory that is not used. */
  trim(): void {
    this.#heads.trim();
    this.#body.trim();
  }
}

/** True for a flow that is one clause of a conjunction: it matches, and does nothing by itself. */
export const isClause = (flows: FlowSet, flow: number): boolean =>
  flows.codeAt(flow) < flows.endAt(flow) && flows.body[flows.codeAt(flow)] === OP.conjunction;

/** True for a flow whose match has a field that is not followed: it matches less than its terms say. */
export const isPartial = (flows: FlowSet, flow: number): boolean =>
  flows.codeAt(flow) < flows.endAt(flow) && flows.body[flows.codeAt(flow)] === OP.unknown;

export type GroupType = 'all' | 'select' | 'indirect' | 'ff';

export interface DumpGroup {
  readonly type: GroupType;
  /** Operations of each bucket. */
  readonly buckets: readonly Int32Array[];
}

/** An interface of the bridge, as the switch and OVSDB tell it. */
export interface DumpPort {
  readonly ofport: number;
  readonly name: string;
  /** Interface.type: empty for a system interface; `geneve`, `vxlan`, `gre`, `patch`, `internal`… */
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
  /** `external_ids:iface-id`. */
  readonly ifaceId?: string;
}

/** Everything that is known of one host's bridge. */
export interface HostDump {
  readonly host: string;
  readonly flows: FlowSet;
  readonly groups: Map<number, DumpGroup>;
  readonly meters: ReadonlySet<number>;
  /** By OpenFlow port number. */
  readonly ports: ReadonlyMap<number, DumpPort>;
  /** Interfaces of the host's other bridges. */
  readonly elsewhere?: readonly DumpPort[];
  /** The text a flow was read from, where there was one. */
  readonly lines?: (flow: number) => string | undefined;
}

export const TUNNEL_TYPES: ReadonlySet<string> = new Set([
  'geneve',
  'vxlan',
  'gre',
  'ip6gre',
  'stt',
  'lisp',
  'gtpu',
  'bareudp',
  'srv6',
]);
export const isTunnel = (port: DumpPort): boolean => TUNNEL_TYPES.has(port.type);
