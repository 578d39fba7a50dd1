/** What a host's tables should hold, as values ready to be compared and sent. */
import type { Action, Instruction, Match } from 'ts-openflow';
import type { DropReason, Meter } from '../pipeline/index.js';
import type { Owner } from './owners.js';
import type { Ground, NetworkSlice } from './slices.js';
import type { Remotes, TunnelFact } from './world.js';

export interface DesiredFlow {
  readonly table_id: number;
  readonly priority: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
  readonly cookie: bigint;
  readonly owner: Owner;
  readonly why: string;
  /** Octets of its flow_mod where it may be too long for one message, else 0. */
  readonly octets: number;
  readonly drop?: DropReason;
  /** Table, priority and match: what makes it this flow (OpenFlow 1.5.1 clause 6.4: identical match and priority). */
  readonly identity: string;
  /** Instructions and cookie: what must be equal for the flow to be right. */
  readonly content: string;
}

export interface DesiredBucket {
  readonly bucket_id: number;
  readonly actions: readonly Action[];
  readonly content: string;
  /** The host it sends to. */
  readonly host: string;
}

/** The flows that one object needs on a host. */
export type Part = readonly DesiredFlow[];

export interface DesiredGroup {
  readonly group_id: number;
  readonly owner: Owner;
  readonly buckets: readonly DesiredBucket[];
}

/** A host's state in pieces, each the same value again as long as its causes do not change. */
export interface Slices {
  readonly ground: Ground;
  /** The facts that the ground was made of. */
  readonly tunnels: readonly TunnelFact[];
  /** By path. */
  readonly networks: ReadonlyMap<string, NetworkSlice>;
}

/** What a host's switch should hold, and what must be left as it is because nobody can know yet. */
export interface DesiredState {
  /** What all the rest follows from. */
  readonly slices: Slices;
  /** The flows by the object that needs them, made when they are asked for. */
  readonly parts: readonly Part[];
  /** All of them. */
  readonly flows: readonly DesiredFlow[];
  readonly groups: readonly DesiredGroup[];
  readonly meters: readonly Meter[];
  /** Owners (by cookie) whose flows stay as they are: their host has not been heard, or has not confirmed yet. */
  readonly keepOwners: ReadonlySet<bigint>;
  /** Buckets that stay as they are, as `group_id bucket_id`. */
  readonly keepBuckets: ReadonlySet<string>;
  /** What this host confirms once the above is in its tables. */
  readonly ports: ReadonlySet<string>;
  readonly peers: ReadonlySet<string>;
  readonly sends: ReadonlySet<string>;
  /** As in Held. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly remotes: Remotes;
  /** What the host is not given, and why, one clear sentence each; all else goes on. */
  readonly warnings: readonly string[];
  /** Why nothing at all may be sent to the host: it could not hold it. */
  readonly excesses: readonly string[];
}
