/**
 * What a switch holds: flows, groups and meters, and how FLOW_MOD, GROUP_MOD and METER_MOD change them, as Open vSwitch
 * 3.1 does. A change either happens or throws Refusal and leaves everything as it was; `copy` is cheap, for bundles.
 */
import { OFPFF, OFPG, OFPM, OFPP, OFPTT } from '../constants.js';
import type { MessageOf } from '../message.js';
import { covers, type MatchBits, matchBits, matchKey, overlap, same } from './match-sets.js';

type FlowMod = MessageOf<'FlowMod'>;
type GroupMod = MessageOf<'GroupMod'>;
type MeterMod = MessageOf<'MeterMod'>;
type Instructions = FlowMod['instructions'];

/** The switch says no: type and code of the OFPT_ERROR. */
export class Refusal extends Error {
  constructor(
    readonly type: number,
    readonly code: number,
  ) {
    super(`refused: ${type}/${code}`);
    this.name = 'Refusal';
  }
}
const BAD_OUT_GROUP = [2, 9] as const;
const UNKNOWN_INST = [3, 0] as const;
const BAD_GOTO = [3, 2] as const;
const TABLE_FULL = [5, 1] as const;
const BAD_TABLE_ID = [5, 2] as const;
const OVERLAP = [5, 3] as const;
const GROUP_EXISTS = [6, 0] as const;
const UNKNOWN_GROUP = [6, 8] as const;
const METER_EXISTS = [12, 1] as const;
const INVALID_METER = [12, 2] as const;
export const UNKNOWN_METER = [12, 3] as const;
export const refuse = ([type, code]: readonly [number, number]): never => {
  throw new Refusal(type, code);
};

/** A flow that is installed; never changed, only replaced. */
export interface Flow {
  readonly mod: FlowMod;
  readonly instructions: Instructions;
  readonly bits: MatchBits;
  /** Milliseconds of the switch's clock. */
  readonly created: number;
  readonly used: number;
}
/** `created`: milliseconds of the switch's clock. */
export type Group = Pick<GroupMod, 'group_id' | 'type' | 'buckets' | 'properties'> & { readonly created: number };
export type Meter = Pick<MeterMod, 'meter_id' | 'flags' | 'bands'> & { readonly created: number };
/** ofp_flow_removed_reason. */
export const REMOVED = { IDLE_TIMEOUT: 0, HARD_TIMEOUT: 1, DELETE: 2, GROUP_DELETE: 3, METER_DELETE: 4 } as const;
export interface Removed {
  readonly flow: Flow;
  readonly reason: number;
}

/** Which flows a request is about. */
export interface FlowFilter {
  readonly table_id: number;
  readonly bits: MatchBits;
  readonly cookie: bigint;
  readonly cookie_mask: bigint;
  readonly out_port: number;
  readonly out_group: number;
  /** Only the flow of this very match and priority. */
  readonly strictPriority?: number | undefined;
}

const actionsOf = (instructions: Instructions) =>
  instructions.flatMap((i) => (i.kind === 'apply_actions' || i.kind === 'write_actions' ? i.actions : []));
const usesGroup = (flow: { readonly instructions: Instructions }, id: number): boolean =>
  actionsOf(flow.instructions).some((a) => a.kind === 'group' && a.group_id === id);
const usesPort = (flow: Flow, port: number): boolean =>
  actionsOf(flow.instructions).some((a) => a.kind === 'output' && a.port === port);
/** The meters of a flow: an instruction up to 1.4, an action in 1.5. */
const metersOf = (instructions: Instructions): number[] =>
  [...instructions, ...actionsOf(instructions)].flatMap((i) => (i.kind === 'meter' ? [i.meter_id] : []));
const usesMeter = (flow: Flow, id: number): boolean => metersOf(flow.instructions).includes(id);
const flowKey = (mod: FlowMod, bits: MatchBits): string => `${mod.table_id} ${mod.priority} ${matchKey(bits)}`;

/** What a switch sees of a FLOW_MOD before it looks at its tables. Throws Refusal. */
export function checkFlowMod({ table_id, command, instructions, version }: FlowMod): void {
  const deletes = command === 'DELETE' || command === 'DELETE_STRICT';
  if (deletes) return;
  if (table_id === OFPTT.ALL) refuse(BAD_TABLE_ID);
  for (const i of instructions) {
    if (i.kind === 'meter' && version >= 6) refuse(UNKNOWN_INST);
    if (i.kind === 'goto_table' && i.table_id <= table_id) refuse(BAD_GOTO);
  }
}

export class Tables {
  readonly flows: Map<string, Flow>;
  readonly groups: Map<number, Group>;
  readonly meters: Map<number, Meter>;
  readonly #maxFlows: (table_id: number) => number;

  /** `maxFlows` of a table. */
  constructor(maxFlows: (table_id: number) => number, of?: Tables) {
    this.#maxFlows = maxFlows;
    this.flows = new Map(of?.flows);
    this.groups = new Map(of?.groups);
    this.meters = new Map(of?.meters);
  }

  copy(): Tables {
    return new Tables(this.#maxFlows, this);
  }

  /** Flows the filter covers. */
  select(f: FlowFilter): [string, Flow][] {
    return [...this.flows].filter(
      ([, flow]) =>
        (f.table_id === OFPTT.ALL || f.table_id === flow.mod.table_id) &&
        (flow.mod.cookie & f.cookie_mask) === (f.cookie & f.cookie_mask) &&
        (f.out_port === OFPP.ANY || usesPort(flow, f.out_port)) &&
        (f.out_group === OFPG.ANY || usesGroup(flow, f.out_group)) &&
        (f.strictPriority === undefined
          ? covers(f.bits, flow.bits)
          : f.strictPriority === flow.mod.priority && same(f.bits, flow.bits)),
    );
  }

  /** Carries out a FLOW_MOD; the flows it removed. Throws Refusal. */
  flowMod(mod: FlowMod, now: number): Removed[] {
    checkFlowMod(mod);
    const bits = matchBits(mod.match);
    if (mod.command === 'ADD') {
      this.#checkReferences(mod.instructions);
      this.#add(mod, bits, now);
      return [];
    }
    const strict = mod.command === 'MODIFY_STRICT' || mod.command === 'DELETE_STRICT';
    const deletes = mod.command === 'DELETE' || mod.command === 'DELETE_STRICT';
    const strictPriority = strict ? mod.priority : undefined;
    const { out_port, out_group } = deletes ? mod : { out_port: OFPP.ANY, out_group: OFPG.ANY };
    if (!deletes) this.#checkReferences(mod.instructions);
    const found = this.select({ ...mod, bits, out_port, out_group, strictPriority });
    if (deletes) return this.#remove(found, REMOVED.DELETE);
    for (const [key, flow] of found) this.flows.set(key, { ...flow, instructions: mod.instructions });
    return [];
  }

  #add(mod: FlowMod, bits: MatchBits, now: number): void {
    const key = flowKey(mod, bits);
    if (!this.flows.has(key)) {
      const inTable = (flow: Flow): boolean => flow.mod.table_id === mod.table_id;
      const clash = (flow: Flow): boolean =>
        inTable(flow) && flow.mod.priority === mod.priority && overlap(flow.bits, bits);
      if ((mod.flags & OFPFF.CHECK_OVERLAP) !== 0 && [...this.flows.values()].some(clash)) refuse(OVERLAP);
      const most = this.#maxFlows(mod.table_id);
      // Counted only where it may be full: a switch with few flows in all has room in each table.
      if (this.flows.size >= most && [...this.flows.values()].filter(inTable).length >= most) refuse(TABLE_FULL);
    }
    this.flows.set(key, { mod, instructions: mod.instructions, bits, created: now, used: now });
  }

  #checkReferences(instructions: Instructions): void {
    for (const a of actionsOf(instructions))
      if (a.kind === 'group' && !this.groups.has(a.group_id)) refuse(BAD_OUT_GROUP);
    for (const id of metersOf(instructions)) if (!this.meters.has(id)) refuse(INVALID_METER);
  }

  #remove(found: readonly [string, Flow][], reason: number): Removed[] {
    for (const [key] of found) this.flows.delete(key);
    return found.map(([, flow]) => ({ flow, reason }));
  }

  /** Removes what has timed out. */
  expire(now: number): Removed[] {
    const due = (from: number, seconds: number): boolean => seconds > 0 && now - from >= seconds * 1000;
    const all = [...this.flows];
    const hard = all.filter(([, f]) => due(f.created, f.mod.hard_timeout));
    const idle = all.filter(([, f]) => !due(f.created, f.mod.hard_timeout) && due(f.used, f.mod.idle_timeout));
    return [...this.#remove(hard, REMOVED.HARD_TIMEOUT), ...this.#remove(idle, REMOVED.IDLE_TIMEOUT)];
  }

  /** Carries out a GROUP_MOD; the flows that went with a group. Throws Refusal. */
  groupMod(mod: GroupMod, now: number): Removed[] {
    const present = this.groups.get(mod.group_id);
    switch (mod.command) {
      case 'ADD':
        if (present !== undefined) refuse(GROUP_EXISTS);
        this.groups.set(mod.group_id, { ...mod, created: now });
        return [];
      case 'MODIFY':
        if (present === undefined) return refuse(UNKNOWN_GROUP);
        this.groups.set(mod.group_id, { ...mod, created: present.created });
        return [];
      case 'DELETE': {
        const ids = mod.group_id === OFPG.ALL ? [...this.groups.keys()] : [mod.group_id];
        for (const id of ids) this.groups.delete(id);
        const users = [...this.flows].filter(([, flow]) => ids.some((id) => usesGroup(flow, id)));
        return this.#remove(users, REMOVED.GROUP_DELETE);
      }
      default:
        return this.#buckets(mod, present ?? refuse(UNKNOWN_GROUP));
    }
  }

  /** INSERT_BUCKET and REMOVE_BUCKET (OpenFlow 1.5.1, 7.3.4.3.1). */
  #buckets(mod: GroupMod, group: Group): Removed[] {
    const FIRST = 0xfffffffd;
    const LAST = 0xfffffffe;
    const ALL = 0xffffffff;
    const ids = group.buckets.map((b) => b.bucket_id);
    const id = mod.command_bucket_id;
    const at = id === FIRST ? 0 : id === LAST ? ids.length - 1 : ids.indexOf(id);
    if (id !== ALL && at < 0 && !(mod.command === 'INSERT_BUCKET' && id === LAST)) refuse([6, 15]);
    const buckets = [...group.buckets];
    if (mod.command === 'REMOVE_BUCKET') buckets.splice(id === ALL ? 0 : at, id === ALL ? buckets.length : 1);
    else {
      if (mod.buckets.some((b) => ids.includes(b.bucket_id))) refuse([6, 16]);
      buckets.splice(id === FIRST ? 0 : at + 1, 0, ...mod.buckets);
    }
    this.groups.set(group.group_id, { ...group, buckets });
    return [];
  }

  /** How many flows use a group, and how many a meter. */
  usersOf(what: { readonly group: number } | { readonly meter: number }): number {
    const uses = (flow: Flow): boolean => ('group' in what ? usesGroup(flow, what.group) : usesMeter(flow, what.meter));
    return [...this.flows.values()].filter(uses).length;
  }

  /** Carries out a METER_MOD; the flows that went with a meter. Throws Refusal. */
  meterMod(mod: MeterMod, now: number): Removed[] {
    const known = this.meters.has(mod.meter_id);
    if (mod.command === 'DELETE') {
      const ids = mod.meter_id === OFPM.ALL ? [...this.meters.keys()] : [mod.meter_id];
      for (const id of ids) this.meters.delete(id);
      const users = [...this.flows].filter(([, flow]) => ids.some((id) => usesMeter(flow, id)));
      return this.#remove(users, REMOVED.METER_DELETE);
    }
    if (mod.command === 'ADD' && known) refuse(METER_EXISTS);
    if (mod.command === 'MODIFY' && !known) refuse(UNKNOWN_METER);
    this.meters.set(mod.meter_id, { ...mod, created: this.meters.get(mod.meter_id)?.created ?? now });
    return [];
  }
}
