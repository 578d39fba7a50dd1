/**
 * From rows and the switch's own port description to facts. A number that the row shows counts only when the switch agrees:
 * after a restart of ovs-vswitchd the rows still show the old numbers for a moment, and a flow on an old number may be
 * another tenant's. A row without a number is new: ovs-vswitchd has made the port, told it by PORT_STATUS, and writes the
 * number into the row some milliseconds later (3 to 15 on a busy host). The switch's word is enough then, for flows go to
 * the very switch that said it; it is the port's traffic that would have to wait.
 */

import type { Topology } from '../topology/index.js';
import { BRIDGE, INSTALLED_KEY, MIGRATION_KEY, TUNNEL_KEY } from './config.js';
import type { HostRows, StringMap } from './rows.js';
import { desiredTunnels, type TunnelIntent } from './tunnels.js';
import type { HostFacts, InterfaceFact, TunnelFact } from './world.js';

/** Port names in OFPMP_PORT_DESC have 15 octets at most (OFP_MAX_PORT_NAME_LEN, OpenFlow 1.5.1 clause 7.2.1). */
const PORT_NAME_LENGTH = 15;

/** What the switch itself says: name → number. Undefined while it is not connected. */
export type SwitchPorts = ReadonlyMap<string, number>;

/** What was written on a VM's row before (feedback.ts). */
function markOf(ids: StringMap): Pick<InterfaceFact, 'mark'> {
  const installed = ids[INSTALLED_KEY] !== undefined;
  const [way, other = ''] = (ids[MIGRATION_KEY] ?? '').split(' ');
  if (!installed && way === '') return {};
  return { mark: { installed, ...(way === 'from' || way === 'to' ? { migration: way, other } : {}) } };
}

/** The facts of one host. `tunnels`: those of the topology for it, where they are known already. */
export function hostFacts(
  topology: Topology,
  host: string,
  rows: HostRows,
  ports: SwitchPorts | undefined,
  tunnels: readonly TunnelIntent[] = desiredTunnels(topology, host),
): HostFacts {
  const bridge = rows.bridges.find((b) => b.name === BRIDGE);
  const members = new Set(bridge?.ports ?? []);
  const onBridge = new Set(rows.ports.filter((p) => members.has(p._uuid)).flatMap((p) => p.interfaces));
  const agreed = (name: string, ofport: number | undefined): number | undefined =>
    ofport !== undefined && ofport > 0 && ports?.get(name.slice(0, PORT_NAME_LENGTH)) === ofport ? ofport : undefined;
  /** The number of a VM's port. A name that may have been cut short in the description is no proof alone. */
  const ofportOf = (name: string, ofport: number | undefined): number | undefined =>
    ofport === undefined && name.length < PORT_NAME_LENGTH ? ports?.get(name) : agreed(name, ofport);
  const interfaces: InterfaceFact[] = [];
  const found: TunnelFact[] = [];
  const wanted = new Map(tunnels.map((t) => [t.name, t]));
  for (const row of rows.interfaces) {
    if (!onBridge.has(row._uuid)) continue;
    const tunnel = row.external_ids[TUNNEL_KEY] === undefined ? undefined : wanted.get(row.name);
    if (tunnel !== undefined) {
      const ofport = agreed(row.name, row.ofport);
      const right = row.type === tunnel.type && Object.entries(tunnel.options).every(([k, v]) => row.options[k] === v);
      if (ofport !== undefined && right && row.error === undefined) found.push({ name: row.name, ofport });
    } else {
      const ifaceId = row.external_ids['iface-id'];
      const ofport = ofportOf(row.name, row.ofport);
      interfaces.push({
        name: row.name,
        ...(ifaceId === undefined ? {} : { ifaceId }),
        ...(ofport === undefined ? {} : { ofport }),
        inactive: row.external_ids['iface-status'] === 'inactive',
        ...markOf(row.external_ids),
      });
    }
  }
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return { interfaces: interfaces.sort(byName), tunnels: found.sort(byName) };
}
