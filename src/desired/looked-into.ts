/**
 * What is looked into on a host beside the tables of br-int: other bridges in which a VM's port stands, and whether a
 * bridge may hold flows that OpenFlow does not show. Pure.
 */
import { BRIDGE } from './config.js';
import type { HostRows } from './rows.js';

const IN_BAND =
  'in-band control is not off, and its flows are not shown by OpenFlow (see ovs-appctl bridge/dump-flows)';
const FAIL_OPEN = 'its fail_mode is not secure: it may fail open to NORMAL';

/**
 * Why a bridge may have flows that OpenFlow does not show; undefined where it has none. ovs-vswitchd makes such for in-band
 * control, towards a bridge's controllers and the managers of the whole switch, and where a bridge that has a controller
 * may fail open (ovs-vswitchd.conf.db(5)). Without a controller the flow of `standalone` is a flow like any other.
 */
export function hiddenFlows(rows: HostRows | undefined, name: string = BRIDGE): string | undefined {
  const bridge = rows?.bridges.find((each) => each.name === name);
  if (bridge?.other_config['disable-in-band'] !== 'true') return IN_BAND;
  if (bridge.fail_mode === 'secure') return undefined;
  return name === BRIDGE || bridge.controller.length > 0 ? FAIL_OPEN : undefined;
}

/** Names of the bridges beside br-int in which one of these ports, by iface-id, stands. */
export function strayBridges(rows: HostRows | undefined, ifaceIds: ReadonlySet<string>): readonly string[] {
  if (rows === undefined) return [];
  const stray = new Set(
    rows.interfaces.filter((i) => ifaceIds.has(i.external_ids['iface-id'] ?? '')).map(({ _uuid }) => _uuid),
  );
  const ports = new Set(rows.ports.filter((p) => p.interfaces.some((i) => stray.has(i))).map(({ _uuid }) => _uuid));
  return rows.bridges.filter((b) => b.name !== BRIDGE && b.ports.some((p) => ports.has(p))).map(({ name }) => name);
}
