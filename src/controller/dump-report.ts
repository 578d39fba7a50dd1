/** Everything that every host holds now, as text, with the topology that is meant: what `dump` saves and `verify` proves. */
import { hiddenFlows, strayBridges } from '../desired/index.js';
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
  /** As of br-int. */
  readonly hidden?: string;
}

export interface DumpReport {
  /** A topology file, keys included. */
  readonly topology: string;
  /** What no file says: by network path, the ways by which its packets may still travel while a change is on its way. */
  readonly former: Readonly<Record<string, readonly Way[]>>;
  readonly hosts: readonly HostDumpReport[];
}

/** Of the VMs' ports. */
const ifaceIdsOf = ({ networks }: Topology): ReadonlySet<string> =>
  new Set(networks.flatMap((network) => network.ports.map(({ ifaceId }) => ifaceId)));

const otherBridges = (link: HostLink, ifaceIds: ReadonlySet<string>): Promise<readonly BridgeDumpReport[]> =>
  Promise.all(
    strayBridges(link.rows(), ifaceIds).map(async (bridge): Promise<BridgeDumpReport> => {
      const hidden = hiddenFlows(link.rows(), bridge);
      try {
        return { bridge, texts: await link.dumpBridge(bridge), ...(hidden === undefined ? {} : { hidden }) };
      } catch (error) {
        return { bridge, error: (error as Error).message };
      }
    }),
  );

/** Reads every host at once; one that cannot be read keeps no other from being read. */
export async function dumpReport(controller: Controller): Promise<DumpReport> {
  const { topology } = controller.state.world;
  const ifaceIds = ifaceIdsOf(topology);
  const hosts = await Promise.all(
    topology.hosts.map(async ({ name }): Promise<HostDumpReport> => {
      const link = controller.link(name);
      if (link === undefined) return { host: name, error: 'not connected' };
      try {
        const bridges = await otherBridges(link, ifaceIds);
        const hidden = hiddenFlows(link.rows());
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
