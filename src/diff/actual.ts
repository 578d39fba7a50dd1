/** What a switch holds, as read from it: flows and groups in the same spelling as the desired state. */
import type { Action, Instruction, Match } from 'ts-openflow';

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
  readonly meters: ReadonlySet<number>;
}

export const EMPTY: ActualState = { flows: new Map(), groups: new Map(), meters: new Set() };
