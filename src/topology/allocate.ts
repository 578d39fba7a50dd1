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
  const keys = chosenKeys(draft, memory, rested);
  const released = releasedKeys(memory, keys, now + quarantineMs);
  const problems = draft.networks.flatMap((network) => {
    const message = refusal(network, keys, released, resting, quarantineMs);
    return message === undefined ? [] : [{ file: draft.file, ...network.keyAt, ...message }];
  });
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
      quarantine: [...rested.filter((entry) => !same(keys.get(entry.path), entry) && !isOver(entry)), ...released],
    },
    problems,
  };
}

type Keys = ReadonlyMap<string, HeldKey>;

/** The key of every network in the draft's order, without those for which none is left. */
function chosenKeys(draft: TopologyDraft, memory: KeyMemory, resting: readonly RestingKey[]): Keys {
  const taken = new KeySpace();
  const keys = new Map<string, HeldKey>();
  const take = (path: string, held: HeldKey) => {
    taken.add(held.encapsulation, held.key, path);
    keys.set(path, held);
  };
  for (const { path, key, encapsulation, vlan } of draft.networks) {
    if (vlan !== undefined) take(vlanOf(path), { key: vlan.id, encapsulation: 'vlan' });
    if (key !== undefined) take(path, { key, encapsulation });
  }
  const remembered = new Map([...resting.map((entry) => [entry.path, entry.key] as const), ...heldKeys(memory)]);
  for (const { path, encapsulation } of draft.networks) {
    const key = remembered.get(path);
    const usable = key !== undefined && key <= largestKey(encapsulation) && !taken.owner(encapsulation, key);
    if (usable && !keys.has(path)) take(path, { key, encapsulation });
  }
  for (const { key, encapsulation, path } of resting) taken.add(encapsulation, key, path);
  for (const [path, { key, encapsulation }] of Object.entries(memory.keys)) taken.add(encapsulation, key, path);
  const next = new Map<Encapsulation, number>();
  for (const { path, encapsulation } of draft.networks) {
    if (keys.has(path)) continue;
    const key = lowestFree(taken, encapsulation, next.get(encapsulation) ?? 1);
    if (key === undefined) continue;
    next.set(encapsulation, key + 1);
    take(path, { key, encapsulation });
  }
  return keys;
}

/** By what name the id of a network's VLAN half is remembered, and whose a name is. */
const vlanOf = (path: string): string => `${path} vlan`;
const networkNamed = (name: string): string => name.split(' ')[0] as string;

const heldKeys = (memory: KeyMemory) => Object.entries(memory.keys).map(([path, { key }]) => [path, key] as const);

function lowestFree(taken: KeySpace, encapsulation: Encapsulation, from: number): number | undefined {
  const most = Math.min(LARGEST_ALLOCATED, largestKey(encapsulation));
  for (let key = from; key <= most; key++) if (!taken.owner(encapsulation, key)) return key;
  return undefined;
}

const same = (a: HeldKey | undefined, b: HeldKey) => a?.key === b.key && a.encapsulation === b.encapsulation;

/** The keys of the memory that their networks have no more. */
function releasedKeys(memory: KeyMemory, keys: Keys, until: number): RestingKey[] {
  return Object.entries(memory.keys).flatMap(([path, held]) =>
    same(keys.get(path), held) ? [] : [{ ...held, path, until }],
  );
}

/** Why a network cannot have its key, or has none. */
function refusal(
  { path, key, encapsulation }: NetworkDraft,
  keys: Keys,
  released: readonly RestingKey[],
  resting: readonly RestingKey[],
  quarantineMs: number,
): Pick<Problem, 'code' | 'message'> | undefined {
  const held = keys.get(path);
  if (held === undefined) {
    const why =
      encapsulation === 'vlan'
        ? `no VLAN id is left for ${path}: VLAN has ${largestKey('vlan')}; take another encapsulation for it`
        : `no tunnel key is left for ${path}: give it one`;
    return { code: 'keys-exhausted', message: why };
  }
  const id = keys.get(vlanOf(path));
  return (
    (key === undefined ? undefined : restingRefusal(path, held, released, resting, quarantineMs)) ??
    (id === undefined ? undefined : restingRefusal(path, id, released, resting, quarantineMs))
  );
}

/** Why a given key cannot be had yet. */
function restingRefusal(
  path: string,
  held: HeldKey,
  released: readonly RestingKey[],
  resting: readonly RestingKey[],
  quarantineMs: number,
): Pick<Problem, 'code' | 'message'> | undefined {
  const { key } = held;
  const other = released.find((entry) => networkNamed(entry.path) !== path && collide(entry, held));
  if (other) {
    // A machine that tried another file first has a memory of other hosts, which would refuse this one for ever.
    const advice = 'choose another, leave it out, or name another --state if these are other hosts';
    const rest = `has left the file, or has another key, for ${Math.ceil(quarantineMs / 60_000)} min`;
    const message = `tunnel key ${key} is kept for network ${networkNamed(other.path)} until that ${rest}: ${advice}`;
    return { code: 'key-in-quarantine', message };
  }
  const former = resting.find((entry) => networkNamed(entry.path) !== path && collide(entry, held));
  if (!former) return undefined;
  const until = new Date(former.until).toISOString();
  const message = `tunnel key ${key} was that of network ${networkNamed(former.path)} and rests until ${until}: choose another, or leave it out`;
  return { code: 'key-in-quarantine', message };
}

/** Whether two keys are one number, or meet on the wire (see KeySpace). */
function collide(a: HeldKey, b: HeldKey): boolean {
  if (networkNumber(a) === networkNumber(b)) return true;
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
