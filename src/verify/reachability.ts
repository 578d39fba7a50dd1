/**
 * Which VM can send to which, as the tables have it: for each pair of ports of a network, whether an echo request that
 * the first sends arrives at the second. Found by following packets, not from the topology, so that it tells what the
 * switches do.
 */
import { ipv4, ipv6 } from 'ts-openflow';
import type { Network, Port, Topology } from '../topology/index.js';
import { emptyPacket } from './interpret.js';
import { type HostView, hostView } from './judge.js';
import type { HostDump } from './model.js';
import { isOtherBridge } from './other-bridges.js';
import { kakuriSpec } from './spec.js';
import { tracePacket } from './trace.js';
import { writeField } from './words.js';

export interface Pair {
  /** Paths of ports. */
  readonly from: string;
  readonly to: string;
}

const macValue = (text: string): bigint => BigInt(`0x${text.replaceAll(':', '')}`);

/** An echo request of the family that both have, else a frame of no known kind. */
function probe(from: Port, to: Port): Int32Array {
  const words = emptyPacket();
  const put = (values: Readonly<Record<string, number | bigint>>): void => {
    for (const [field, value] of Object.entries(values)) writeField(words, field, value);
  };
  put({ eth_src: macValue(from.mac), eth_dst: macValue(to.mac) });
  const own = from.ips.find((ip) => to.ips.some((other) => other.includes(':') === ip.includes(':')));
  const ip = to.ips.find((other) => own?.includes(':') === other.includes(':'));
  if (own === undefined || ip === undefined) return words;
  if (ip.includes(':'))
    put({ eth_type: 0x86dd, ipv6_src: ipv6(own), ipv6_dst: ipv6(ip), nw_ttl: 64, ip_proto: 58, icmpv6_type: 128 });
  else put({ eth_type: 0x0800, ip_src: ipv4(own), ip_dst: ipv4(ip), nw_ttl: 64, ip_proto: 1, icmp_type: 8 });
  return words;
}

/** The hosts' tables, ready to be asked who reaches whom. */
export class Reachability {
  readonly #networks: ReadonlyMap<string, Network>;
  readonly #views: ReadonlyMap<string, HostView>;
  /** By iface-id, where the port is plugged in. */
  readonly #places = new Map<string, { readonly host: string; readonly ofport: number }>();

  constructor(topology: Topology, all: readonly HostDump[]) {
    const dumps = all.filter((dump) => !isOtherBridge(dump));
    const spec = kakuriSpec(topology, dumps);
    this.#networks = new Map(topology.networks.map((network) => [network.path, network]));
    this.#views = new Map(dumps.map((dump) => [dump.host, hostView(dump, spec)]));
    for (const { host, ports } of dumps)
      for (const { ifaceId, ofport } of ports.values())
        if (ifaceId !== undefined) this.#places.set(ifaceId, { host, ofport });
  }

  /** How many pairs there are to be asked of in a network. */
  size(network: string): number {
    const ports = this.#plugged(network).length;
    return ports * (ports - 1);
  }

  #plugged(network: string): readonly Port[] {
    return (this.#networks.get(network)?.ports ?? []).filter(({ ifaceId }) => this.#places.has(ifaceId));
  }

  #reaches(from: Port, to: Port): boolean {
    const at = this.#places.get(from.ifaceId);
    if (at === undefined) return false;
    const { ends } = tracePacket(this.#views, at.host, at.ofport, probe(from, to));
    return ends.some(({ kind, at: end }) => kind === 'delivered' && end === to.path);
  }

  /** The pairs of a network of which the first reaches the second, as `FROM TO`. */
  within(network: string): ReadonlySet<string> {
    const ports = this.#plugged(network);
    const pairs = ports.flatMap((from) =>
      ports.filter((to) => to !== from && this.#reaches(from, to)).map((to) => `${from.path} ${to.path}`),
    );
    return new Set(pairs);
  }
}

/** A pair as a value. */
export function pairOf(text: string): Pair {
  const [from = '', to = ''] = text.split(' ');
  return { from, to };
}
