/** What `kakuri dump --topology` reads: the hosts of a file, each by itself, with no controller. */
import type { DumpReport, HostDumpReport } from '../controller/index.js';
import { readHost, UnreachableError } from '../session/index.js';
import { formatTopology } from '../topology/index.js';
import { CliError } from './errors.js';
import { loadTopology, ProblemsError } from './load.js';

/** Reads all at once; one that cannot be read is told, and keeps no other from being read. Throws CliError 2. */
export async function readHosts(file: string, state: string | undefined, seconds: number): Promise<DumpReport> {
  if (!(seconds > 0)) throw new CliError('--timeout: a number of seconds above 0 expected', 2);
  const topology = await loadTopology(file, state).catch((error: unknown) => {
    if (error instanceof ProblemsError) throw new CliError(error.lines.join('\n'), 2);
    throw error;
  });
  const ifaceIds = new Set(topology.networks.flatMap((network) => network.ports.map((port) => port.ifaceId)));
  const hosts = await Promise.all(
    topology.hosts.map(async (host): Promise<HostDumpReport> => {
      try {
        return { host: host.name, ...(await readHost(host, seconds * 1000, ifaceIds)) };
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        return { host: host.name, error: error.message.slice(host.name.length + 2) };
      }
    }),
  );
  return { topology: formatTopology(topology), former: {}, hosts };
}
