/**
 * The proof over 1,000 hosts: full at 364 flows a host and at about 2,900, and after one flow changed. Hosts stand in racks
 * of eight; each network has a port on every host of its rack, and all networks have the same addresses. The tables of the
 * first rack are rendered by the desired state that `kakuri run` installs; the other racks have the same with other keys
 * and addresses, which is tried on the second rack. Making them is not timed.
 */
import { bindings, desiredState, desiredTunnels, type HostFacts, rememberingFlowsOf } from '../src/desired/index.js';
import type { Host, Network, Topology } from '../src/topology/index.js';
import {
  FlowSet,
  type HostDump,
  HostProof,
  hostDump,
  hostView,
  kakuriSpec,
  nextOp,
  OP,
  type Spec,
  verify,
  wordOf,
} from '../src/verify/index.js';
import { portsOf, settledWorld } from '../test/verify/dumps.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';

const REG_NETWORK = wordOf('reg0');
const TUN_ID = wordOf('tun_id');
const TUN_SRC = wordOf('tun_src');
const TUN_DST = wordOf('tun_dst');
const RACK = 8;
const HOSTS = 1000;
const CHANGES = 2000;

const octets = (n: number): string => `${(n >> 8) & 255}.${n & 255}`;

function rackHosts(rack: number): Host[] {
  return Array.from({ length: RACK }, (_, i) => {
    const n = rack * RACK + i;
    return { name: `hv${n}`, ovsdb: `unix:/run/hv${n}.sock`, vtep: `10.99.${octets(n + 1)}` };
  });
}

function rackNetworks(rack: number, hosts: readonly Host[], count: number): Network[] {
  return Array.from({ length: count }, (_, n) => {
    const key = rack * count + n + 1;
    const path = `t${key}/web`;
    const ports = hosts.map((host, i) => ({
      path: `${path}/vm${i}`,
      name: `vm${i}`,
      ifaceId: `${key}-vm${i}`,
      mac: `02:00:00:00:01:0${i}`,
      ips: [`192.168.0.${i + 1}`],
      hosts: [host.name],
    }));
    const { tenant, name } = { tenant: `t${key}`, name: 'web' };
    return { path, tenant, name, key, encapsulation: 'geneve', subnets: ['192.168.0.0/24'], mtu: 1450, ports };
  });
}

/** Every port plugged in on its host. */
const rackFacts = (topology: Topology): Map<string, HostFacts> =>
  new Map(
    topology.hosts.map(({ name }): [string, HostFacts] => {
      const here = topology.networks.flatMap((n) => n.ports.filter((p) => p.hosts?.includes(name)));
      const tunnels = desiredTunnels(topology, name).map((tunnel, i) => ({ name: tunnel.name, ofport: i + 1 }));
      const interfaces = here.map(({ ifaceId }, i) => ({ name: `tap${i}`, ifaceId, ofport: 101 + i, inactive: false }));
      return [name, { interfaces, tunnels }];
    }),
  );

/** One rack's tables; what a rack holds does not depend on the others. */
function rackDumps(topology: Topology): HostDump[] {
  const facts = rackFacts(topology);
  const world = settledWorld(topology, facts);
  const bound = bindings(world);
  const compile = rememberingFlowsOf();
  return topology.hosts.map(({ name }) => {
    const { flows, groups } = desiredState(world, name, bound, compile);
    return hostDump({ host: name, flows, groups, ports: portsOf(world, name) });
  });
}

/** The tables of another rack: keys, groups and addresses of the first, moved on. */
function moved(dump: HostDump, rack: number, count: number, ports: HostDump['ports'], host: string): HostDump {
  const [keys, addresses] = [rack * count, rack * RACK];
  const by = (word: number, value: number, mask: number): number => {
    if (mask !== -1 || value === 0) return value;
    if (word === REG_NETWORK || word === TUN_ID) return value + keys;
    return word === TUN_SRC || word === TUN_DST ? value + addresses : value;
  };
  const code = (ops: readonly number[]): number[] => {
    const made = Int32Array.from(ops);
    for (let at = 0; at < made.length; at = nextOp(made, at)) {
      if (made[at] === OP.set)
        made[at + 2] = by(made[at + 1] as number, made[at + 2] as number, made[at + 3] as number);
      if (made[at] === OP.group) made[at + 1] = (made[at + 1] as number) + keys;
    }
    return [...made];
  };
  const flows = new FlowSet();
  for (const number of dump.flows.numbers()) {
    const flow = dump.flows.read(number);
    const terms = [...flow.terms];
    for (let i = 0; i < terms.length; i += 3)
      terms[i + 1] = by(terms[i] as number, terms[i + 1] as number, terms[i + 2] as number);
    flows.add({ ...flow, terms, code: code(flow.code) });
  }
  flows.trim();
  const groups = new Map(
    [...dump.groups].map(([id, group]) => [
      id + keys,
      { ...group, buckets: group.buckets.map((bucket) => Int32Array.from(code([...bucket]))) },
    ]),
  );
  return { host, flows, groups, meters: dump.meters, ports };
}

/** Throws where the moved tables are not those that desired state renders. */
function sameTables(a: HostDump, b: HostDump): void {
  const text = (dump: HostDump): string =>
    [...dump.flows.numbers()]
      .map((n) => dump.flows.read(n))
      .map((f) => `${f.table} ${f.priority} ${f.terms.join()} ${f.code.join()}`)
      .sort()
      .join('\n');
  if (text(a) !== text(b)) throw new Error(`${a.host}: the moved tables are not those that are rendered`);
}

interface Site {
  readonly dumps: readonly HostDump[];
  readonly spec: Spec;
  readonly flows: number;
}

function site(networksInRack: number): Site {
  const hosts: Host[] = [];
  const networks: Network[] = [];
  const dumps: HostDump[] = [];
  const underlay = { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 } as const;
  let first: readonly HostDump[] = [];
  for (let rack = 0; rack < HOSTS / RACK; rack++) {
    const mine = rackHosts(rack);
    const theirs = rackNetworks(rack, mine, networksInRack);
    const topology = { underlay, hosts: mine, networks: theirs };
    hosts.push(...mine);
    networks.push(...theirs);
    const rendered = rack < 2 ? rackDumps(topology) : [];
    if (rack === 0) first = rendered;
    const world = {
      topology,
      facts: rackFacts(topology),
      confirmed: new Map(),
      holders: new Map(),
      moving: new Set<string>(),
    };
    for (const [n, dump] of first.entries()) {
      const { name } = mine[n] as Host;
      const ports = new Map(portsOf(world, name).map((port) => [port.ofport, port]));
      const made = moved(dump, rack, networksInRack, ports, name);
      if (rack === 1) sameTables(made, rendered[n] as HostDump);
      dumps.push(made);
    }
  }
  const spec = kakuriSpec({ underlay, hosts, networks }, dumps);
  return { dumps, spec, flows: dumps.reduce((sum, dump) => sum + dump.flows.size, 0) };
}

/** Seconds of full proofs, each of which must say `isolated`. */
function fullSeconds({ dumps, spec, flows }: Site, rounds: number): number[] {
  return Array.from({ length: rounds }, () => {
    const start = performance.now();
    const proof = verify(dumps, spec);
    const seconds = (performance.now() - start) / 1000;
    if (proof.verdict !== 'isolated')
      throw new Error(`right tables are ${proof.verdict}: ${proof.unproven[0] ?? proof.leaks[0]?.reason}`);
    console.error(`verify: ${flows} flows on ${dumps.length} hosts: ${seconds.toFixed(2)} s`);
    return seconds;
  });
}

/** Microseconds of one flow taken out and put in again, each counted; every flow of some hosts in turn. */
function changeMicroseconds({ dumps, spec }: Site): number[] {
  const times: number[] = [];
  for (let h = 0; times.length < CHANGES; h += 37) {
    const dump = dumps[h % dumps.length] as HostDump;
    const proof = new HostProof(hostView(dump, spec));
    for (const flow of [...dump.flows.numbers()].filter((_, i) => i % 7 === h % 7)) {
      const values = dump.flows.read(flow);
      const start = performance.now();
      const finish = proof.removing(flow);
      dump.flows.remove(flow);
      finish();
      const between = performance.now();
      const { leaks, unproven } = proof.added(dump.flows.add(values));
      times.push((between - start) * 1000, (performance.now() - between) * 1000);
      if (leaks.length + unproven.length > 0) throw new Error('right tables raise an alarm');
    }
  }
  return times;
}

const line = (name: string, unit: string, n: number, ours: number): Figure =>
  figure({ bench: 'verify', figure: name, unit, n }, ours);

export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const rounds = quick ? 3 : 5;
  const small = site(7);
  const small_s = fullSeconds(small, rounds);
  const changes = changeMicroseconds(small);
  const large = site(65);
  const large_s = fullSeconds(large, rounds);
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.error(
    `verify: ${small.flows} and ${large.flows} flows; at most ${megabytes.toFixed(0)} MB, rendering included`,
  );
  return [
    line('full-364k-seconds', 's', rounds, percentile(small_s, 0.5)),
    line('full-2900k-seconds', 's', rounds, percentile(large_s, 0.5)),
    line('megabytes', 'MB', 1, megabytes),
    line('change-p50-us', 'µs', changes.length, percentile(changes, 0.5)),
    line('change-p99-us', 'µs', changes.length, percentile(changes, 0.99)),
  ];
}
