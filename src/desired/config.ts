/** What the set-up of a host is computed from, and the names by which Kakuri knows its own rows again. */
import type { Topology } from '../topology/index.js';
import type { PlacedPort } from './topology-index.js';
import type { TunnelIntent } from './tunnels.js';

/** The bridge Kakuri owns on each host. */
export const BRIDGE = 'br-int';
/** Marks what Kakuri made; its prefix in external_ids. */
export const OWNER_KEY = 'kakuri-host';
/** In external_ids of a VM's Interface: the port is reached (feedback.ts). */
export const INSTALLED_KEY = 'kakuri-installed';
/** In external_ids of a VM's Interface during its migration: `from HOST` on the destination, `to HOST` on what was left. */
export const MIGRATION_KEY = 'kakuri-migration';
/** In external_ids of a tunnel's Port and Interface: it is ours. */
export const TUNNEL_KEY = 'kakuri-tunnel';

export interface HostConfig {
  readonly host: string;
  /** What the host is told to connect to, as in Controller.target. */
  readonly controllerTarget: string;
  readonly topology: Topology;
  /** The tunnel ports of the topology for this host, where they are known already. */
  readonly tunnels?: readonly TunnelIntent[];
  /** The topology's ports by iface-id, likewise. */
  readonly ports?: ReadonlyMap<string, PlacedPort>;
}
