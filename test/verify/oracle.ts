/**
 * The judge of the judge: one packet over flows as ts-openflow has them, with nothing of src/verify in it. A packet is a
 * record from field name to value. Slow and plain on purpose; an action that it does not know is an error, not a guess.
 * What it does was tried on Open vSwitch 3.1.0 action by action, and hostile.slow.ts compares the two on random tables.
 */
import { type Action, FIELDS, type FieldName, type Instruction, type Match, OFPP } from 'ts-openflow';
import type { DumpPort } from '../../src/verify/index.js';

export interface OracleFlow {
  readonly table_id: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}
export interface OracleGroup {
  readonly group_id: number;
  readonly type?: string;
  readonly buckets: readonly { readonly actions: readonly Action[] }[];
}
/** One host as values. */
export interface OracleHost {
  readonly name: string;
  readonly flows: readonly OracleFlow[];
  readonly groups: readonly OracleGroup[];
  readonly ports: readonly DumpPort[];
}

export type Packet = Readonly<Record<string, bigint>>;

export interface Sent {
  readonly port: number;
  readonly packet: Packet;
}

const VLAN_PRESENT = 0x1000n;
const bitsOf = (field: string): bigint =>
  (1n << BigInt(field === 'vlan_vid' ? 13 : FIELDS[field as FieldName].bits)) - 1n;

const port16 = (port: bigint): bigint => port & 0xffffn;
const port32 = (port: bigint): bigint => (port >= 0xff00n ? port + 0xffff0000n : port);

/** The registers of a wide one, highest bits first. */
function registersOf(field: string): readonly string[] | undefined {
  const wide = /^(x+)reg(\d+)$/.exec(field);
  if (wide === null) return undefined;
  const count = 2 ** (wide[1] as string).length;
  return Array.from({ length: count }, (_, i) => `reg${Number(wide[2]) * count + i}`);
}

export function get(packet: Packet, field: string): bigint {
  const registers = registersOf(field);
  if (registers !== undefined) return registers.reduce((sum, reg) => (sum << 32n) | (packet[reg] ?? 0n), 0n);
  if (field === 'in_port_nxm') return port16(packet.in_port ?? 0n);
  if (field === 'vlan_tci') return packet.vlan_vid ?? 0n;
  return packet[field] ?? 0n;
}

function put(packet: Packet, field: string, value: bigint): Packet {
  const registers = registersOf(field);
  if (registers !== undefined)
    return registers.reduceRight<{ readonly packet: Packet; readonly rest: bigint }>(
      ({ packet: now, rest }, reg) => ({ packet: { ...now, [reg]: rest & 0xffffffffn }, rest: rest >> 32n }),
      { packet, rest: value },
    ).packet;
  return field === 'in_port_nxm' ? { ...packet, in_port: port32(value) } : { ...packet, [field]: value };
}

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

interface Ref {
  readonly field: string;
  readonly start: number;
  readonly bits: number;
}
const read = (packet: Packet, { field, start, bits }: Ref): bigint =>
  (get(packet, field) >> BigInt(start)) & ones(bits);
const write = (packet: Packet, { field, start, bits }: Ref, value: bigint): Packet => {
  const mask = ones(bits) << BigInt(start);
  return put(packet, field, (get(packet, field) & ~mask) | ((value << BigInt(start)) & mask));
};

interface Want {
  readonly field: string;
  readonly value: bigint;
  readonly mask: bigint;
}

function wants(match: Match): readonly Want[] {
  return Object.entries(match).flatMap(([field, masked]) => {
    if (masked === undefined) return [];
    const { value, mask } = masked as { value: number | bigint; mask?: number | bigint };
    const m = mask === undefined ? bitsOf(field) : BigInt(mask);
    return [{ field, value: BigInt(value) & m, mask: m }];
  });
}

interface Prepared {
  readonly flow: OracleFlow;
  readonly wants: readonly Want[];
}

/** What actions work on. The stack and the rest of the packet are copied apart. */
interface Working {
  packet: Packet;
  stack: readonly bigint[];
}

/** How a list of actions ended: `stop` ends this list, `exit` everything up to a bucket. */
type End = 'done' | 'stop' | 'exit';

/** Too many levels: Open vSwitch then drops the packet, whatever had been sent. */
class TooDeep extends Error {}
const MAX_DEPTH = 64;
const MAX_RESUBMITS = 4096;

export class Oracle {
  readonly #tables = new Map<number, Prepared[]>();
  readonly #groups: ReadonlyMap<number, OracleGroup>;
  #sent: Sent[] = [];
  #resubmits = 0;

  constructor(readonly host: OracleHost) {
    const sorted = [...host.flows].sort((a, b) => b.priority - a.priority);
    for (const flow of sorted) {
      const list = this.#tables.get(flow.table_id) ?? [];
      list.push({ flow, wants: wants(flow.match) });
      this.#tables.set(flow.table_id, list);
    }
    this.#groups = new Map(host.groups.map((group) => [group.group_id, group]));
  }

  /** What leaves, for a packet that comes in. */
  run(packet: Packet): readonly Sent[] {
    this.#sent = [];
    this.#resubmits = 0;
    try {
      this.#table({ packet, stack: [] }, 0, 0);
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
      return [];
    }
    return this.#sent;
  }

  /** `lookup`: the in_port that a resubmit names, which is for finding the flow only. */
  #table(work: Working, table: number, depth: number, lookup?: bigint): End {
    if (depth >= MAX_DEPTH || ++this.#resubmits > MAX_RESUBMITS) throw new TooDeep();
    const seen = lookup === undefined ? work.packet : { ...work.packet, in_port: lookup };
    const found = this.#tables.get(table)?.find((p) => p.wants.every((w) => (get(seen, w.field) & w.mask) === w.value));
    for (const instruction of found?.flow.instructions ?? []) {
      let end: End = 'done';
      if (instruction.kind === 'apply_actions') end = this.#actions(work, instruction.actions ?? [], table, depth);
      else if (instruction.kind === 'goto_table') end = this.#table(work, instruction.table_id, depth);
      else if (instruction.kind === 'write_metadata') {
        const mask = BigInt(instruction.metadata_mask ?? ones(64));
        const old = get(work.packet, 'metadata') & ~mask;
        work.packet = put(work.packet, 'metadata', old | (BigInt(instruction.metadata) & mask));
      } else if (instruction.kind !== 'meter') throw new Error(`the oracle knows no instruction ${instruction.kind}`);
      if (end !== 'done') return end === 'exit' ? 'exit' : 'done';
    }
    return 'done';
  }

  #actions(work: Working, actions: readonly Action[], table: number, depth: number): End {
    for (const action of actions) {
      const end = this.#action(work, action, table, depth);
      if (end !== 'done') return end;
    }
    return 'done';
  }

  #output(packet: Packet, port: number): void {
    if (port === OFPP.IN_PORT) this.#sent.push({ port: Number(packet.in_port), packet });
    else if (BigInt(port) !== packet.in_port) this.#sent.push({ port, packet });
  }

  #action(work: Working, action: Action, table: number, depth: number): End {
    const { packet } = work;
    switch (action.kind) {
      case 'output':
        this.#output(packet, action.port);
        return 'done';
      case 'output_reg': {
        const port = read(packet, action.src);
        if (port <= 0xffffn) this.#output(packet, Number(port32(port)));
        return 'done';
      }
      case 'set_field': {
        const mask = action.mask === undefined ? bitsOf(action.field) : BigInt(action.mask);
        work.packet = put(packet, action.field, (get(packet, action.field) & ~mask) | (BigInt(action.value) & mask));
        return 'done';
      }
      case 'move':
        work.packet = write(packet, action.dst, read(packet, action.src));
        return 'done';
      case 'push':
        work.stack = [...work.stack, read(packet, action.ref)];
        return 'done';
      case 'pop': {
        const entry = work.stack.at(-1);
        if (entry !== undefined) work.packet = write(packet, action.ref, entry);
        work.stack = work.stack.slice(0, -1);
        return 'done';
      }
      case 'resubmit': {
        const next = action.table === undefined || action.table === 255 ? table : action.table;
        const other = action.in_port === undefined || action.in_port === OFPP.IN_PORT ? undefined : action.in_port;
        const deeper = depth + (next <= table ? 1 : 0);
        return this.#table(work, next, deeper, other === undefined ? undefined : BigInt(other));
      }
      default:
        return this.#rare(work, action, table, depth);
    }
  }

  #rare(work: Working, action: Action, table: number, depth: number): End {
    const { packet } = work;
    switch (action.kind) {
      case 'group':
        for (const bucket of this.#groups.get(action.group_id)?.buckets ?? []) {
          work.packet = packet;
          this.#actions(work, asActionSet(bucket.actions), table, depth + 1);
        }
        work.packet = packet;
        return 'done';
      case 'clone':
        return this.#actions({ ...work }, action.actions, table, depth) === 'exit' ? 'exit' : 'done';
      case 'push_vlan':
        work.packet = { ...packet, vlan_inner: packet.vlan_vid ?? 0n, vlan_vid: VLAN_PRESENT };
        return 'done';
      case 'pop_vlan':
        work.packet = { ...packet, vlan_vid: packet.vlan_inner ?? 0n, vlan_inner: 0n };
        return 'done';
      case 'dec_ttl': {
        const ttl = packet.nw_ttl ?? 0n;
        if (packet.eth_type !== 0x0800n && packet.eth_type !== 0x86ddn) return 'done';
        if (ttl <= 1n) return 'stop';
        work.packet = { ...packet, nw_ttl: ttl - 1n };
        return 'done';
      }
      case 'exit':
        return 'exit';
      case 'controller':
      case 'meter':
      case 'note':
        return 'done';
      default:
        throw new Error(`the oracle knows no action ${action.kind}`);
    }
  }
}

/** A bucket's actions in the order of an action set: tags, TTL, fields, and of what sends the last of the first kind. */
function asActionSet(actions: readonly Action[]): readonly Action[] {
  const last = (kind: Action['kind']): Action[] => actions.filter((a) => a.kind === kind).slice(-1);
  const ends = (['group', 'output', 'resubmit'] as const).map(last).find((list) => list.length > 0);
  if (ends === undefined) return [];
  const fields = actions.filter((a) => a.kind === 'set_field' || a.kind === 'move');
  return [...last('pop_vlan'), ...last('push_vlan'), ...last('dec_ttl'), ...fields, ...ends];
}
