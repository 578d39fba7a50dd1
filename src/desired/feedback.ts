/**
 * Whether a port is really reached: its own host and every other host of its network have its flows, read back, in both
 * directions. Told on the port's Interface row as `external_ids:kakuri-installed`, so that whoever starts VMs can wait for
 * it; its value is the generation of the intent that was carried out. A neighbour that appears later does not take the mark
 * away: it gets its own only when both reach each other. Pure.
 */
import type { Network, Port } from '../topology/index.js';
import { type Bound, whereIs } from './bound.js';
import { BRIDGE } from './config.js';
import { setKeys } from './host-config.js';
import type { Change, HostRows, InterfaceRow } from './rows.js';
import type { PlacedPort } from './topology-index.js';
import { sendKey, waysOf } from './ways.js';
import type { World } from './world.js';

/** In external_ids of a VM's Interface: the port is reached. */
export const INSTALLED_KEY = 'kakuri-installed';

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
    if (other !== host && ports.some(({ path }) => bound.get(path)?.state === 'bound')) hosts.add(other);
  return hosts;
}

/** True when the host has carried out what the port is now, on that host itself. */
function isHeld(reach: Reach, { port }: PlacedPort): boolean {
  const b = reach.bound.get(port.path);
  if (b?.state !== 'bound') return false;
  const held = reach.world.confirmed.get(b.host)?.held;
  return held !== undefined && held.generation >= generationOf(reach, port) && held.numbers.get(port.path) === b.ofport;
}

/** What a bound port still waits for, one clause each; empty when it is reached from everywhere, and reaches everybody. */
export function waitingFor(reach: Reach, placed: PlacedPort): readonly string[] {
  const { world, bound } = reach;
  const { network, port } = placed;
  const b = bound.get(port.path);
  if (b?.state !== 'bound') return ['it is bound nowhere'];
  if (!isHeld(reach, placed)) return [`${b.host} has not confirmed its flows`];
  const ways = waysOf(world.topology, network);
  const sends = (from: string, to: string): boolean => {
    const confirmed = world.confirmed.get(from);
    return ways.some((way) => confirmed?.sends.has(sendKey(network.path, to, way)));
  };
  const waiting: string[] = [];
  for (const peer of neighbours(reach, network, b.host)) {
    const held = world.confirmed.get(peer)?.held;
    if (!sends(b.host, peer)) waiting.push(`${b.host} does not send to ${peer}`);
    const knows =
      held !== undefined &&
      held.generation >= generationOf(reach, port) &&
      held.remotes.get(network.path)?.peers.get(b.host)?.remotes.has(port.path) === true &&
      sends(peer, b.host);
    if (!knows) waiting.push(`${peer} has not confirmed that it sends to ${b.host}`);
  }
  return waiting;
}

const clearMark = ({ _uuid: uuid, external_ids }: InterfaceRow): readonly Change[] => {
  const present = external_ids[INSTALLED_KEY];
  if (present === undefined) return [];
  const value = { [INSTALLED_KEY]: present };
  return [{ op: 'mutate', table: 'Interface', at: { uuid }, column: 'external_ids', mutator: 'delete', value }];
};

interface Mark {
  readonly changes: readonly Change[];
  /** The port will be reached when others have done their part. */
  readonly waits: boolean;
}

const done = (changes: readonly Change[] = []): Mark => ({ changes, waits: false });

/** What a row's mark needs; nothing where nobody can judge yet. */
function markOf(reach: Reach, placed: PlacedPort | undefined, host: string, row: InterfaceRow): Mark {
  const b = placed && reach.bound.get(placed.port.path);
  if (placed === undefined || b === undefined || whereIs(b) !== host || !('name' in b) || b.name !== row.name)
    return b?.state === 'unknown' ? done() : done(clearMark(row));
  // After a start of the controller a mark stands until its host has been read.
  if (reach.world.confirmed.get(host)?.held === undefined) return { changes: [], waits: true };
  if (!isHeld(reach, placed)) return { changes: clearMark(row), waits: true };
  const generation = generationOf(reach, placed.port);
  const present = row.external_ids[INSTALLED_KEY];
  if (present !== undefined && (generation === 1 || present === String(generation))) return done();
  if (waitingFor(reach, placed).length > 0) return { changes: clearMark(row), waits: true };
  const mark = { [INSTALLED_KEY]: String(generation) };
  return done(setKeys('Interface', row._uuid, 'external_ids', mark, row.external_ids));
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
    const { 'iface-id': ifaceId, [INSTALLED_KEY]: mark } = row.external_ids;
    if (ifaceId === undefined && mark === undefined) return [];
    const placed = onBridge.has(row._uuid) && ifaceId !== undefined ? ports.get(ifaceId) : undefined;
    return [markOf(reach, placed, host, row)];
  });
  return { changes: marks.flatMap(({ changes }) => changes), waits: marks.some(({ waits }) => waits) };
}
