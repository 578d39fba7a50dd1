/** A host's dump from values: desired state, or what a session has read. */
import type { Action } from 'ts-openflow';
import { actionSet } from './action-set.js';
import { compileActions, compileFlow, type FlowSource } from './compile.js';
import { type DumpGroup, type DumpPort, FlowSet, type GroupType, type HostDump } from './model.js';

export interface GroupSource {
  readonly group_id: number;
  /** `all` where it is absent. */
  readonly type?: string;
  readonly buckets: readonly { readonly actions: readonly Action[] }[];
}

export interface DumpSource {
  readonly host: string;
  readonly flows: Iterable<FlowSource>;
  readonly groups?: Iterable<GroupSource>;
  readonly meters?: Iterable<number>;
  readonly ports: Iterable<DumpPort>;
}

const TYPES: Readonly<Record<string, GroupType>> = {
  all: 'all',
  select: 'select',
  indirect: 'indirect',
  ff: 'ff',
  fast_failover: 'ff',
};

export const dumpGroup = (group: GroupSource): DumpGroup => ({
  type: TYPES[group.type ?? 'all'] ?? 'select',
  buckets: group.buckets.map(({ actions }) => Int32Array.from(compileActions(actionSet(actions)))),
});

/** The dump that these values make. */
export function hostDump(source: DumpSource): HostDump {
  const flows = new FlowSet();
  for (const flow of source.flows) flows.add(compileFlow(flow));
  flows.trim();
  return {
    host: source.host,
    flows,
    groups: new Map([...(source.groups ?? [])].map((group) => [group.group_id, dumpGroup(group)])),
    meters: new Set(source.meters ?? []),
    ports: new Map([...source.ports].map((port) => [port.ofport, port])),
  };
}
