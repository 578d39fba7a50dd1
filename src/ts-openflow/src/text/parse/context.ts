/** What the parser of actions knows: version, names, and the flow as the actions so far have made it. */
import type { Action } from '../../actions/types.js';
import { TextError } from '../../errors.js';
import { FIELDS, type Field, type FieldName } from '../../fields.js';
import type { OpenFlowVersion } from '../../version.js';
import { type FlowFields, flowTypes } from '../flow-fields.js';
import type { Names } from '../names.js';
import { satisfies } from './match.js';

/** State of one list of actions. `flow` changes as actions change what the packet is. */
export interface Context {
  readonly version: OpenFlowVersion;
  readonly names: Names | undefined;
  readonly flow: FlowFields;
  /** Which nested list this is, if it is one. */
  readonly inside: 'ct' | 'write_actions' | undefined;
  readonly actions: Action[];
  /** Of a group: its packets are of any kind, so nothing is checked against them. */
  readonly ofAnyPacket?: boolean | undefined;
}

/** The error of an action that does not fit the match. */
export function inconsistent(what: string, column: number): TextError {
  return new TextError(
    `${what} does not fit the match: its prerequisite is missing (OFPBAC_MATCH_INCONSISTENT)`,
    column,
  );
}

/** Refuses a field whose prerequisite the flow does not have. */
export function needPrerequisite(cx: Context, name: string, column: number): void {
  const field: Field | undefined = FIELDS[name as FieldName];
  if (cx.ofAnyPacket !== true && field !== undefined && !satisfies(field, cx.flow)) throw inconsistent(name, column);
}

/** Refuses a field that actions may not write. */
export function needWritable(name: string, column: number): void {
  const field: Field | undefined = FIELDS[name as FieldName];
  if (field !== undefined && !field.writable) throw new TextError(`field ${name} is read-only`, column);
}

export function isIp(cx: Context): boolean {
  const { dlType } = flowTypes(cx.flow);
  return cx.ofAnyPacket === true || dlType === 0x800 || dlType === 0x86dd;
}

export function isMpls(cx: Context): boolean {
  const { dlType } = flowTypes(cx.flow);
  return cx.ofAnyPacket === true || dlType === 0x8847 || dlType === 0x8848;
}

export function hasVlan(cx: Context): boolean {
  const tci = cx.flow.get('vlan_tci');
  return cx.ofAnyPacket === true || (tci !== undefined && (tci.value & tci.mask & 0x1000n) !== 0n);
}

/** Sets a part of the flow to one value, as push and pop actions do. */
export function setFlow(cx: Context, name: string, value: bigint, bits: number): void {
  cx.flow.set(name, { value, mask: (1n << BigInt(bits)) - 1n });
}
