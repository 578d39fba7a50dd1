/** What a switch holds, as read from it: flows and groups in the same spelling as the desired state. */
import type { Action, Instruction, Match } from 'ts-openflow';
import type { DesiredFlow, DesiredGroup, DesiredState } from '../desired/index.js';
import type { Meter } from '../pipeline/index.js';

export interface ActualFlow {
  readonly table_id: number;
  readonly priority: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
  readonly cookie: bigint;
  /** As in DesiredFlow. */
  readonly identity: string;
  readonly content: string;
  /** True when it can time out, or removal is announced: not how ours are made. */
  readonly odd: boolean;
}

export interface ActualBucket {
  /** Absent below OpenFlow 1.5, where buckets have no number. */
  readonly bucket_id?: number;
  readonly actions: readonly Action[];
  readonly content: string;
}

export interface ActualGroup {
  readonly group_id: number;
  readonly type: string;
  readonly buckets: readonly ActualBucket[];
}

/** A host's tables by identity. */
export interface ActualState {
  readonly flows: ReadonlyMap<string, ActualFlow>;
  readonly groups: ReadonlyMap<number, ActualGroup>;
  /** Number → what it does, as `meterContent` spells it. */
  readonly meters: ReadonlyMap<number, string>;
}

/** Flags of a meter (OpenFlow 1.5.1 clause 7.3.4.5). */
export const OFPMF = { KBPS: 1, PKTPS: 2, BURST: 4, STATS: 8 } as const;

export const meterFlags = ({ unit, burst }: Meter): number =>
  (unit === 'packets' ? OFPMF.PKTPS : OFPMF.KBPS) | (burst === undefined ? 0 : OFPMF.BURST);

/** What a meter does as compared: a burst counts only where its flag says so, and counters change nothing. */
export function meterContent(
  flags: number,
  bands: readonly { type: unknown; rate: number; burst_size?: number }[],
): string {
  const burst = (flags & OFPMF.BURST) !== 0;
  const text = bands.map((b) => `${String(b.type)} ${b.rate}${burst ? ` ${b.burst_size ?? 0}` : ''}`);
  return `${flags & ~OFPMF.STATS} ${text.join(', ')}`;
}

/** A desired meter's bands: one, that drops. */
export const meterBands = ({ rate, burst }: Meter) => [{ type: 'drop' as const, rate, burst_size: burst ?? 0 }];

/** As it reads back from a switch that holds it. */
export const contentOf = (meter: Meter): string => meterContent(meterFlags(meter), meterBands(meter));

export const EMPTY: ActualState = { flows: new Map(), groups: new Map(), meters: new Map() };

/** A desired flow as it reads back from a switch that holds it. */
export const actualOf = (flow: DesiredFlow): ActualFlow => ({
  table_id: flow.table_id,
  priority: flow.priority,
  match: flow.match,
  instructions: flow.instructions,
  cookie: flow.cookie,
  identity: flow.identity,
  content: flow.content,
  odd: false,
});

/** Its buckets are spelt out when they are asked for. */
const heldGroup = (group: DesiredGroup): ActualGroup => ({
  group_id: group.group_id,
  type: 'all',
  get buckets() {
    return group.buckets;
  },
});

/** The groups and meters of a switch that holds this, exactly. */
export const heldOtherwise = (desired: DesiredState): Pick<ActualState, 'groups' | 'meters'> => ({
  get groups() {
    return new Map(desired.groups.map((group) => [group.group_id, heldGroup(group)]));
  },
  get meters() {
    return new Map(desired.meters.map((meter) => [meter.meter_id, contentOf(meter)]));
  },
});

/** What a switch holds beside a state, all of it left there because nobody can judge it yet. */
export interface Beside {
  /** By identity; none of them is in the state. */
  readonly flows: ReadonlyMap<string, ActualFlow>;
  /** The groups as they are, where some have buckets beside the wanted ones. */
  readonly groups?: ActualState['groups'];
}

/** A switch that holds this and that beside it; spelt out like holdingExactly. */
export const holdingBeside = (desired: DesiredState, beside: Beside): ActualState => ({
  get flows() {
    return new Map([...desired.flows.map((flow) => [flow.identity, actualOf(flow)] as const), ...beside.flows]);
  },
  get groups() {
    return beside.groups ?? heldOtherwise(desired).groups;
  },
  get meters() {
    return heldOtherwise(desired).meters;
  },
});

/**
 * A switch that holds this, exactly: of what it holds nothing is kept beside the desired state, which is shared with other
 * hosts; it is spelt out each time somebody asks, which only an exception does.
 */
export const holdingExactly = (desired: DesiredState): ActualState => ({
  get flows() {
    return new Map(desired.flows.map((flow) => [flow.identity, actualOf(flow)]));
  },
  get groups() {
    return heldOtherwise(desired).groups;
  },
  get meters() {
    return heldOtherwise(desired).meters;
  },
});
