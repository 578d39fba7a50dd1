/**
 * Bridges beside the integration bridge. Between bridges packets go by patch ports only, and to none of those may they
 * leave (G6): a bridge without a VM's port never sees a VM's packet outside a tunnel. One that has such a port is proved as
 * a host of its own, named `HOST/BRIDGE`, by the same goals; where its flows are not at hand, nothing is proved of it.
 */
import type { Topology } from '../topology/index.js';
import type { HostDump } from './model.js';

export const otherBridge = (host: string, bridge: string): string => `${host}/${bridge}`;

/** The host of a dump, be it of the integration bridge or of another. */
export const hostOfDump = (dump: HostDump): string => dump.host.split('/', 1)[0] as string;

export const isOtherBridge = (dump: HostDump): boolean => dump.host.includes('/');

/** VMs' ports that stand in a bridge of which there is no dump, one sentence each. */
export function unreadPorts(topology: Topology, dumps: readonly HostDump[]): readonly string[] {
  const paths = new Map(topology.networks.flatMap((n) => n.ports.map((p) => [p.ifaceId, p.path] as const)));
  const read = new Set(
    dumps.flatMap((dump) => [...dump.ports.values()].map(({ name }) => `${hostOfDump(dump)} ${name}`)),
  );
  return dumps
    .filter((dump) => !isOtherBridge(dump))
    .flatMap((dump) =>
      (dump.elsewhere ?? []).flatMap(({ name, ifaceId = '' }) => {
        const path = paths.get(ifaceId);
        if (path === undefined || read.has(`${dump.host} ${name}`)) return [];
        return [`${dump.host}: ${path} is in another bridge (interface ${name}), whose flows are not in the dump`];
      }),
    );
}
