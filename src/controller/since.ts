/**
 * Since which generation each port is as it is now: what was carried out of an older one says nothing of it. Everything
 * of a port and of its network counts, but not its neighbours.
 */
import type { Network, Port, Topology } from '../topology/index.js';

const spelled = (network: Network, port: Port): string => {
  const { ports: _, former: __, ...own } = network;
  return JSON.stringify([own, port]);
};

function specifications({ networks }: Topology): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const network of networks) for (const port of network.ports) found.set(port.path, spelled(network, port));
  return found;
}

/** The generations after another topology, `generation`, has taken the place of `before`. */
export function sinceAfter(
  since: ReadonlyMap<string, number>,
  before: Topology,
  after: Topology,
  generation: number,
): ReadonlyMap<string, number> {
  const old = specifications(before);
  const next = new Map<string, number>();
  for (const [path, text] of specifications(after)) {
    const known = since.get(path);
    if (old.get(path) !== text) next.set(path, generation);
    else if (known !== undefined) next.set(path, known);
  }
  return next;
}
