/**
 * The paths between hosts that packets of networks take: from one host to another by one tunnel port. Which are probed, and
 * whose packets a path carries. Pure.
 */
import type { Encapsulation, Network } from '../topology/index.js';
import type { Bound } from './bound.js';
import { tunnelNameOn } from './tunnels.js';
import { waysOf } from './ways.js';

/** A path by a flow-based tunnel port. */
export interface FlowPath {
  readonly from: string;
  readonly to: string;
  /** The port's name, on both hosts. */
  readonly tunnel: string;
  readonly encapsulation: Encapsulation;
}

/** Peers of a host, before and after it in the order of names, that are probed; an installation of any size stays cheap. */
export const PROBED_PEERS = 20;

/** The next hosts in both directions round the list, nearest first. */
function neighbours(list: readonly string[], at: number): readonly string[] {
  const found: string[] = [];
  for (let step = 1; step <= PROBED_PEERS / 2 && 2 * step <= list.length; step++) {
    const [after, before] = [list[(at + step) % list.length], list[(at - step + list.length) % list.length]];
    if (after !== undefined) found.push(after);
    if (before !== undefined && before !== after) found.push(before);
  }
  return found;
}

/** Of each host the paths to hosts that share a network with it by a flow-based tunnel, at most PROBED_PEERS for a port. */
export function flowPaths(bound: Bound): readonly FlowPath[] {
  const { index } = bound;
  const paths = new Map<string, FlowPath>();
  const counts = new Map<string, number>();
  for (const { network } of index.networks.values()) {
    const hosts = [...(bound.places(network.path)?.byHost.keys() ?? [])].sort();
    if (hosts.length < 2) continue;
    for (const { encapsulation, tunnels } of waysOf(index.topology, network)) {
      if (tunnels !== 'flow' || encapsulation === 'vlan') continue;
      const tunnel = index.tunnelName(encapsulation, undefined);
      for (const [at, from] of hosts.entries())
        for (const to of neighbours(hosts, at)) {
          const [path, port] = [`${from} ${to} ${tunnel}`, `${from} ${tunnel}`];
          const count = counts.get(port) ?? 0;
          if (paths.has(path) || count >= PROBED_PEERS) continue;
          counts.set(port, count + 1);
          paths.set(path, { from, to, tunnel, encapsulation });
        }
    }
  }
  return [...paths.values()];
}

const networksOn = (bound: Bound, host: string): ReadonlySet<string> =>
  new Set([...bound.networksAt(host), ...(bound.index.joinedBy.get(host) ?? [])]);

/** The networks whose packets go from one host to the other by this tunnel port of the first. */
export function carriedBy(bound: Bound, from: string, to: string, tunnel: string): readonly Network[] {
  const { index } = bound;
  const there = networksOn(bound, to);
  const [host, peer] = [index.hosts.get(from), index.hosts.get(to)];
  return [...networksOn(bound, from)].flatMap((path) => {
    const network = there.has(path) ? index.networks.get(path)?.network : undefined;
    if (network === undefined) return [];
    const carries = waysOf(index.topology, network).some(
      ({ encapsulation, tunnels }) =>
        tunnelNameOn(host, encapsulation, tunnels === 'mesh' ? peer?.vtep : undefined, index.tunnelName) === tunnel,
    );
    return carries ? [network] : [];
  });
}
