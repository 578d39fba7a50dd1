/**
 * The proof over 1,000 hosts: full at 364 flows a host and at about 2,900, and after one flow changed. Hosts stand in racks
 * of eight; each network has a port on every host of its rack, and all networks have the same addresses. The tables are
 * rendered by the desired state that `kakuri run` installs; rendering is not timed.
 */
import { bindings, desiredState, desiredTunnels, type HostFacts, rememberingFlowsOf } from '../src/desired/index.js';
import type { Host, Network, Topology } from '../src/topology/index.js';
import { type HostDump, HostProof, hostDump, hostView, kakuriSpec, type Spec, verify } from '../src/verify/index.js';
import { portsOf, settledWorld } from '../test/verify/dumps.js';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';

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

/** One rack's tables; what a rack holds does not depend on the others. */
function rackDumps(topology: Topology): HostDump[] {
  const facts = new Map(
    topology.hosts.map(({ name }): [string, HostFacts] => {
      const here = topology.networks.flatMap((n) => n.ports.filter((p) => p.hosts?.includes(name)));
      const tunnels = desiredTunnels(topology, name).map((tunnel, i) => ({ name: tunnel.name, ofport: i + 1 }));
      const interfaces = here.map(({ ifaceId }, i) => ({ name: `tap${i}`, ifaceId, ofport: 101 + i, inactive: false }));
      return [name, { interfaces, tunnels }];
    }),
  );
  const world = settledWorld(topology, facts);
  const bound = bindings(world);
  const compile = rememberingFlowsOf();
  return topology.hosts.map(({ name }) => {
    const { flows, groups } = desiredState(world, name, bound, compile);
    return hostDump({ host: name, flows, groups, ports: portsOf(world, name) });
  });
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
  for (let rack = 0; rack < HOSTS / RACK; rack++) {
    const mine = rackHosts(rack);
    const theirs = rackNetworks(rack, mine, networksInRack);
    hosts.push(...mine);
    networks.push(...theirs);
    dumps.push(...rackDumps({ underlay, hosts: mine, networks: theirs }));
    if (rack % 25 === 24) console.error(`verify: ${dumps.length} hosts rendered`);
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
