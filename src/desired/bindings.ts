/**
 * Which VM port is where: the Interface row that bears its iface-id decides. When in doubt the port is bound nowhere new,
 * and the reason is told.
 *
 *  - bound: one host, one Interface (`name`), one number
 *  - pending: the row is there, the number not yet
 *  - unbound: every host has been heard and none has it
 *  - unknown: not seen, but some host where it may be has not been heard: whatever the switches hold for it stays
 *  - conflict: two rows claim it; the host that had it keeps it, a newcomer gets nothing
 */
import type { Network, Port } from '../topology/index.js';
import type { InterfaceFact, World } from './world.js';

export type Binding =
  | {
      readonly state: 'bound';
      readonly host: string;
      readonly name: string;
      readonly ofport: number;
      readonly conflict?: string;
    }
  | { readonly state: 'pending'; readonly host: string; readonly name: string }
  | { readonly state: 'unbound' }
  | { readonly state: 'unknown' }
  | { readonly state: 'conflict'; readonly reason: string };

/** Hosts on which the topology lets the port run. */
export const allowedHosts = (world: World, port: Port): readonly string[] =>
  port.hosts ?? world.topology.hosts.map((host) => host.name);

interface Claim {
  readonly host: string;
  readonly row: InterfaceFact;
}

/** iface-id → the rows that bear it, over all hosts heard so far. */
function claims(world: World): ReadonlyMap<string, readonly Claim[]> {
  const found = new Map<string, Claim[]>();
  for (const [host, { interfaces }] of world.facts)
    for (const row of interfaces) {
      if (row.ifaceId === undefined || row.inactive) continue;
      const list = found.get(row.ifaceId);
      if (list) list.push({ host, row });
      else found.set(row.ifaceId, [{ host, row }]);
    }
  return found;
}

function bindingOf(world: World, port: Port, all: readonly Claim[]): Binding {
  const allowed = new Set(allowedHosts(world, port));
  const here = all.filter(({ host }) => allowed.has(host));
  const strangers = all.filter(({ host }) => !allowed.has(host)).map(({ host }) => host);
  const note =
    strangers.length > 0 ? `also seen on ${strangers.join(', ')}, where the topology does not allow it` : undefined;
  const byHost = new Map<string, readonly InterfaceFact[]>();
  for (const { host, row } of here) byHost.set(host, [...(byHost.get(host) ?? []), row]);
  for (const [host, rows] of byHost)
    if (rows.length > 1)
      return {
        state: 'conflict',
        reason: `iface-id on two interfaces of ${host}: ${rows.map((r) => r.name).join(', ')}`,
      };
  const holder = world.holders.get(port.path);
  const host =
    byHost.size === 1 ? [...byHost.keys()][0] : holder !== undefined && byHost.has(holder) ? holder : undefined;
  if (host === undefined) {
    if (byHost.size > 1)
      return { state: 'conflict', reason: `iface-id on several hosts: ${[...byHost.keys()].join(', ')}` };
    if ([...allowed].some((name) => !world.facts.has(name))) return { state: 'unknown' };
    return note === undefined ? { state: 'unbound' } : { state: 'conflict', reason: note };
  }
  const others = [...byHost.keys()].filter((name) => name !== host);
  const conflict = others.length > 0 ? `also seen on ${others.join(', ')}; ${host} had it first` : note;
  const { name = '', ofport } = byHost.get(host)?.[0] ?? {};
  if (ofport === undefined) return { state: 'pending', host, name };
  return { state: 'bound', host, name, ofport, ...(conflict === undefined ? {} : { conflict }) };
}

/** The host where the port is, whether it has its number already or not. */
export const whereIs = (b: Binding | undefined): string | undefined =>
  b?.state === 'bound' || b?.state === 'pending' ? b.host : undefined;

/** The binding of every port of the topology, by path. */
export function bindings(world: World): ReadonlyMap<string, Binding> {
  const all = claims(world);
  const result = new Map<string, Binding>();
  const each = (network: Network) => {
    for (const port of network.ports) result.set(port.path, bindingOf(world, port, all.get(port.ifaceId) ?? []));
  };
  world.topology.networks.forEach(each);
  return result;
}

/** The holders to remember with the next world: where each port is bound or pending now. */
export function holders(bound: ReadonlyMap<string, Binding>): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  for (const [path, binding] of bound) {
    const host = whereIs(binding);
    if (host !== undefined) result.set(path, host);
  }
  return result;
}
