/**
 * Which VM port is where: the Interface row that bears its iface-id decides. When in doubt the port is bound nowhere new,
 * and the reason is told.
 *
 *  - bound: one host, one Interface (`name`), one number
 *  - pending: the row is there, the number not yet
 *  - unbound: every host has been heard and none has it
 *  - unknown: not seen, but some host where it may be has not been heard: whatever the switches hold for it stays
 *  - conflict: two rows claim it; the host that had it keeps it, a newcomer gets nothing
 *
 * `bindings` looks at everything; `boundAfter` at what one host's new facts say, with the same result.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Port } from '../topology/index.js';
import { type Binding, Bound, type Claim, type Rebinding, whereIs } from './bound.js';
import type { PlacedPort } from './topology-index.js';
import type { HostFacts, InterfaceFact, World } from './world.js';

const byHostName = (a: Claim, b: Claim): number => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0);

/** The rows of one host that bear an iface-id and are in use, by iface-id. */
function rowsOf(facts: HostFacts | undefined): ReadonlyMap<string, readonly InterfaceFact[]> {
  const found = new Map<string, InterfaceFact[]>();
  for (const row of facts?.interfaces ?? []) {
    if (row.ifaceId === undefined || row.inactive) continue;
    const list = found.get(row.ifaceId);
    if (list) list.push(row);
    else found.set(row.ifaceId, [row]);
  }
  return found;
}

/** True when every host where the port may be has been heard. */
function allHeard({ topology, facts }: World, { hosts }: Port): boolean {
  if (hosts !== undefined) return hosts.every((host) => facts.has(host));
  return facts.size >= topology.hosts.length && topology.hosts.every(({ name }) => facts.has(name));
}

function bindingOf(world: World, bound: Bound, port: Port): Binding {
  const all = bound.claims(port.ifaceId);
  const allowed = ({ host }: Claim): boolean =>
    port.hosts === undefined ? bound.index.hosts.has(host) : port.hosts.includes(host);
  const strangers = all.filter((claim) => !allowed(claim)).map(({ host }) => host);
  const note =
    strangers.length > 0 ? `also seen on ${strangers.join(', ')}, where the topology does not allow it` : undefined;
  const byHost = new Map<string, readonly InterfaceFact[]>();
  for (const claim of all) if (allowed(claim)) byHost.set(claim.host, [...(byHost.get(claim.host) ?? []), claim.row]);
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
    if (!allHeard(world, port)) return { state: 'unknown' };
    return note === undefined ? { state: 'unbound' } : { state: 'conflict', reason: note };
  }
  const others = [...byHost.keys()].filter((name) => name !== host);
  const conflict = others.length > 0 ? `also seen on ${others.join(', ')}; ${host} had it first` : note;
  const { name = '', ofport } = byHost.get(host)?.[0] ?? {};
  if (ofport === undefined) return { state: 'pending', host, name };
  return { state: 'bound', host, name, ofport, ...(conflict === undefined ? {} : { conflict }) };
}

/** These ports looked at again. */
function lookedAt(world: World, bound: Bound, ports: Iterable<Port>): readonly Rebinding[] {
  const changes: Rebinding[] = [];
  for (const port of ports) {
    const before = bound.get(port.path);
    const after = bindingOf(world, bound, port);
    if (!isDeepStrictEqual(before, after)) changes.push({ path: port.path, before, after });
  }
  return changes;
}

/** The binding of every port of the topology. */
export function bindings(world: World): Bound {
  const nothing = Bound.nothing(world.topology);
  const { byIfaceId, ports } = nothing.index;
  const claims = new Map<string, Claim[]>();
  for (const [host, facts] of world.facts)
    for (const [ifaceId, rows] of rowsOf(facts)) {
      if (!byIfaceId.has(ifaceId)) continue;
      const list = claims.get(ifaceId);
      const own = rows.map((row) => ({ host, row }));
      if (list) list.push(...own);
      else claims.set(ifaceId, own);
    }
  for (const list of claims.values()) list.sort(byHostName);
  const claimed = nothing.claimed(claims);
  return claimed.rebound(
    lookedAt(
      world,
      claimed,
      [...ports.values()].map(({ port }) => port),
    ),
  );
}

/** The rows of a host that are other ones now, by iface-id. */
function changedRows(before: HostFacts | undefined, after: HostFacts): ReadonlyMap<string, readonly InterfaceFact[]> {
  const was = rowsOf(before);
  const is = rowsOf(after);
  const changed = new Map<string, readonly InterfaceFact[]>();
  for (const [ifaceId, rows] of is) if (!isDeepStrictEqual(rows, was.get(ifaceId))) changed.set(ifaceId, rows);
  for (const ifaceId of was.keys()) if (!is.has(ifaceId)) changed.set(ifaceId, []);
  return changed;
}

/** Ports that nobody could judge until this host was heard. */
function judgeable(world: World, bound: Bound, host: string): readonly Port[] {
  const { named, anywhere } = bound.index;
  const everyone = world.topology.hosts.every(({ name }) => world.facts.has(name));
  const candidates: readonly PlacedPort[] = [...(named.get(host) ?? []), ...(everyone ? anywhere : [])];
  return candidates.flatMap(({ port }) => (bound.get(port.path)?.state === 'unknown' ? [port] : []));
}

/** The bindings after new facts of one host, which are in `world` already, and which of them are other ones. */
export function boundAfter(
  bound: Bound,
  world: World,
  host: string,
  before: HostFacts | undefined,
): { readonly bound: Bound; readonly changes: readonly Rebinding[] } {
  const facts = world.facts.get(host);
  if (facts === undefined) return { bound, changes: [] };
  const ports = new Set<Port>();
  const claims: (readonly [string, readonly Claim[]])[] = [];
  for (const [ifaceId, rows] of changedRows(before, facts)) {
    const placed = bound.index.byIfaceId.get(ifaceId);
    if (placed === undefined) continue;
    const others = bound.claims(ifaceId).filter((claim) => claim.host !== host);
    claims.push([ifaceId, [...others, ...rows.map((row) => ({ host, row }))].sort(byHostName)]);
    ports.add(placed.port);
  }
  const claimed = claims.length === 0 ? bound : bound.claimed(claims);
  if (before === undefined) for (const port of judgeable(world, claimed, host)) ports.add(port);
  const changes = lookedAt(world, claimed, ports);
  return { bound: claimed.rebound(changes), changes };
}

/** The holders to remember with the next world: where each port is bound or pending now. */
export function holders(bound: Bound): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  for (const [path, binding] of bound) {
    const host = whereIs(binding);
    if (host !== undefined) result.set(path, host);
  }
  return result;
}
