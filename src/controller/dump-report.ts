/** Everything that every host holds now, as text, with the topology that is meant: what `dump` saves and `verify` proves. */
import { BRIDGE } from '../desired/index.js';
import type { HostLink } from '../session/index.js';
import { formatTopology, type Topology, type Way } from '../topology/index.js';
import type { DumpTexts } from '../verify/index.js';
import type { Controller } from './controller.js';

export interface HostDumpReport {
  readonly host: string;
  /** Absent where the host cannot be read; `error` then says why. */
  readonly texts?: DumpTexts;
  readonly error?: string;
  /** Why br-int may have flows that OpenFlow does not show; absent: it has none. */
  readonly hidden?: string;
  /** Of its Open vSwitch, as OVSDB has it. */
  readonly ovsVersion?: string;
  /** Its other bridges that have a VM's port. */
  readonly bridges?: readonly BridgeDumpReport[];
}

export interface BridgeDumpReport {
  readonly bridge: string;
  readonly texts?: DumpTexts;
  readonly error?: string;
}

export interface DumpReport {
  /** A topology file, keys included. */
  readonly topology: string;
  /** What no file says: by network path, the ways by which its packets may still travel while a change is on its way. */
  readonly former: Readonly<Record<string, readonly Way[]>>;
  readonly hosts: readonly HostDumpReport[];
}

/** ovs-vswitchd makes flows of its own for in-band control, and where a bridge may fail open (ovs-vswitchd.conf.db(5)). */
function hiddenFlows(link: HostLink): string | undefined {
  const bridge = link.rows()?.bridges.find(({ name }) => name === BRIDGE);
  if (bridge?.other_config['disable-in-band'] !== 'true')
    return 'in-band control is not off, and its flows are not shown by OpenFlow (see ovs-appctl bridge/dump-flows)';
  return bridge.fail_mode === 'secure' ? undefined : 'its fail_mode is not secure: it may fail open to NORMAL';
}

/** Names of the bridges beside br-int in which a VM's port stands. */
function strayBridges(link: HostLink, topology: Topology): readonly string[] {
  const rows = link.rows();
  if (rows === undefined) return [];
  const ifaceIds = new Set(topology.networks.flatMap((n) => n.ports.map((p) => p.ifaceId)));
  const stray = new Set(
    rows.interfaces.filter((i) => ifaceIds.has(i.external_ids['iface-id'] ?? '')).map(({ _uuid }) => _uuid),
  );
  const ports = new Set(rows.ports.filter((p) => p.interfaces.some((i) => stray.has(i))).map(({ _uuid }) => _uuid));
  return rows.bridges.filter((b) => b.name !== BRIDGE && b.ports.some((p) => ports.has(p))).map(({ name }) => name);
}

const otherBridges = (link: HostLink, topology: Topology): Promise<readonly BridgeDumpReport[]> =>
  Promise.all(
    strayBridges(link, topology).map(async (bridge): Promise<BridgeDumpReport> => {
      try {
        return { bridge, texts: await link.dumpBridge(bridge) };
      } catch (error) {
        return { bridge, error: (error as Error).message };
      }
    }),
  );

/** Reads every host at once; one that cannot be read keeps no other from being read. */
export async function dumpReport(controller: Controller): Promise<DumpReport> {
  const { topology } = controller.state.world;
  const hosts = await Promise.all(
    topology.hosts.map(async ({ name }): Promise<HostDumpReport> => {
      const link = controller.link(name);
      if (link === undefined) return { host: name, error: 'not connected' };
      try {
        const bridges = await otherBridges(link, topology);
        const hidden = hiddenFlows(link);
        const ovsVersion = link.rows()?.root?.ovs_version;
        return {
          host: name,
          texts: await link.dump(),
          ...(ovsVersion === undefined ? {} : { ovsVersion }),
          ...(hidden === undefined ? {} : { hidden }),
          ...(bridges.length === 0 ? {} : { bridges }),
        };
      } catch (error) {
        return { host: name, error: (error as Error).message };
      }
    }),
  );
  const former = Object.fromEntries(
    topology.networks.flatMap((n) => (n.former === undefined ? [] : [[n.path, n.former]])),
  );
  return { topology: formatTopology(topology), former, hosts };
}
