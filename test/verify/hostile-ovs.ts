/**
 * Hostile tables on a real switch: ovs-vswitchd (dummy datapath) is given them, and `ofproto/trace` of random packets must
 * let each out by the ports that the oracle says, copy for copy. So the oracle that judges the proof is judged itself.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { OFPP } from 'ts-openflow';
import { packetText } from '../../src/verify/index.js';
import { wordsOf } from '../e2e/trace-check.js';
import type { Ovs } from '../ts-openflow/ovs.js';
import { hostileWorld, PORTS, randomPacket, type World } from './hostile.js';
import { TUNNEL } from './hostile-flows.js';
import { Oracle, type Packet, type Sent } from './oracle.js';
import { Random } from './random.js';

const run = promisify(execFile);

export interface HostileTraces {
  readonly worlds: number;
  readonly packets: number;
  /** Packets that left by at least one port. */
  readonly sent: number;
  /** Worlds with a flow or group that the switch refuses. */
  readonly refused: readonly string[];
  readonly differing: readonly string[];
}

/** The bridge with the ports of hostile.ts under their numbers. */
export function makePorts(ovs: Ovs): void {
  for (const { name, ofport, type, options } of PORTS)
    ovs.vsctl(
      ...['add-port', 'br', name, '--', 'set', 'interface', name, `type=${type === '' ? 'dummy' : type}`],
      ...[`ofport_request=${ofport}`, ...Object.entries(options).map(([key, value]) => `options:${key}=${value}`)],
    );
}

/** Priorities as the oracle has them, for no two flows of a table may have the same. */
function textOf({ tables }: World): string {
  const priority = (text: string): number => Number(/priority=(\d+)/.exec(text)?.[1] ?? 0);
  const sorted = [...tables.flows].sort((a, b) => priority(a) - priority(b));
  return sorted.map((text, i) => text.replace(/priority=\d+/, `priority=${i + 1}`)).join('\n');
}

/** Gives the switch the tables; what it says when it refuses them. */
function install(ovs: Ovs, world: World): string | undefined {
  ovs.ofctl('del-flows', 'br');
  ovs.ofctl('del-groups', 'br');
  try {
    for (const [id, [type, ...buckets]] of Object.entries(world.tables.groups))
      ovs.ofctl(
        'add-group',
        'br',
        `group_id=${id},type=${type},${buckets.map((b) => `bucket=actions=${b}`).join(',')}`,
      );
    writeFileSync(`${ovs.directory}/hostile.flows`, `${textOf(world)}\n`);
    ovs.ofctl('--bundle', 'add-flows', 'br', `${ovs.directory}/hostile.flows`);
    return undefined;
  } catch (error) {
    return String((error as { readonly stderr?: unknown }).stderr ?? error);
  }
}

/** Port numbers at which datapath actions send, and the tunnel for each time that something goes there. */
function traced(text: string): string {
  const actions = /^Datapath actions: (.*)$/m.exec(text)?.[1] ?? '';
  const bare = actions.replace(/\b(?!clone\b)[a-z_]+\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g, '');
  const ports = [...bare.matchAll(/(?<![\w.:/])\d+(?![\w.:/])/g)].map(([n]) => (n === '1' ? OFPP.LOCAL : Number(n)));
  const dropped = /Translation failed/.test(text);
  const tunnels = dropped
    ? []
    : [...text.matchAll(/^ *(?:-> output to native tunnel|>> Not tunneling to our own address)$/gm)].map(() => TUNNEL);
  return sorted([...ports, ...tunnels]);
}

const sorted = (ports: readonly number[]): string => [...ports].sort((a, b) => a - b).join();

/** The same by the oracle; ALL is every port but the one that the packet came by. */
function expected(sent: readonly Sent[]): string {
  const there = new Set([...PORTS.map(({ ofport }) => ofport), OFPP.LOCAL]);
  return sorted(
    sent.flatMap(({ port, packet }) =>
      port === OFPP.ALL || port === OFPP.FLOOD
        ? [...there].filter((p) => BigInt(p) !== packet.in_port)
        : there.has(port)
          ? [port]
          : [],
    ),
  );
}

async function trace(ovs: Ovs, packet: Packet): Promise<string> {
  const target = `${ovs.directory}/ovs-vswitchd.${ovs.vswitchd}.ctl`;
  const env = { ...process.env, OVS_RUNDIR: ovs.directory };
  const { stdout } = await run('ovs-appctl', ['-t', target, 'ofproto/trace', 'br', packetText(wordsOf(packet))], {
    env,
  });
  return stdout;
}

/** Ports that the oracle does not carry out. */
const STRANGE: ReadonlySet<number> = new Set([OFPP.NORMAL, OFPP.TABLE]);

/** So many packets into each of so many worlds from this seed on. */
export async function traceHostile(
  ovs: Ovs,
  firstSeed: number,
  worlds: number,
  packets: number,
): Promise<HostileTraces> {
  const refused: string[] = [];
  const differing: string[] = [];
  const count = { packets: 0, sent: 0 };
  for (let seed = firstSeed; seed < firstSeed + worlds; seed++) {
    const world = hostileWorld(seed, 'no choice');
    const problem = install(ovs, world);
    if (problem !== undefined) {
      refused.push(`seed ${seed}: ${problem}`);
      continue;
    }
    const random = new Random(seed ^ 0x7ace);
    const oracle = new Oracle(world.host);
    for (let i = 0; i < packets; i++) {
      const packet = randomPacket(random);
      const out = oracle.run(packet);
      if (out.some(({ port }) => STRANGE.has(port))) continue;
      const text = await trace(ovs, packet);
      count.packets++;
      if (expected(out) !== '') count.sent++;
      if (traced(text) !== expected(out))
        differing.push(`seed ${seed}, packet ${i}: oracle ${expected(out)}, traced ${traced(text)}\n${text}`);
    }
  }
  return { worlds, ...count, refused, differing };
}
