/** Between hosts: what a packet that leaves one host by a tunnel is when it comes into another. */
import { interpret, type Output } from './interpret.js';
import type { HostView } from './judge.js';
import { IN_PORT, TCI, TUN_ID, TUN_SRC, TUN6_SRC } from './layout.js';
import { isTunnel } from './model.js';
import { kindOf } from './tunnel.js';
import { wordOf } from './words.js';

const TUN_DST = wordOf('tun_dst');
const TUN6_DST = wordOf('tun_ipv6_dst');

/** The words of both MAC addresses. */
const ETHERNET: readonly number[] = ['eth_src', 'eth_dst'].flatMap((field) => [wordOf(field), wordOf(field) + 1]);

/** A packet on its way into another host. */
export interface Arrival {
  readonly view: HostView;
  readonly ofport: number;
  readonly words: Int32Array;
}

const equal = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((word, i) => word === b[i]);

/** Everywhere that an output arrives; on a VLAN at the hosts of the zone that do something with it, or else at all of them. */
export function arrivals(views: ReadonlyMap<string, HostView>, from: HostView, output: Output): readonly Arrival[] {
  if (!from.ends.get(output.port)?.trunk) {
    const one = arrival(views, from, output);
    return one === undefined ? [] : [one];
  }
  const all = [...views.values()].flatMap((view): readonly Arrival[] => {
    const port = [...view.ends.values()].find((end) => end.trunk)?.port;
    if (view === from || port === undefined || zoneOf(view) !== zoneOf(from)) return [];
    const words = output.words.slice();
    words.fill(0, 0, TCI);
    words[IN_PORT] = port.ofport;
    return [{ view, ofport: port.ofport, words }];
  });
  const taken = all.filter(({ view, words }) => interpret(view.dump, words).outputs.length > 0);
  return taken.length > 0 ? taken : all;
}

const zoneOf = ({ spec, dump }: HostView): string | undefined => spec.zones.get(dump.host);

/** Where an output by a tunnel arrives, and as what; undefined where it reaches no host that we have a dump of. */
function arrival(views: ReadonlyMap<string, HostView>, from: HostView, output: Output): Arrival | undefined {
  const end = from.ends.get(output.port);
  const local = from.spec.vteps.address(from.dump.host);
  if (end === undefined || local === undefined) return undefined;
  const { words } = output;
  const v4 = words[TUN_DST] as number;
  const flow = v4 !== 0 ? [v4] : [0, 1, 2, 3].map((i) => words[TUN6_DST + i] as number);
  const view = views.get(from.spec.vteps.host(end.remote ?? flow) ?? '');
  if (view === undefined) return undefined;
  const ports = [...view.dump.ports.values()].filter((port) => isTunnel(port) && kindOf(port) === kindOf(end.port));
  // The most specific port receives (ofproto/tunnel.c): one for this peer before one for all.
  const exact = ports.find((port) => equal(view.ends.get(port.ofport)?.remote ?? [], local));
  const port = exact ?? ports.find((p) => view.ends.get(p.ofport)?.remote === undefined);
  if (port === undefined) return undefined;
  const arrived = words.slice();
  arrived.fill(0, 0, TCI);
  arrived[IN_PORT] = port.ofport;
  arrived[TUN_ID] = (end.outKey ?? (words[TUN_ID] as number)) & end.keyMask;
  if (local.length === 1) arrived[TUN_SRC] = local[0] as number;
  else
    local.forEach((word, i) => {
      arrived[TUN6_SRC + i] = word;
    });
  // Ethernet does not travel where there is none in the tunnel.
  if (port.options.packet_type === 'legacy_l3') for (const word of ETHERNET) arrived[word] = 0;
  return { view, ofport: port.ofport, words: arrived };
}
