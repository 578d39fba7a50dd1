/** Everything that every host holds now, as text, with the topology that is meant: what `dump` saves and `verify` proves. */
import { formatTopology, type Way } from '../topology/index.js';
import type { DumpTexts } from '../verify/index.js';
import type { Controller } from './controller.js';

export interface HostDumpReport {
  readonly host: string;
  /** Absent where the host cannot be read; `error` then says why. */
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

/** Reads every host at once; one that cannot be read keeps no other from being read. */
export async function dumpReport(controller: Controller): Promise<DumpReport> {
  const { topology } = controller.state.world;
  const hosts = await Promise.all(
    topology.hosts.map(async ({ name }): Promise<HostDumpReport> => {
      const link = controller.link(name);
      if (link === undefined) return { host: name, error: 'not connected' };
      try {
        return { host: name, texts: await link.dump() };
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
