/**
 * What must hold in every moment of a simulation, judged from what the switches hold and not from what the controller
 * thinks: no packet of one network reaches another (the proof of verify/, host by host, after every change of a table or
 * a port), and two VMs that reached each other, and that nothing has happened to, still do.
 *
 * Between two rests a change is on its way: a network keeps every key that it had, and every host that had a port of it
 * counts as one of its hosts. What two networks claim is the later one's, and the other's packets there are a leak.
 */
import { ipv4 } from 'ts-openflow';
import type { Network, Port, Topology } from '../../src/topology/index.js';
import {
  type DumpPort,
  emptyPacket,
  type HostDump,
  HostProof,
  type HostView,
  hostDump,
  hostView,
  kakuriSpec,
  reportLeak,
  type Spec,
  tracePacket,
  writeField,
} from '../../src/verify/index.js';
import type { SimulatedHost } from './simulated-host.js';

interface Pair {
  readonly from: Port;
  readonly to: Port;
}

/** What a host's dump was made of. */
interface Known {
  readonly tables: SimulatedHost['tables'];
  readonly ports: SimulatedHost['vswitchd']['ports'];
  readonly dump: HostDump;
  readonly view: HostView;
}

const LOCAL: DumpPort = { ofport: 0xfffffffe, name: 'br-int', type: 'internal', options: {} };

const portsOf = ({ vswitchd }: SimulatedHost): readonly DumpPort[] => [
  LOCAL,
  ...[...vswitchd.ports.values()].map(({ ifaceId, ...port }) => (ifaceId === undefined ? port : { ...port, ifaceId })),
];

function echoRequest({ mac: from, ips: [source = ''] }: Port, { mac: to, ips: [target = ''] }: Port): Int32Array {
  const words = emptyPacket();
  const values = {
    eth_src: BigInt(`0x${from.replaceAll(':', '')}`),
    eth_dst: BigInt(`0x${to.replaceAll(':', '')}`),
    eth_type: 0x0800,
    ip_src: ipv4(source),
    ip_dst: ipv4(target),
    nw_ttl: 64,
    ip_proto: 1,
    icmp_type: 8,
  };
  for (const [field, value] of Object.entries(values)) writeField(words, field, value);
  return words;
}

export class Watch {
  /** Proofs made. */
  proofs = 0;
  /** Times that a pair was followed. */
  followed = 0;
  #topology: Topology;
  /** Networks of before, by path, newest last. */
  #past: Network[] = [];
  readonly #members = new Map<string, Set<string>>();
  /** By iface-id the hosts that had a row of it. */
  readonly #plugged = new Map<string, Set<string>>();
  readonly #known = new Map<string, Known>();
  #hosts: readonly SimulatedHost[] = [];
  #pairs: readonly Pair[] = [];

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** Another topology is in effect from now on. */
  setTopology(topology: Topology): void {
    this.#past.push(...this.#topology.networks);
    this.#topology = topology;
    const spec = this.#spec();
    for (const host of this.#hosts) this.#prove(host, spec);
    for (const pair of this.#pairs) this.#reaches(pair);
  }

  /** What nothing must happen to is less: ports that were touched, hosts whose ovs-vswitchd started again. */
  touched(isTouched: (port: Port) => boolean): void {
    this.#pairs = this.#pairs.filter(({ from, to }) => !isTouched(from) && !isTouched(to));
  }

  /** Throws where the host holds what it must not. */
  moment(host: SimulatedHost): void {
    if (!this.#hosts.includes(host)) this.#hosts = [...this.#hosts.filter(({ name }) => name !== host.name), host];
    const { tables, vswitchd, plugged, name } = host;
    for (const ifaceId of plugged) this.#plugged.set(ifaceId, (this.#plugged.get(ifaceId) ?? new Set()).add(name));
    const before = this.#known.get(name);
    if (before?.tables === tables && before.ports === vswitchd.ports) return;
    this.#prove(host, this.#spec());
    this.#follow(host);
  }

  /** Everything has come to rest: what was on its way has arrived. Throws where it has not. */
  rest(hosts: readonly SimulatedHost[]): void {
    this.#past = [];
    this.#members.clear();
    this.#plugged.clear();
    this.#known.clear();
    this.#hosts = hosts;
    const spec = this.#spec();
    for (const host of hosts) this.#prove(host, spec);
    this.#pairs = this.#topology.networks.flatMap(({ ports }) => {
      const there = ports.filter((port) => this.#at(port) !== undefined);
      return there.flatMap((from) => there.filter((to) => to !== from).map((to) => ({ from, to })));
    });
    for (const pair of this.#pairs) this.#reaches(pair);
  }

  /** Where a port is, if it is on one host alone. */
  #at({ ifaceId }: Port): SimulatedHost | undefined {
    const there = this.#hosts.filter(({ vswitchd }) => [...vswitchd.ports.values()].some((p) => p.ifaceId === ifaceId));
    return there.length === 1 ? there[0] : undefined;
  }

  /** The specification of this moment. */
  #spec(): Spec {
    const bare = this.#hosts.map((host) => hostDump({ host: host.name, flows: [], ports: portsOf(host) }));
    const present = this.#topology.networks.map((network) => {
      const former = this.#past
        .filter(({ path }) => path === network.path)
        .map(({ encapsulation, key }) => ({ encapsulation, key, tunnels: 'flow' as const }));
      return {
        ...network,
        former,
        ports: [...this.#past.filter(({ path }) => path === network.path), network].flatMap(({ ports }) => ports),
      };
    });
    const gone = this.#past.filter(({ path }) => present.every((network) => network.path !== path)).reverse();
    const spec = kakuriSpec({ ...this.#topology, networks: [...gone, ...present] }, bare);
    const wires = kakuriSpec(
      { ...this.#topology, networks: [...this.#topology.networks, ...present, ...gone] },
      bare,
    ).wires;
    for (const [path, hosts] of spec.members) for (const host of hosts) this.#joins(path, host);
    // A VM whose row is there, and whose port ovs-vswitchd is still making, is prepared for.
    for (const { path, ports } of present)
      for (const { ifaceId } of ports) for (const host of this.#plugged.get(ifaceId) ?? []) this.#joins(path, host);
    return { ...spec, wires, members: this.#members };
  }

  #joins(network: string, host: string): void {
    this.#members.set(network, (this.#members.get(network) ?? new Set()).add(host));
  }

  #prove(host: SimulatedHost, spec: Spec): void {
    const { tables, vswitchd, name } = host;
    const dump = hostDump({
      host: name,
      flows: tables.flows.values(),
      groups: tables.groups.values(),
      meters: tables.meters.keys(),
      ports: portsOf(host),
    });
    const view = hostView(dump, spec);
    this.#known.set(name, { tables, ports: vswitchd.ports, dump, view });
    const { leaks, unproven } = new HostProof(view).result;
    this.proofs += 1;
    for (const leak of leaks) {
      const { goal, from, to, reason, description, path } = reportLeak(new Map([[name, view]]), leak);
      const way = path.map(({ table, flow }) => `    table ${table}: ${flow}`).join('\n');
      throw new Error(`LEAK (${goal}) on ${name} from ${from} to ${to}: ${reason}: ${description}\n${way}`);
    }
    if (unproven.length > 0) throw new Error(`unproven: ${unproven[0]}`);
  }

  /** The pairs that have an end on the host. */
  #follow({ name }: SimulatedHost): void {
    for (const pair of this.#pairs)
      if ([pair.from, pair.to].some((port) => this.#at(port)?.name === name)) this.#reaches(pair);
  }

  /** Throws where a packet of the one no longer reaches the other. */
  #reaches({ from, to }: Pair): void {
    const host = this.#at(from);
    const ofport = [...(host?.vswitchd.ports.values() ?? [])].find((p) => p.ifaceId === from.ifaceId)?.ofport;
    if (host === undefined || ofport === undefined) throw new Error(`${from.path} is not there any more`);
    const views = new Map([...this.#known].map(([name, { view }]) => [name, view]));
    const { ends } = tracePacket(views, host.name, ofport, echoRequest(from, to));
    this.followed += 1;
    if (ends.some(({ kind, at }) => kind === 'delivered' && at === to.path)) return;
    const said = ends.map((end) => JSON.stringify(end)).join('; ');
    throw new Error(`LOST: a packet from ${from.path} (${host.name}) to ${to.path} (${this.#at(to)?.name}): ${said}`);
  }
}
