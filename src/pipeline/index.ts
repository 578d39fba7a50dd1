/** The pipeline: its tables in order, and what stands in registers, cookies and groups. */
import type { Table } from './table.js';
import { classify } from './tables/00-classify.js';
import { arrival } from './tables/05-arrival.js';
import { portSecurity } from './tables/10-port-security.js';
import { protocols } from './tables/12-protocols.js';
import { nd } from './tables/14-nd.js';
import { ndOption } from './tables/16-nd-option.js';
import { arp } from './tables/20-arp.js';
import { ndAnswer } from './tables/22-nd-answer.js';
import { ndReply } from './tables/24-nd-reply.js';
import { ndUnanswered } from './tables/26-nd-unanswered.js';
import { services } from './tables/28-services.js';
import { l2 } from './tables/30-l2.js';
import { broadcast } from './tables/32-broadcast.js';
import { routed } from './tables/34-routed.js';
import { routedTo } from './tables/36-routed-to.js';
import { byGateway } from './tables/37-by-gateway.js';
import { fromVlan } from './tables/38-from-vlan.js';
import { toVlan } from './tables/39-to-vlan.js';
import { fromTunnel } from './tables/40-from-tunnel.js';
import { flood } from './tables/50-flood.js';
import { inject } from './tables/58-inject.js';
import { guard } from './tables/60-guard.js';
import { toGateway } from './tables/62-to-gateway.js';
import { gateway } from './tables/64-gateway.js';
import { fence } from './tables/70-fence.js';

/** Every table, in the order packets meet them. */
export const TABLES: readonly Table[] = [
  classify,
  arrival,
  portSecurity,
  protocols,
  nd,
  ndOption,
  arp,
  ndAnswer,
  ndReply,
  ndUnanswered,
  services,
  l2,
  broadcast,
  routed,
  routedTo,
  byGateway,
  fromVlan,
  toVlan,
  fromTunnel,
  flood,
  inject,
  guard,
  toGateway,
  gateway,
  fence,
] as readonly unknown[] as readonly Table[];

export { isRouted, sendByTunnel } from './actions.js';
export * from './addresses.js';
export * from './cookies.js';
export * from './drops.js';
export { UDP_PROBE } from './fields.js';
export * from './groups.js';
export * from './meters.js';
export * from './punt.js';
export * from './registers.js';
export * from './table.js';
export { classify } from './tables/00-classify.js';
export { arrival } from './tables/05-arrival.js';
export { services } from './tables/28-services.js';
export { flood } from './tables/50-flood.js';
export { inject } from './tables/58-inject.js';
export { guard } from './tables/60-guard.js';
export { FENCE_METER } from './tables/70-fence.js';
export * from './view.js';
