/** What all connections to one fake switch share. */
import type { Clock } from './clock.js';
import type { FakePort } from './replies.js';
import type { Removed, Tables } from './tables.js';

export interface SwitchState {
  readonly datapath_id: bigint;
  readonly clock: Clock;
  readonly ports: readonly FakePort[];
  /** An open bundle that hears nothing for longer is forgotten, milliseconds. */
  readonly bundleIdleMs: number;
  tables: Tables;
  /** FLOW_MODs carried out. */
  flowMods: number;
  /** The newest generation id of a role request. */
  generation: bigint | undefined;
  /** FLOW_REMOVED for each flow that asked for it. */
  announce(removed: readonly Removed[]): void;
}
