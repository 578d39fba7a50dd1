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
export const plainFlowsOf: FlowsOf = Object.assign(plain, { addresses: addressesBy(plain) });

/** More objects than this, and all is forgotten and compiled anew: a bound on memory, not a working size. */
const MOST = 100_000;

/** Members that hold objects of the topology. */
const TOPOLOGICAL: ReadonlySet<string> = new Set(['network', 'port']);

/** A FlowsOf of one's own, with its memory. */
export function rememberingFlowsOf(most = MOST): FlowsOf {
  const numbers = new WeakMap<object, number>();
  const known = new Map<string, Part>();
  const addresses = new WeakMap<Network, readonly Part[]>();
  let next = 1;

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
    const key = kind + spell(object);
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    if (known.size >= most) known.clear();
    const flows = flowsOf(kind, object, owner());
    known.set(key, flows);
    return flows;
  };
  const anew = addressesBy(plain);
  const addressesOf = (network: Network): readonly Part[] => {
    const remembered = addresses.get(network) ?? anew(network);
    addresses.set(network, remembered);
    return remembered;
  };
  return Object.assign(remembering, { addresses: addressesOf });
}
