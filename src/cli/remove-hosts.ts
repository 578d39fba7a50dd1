/** What `kakuri remove` does, host by host, at once. */
import { removeHost, UnreachableError } from '../session/index.js';
import { CliError } from './errors.js';
import { loadTopology, ProblemsError } from './load.js';
import type { RemoveOptions } from './options.js';
import { needTls, readTls } from './tls.js';

interface Removed {
  readonly host: string;
  readonly done: readonly string[];
  readonly error?: string;
}

/** Exit code 0, or 3 where a host could not be reached; the others are done all the same. */
export async function removeAll(file: string, options: RemoveOptions): Promise<number> {
  const topology = await loadTopology(file, options.state).catch((error: unknown) => {
    if (error instanceof ProblemsError) throw new CliError(error.lines.join('\n'), 2);
    throw error;
  });
  const tls = readTls(options);
  needTls(tls, topology);
  const results = await Promise.all(
    topology.hosts.map(async (host): Promise<Removed> => {
      try {
        return {
          host: host.name,
          done: await removeHost(host, options.keepBridge === true, Number(options.timeout) * 1000, tls),
        };
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        return { host: host.name, done: [], error: error.message };
      }
    }),
  );
  if (options.json) console.log(JSON.stringify(results));
  for (const { host, done, error } of results) {
    if (!options.json) for (const line of done) console.log(`${host}: ${line}`);
    if (error !== undefined) console.error(`kakuri: ${error}`);
  }
  return results.some((r) => r.error !== undefined) ? 3 : 0;
}
