/** Whose everything is and what is a leak, straight from the topology: the goals of the proof asked of one packet. */
import { OFPP } from 'ts-openflow';
import type { Topology } from '../../src/topology/index.js';
import { wireKey } from '../../src/topology/index.js';
import type { DumpPort } from '../../src/verify/index.js';
import { get, type OracleHost, type Packet, type Sent } from './oracle.js';

/** Whose everything is, straight from the topology. */
export class OracleRules {
  readonly #networkOf = new Map<string, string>();
  readonly #hosts = new Map<string, Set<string>>();

  constructor(
    readonly topology: Topology,
    hosts: readonly OracleHost[],
  ) {
    for (const network of topology.networks)
      for (const port of network.ports) this.#networkOf.set(port.ifaceId, network.path);
    for (const host of hosts)
      for (const port of host.ports) {
        const network = this.#networkOf.get(port.ifaceId ?? '');
        if (network !== undefined) this.#hosts.set(network, (this.#hosts.get(network) ?? new Set()).add(host.name));
      }
  }

  network(port: DumpPort | undefined): string | undefined {
    return this.#networkOf.get(port?.ifaceId ?? '');
  }

  /** The network whose key this is on that type of tunnel. */
  byKey(type: string, key: bigint): string | undefined {
    return this.topology.networks.find((network) => {
      const { value, mask } = wireKey(network);
      const own = network.encapsulation === 'nvgre' ? 'gre' : network.encapsulation;
      return own === type && (key & BigInt(mask ?? 0xffffffff)) === BigInt(value);
    })?.path;
  }

  /** The host with this tunnel address: IPv4 as a number, IPv6 too. */
  byAddress(v4: bigint, v6: bigint): string | undefined {
    return this.topology.hosts.find(({ vtep }) => addressOf(vtep) === (v4 === 0n ? v6 : v4))?.name;
  }

  has(host: string | undefined, network: string): boolean {
    return host !== undefined && this.#hosts.get(network)?.has(host) === true;
  }

  /** Whose a packet is that comes in there; undefined: nobody's. */
  source(
    port: DumpPort | undefined,
    packet: Packet,
  ): { readonly network: string | undefined; readonly tunnel: boolean } {
    if (port === undefined || port.options.remote_ip === undefined)
      return { network: this.network(port), tunnel: false };
    const network = this.byKey(port.type, packet.tun_id ?? 0n);
    const from = this.byAddress(packet.tun_src ?? 0n, packet.tun_ipv6_src ?? 0n);
    return { network: network !== undefined && this.has(from, network) ? network : undefined, tunnel: true };
  }

  /** Why an output is a leak; undefined: it is none. */
  leak(host: OracleHost, source: { network: string | undefined; tunnel: boolean }, sent: Sent): string | undefined {
    if (sent.port === OFPP.CONTROLLER) return undefined;
    if (sent.port >= OFPP.IN_PORT && sent.port !== OFPP.LOCAL) return `output to reserved port ${sent.port}`;
    const port = host.ports.find((p) => p.ofport === sent.port);
    if (port === undefined) return undefined;
    if (port.options.remote_ip === undefined) {
      const to = this.network(port);
      return to !== undefined && to === source.network ? undefined : `${source.network} reaches ${port.name} of ${to}`;
    }
    if (source.tunnel || source.network === undefined) return `goes out by tunnel ${port.name}`;
    const width = port.type === 'gre' ? 0xffffffffn : 0xffffffn;
    if (this.byKey(port.type, get(sent.packet, 'tun_id') & width) !== source.network)
      return `wrong key on ${port.name}`;
    const remote = port.options.remote_ip;
    const [v4, v6] =
      remote === 'flow'
        ? [get(sent.packet, 'tun_dst'), get(sent.packet, 'tun_ipv6_dst')]
        : [addressOf(remote), addressOf(remote)];
    return this.has(this.byAddress(v4, v6), source.network) ? undefined : `wrong host by ${port.name}`;
  }
}

/** An address as a number. */
export function addressOf(text: string): bigint {
  if (!text.includes(':')) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail = ''] = text.split('::');
  const parts = (s: string): string[] => (s === '' ? [] : s.split(':'));
  const zeros = new Array<string>(8 - parts(head).length - parts(tail).length).fill('0');
  return [...parts(head), ...zeros, ...parts(tail)].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}
