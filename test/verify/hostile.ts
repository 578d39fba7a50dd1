/**
 * The proof beside the oracle on hostile tables (hostile-flows.ts): random packets into each port of random tables of two
 * tenants. A packet that leaks by the oracle where the proof says isolated is a miss; a packet that the proof shows as a
 * leak must leak by the oracle; and the proof kept up flow by flow must say what the proof made anew says.
 */
import { parseActions, parseFlow } from 'ts-openflow';
import type { Topology } from '../../src/topology/index.js';
import {
  encodePacket,
  HostProof,
  type HostResult,
  hostDump,
  hostView,
  interpret,
  kakuriSpec,
  readField,
  type Spec,
  verify,
} from '../../src/verify/index.js';
import { wordsOf } from '../e2e/trace-check.js';
import { decodeFrame } from './decode.js';
import { port } from './flows.js';
import {
  BLUE,
  type HostileTables,
  hostileTables,
  KEYS,
  type Kinds,
  MACS,
  RED,
  STRAY,
  TUNNEL,
} from './hostile-flows.js';
import { Oracle, type OracleFlow, type OracleHost, type Packet } from './oracle.js';
import { OracleRules } from './oracle-rules.js';
import { Random } from './random.js';

const network = (tenant: string, key: number): Topology['networks'][number] => ({
  path: `${tenant}/web`,
  tenant,
  name: 'web',
  key,
  encapsulation: 'geneve',
  subnets: [],
  mtu: 1450,
  ports: [1, 2, 3].map((n) => ({
    path: `${tenant}/web/vm${n}`,
    name: `vm${n}`,
    ifaceId: `${tenant}-vm${n}`,
    mac: `02:00:00:00:00:0${n}`,
    ips: [],
  })),
});
/** red has a port on hv2, blue on hv3. */
export const TOPOLOGY: Topology = {
  underlay: { encapsulation: 'geneve', tunnels: 'flow', mtu: 1500 },
  hosts: ['hv1', 'hv2', 'hv3'].map((name, i) => ({ name, ovsdb: 'unix:/x', vtep: `10.0.0.${i + 1}` })),
  networks: [network('red', KEYS[0]), network('blue', KEYS[1])],
};
const OTHERS: readonly OracleHost[] = [
  { name: 'hv2', flows: [], groups: [], ports: [port(10, 'r', { ifaceId: 'red-vm3' })] },
  { name: 'hv3', flows: [], groups: [], ports: [port(10, 'b', { ifaceId: 'blue-vm3' })] },
];
export const PORTS = [
  port(TUNNEL, 'tun', { type: 'geneve', options: { remote_ip: 'flow', local_ip: '10.0.0.1', key: 'flow' } }),
  ...RED.map((n, i) => port(n, `r${n}`, { ifaceId: `red-vm${i + 1}` })),
  ...BLUE.map((n, i) => port(n, `b${n}`, { ifaceId: `blue-vm${i + 1}` })),
  port(STRAY, 'stray'),
];

export function readFlow(text: string): OracleFlow {
  const { table_id = 0, priority = 32768, match = {}, instructions = [] } = parseFlow(text, { version: 6 });
  return { table_id, priority, cookie: 0n, match, instructions };
}

/** Tables as the oracle and the proof take them. */
export function hostileHost({ flows, groups }: HostileTables): OracleHost {
  return {
    name: 'hv1',
    flows: unambiguous(flows.map(readFlow)),
    groups: Object.entries(groups).map(([id, [type, ...buckets]]) => ({
      group_id: Number(id),
      type,
      buckets: buckets.map((text) => ({ actions: parseActions(text, { version: 6 }) })),
    })),
    ports: PORTS,
  };
}

/** Priorities made different, for of two flows of one priority a switch may take either. */
function unambiguous(flows: readonly OracleFlow[]): OracleFlow[] {
  const sorted = [...flows].sort((a, b) => a.priority - b.priority);
  return sorted.map((flow, i) => ({ ...flow, priority: i + 1 }));
}

const proofDump = ({ name, flows, groups, ports }: OracleHost) => hostDump({ host: name, flows, groups, ports });

/** A packet as it comes in. */
export function randomPacket(random: Random): Packet {
  const inPort = random.chance(0.3) ? TUNNEL : random.pick(PORTS).ofport;
  const tunnel = inPort === TUNNEL;
  const type = random.pick([0x0800n, 0x0806n, 0x88b5n]);
  const tagged = random.chance(0.3);
  return {
    in_port: BigInt(inPort),
    eth_src: 0x020000000001n,
    eth_dst: BigInt(`0x${random.pick(MACS).replaceAll(':', '')}`),
    eth_type: type,
    ...(tagged ? { vlan_vid: 0x1000n | random.pick([0n, 5n, 6n]) } : {}),
    ...(type === 0x0800n
      ? {
          ip_proto: 17n,
          nw_ttl: random.pick([1n, 64n]),
          ip_src: 0x0a010000n + BigInt(random.below(3)),
          ip_dst: 0x0a010002n,
        }
      : {}),
    ...(tunnel
      ? { tun_id: BigInt(random.pick([...KEYS, ...KEYS, 7])), tun_src: 0x0a000000n + BigInt(random.between(2, 4)) }
      : {}),
  };
}

const INGRESS_FIELDS = ['in_port', 'tun_id', 'tun_src'];

/** Why the oracle lets a packet leak; undefined: it does not. */
function oracleLeak(rules: OracleRules, host: OracleHost, oracle: Oracle, packet: Packet): string | undefined {
  const source = rules.source(
    host.ports.find((p) => BigInt(p.ofport) === packet.in_port),
    packet,
  );
  for (const sent of oracle.run(packet)) {
    const leak = rules.leak(host, source, sent);
    if (leak !== undefined) return leak;
  }
  return undefined;
}

export interface Hostile {
  readonly worlds: number;
  /** By the proof. */
  readonly isolated: number;
  readonly leaking: number;
  readonly unproven: number;
  /** Worlds in which a packet was seen to leak. */
  readonly seen: number;
  /** … that the proof called isolated. */
  readonly missed: readonly string[];
  /** Leaks of the proof that are none by the oracle, packets that the interpreter lets out elsewhere, incremental proofs that differ. */
  readonly wrong: readonly string[];
}

const verdictOf = ({ leaks, unproven }: HostResult): string =>
  leaks.length > 0 ? 'leak' : unproven.length > 0 ? 'unproven' : 'isolated';

export interface World {
  readonly seed: number;
  readonly tables: HostileTables;
  readonly host: OracleHost;
  readonly spec: Spec;
  readonly rules: OracleRules;
}

export function hostileWorld(seed: number, kinds?: Kinds): World {
  const tables = hostileTables(new Random(seed), kinds);
  const host = hostileHost(tables);
  const hosts = [host, ...OTHERS];
  // The oracle sends no packets for the controller; goals.test.ts has those.
  const spec = kakuriSpec(TOPOLOGY, hosts.map(proofDump), new Map());
  return { seed, tables, host, spec, rules: new OracleRules(TOPOLOGY, hosts) };
}

const ways = (sent: readonly { readonly port: number }[]): string =>
  sent
    .map(({ port: to }) => to >>> 0)
    .sort((a, b) => a - b)
    .join();

/** What the proof says of some random packets, beside the oracle. */
function packetsOf({ seed, host, rules }: World, count: number, wrong: string[]): string | undefined {
  const random = new Random(seed ^ 0x5eed);
  const oracle = new Oracle(host);
  const dump = proofDump(host);
  let seen: string | undefined;
  for (let i = 0; i < count; i++) {
    const packet = randomPacket(random);
    const ours = ways(interpret(dump, wordsOf(packet)).outputs);
    const theirs = ways(oracle.run(packet));
    if (ours !== theirs) wrong.push(`seed ${seed}, packet ${i}: interpreted ${ours}, by the oracle ${theirs}`);
    seen ??= oracleLeak(rules, host, oracle, packet);
  }
  return seen;
}

/** Flows taken out and put in again, one by one: the verdict of each turn kept up and made anew. */
function followed({ seed, host, spec }: World, turns: number, wrong: string[]): void {
  const random = new Random(seed ^ 0xf10e);
  const dump = proofDump(host);
  const proof = new HostProof(hostView(dump, spec));
  for (let turn = 0; turn < turns; turn++) {
    const flow = random.pick([...dump.flows.numbers()]);
    const values = dump.flows.read(flow);
    const finish = proof.removing(flow);
    dump.flows.remove(flow);
    const without = verdictOf(finish());
    const anew = verdictOf(new HostProof(hostView(dump, spec)).result);
    if (without !== anew) wrong.push(`seed ${seed}, turn ${turn}: ${without} after a removal, ${anew} made anew`);
    const back = verdictOf(proof.added(dump.flows.add(values)));
    const again = verdictOf(new HostProof(hostView(dump, spec)).result);
    if (back !== again) wrong.push(`seed ${seed}, turn ${turn}: ${back} after an addition, ${again} made anew`);
  }
}

/** So many worlds from this seed on, so many packets into each. */
export function hostileQuality(firstSeed: number, count: number, packets: number, turns: number): Hostile {
  const missed: string[] = [];
  const wrong: string[] = [];
  const verdicts = { isolated: 0, leak: 0, unproven: 0 };
  let seen = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const world = hostileWorld(seed);
    const { host, spec, rules } = world;
    const { result } = new HostProof(hostView(proofDump(host), spec));
    const verdict = verdictOf(result) as keyof typeof verdicts;
    verdicts[verdict]++;
    const leak = packetsOf(world, packets, wrong);
    if (leak !== undefined) seen++;
    if (leak !== undefined && verdict === 'isolated') missed.push(`seed ${seed}: ${leak}`);
    const oracle = new Oracle(host);
    for (const { words, finding } of result.leaks) {
      const ingress = INGRESS_FIELDS.map((field) => [field, readField(words, field)] as const);
      const packet = { ...decodeFrame(Buffer.from(encodePacket(words))), ...Object.fromEntries(ingress) };
      if (oracleLeak(rules, host, oracle, packet) === undefined) wrong.push(`seed ${seed}: no leak: ${finding.reason}`);
    }
    followed(world, turns, wrong);
  }
  return {
    worlds: count,
    isolated: verdicts.isolated,
    leaking: verdicts.leak,
    unproven: verdicts.unproven,
    seen,
    missed,
    wrong,
  };
}

/** The verdict of the proof of all hosts, as `kakuri verify` says it. */
export const verdict = ({ host, spec }: World): string => verify([proofDump(host)], spec).verdict;
