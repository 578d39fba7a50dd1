/**
 * Tunnel keys for the networks of a draft: given ones as they are, the others remembered or new. Pure: the same draft,
 * memory and time give the same keys, and a draft allocated again with the memory it left gives the same topology.
 *
 * A key that a network gives up (it left the file, or has another key or encapsulation now) rests in quarantine; only
 * that network gets it meanwhile. A *given* key that belongs to another network by memory, resting or not, is refused:
 * hosts may still hold flows that know it as the other's. While a host is away that may, no key gets free at all.
 */
import { KeySpace, largestKey, networkNumber } from './encapsulation.js';
import { EMPTY_MEMORY, type HeldKey, type KeyMemory, type RestingKey } from './key-memory.js';
import type { Encapsulation, Network, NetworkDraft, Problem, Topology, TopologyDraft } from './model.js';
import { commonZones, meet, type ZoneList, Zones } from './zones.js';

/** How long a key rests. */
export const QUARANTINE_MS = 60 * 60 * 1000;

/** Allocated keys fit every tunnel. */
const LARGEST_ALLOCATED = largestKey('vxlan');

export interface AllocateOptions {
  /** Default: QUARANTINE_MS. */
  readonly quarantineMs?: number;
  /**
   * What is known of the hosts: all of them hold what followed from the memory (`right`, the default); some do not, and may
   * still send with keys that rest (`away`): none gets free, however long it has rested, and what should have got free
   * rests as long again; or nothing (`unknown`, as where a controller starts): a key that has rested is given only where
   * the file says so, and it is remembered that it has rested.
   */
  readonly hosts?: 'right' | 'away' | 'unknown';
}

export interface Allocation {
  /** Undefined if there are problems: nothing of the file is to be applied. */
  readonly topology: Topology | undefined;
  /** To be saved before the topology is applied; with problems, the memory as it was. */
  readonly memory: KeyMemory;
  readonly problems: readonly Problem[];
}

/** `now` in milliseconds since 1970. */
export function allocateKeys(
  draft: TopologyDraft,
  memory: KeyMemory = EMPTY_MEMORY,
  now: number = 0,
  options: AllocateOptions = {},
): Allocation {
  const { quarantineMs = QUARANTINE_MS, hosts = 'right' } = options;
  const known = hosts === 'right' ? memory.quarantine.filter((entry) => entry.until > now) : memory.quarantine;
  const until = (entry: RestingKey): number => {
    if (entry.until <= now) return hosts === 'away' ? now + quarantineMs : entry.until;
    // A clock that was wrong once must not keep a key for years.
    return Math.min(entry.until, now + quarantineMs);
  };
  const rested = known.map((entry) => ({ ...entry, until: until(entry) }));
  const resting = rested.filter((entry) => entry.until > now);
  const zones = new Zones(draft.hosts);
  const keys = chosenKeys(draft, zones, memory, rested);
  const released = releasedKeys(memory, keys, zones.all, now + quarantineMs);
  const told = (refused: (network: NetworkDraft) => Refusal | undefined): readonly Problem[] =>
    draft.networks.flatMap((network) => {
      const message = refused(network);
      return message === undefined ? [] : [{ file: draft.file, ...network.keyAt, ...message }];
    });
  const collisions = told((network) => moved(network, keys, memory));
  // What rests after a collision would rest because of it.
  const problems =
    collisions.length > 0 ? collisions : told((network) => refusal(network, keys, released, resting, quarantineMs));
  if (problems.length > 0) return { topology: undefined, memory, problems };
  const networks = draft.networks.map((network) => networkOf(network, keys));
  const taken = [...keys.values()];
  const isOver = (entry: RestingKey): boolean => entry.until <= now && taken.some((held) => collide(entry, held));
  const { underlay } = draft;
  return {
    topology: { underlay, hosts: draft.hosts, networks },
    memory: {
      version: 1,
      keys: Object.fromEntries(keys),
      quarantine: [...rested.flatMap((entry) => (isOver(entry) ? [] : given(entry, keys, zones.all))), ...released],
    },
    problems,
  };
}

type Keys = ReadonlyMap<string, HeldKey>;

/** The key of every network in the draft's order, without those for which none is left. */
function chosenKeys(draft: TopologyDraft, zones: Zones, memory: KeyMemory, resting: readonly RestingKey[]): Keys {
  const taken = new KeySpace();
  const keys = new Map<string, HeldKey>();
  const take = (path: string, held: HeldKey) => {
    taken.add(held.encapsulation, held.key, path, held.zones);
    keys.set(path, held.zones === undefined ? { key: held.key, encapsulation: held.encapsulation } : held);
  };
  const placed = new Map(draft.networks.map((network) => [network.path, zones.ofKey(network)]));
  for (const { path, key, encapsulation, vlan } of draft.networks) {
    if (vlan !== undefined) take(vlanOf(path), { key: vlan.id, encapsulation: 'vlan', zones: zones.ofHalf(vlan) });
    if (key !== undefined) take(path, { key, encapsulation, zones: placed.get(path) });
  }
  const remembered = new Map([...resting.map((entry) => [entry.path, entry.key] as const), ...heldKeys(memory)]);
  for (const { path, encapsulation } of draft.networks) {
    const key = remembered.get(path);
    const here = placed.get(path);
    const usable = key !== undefined && key <= largestKey(encapsulation) && !taken.owner(encapsulation, key, here);
    if (usable && !keys.has(path)) take(path, { key, encapsulation, zones: here });
  }
  for (const { key, encapsulation, path, zones } of resting) taken.add(encapsulation, key, path, zones);
  for (const [path, { key, encapsulation, zones }] of Object.entries(memory.keys))
    taken.add(encapsulation, key, path, zones);
  const next = new Map<string, number>();
  for (const { path, encapsulation } of draft.networks) {
    if (keys.has(path)) continue;
    const here = placed.get(path);
    const space = `${encapsulation} ${here?.join(' ') ?? ''}`;
    const key = lowestFree(taken, encapsulation, here, next.get(space) ?? 1);
    if (key === undefined) continue;
    next.set(space, key + 1);
    take(path, { key, encapsulation, zones: here });
  }
  return keys;
}

/** By what name the id of a network's VLAN half is remembered, and whose a name is. */
const vlanOf = (path: string): string => `${path} vlan`;
const networkNamed = (name: string): string => name.split(' ')[0] as string;

const heldKeys = (memory: KeyMemory) => Object.entries(memory.keys).map(([path, { key }]) => [path, key] as const);

function lowestFree(taken: KeySpace, encapsulation: Encapsulation, zones: ZoneList, from: number): number | undefined {
  const most = Math.min(LARGEST_ALLOCATED, largestKey(encapsulation));
  for (let key = from; key <= most; key++) if (!taken.owner(encapsulation, key, zones)) return key;
  return undefined;
}

const same = (a: HeldKey | undefined, b: HeldKey) => a?.key === b.key && a.encapsulation === b.encapsulation;

/** What of a key its network has no more: all of it, that of some zones (of `all`), or nothing. */
function given<T extends HeldKey & { readonly path: string }>(was: T, keys: Keys, all: ZoneList): T[] {
  const is = keys.get(was.path);
  if (!same(is, was)) return [was];
  if (is?.zones === undefined) return [];
  const left = (was.zones ?? all ?? []).filter((zone) => !is.zones?.includes(zone));
  return left.length === 0 ? [] : [{ ...was, zones: left }];
}

/** The keys of the memory that their networks have no more. */
const releasedKeys = (memory: KeyMemory, keys: Keys, all: ZoneList, until: number): RestingKey[] =>
  Object.entries(memory.keys).flatMap(([path, held]) => given({ ...held, path, until }, keys, all));

type Refusal = Pick<Problem, 'code' | 'message'>;

/** Why a network cannot have its key, or has none. */
function refusal(
  { path, key, encapsulation }: NetworkDraft,
  keys: Keys,
  released: readonly RestingKey[],
  resting: readonly RestingKey[],
  quarantineMs: number,
): Refusal | undefined {
  const held = keys.get(path);
  if (held === undefined) {
    const why =
      encapsulation === 'vlan'
        ? `no VLAN id is left for ${path}: VLAN has ${largestKey('vlan')}; take another encapsulation for it`
        : `no tunnel key is left for ${path}: give it one`;
    return { code: 'keys-exhausted', message: why };
  }
  const id = keys.get(vlanOf(path));
  // A VLAN that keeps its id may come into zones where that was another's.
  const asked = key !== undefined || encapsulation === 'vlan';
  return (
    (asked ? restingRefusal(path, held, released, resting, quarantineMs) : undefined) ??
    (id === undefined ? undefined : restingRefusal(path, id, released, resting, quarantineMs))
  );
}

/** Why a VLAN cannot keep the id it was allocated: it is another's in a zone where its ports may run now. */
function moved({ path, key, encapsulation }: NetworkDraft, keys: Keys, memory: KeyMemory): Refusal | undefined {
  const was = memory.keys[path];
  const is = keys.get(path);
  if (key !== undefined || was?.encapsulation !== 'vlan' || encapsulation !== 'vlan' || is === undefined)
    return undefined;
  if (same(is, was)) return undefined;
  const wish = { ...was, zones: is.zones };
  const other = [...keys].find(([name, held]) => networkNamed(name) !== path && collide(held, wish));
  if (other === undefined) return undefined;
  const both = commonZones(other[1].zones, is.zones);
  const message = `VLAN id ${was.key} of ${path} is that of network ${networkNamed(other[0])}${inZones(both)}, where ports of both may run: give one of them another (key: ${is.key} is free), or keep their ports apart (hosts)`;
  return { code: 'vlan-collision', message };
}

const inZones = (zones: ZoneList): string => (zones === undefined ? '' : ` in zone ${zones.join(', ')}`);

/** Why a given key cannot be had yet. */
function restingRefusal(
  path: string,
  held: HeldKey,
  released: readonly RestingKey[],
  resting: readonly RestingKey[],
  quarantineMs: number,
): Refusal | undefined {
  const { key } = held;
  const other = released.find((entry) => networkNamed(entry.path) !== path && collide(entry, held));
  if (other) {
    // A machine that tried another file first has a memory of other hosts, which would refuse this one for ever.
    const advice = 'choose another, leave it out, or name another --state if these are other hosts';
    const rest = `has left the file, or has another key, for ${Math.ceil(quarantineMs / 60_000)} min`;
    const where = inZones(commonZones(other.zones, held.zones));
    const message = `tunnel key ${key} is kept for network ${networkNamed(other.path)}${where} until that ${rest}: ${advice}`;
    return { code: 'key-in-quarantine', message };
  }
  const former = resting.find((entry) => networkNamed(entry.path) !== path && collide(entry, held));
  if (!former) return undefined;
  const until = new Date(former.until).toISOString();
  const where = inZones(commonZones(former.zones, held.zones));
  const message = `tunnel key ${key} was that of network ${networkNamed(former.path)}${where} and rests until ${until}: choose another, or leave it out`;
  return { code: 'key-in-quarantine', message };
}

/** Whether two keys are one number, or meet on the wire (see KeySpace). */
function collide(a: HeldKey, b: HeldKey): boolean {
  if (networkNumber(a) === networkNumber(b)) return meet(a.zones, b.zones);
  // Only NVGRE has a whole range of GRE keys for one network: two other keys meet where they are the same number.
  if ((a.encapsulation === 'nvgre') === (b.encapsulation === 'nvgre')) return false;
  const vsid = vsidOf(a);
  return vsid !== undefined && vsid === vsidOf(b);
}

function vsidOf({ encapsulation, key }: HeldKey): number | undefined {
  if (encapsulation === 'nvgre') return key;
  return encapsulation === 'gre' || encapsulation === 'ip-tunnel' ? key >>> 8 : undefined;
}

function networkOf(network: NetworkDraft, keys: Keys): Network {
  const { keyAt: _, ...rest } = network;
  const held = keys.get(network.path);
  if (held === undefined) throw new Error(`${network.path} was accepted without a tunnel key`);
  return { ...rest, key: held.key };
}
