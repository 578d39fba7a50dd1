/**
 * flowsOf that remembers: what one object needs is compiled once and given again as long as nothing it was made of changed.
 * The result is the same, always; only the time is not. Of the values an object is made of, networks and ports of the
 * topology count by identity (a topology that is read again has new ones), everything else by value.
 */
import { knownAddresses, type ObjectKind, type ObjectValues } from '../pipeline/index.js';
import type { Network } from '../topology/index.js';
import { flowsOf } from './compile.js';
import { addressOwner, type Owner } from './owners.js';
import type { Part } from './state.js';

export interface FlowsOf {
  /** `owner` is asked for only when there is something to compile; it follows from the object. */
  <K extends ObjectKind>(kind: K, object: ObjectValues[K], owner: () => Owner): Part;
  /** Those of all addresses of a network, which are the same on every host. */
  addresses(network: Network): readonly Part[];
  /** The one string of those that are equal: what is said of a network by every host takes room once. */
  one(text: string): string;
}

const addressesBy =
  (of: <K extends ObjectKind>(kind: K, object: ObjectValues[K], owner: () => Owner) => Part) =>
  (network: Network): readonly Part[] =>
    network.ports.flatMap((port) =>
      knownAddresses(network, port).map((ip) =>
        of('address', { network, port, ip }, () => addressOwner(network, port, ip)),
      ),
    );

const plain = <K extends ObjectKind>(kind: K, object: ObjectValues[K], owner: () => Owner): Part =>
  flowsOf(kind, object, owner());

/** Compiles every time. */
export const plainFlowsOf: FlowsOf = Object.assign(plain, {
  addresses: addressesBy(plain),
  one: (text: string) => text,
});

/** More flows than this, and all is forgotten and compiled anew: a bound on memory, not a working size. */
const MOST = 20_000;
const MOST_TEXTS = 1_000_000;

/** True when the objects have the same members: those of the topology by identity, a tunnel and a wire by theirs. */
function sameObject(a: object, b: object): boolean {
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

/** The same for what there is most of, the ports and hosts elsewhere: looked up by the object of the topology. */
class ByAnchor<V extends readonly unknown[]> {
  readonly #most: number;
  #known = new WeakMap<object, readonly Compiled<V>[]>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(anchor: object, object: object, compile: () => V): V {
    const variants = this.#known.get(anchor) ?? [];
    const found = variants.find((known) => known.object === object || sameObject(known.object, object));
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

/** Members that hold objects of the topology. */
const TOPOLOGICAL: ReadonlySet<string> = new Set(['network', 'port']);

/** A FlowsOf of one's own, with its memory. */
export function rememberingFlowsOf(most = MOST): FlowsOf {
  const numbers = new WeakMap<object, number>();
  const known = new Map<string, Part>();
  const texts = new Map<string, string>();
  const anchored = new ByAnchor<Part>(most);
  let next = 1;
  /** Flows in `known`. */
  let size = 0;

  const numberOf = (object: object): number => {
    const number = numbers.get(object) ?? next++;
    numbers.set(object, number);
    return number;
  };
  /** Unambiguous: a string has its length before it, everything else has its brackets or is a number. */
  const spell = (value: unknown): string => {
    if (typeof value === 'string') return `${value.length}"${value}`;
    if (typeof value !== 'object' || value === null) return String(value);
    if (Array.isArray(value)) return `[${value.map(spell).join()}]`;
    let text = '{';
    for (const member in value) {
      const v = (value as Readonly<Record<string, unknown>>)[member];
      text += `${member}:${TOPOLOGICAL.has(member) && typeof v === 'object' && v !== null ? numberOf(v) : spell(v)},`;
    }
    return `${text}}`;
  };

  const remembering = <K extends ObjectKind>(kind: K, object: ObjectValues[K], owner: () => Owner): Part => {
    if (kind === 'remote') {
      const remote = object as ObjectValues['remote'];
      return anchored.get(remote.port, remote, () => flowsOf(kind, object, owner()));
    }
    const key = kind + spell(object);
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    if (size >= most) {
      known.clear();
      size = 0;
    }
    const flows = flowsOf(kind, object, owner());
    size += flows.length;
    known.set(key, flows);
    return flows;
  };
  const anew = addressesBy(plain);
  const lists = new ByAnchor<readonly Part[]>(most);
  const addressesOf = (network: Network): readonly Part[] => lists.get(network, network, () => anew(network));
  const one = (text: string): string => {
    const same = texts.get(text);
    if (same !== undefined) return same;
    if (texts.size >= MOST_TEXTS) texts.clear();
    texts.set(text, text);
    return text;
  };
  return Object.assign(remembering, { addresses: addressesOf, one });
}
