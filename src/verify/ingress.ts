/** Every place where a packet may come into a host: ports, tunnels, and the controller. */
import { OFPP } from 'ts-openflow';
import { type HostView, portName, type Source } from './judge.js';
import { IN_PORT, TUN_ID, TUN_SRC, TUN6_SRC } from './layout.js';
import { isTunnel } from './model.js';
import { TRACKED } from './words.js';

/** A place where packets come in. */
export interface Ingress {
  readonly name: string;
  readonly table: number;
  /** Of a port; undefined for what the controller sends in. */
  readonly ofport?: number;
  /** `raw`: by a tunnel, whose it is depends on key and address. */
  readonly source: Source | { readonly kind: 'raw'; readonly ofport: number };
  /** Words whose bits are known, as pairs of word and value. */
  readonly words: readonly (readonly [number, number])[];
}

const ZERO_WORDS: readonly number[] = Array.from({ length: TRACKED }, (_, word) => word);

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
    if (isTunnel(port)) list.push(tunnelIngress(view, ofport, name, words));
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

/** Key and address of a tunnel packet are its sender's word; a port with one peer takes packets of that peer only. */
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
  if (remote?.length === 1) {
    fixed.set(TUN_SRC, remote[0] as number);
    for (let i = 0; i < 4; i++) fixed.set(TUN6_SRC + i, 0);
  } else if (remote !== undefined) {
    fixed.set(TUN_SRC, 0);
    for (const [i, word] of remote.entries()) fixed.set(TUN6_SRC + i, word);
  }
  return { name, table: 0, ofport, source: { kind: 'raw', ofport }, words: [...fixed] };
}
