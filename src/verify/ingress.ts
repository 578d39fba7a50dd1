/** Every place where a packet may come into a host: ports, tunnels, and the controller. */
import { OFPP } from 'ts-openflow';
import { type HostView, portName, type Source } from './judge.js';
import { IN_PORT, TCI, TUN_ID, TUN_SRC, TUN6_SRC } from './layout.js';
import { TRACKED } from './words.js';

/** A place where packets come in. */
export interface Ingress {
  readonly name: string;
  readonly table: number;
  /** Of a port; undefined for what the controller sends in. */
  readonly ofport?: number;
  /** `raw`: by a tunnel, whose it is depends on key and address. */
  readonly source: Source | { readonly kind: 'raw'; readonly ofport: number };
  /** Of a tunnel whose known senders have ingresses of their own: what is nobody's. */
  readonly rest?: true;
  /** Words whose bits are known, as pairs of word and value. */
  readonly words: readonly (readonly [number, number])[];
}

const ZERO_WORDS: readonly number[] = Array.from({ length: TRACKED }, (_, word) => word).filter((word) => word !== TCI);

/** Every place where packets come into a host. */
export function ingressesOf(view: HostView): readonly Ingress[] {
  const zero = (...given: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] => {
    const words = new Map<number, number>(ZERO_WORDS.map((word) => [word, 0]));
    for (const [word, value] of given) words.set(word, value);
    return [...words];
  };
  const list: Ingress[] = [];
  for (const port of view.dump.ports.values()) {
    const { ofport } = port;
    const name = portName(view, ofport);
    const owner = view.owners.get(ofport);
    const words = zero([IN_PORT, ofport | 0]);
    const end = view.ends.get(ofport);
    if (end?.trunk) list.push({ name, table: 0, ofport, source: { kind: 'raw', ofport }, words });
    else if (end !== undefined) list.push(...sendersOf(view, tunnelIngress(view, ofport, name, words), ofport));
    else if (owner !== undefined) list.push({ name, table: 0, ofport, source: { kind: 'vm', owner }, words });
    else list.push({ name, table: 0, ofport, source: { kind: 'nobody' }, words });
  }
  const fromController = zero([IN_PORT, OFPP.CONTROLLER | 0]);
  list.push({ name: 'the controller', table: 0, source: { kind: 'nobody' }, words: fromController });
  for (const entry of view.spec.entries.get(view.dump.host) ?? [])
    list.push({
      name: `the controller for ${entry.name}`,
      table: entry.table,
      source: { kind: 'vm', owner: entry.owner },
      words: zero([IN_PORT, OFPP.CONTROLLER | 0], ...entry.words),
    });
  return list;
}

/** Above this many known senders of a tunnel they are followed together. */
const MOST_SENDERS = 200;

/**
 * Other controllers' tables copy the key into a register and steer by that. The linear pass then follows each known
 * sender apart, for it does not know of one register that it stands for another.
 */
function sendersOf(view: HostView, all: Ingress, ofport: number): readonly Ingress[] {
  const end = view.ends.get(ofport);
  if (view.spec.kind !== 'foreign' || end === undefined) return [all];
  const open = new Map(all.words);
  const known: Ingress[] = [];
  for (const { value, mask, owner } of end.wires.rules)
    for (const host of view.spec.vteps.hosts) {
      const from = view.spec.vteps.address(host);
      if (from === undefined || host === view.dump.host || (mask & end.keyMask) !== end.keyMask) continue;
      const address = [...sourceWords(from)];
      if (address.some(([word, is]) => (open.get(word) ?? is) !== is)) continue;
      const words = new Map([...open, ...address, [TUN_ID, value & end.keyMask], [TUN_ID + 1, 0]]);
      known.push({ ...all, source: { kind: 'tunnel', owner }, words: [...words] });
    }
  return known.length === 0 || known.length > MOST_SENDERS ? [all] : [...known, { ...all, rest: true }];
}

/** The words of a tunnel's source address; those of the other family are zero. */
const sourceWords = (from: readonly number[]): ReadonlyMap<number, number> =>
  new Map<number, number>([
    [TUN_SRC, from.length === 1 ? (from[0] as number) : 0],
    ...[0, 1, 2, 3].map((i) => [TUN6_SRC + i, from.length === 1 ? 0 : (from[i] as number)] as const),
  ]);

/** Key and address of a tunnel packet are its sender's word, and so is the tag of any packet; a port with one peer takes packets of that peer only. */
function tunnelIngress(
  view: HostView,
  ofport: number,
  name: string,
  zero: readonly (readonly [number, number])[],
): Ingress {
  const remote = view.ends.get(ofport)?.remote;
  const open = new Set<number>([TUN_ID, TUN_SRC, TUN_SRC + 1, TUN6_SRC, TUN6_SRC + 1, TUN6_SRC + 2, TUN6_SRC + 3]);
  for (let i = 0; i < 4; i++) open.add(TUN6_SRC + 4 + i);
  const fixed = new Map(zero.filter(([word]) => !open.has(word)));
  if (remote !== undefined) for (const [word, is] of sourceWords(remote)) fixed.set(word, is);
  return { name, table: 0, ofport, source: { kind: 'raw', ofport }, words: [...fixed] };
}
