/**
 * flowsOf that remembers what many hosts share: the flows for a port elsewhere, where they see it by tunnel ports of one
 * number, those of a network's addresses, and the hashes of names. The result is the same, always; only the time is not.
 * What is one host's own is made when it is asked for, and not kept: of what a host needs, only what has become another
 * object is asked for again (parts-between.ts).
 */
import { bucketId, knownAddresses, type ObjectKind, type ObjectValues, ownerCookie } from '../pipeline/index.js';
import type { Network, Port } from '../topology/index.js';
import { flowsOf } from './compile.js';
import { type CookieOf, type Owner, ownerOfObject } from './owners.js';
import type { Part } from './state.js';

/** What answers for the addresses of one port. */
export interface PortAddresses {
  readonly port: Port;
  readonly parts: readonly Part[];
}

export interface FlowsOf {
  /** The flows that one object needs. */
  <K extends ObjectKind>(kind: K, object: ObjectValues[K]): Part;
  /** Those of all addresses of a network, by port; they are the same on every host. */
  addresses(network: Network): readonly PortAddresses[];
  /** The one string of those that are equal: what is said of a network by every host takes room once. */
  one(text: string): string;
  /** The number of the bucket for a host, in every group. */
  bucketId(host: string): number;
}

type OwnerFor = <K extends ObjectKind>(kind: K, object: ObjectValues[K]) => Owner;

const compiling =
  (ownerFor: OwnerFor) =>
  <K extends ObjectKind>(kind: K, object: ObjectValues[K]): Part =>
    flowsOf(kind, object, ownerFor(kind, object));

const addressesBy =
  (of: ReturnType<typeof compiling>) =>
  (network: Network): readonly PortAddresses[] =>
    network.ports.map((port) => ({
      port,
      parts: knownAddresses(network, port).map((ip) => of('address', { network, port, ip })),
    }));

const plain = compiling((kind, object) => ownerOfObject(kind, object));

/** Compiles every time. */
export const plainFlowsOf: FlowsOf = Object.assign(plain, {
  addresses: addressesBy(plain),
  one: (text: string) => text,
  bucketId,
});

/** More flows than this, and all is forgotten and compiled anew: a bound on memory, not a working size. */
const MOST = 20_000;
const MOST_TEXTS = 1_000_000;
const MOST_HASHES = 50_000;

/** Members that hold objects of the topology. */
const TOPOLOGICAL: ReadonlySet<string> = new Set(['network', 'port']);

/**
 * True when the objects have the same members: those of the topology (networks and ports; one that is read again has new
 * ones) by identity, a tunnel and a wire by theirs.
 */
export function sameObject(a: object | null, b: object | null): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  for (const member in left) {
    const [x, y] = [left[member], right[member]];
    if (x === y) continue;
    if (TOPOLOGICAL.has(member) || typeof x !== 'object' || typeof y !== 'object' || x === null || y === null)
      return false;
    if (!sameObject(x, y)) return false;
  }
  for (const member in right) if (!(member in left)) return false;
  return true;
}

interface Compiled<V> {
  readonly object: object;
  readonly value: V;
}

/** Different hosts see one port by so many tunnel ports before the oldest is forgotten. */
const MOST_VARIANTS = 4;

/** What was made of an object of the topology, and of what else beside it. */
class ByAnchor<V extends readonly unknown[]> {
  readonly #most: number;
  #known = new WeakMap<object, readonly Compiled<V>[]>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(anchor: object, object: object, compile: () => V): V {
    const variants = this.#known.get(anchor) ?? [];
    const found = variants.find((known) => sameObject(known.object, object));
    if (found !== undefined) return found.value;
    if (this.#count >= this.#most) {
      this.#known = new WeakMap();
      this.#count = 0;
    }
    const value = compile();
    this.#count += value.length;
    this.#known.set(anchor, [{ object, value }, ...variants.slice(0, MOST_VARIANTS - 1)]);
    return value;
  }
}

/** A function of a text that remembers what it gave for so many. */
function remembered<V>(of: (text: string) => V, most: number): (text: string) => V {
  const known = new Map<string, V>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= most) known.clear();
    const value = of(text);
    known.set(text, value);
    return value;
  };
}

/** A function of an object, made once for each. */
function onceFor<A extends object, V>(): (anchor: A, make: () => V) => V {
  const known = new WeakMap<A, V>();
  return (anchor, make) => {
    const found = known.get(anchor);
    if (found !== undefined) return found;
    const value = make();
    known.set(anchor, value);
    return value;
  };
}

/** The owner of what an object needs, made once for each port, network, and other host of a network. */
function rememberingOwners(cookieOf: CookieOf): OwnerFor {
  const ofPort = { port: onceFor<Port, Owner>(), remote: onceFor<Port, Owner>(), sender: onceFor<Port, Owner>() };
  const ofNetwork = onceFor<Network, Owner>();
  const ofPeers = onceFor<Network, Map<string, Owner>>();
  return <K extends ObjectKind>(kind: K, object: ObjectValues[K]): Owner => {
    const make = (): Owner => ownerOfObject(kind, object, cookieOf);
    switch (kind) {
      case 'port':
      case 'remote':
      case 'sender':
        return ofPort[kind as keyof typeof ofPort]((object as ObjectValues['remote']).port, make);
      case 'network':
        return ofNetwork((object as ObjectValues['network']).network, make);
      case 'peer': {
        const { network, host } = object as ObjectValues['peer'];
        const peers = ofPeers(network, () => new Map());
        const owner = peers.get(host) ?? make();
        peers.set(host, owner);
        return owner;
      }
      default:
        return make();
    }
  };
}

/** A FlowsOf of one's own, with its memory. */
export function rememberingFlowsOf(most = MOST): FlowsOf {
  const compile = compiling(rememberingOwners(remembered(ownerCookie, MOST_HASHES)));
  const anchored = new ByAnchor<Part>(most);
  const lists = new ByAnchor<readonly PortAddresses[]>(most);
  const anew = addressesBy(compile);
  const remembering = <K extends ObjectKind>(kind: K, object: ObjectValues[K]): Part => {
    if (kind !== 'remote') return compile(kind, object);
    const remote = object as ObjectValues['remote'];
    return anchored.get(remote.port, remote, () => compile(kind, object));
  };
  return Object.assign(remembering, {
    addresses: (network: Network) => lists.get(network, network, () => anew(network)),
    one: remembered((text) => text, MOST_TEXTS),
    bucketId: remembered(bucketId, MOST_HASHES),
  });
}
