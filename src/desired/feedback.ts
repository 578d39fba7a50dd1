/**
 * Whether a port is really reached: its own host and every other host of its network have its flows, read back, in both
 * directions. Told on the port's Interface row as `external_ids:kakuri-installed`, so that whoever starts VMs can wait for
 * it; its value is the generation of the intent that was carried out. A neighbour that appears later does not take the mark
 * away: it gets its own only when both reach each other. Pure.
 */
import type { Network, Port } from '../topology/index.js';
import { type Place, placeOn, placesOf } from './binding.js';
import type { Bound } from './bound.js';
import { BRIDGE, INSTALLED_KEY, MIGRATION_KEY } from './config.js';
import { waysBetween } from './halves.js';
import { setKeys } from './host-config.js';
import { reaches } from './network-slice.js';
import type { Change, HostRows, InterfaceRow } from './rows.js';
import type { PlacedPort } from './topology-index.js';
import { sendKey } from './ways.js';
import type { World } from './world.js';

export interface Reach {
  readonly world: World;
  readonly bound: Bound;
  /** Generation in which the intent of a port (by path) last changed; absent: 1. */
  readonly since: ReadonlyMap<string, number>;
}

/** The generation that hosts must have carried out for the port. */
export const generationOf = ({ since }: Reach, { path }: Port): number => since.get(path) ?? 1;

/** The other hosts with a port of the network that has a number. */
function neighbours({ bound }: Reach, network: Network, host: string): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const [other, ports] of bound.places(network.path)?.byHost ?? [])
    if (other !== host && ports.some(({ path }) => placeOn(bound.get(path), other)?.ofport !== undefined))
      hosts.add(other);
  return hosts;
}

/** True when the host has carried out what the port is now, on that host itself. */
function isHeld(reach: Reach, { port }: PlacedPort, { host, ofport }: Place): boolean {
  const held = reach.world.confirmed.get(host)?.held;
  return (
    ofport !== undefined &&
    held !== undefined &&
    held.generation >= generationOf(reach, port) &&
    held.numbers.get(port.path) === ofport
  );
}

/**
 * What a bound port still waits for, one clause each; empty when it is reached from everywhere, and reaches everybody.
 * `at`: at which end of a migration; the source unless given.
 */
export function waitingFor(reach: Reach, placed: PlacedPort, at?: Place): readonly string[] {
  const { world, bound } = reach;
  const { network, port } = placed;
  const b = at ?? placesOf(bound.get(port.path))[0];
  if (b === undefined) return ['it is bound nowhere'];
  if (!isHeld(reach, placed, b)) return [`${b.host} has not confirmed its flows`];
  const sends = (from: string, to: string): boolean => {
    const confirmed = world.confirmed.get(from);
    return waysBetween(world.topology, network, from, to).some((way) =>
      confirmed?.sends.has(sendKey(network.path, to, way)),
    );
  };
  const waiting: string[] = [];
  for (const peer of neighbours(reach, network, b.host)) {
    const held = world.confirmed.get(peer)?.held;
    if (!sends(b.host, peer)) waiting.push(`${b.host} does not send to ${peer}`);
    const knows =
      held !== undefined &&
      held.generation >= generationOf(reach, port) &&
      reaches(held.remotes.get(network.path)?.peers.get(b.host), port.path) &&
      sends(peer, b.host);
    if (!knows) waiting.push(`${peer} has not confirmed that it sends to ${b.host}`);
  }
  const joining = (network.vlan?.gateways ?? []).some((gateway) =>
    reaches(world.confirmed.get(gateway)?.held?.remotes.get(network.path)?.peers.get(b.host), port.path),
  );
  if (network.vlan !== undefined && !joining) waiting.push(`no gateway of ${network.path} has confirmed it`);
  return waiting;
}

type Marks = Readonly<Record<string, string>>;

/** Single keys of a row set and taken away, whatever else is in its external_ids. */
function write({ _uuid: uuid, external_ids }: InterfaceRow, marks: Marks): readonly Change[] {
  const at = { uuid };
  const gone = Object.fromEntries(
    OUR_KEYS.flatMap((key) =>
      external_ids[key] === undefined || marks[key] !== undefined ? [] : [[key, external_ids[key]]],
    ),
  );
  const removal: Change = {
    op: 'mutate',
    table: 'Interface',
    at,
    column: 'external_ids',
    mutator: 'delete',
    value: gone,
  };
  return [
    ...(Object.keys(gone).length === 0 ? [] : [removal]),
    ...setKeys('Interface', uuid, 'external_ids', marks, external_ids),
  ];
}

const OUR_KEYS = [INSTALLED_KEY, MIGRATION_KEY] as const;

interface Mark {
  readonly changes: readonly Change[];
  /** The port will be reached when others have done their part. */
  readonly waits: boolean;
}

const NOTHING: Mark = { changes: [], waits: false };

/** What the row says of a migration: that its port is coming there, or has gone from there. */
function migrationOf({ world, bound }: Reach, { port }: PlacedPort, host: string, name: string): Marks {
  const [at, to] = placesOf(bound.get(port.path));
  if (to?.host === host && to.name === name) return { [MIGRATION_KEY]: `from ${at?.host}` };
  return at !== undefined && world.left?.get(port.path)?.has(host) ? { [MIGRATION_KEY]: `to ${at.host}` } : {};
}

/** What a row's marks need; nothing where nobody can judge yet. */
function markOf(reach: Reach, placed: PlacedPort | undefined, host: string, row: InterfaceRow): Mark {
  if (placed === undefined) return { changes: write(row, {}), waits: false };
  const b = reach.bound.get(placed.port.path);
  if (b?.state === 'unknown' || b?.state === 'conflict') return NOTHING;
  const migration = migrationOf(reach, placed, host, row.name);
  const here = placesOf(b).find((place) => place.host === host && place.name === row.name);
  if (here === undefined) return { changes: write(row, migration), waits: false };
  const present = row.external_ids[INSTALLED_KEY];
  const kept: Marks = present === undefined ? migration : { ...migration, [INSTALLED_KEY]: present };
  // After a start of the controller a mark stands until its host has been read.
  if (reach.world.confirmed.get(host)?.held === undefined) return { changes: write(row, kept), waits: true };
  if (!isHeld(reach, placed, here)) return { changes: write(row, migration), waits: true };
  const generation = generationOf(reach, placed.port);
  const isSet = present !== undefined && (generation === 1 || present === String(generation));
  if (isSet) return { changes: write(row, kept), waits: false };
  if (waitingFor(reach, placed, here).length > 0) return { changes: write(row, migration), waits: true };
  return { changes: write(row, { ...migration, [INSTALLED_KEY]: String(generation) }), waits: false };
}

/** The marks of one host that are to be set or taken away, and whether some wait for other hosts. */
export function feedbackChanges(
  reach: Reach,
  host: string,
  rows: HostRows,
  ports: ReadonlyMap<string, PlacedPort>,
): Mark {
  const bridge = rows.bridges.find((b) => b.name === BRIDGE);
  const members = new Set(bridge?.ports ?? []);
  const onBridge = new Set(rows.ports.filter((p) => members.has(p._uuid)).flatMap((p) => p.interfaces));
  const marks = rows.interfaces.flatMap((row): readonly Mark[] => {
    const { 'iface-id': ifaceId, ...others } = row.external_ids;
    if (ifaceId === undefined && OUR_KEYS.every((key) => others[key] === undefined)) return [];
    const placed = onBridge.has(row._uuid) && ifaceId !== undefined ? ports.get(ifaceId) : undefined;
    return [markOf(reach, placed, host, row)];
  });
  return { changes: marks.flatMap(({ changes }) => changes), waits: marks.some(({ waits }) => waits) };
}
