/**
 * Which VM port is where: the Interface row that bears its iface-id decides. When in doubt the port is bound nowhere new,
 * and the reason is told.
 *
 *  - bound: one host, one Interface (`name`), one number
 *  - pending: the row is there, the number not yet
 *  - unbound: every host has been heard and none has it; where only one may have it, that one is `expected` to
 *  - unknown: not seen, but some host where it may be has not been heard: whatever the switches hold for it stays
 *  - conflict: rows claim it, and nobody can say which is right: none gets anything
 *
 * A second host where the port may run is the destination of a migration (`to`): it receives copies, and the holder keeps
 * the port until the destination takes it over or the holder's row goes. What else claims the port (a second row on one
 * host, a host where it may not run, a third host) is told and gets nothing; the holder goes on.
 *
 * `bindings` looks at everything; `boundAfter` at what one host's new facts say, with the same result.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Port } from '../topology/index.js';
import { type Beside, type Binding, type Place, whereIs } from './binding.js';
import { Bound, type Claim, type Rebinding } from './bound.js';
import type { PlacedPort } from './topology-index.js';
import type { Holder, HostFacts, InterfaceFact, World } from './world.js';

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

/** Whether the topology lets the port run on a host. */
const allowedHosts =
  ({ index }: Bound, { hosts }: Port) =>
  (host: string): boolean =>
    hosts === undefined ? index.hosts.has(host) : hosts.includes(host);

/** The only one of a list, if it has one alone. */
const only = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined);

interface Sifted {
  /** One row a host. */
  readonly candidates: readonly Claim[];
  /** What gets nothing, one clause each. */
  readonly refused: readonly string[];
}

/** Of the claims those that may count: on hosts where the port may run, and one a host, the holder's own before others. */
function sift(world: World, bound: Bound, port: Port, all: readonly Claim[]): Sifted {
  const allowed = allowedHosts(bound, port);
  const holder = world.holders.get(port.path);
  const strangers = all.filter(({ host }) => !allowed(host));
  const candidates: Claim[] = [];
  const refused = strangers.length === 0 ? [] : [strangerText(strangers), ...takenIds(bound, port, strangers)];
  for (const host of new Set(all.map((claim) => claim.host))) {
    const here = allowed(host) ? all.filter((claim) => claim.host === host) : [];
    const chosen =
      only(here) ??
      here.find(({ row }) => holder?.host === host && row.name === holder.name) ??
      only(here.filter(({ row }) => row.mark?.installed === true));
    if (chosen !== undefined) candidates.push(chosen);
    if (here.length < 2) continue;
    const names = here.map(({ row }) => row.name).join(', ');
    const kept = chosen === undefined ? '' : `; ${chosen.row.name} had it first`;
    refused.push(`iface-id on ${here.length === 2 ? 'two' : here.length} interfaces of ${host}: ${names}${kept}`);
  }
  return { candidates, refused };
}

const strangerText = (strangers: readonly Claim[]): string =>
  `also seen on ${strangers.map(({ host }) => host).join(', ')}, where the topology does not allow it`;

/** Why a VLAN's port cannot be let in where it turned up: in that zone its network's id is another's. */
function takenIds({ index }: Bound, port: Port, strangers: readonly Claim[]): readonly string[] {
  const network = index.ports.get(port.path)?.network;
  const zones = new Set(strangers.flatMap(({ host }) => index.zones.of(host) ?? []));
  return [...zones].flatMap((zone) => {
    const other = network && index.vlanIn(zone, network);
    return other === undefined ? [] : [`VLAN id ${network?.key} is that of network ${other} in zone ${zone}`];
  });
}

/** Who of the candidates has the port: the holder; else who is alone; else whom the marks on the rows say (feedback.ts). */
function holderOf(world: World, bound: Bound, port: Port, candidates: readonly Claim[]): Claim | undefined {
  const holder = world.holders.get(port.path);
  const left = world.left?.get(port.path);
  // One end of a migration does not say which of the two has the port: it waits until the other has been heard.
  const otherUnheard = ({ host, row: { mark } }: Claim): boolean =>
    host !== holder?.host &&
    mark?.migration !== undefined &&
    !world.facts.has(mark.other ?? '') &&
    allowedHosts(bound, port)(mark.other ?? '');
  if (candidates.length > 0 && candidates.every(otherUnheard)) return undefined;
  const present = candidates.filter(({ host }) => left?.has(host) !== true);
  return (
    candidates.find(({ host }) => host === holder?.host) ??
    only(present) ??
    only(candidates) ??
    only(candidates.filter(({ row }) => row.mark?.migration === undefined)) ??
    only(candidates.filter(({ row }) => row.mark?.installed === true))
  );
}

/** What the others are to a port that one of the candidates has. */
function besides(world: World, port: Port, at: Claim, { candidates, refused }: Sifted): Beside {
  const holder = world.holders.get(port.path);
  const left = world.left?.get(port.path);
  const others = candidates.filter((claim) => claim !== at);
  const gone = others.filter(({ host, row }) => left?.has(host) === true || row.mark?.migration === 'to');
  const coming = others.filter((claim) => !gone.includes(claim));
  const to = coming.find(({ host }) => host === holder?.to) ?? only(coming);
  const more = coming.filter((claim) => claim !== to).map(({ host }) => host);
  const notes = [
    ...gone.map(({ host }) => `still on ${host}, which it has left for ${at.host}`),
    ...(more.length > 0 ? [`also seen on ${more.join(', ')}; ${at.host} had it first`] : []),
    ...refused,
  ];
  return {
    ...(to === undefined ? {} : { to: placeOf(to) }),
    ...(notes.length === 0 ? {} : { conflict: notes.join('; ') }),
  };
}

const placeOf = ({ host, row: { name, ofport } }: Claim): Place => ({
  host,
  name,
  ...(ofport === undefined ? {} : { ofport }),
});

function bindingOf(world: World, bound: Bound, port: Port): Binding {
  const all = bound.claims(port.ifaceId);
  const sifted = sift(world, bound, port, all);
  const { candidates, refused } = sifted;
  const at = holderOf(world, bound, port, candidates);
  if (at !== undefined) {
    const beside = all.length === 1 ? {} : besides(world, port, at, sifted);
    const { host, name, ofport } = placeOf(at);
    if (ofport === undefined) return { state: 'pending', host, name, ...beside };
    return { state: 'bound', host, name, ofport, ...beside };
  }
  if (candidates.length > 1) {
    const reason = `iface-id on several hosts: ${candidates.map(({ host }) => host).join(', ')}`;
    return { state: 'conflict', reason: [reason, ...refused].join('; ') };
  }
  if (refused.length > 0) return { state: 'conflict', reason: refused.join('; ') };
  if (!allHeard(world, port)) return { state: 'unknown' };
  const [expected] = port.hosts?.length === 1 ? port.hosts : [];
  return { state: 'unbound', ...(expected === undefined ? {} : { expected }) };
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
  const { hosts } = world.topology;
  const everyone = world.facts.size >= hosts.length && hosts.every(({ name }) => world.facts.has(name));
  const candidates: readonly PlacedPort[] = [
    ...(named.get(host) ?? []),
    ...(everyone ? anywhere : []),
    ...[...bound.doubtful].flatMap((path) => bound.index.ports.get(path) ?? []),
  ];
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

/** The bindings of these ports looked at again, in a world in which something else of them has changed. */
export function boundAgain(
  bound: Bound,
  world: World,
  ports: Iterable<Port>,
): { readonly bound: Bound; readonly changes: readonly Rebinding[] } {
  const changes = lookedAt(world, bound, ports);
  return { bound: bound.rebound(changes), changes };
}

/** What is remembered of a port with the next world: who has it, and where it is on its way to. */
export const holderIn = (b: Binding): Holder | undefined =>
  b.state === 'bound' || b.state === 'pending'
    ? { host: b.host, name: b.name, ...(b.to === undefined ? {} : { to: b.to.host }) }
    : undefined;

/** The holders to remember with the next world. */
export function holders(bound: Bound): ReadonlyMap<string, Holder> {
  const result = new Map<string, Holder>();
  for (const [path, binding] of bound) {
    const holder = holderIn(binding);
    if (holder !== undefined) result.set(path, holder);
  }
  return result;
}

/** The hosts that lost a port by a migration, as long as they still bear its row and it has not come back to them. */
export function leftAfter({ left = NOBODY }: World, bound: Bound): ReadonlyMap<string, ReadonlySet<string>> {
  if (left.size === 0) return left;
  const result = new Map<string, ReadonlySet<string>>();
  for (const [path, hosts] of left) {
    const claims = bound.claims(bound.index.ports.get(path)?.port.ifaceId ?? '');
    const here = whereIs(bound.get(path));
    const still = [...hosts].filter((host) => host !== here && claims.some((claim) => claim.host === host));
    if (still.length > 0) result.set(path, new Set(still));
  }
  return result;
}

const NOBODY: ReadonlyMap<string, ReadonlySet<string>> = new Map();
