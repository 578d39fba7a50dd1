/**
 * Mutants and right states in numbers: what the proof says of each, beside what the oracle finds. Everything follows from
 * the seed.
 */
import { bindings, desiredState, rememberingFlowsOf } from '../../src/desired/index.js';
import type { Topology } from '../../src/topology/index.js';
import {
  encodePacket,
  HostProof,
  type HostResult,
  hostDump,
  hostView,
  kakuriSpec,
  readField,
  type Spec,
  verify,
} from '../../src/verify/index.js';
import { decodeFrame } from './decode.js';
import { portsOf, randomWorld } from './dumps.js';
import { KINDS, type Kind, type Mutant, mutate } from './mutants.js';
import { Oracle, type OracleHost, type Packet } from './oracle.js';
import { OracleRules } from './oracle-rules.js';
import { packetsInto } from './packets.js';
import { Random } from './random.js';

export interface Quality {
  readonly mutants: number;
  /** Mutants that leak by the oracle. */
  readonly leaking: number;
  /** … and were called isolated. */
  readonly missed: readonly string[];
  /** Mutants called leaking whose packet does not leak by the oracle. */
  readonly wrong: readonly string[];
  readonly unproven: number;
  /** Mutants of which the incremental proof said something else. */
  readonly differing: readonly string[];
}

/** The hosts of a random world as values. */
export function hostsOf(seed: number): {
  readonly world: ReturnType<typeof randomWorld>;
  readonly hosts: OracleHost[];
} {
  const compile = rememberingFlowsOf();
  const world = randomWorld(seed, compile);
  const bound = bindings(world);
  const hosts = world.topology.hosts.map(({ name }): OracleHost => {
    const { flows, groups } = desiredState(world, name, bound, compile);
    return { name, flows, groups, ports: portsOf(world, name) };
  });
  return { world, hosts };
}

export const dump = ({ name, flows, groups, ports }: OracleHost) => hostDump({ host: name, flows, groups, ports });

/** The first leak that the oracle finds. */
function oracleLeak(rules: OracleRules, host: OracleHost, packets: Iterable<Packet>): string | undefined {
  const oracle = new Oracle(host);
  for (const packet of packets) {
    const port = host.ports.find((p) => BigInt(p.ofport) === packet.in_port);
    const source = rules.source(port, packet);
    for (const sent of oracle.run(packet)) {
      const leak = rules.leak(host, source, sent);
      if (leak !== undefined) return leak;
    }
  }
  return undefined;
}

const INGRESS_FIELDS = ['in_port', 'tun_id', 'tun_src', 'tun_ipv6_src'];

/** A leak's packet as the oracle reads it: the frame from its octets, the rest as given. */
function replayed(words: Int32Array): Packet {
  const ingress = INGRESS_FIELDS.map((field) => [field, readField(words, field)] as const);
  return { ...decodeFrame(Buffer.from(encodePacket(words))), ...Object.fromEntries(ingress) };
}

interface Tally {
  mutants: number;
  leaking: number;
  unproven: number;
  readonly missed: string[];
  readonly wrong: string[];
  readonly differing: string[];
}

/** The verdict of a proof that saw the right tables first and then flow after flow removed and added. */
function followed(right: OracleHost, mutant: Mutant, view: ReturnType<typeof hostView>): boolean {
  const proof = new HostProof(view);
  const { flows } = view.dump;
  const numbers = new Map(right.flows.map((flow, number) => [flow, number]));
  for (const flow of mutant.removed) {
    const number = numbers.get(flow) as number;
    const finish = proof.removing(number);
    flows.remove(number);
    finish();
  }
  const single = hostDump({ host: '', flows: mutant.added, ports: [] }).flows;
  for (const number of single.numbers()) proof.added(flows.add(single.read(number)));
  return isIsolated(proof.result);
}

/** Of flows of one priority that overlap either may match: which one the interpreter takes decides leak or unproven. */
const isIsolated = ({ leaks, unproven }: HostResult): boolean => leaks.length === 0 && unproven.length === 0;

/** A world, its hosts and what follows from them, for all mutants made of it. */
interface Ground {
  readonly seed: number;
  readonly topology: Topology;
  readonly hosts: readonly OracleHost[];
  readonly spec: Spec;
}

function judgeMutant({ seed, topology, hosts, spec }: Ground, kind: Kind, tally: Tally): void {
  const random = new Random(Math.imul(seed, 31) + KINDS.indexOf(kind));
  const right = random.pick(hosts);
  const mutant = mutate(random, right, kind);
  if (mutant === undefined) return;
  tally.mutants++;
  const rules = new OracleRules(topology, hosts);
  const truth = oracleLeak(rules, mutant.host, packetsInto(topology, mutant.host));
  const { result } = new HostProof(hostView(dump(mutant.host), spec));
  const name = `seed ${seed}, ${kind} on ${right.name}`;
  if (truth !== undefined) tally.leaking++;
  if (result.leaks.length > 0) {
    for (const leak of result.leaks)
      if (oracleLeak(rules, mutant.host, [replayed(leak.words)]) === undefined)
        tally.wrong.push(`${name}: ${leak.finding.reason}`);
  } else if (truth !== undefined) tally.missed.push(`${name}: ${truth} (${result.unproven[0] ?? 'isolated'})`);
  else if (result.unproven.length > 0) tally.unproven++;
  if (!mutant.regrouped && followed(right, mutant, hostView(dump(right), spec)) !== isIsolated(result))
    tally.differing.push(name);
}

/** So many mutants, of every kind in turn, of the worlds from this seed on. */
export function mutantQuality(firstSeed: number, count: number): Quality {
  const tally: Tally = { mutants: 0, leaking: 0, unproven: 0, missed: [], wrong: [], differing: [] };
  for (let seed = firstSeed; tally.mutants < count; seed++) {
    const { world, hosts } = hostsOf(seed);
    // The oracle sends no packets for the controller; goals.test.ts has those.
    const spec = kakuriSpec(world.topology, hosts.map(dump), new Map());
    for (const kind of KINDS)
      if (tally.mutants < count) judgeMutant({ seed, topology: world.topology, hosts, spec }, kind, tally);
  }
  return tally;
}

/** Alarms on so many right states, from this seed on. */
export function falseAlarms(firstSeed: number, count: number): readonly string[] {
  const alarms: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const { world, hosts } = hostsOf(seed);
    const dumps = hosts.map(dump);
    const proof = verify(dumps, kakuriSpec(world.topology, dumps));
    if (proof.verdict !== 'isolated')
      alarms.push(`seed ${seed}: ${proof.verdict}: ${proof.leaks[0]?.reason ?? proof.unproven[0] ?? ''}`);
  }
  return alarms;
}
