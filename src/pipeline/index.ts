/** The pipeline: its tables in order, and what stands in registers, cookies and groups. */
import type { Table } from './table.js';
import { classify } from './tables/00-classify.js';
import { portSecurity } from './tables/10-port-security.js';
import { arp } from './tables/20-arp.js';
import { l2 } from './tables/30-l2.js';
import { fromTunnel } from './tables/40-from-tunnel.js';
import { flood } from './tables/50-flood.js';
import { guard } from './tables/60-guard.js';
import { fence } from './tables/70-fence.js';

/** Every table, in the order packets meet them. */
export const TABLES: readonly Table[] = [
  classify,
  portSecurity,
  arp,
  l2,
  fromTunnel,
  flood,
  guard,
  fence,
] as readonly unknown[] as readonly Table[];

export { sendByTunnel } from './actions.js';
export * from './addresses.js';
export * from './cookies.js';
export * from './drops.js';
export * from './groups.js';
export * from './meters.js';
export * from './registers.js';
export * from './table.js';
export { FENCE_METER } from './tables/70-fence.js';
export * from './view.js';
