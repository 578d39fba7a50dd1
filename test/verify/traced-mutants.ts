/**
 * Leaks that the proof finds in mutants, on a real switch: the mutant's tables are put into ovs-vswitchd (dummy datapath),
 * and `ofproto/trace` must let the leak's packet out by the same ports as the interpreter. Everything follows from the seed.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { connect, type MessageInput, type Session } from 'ts-openflow';
import { bindings, desiredState } from '../../src/desired/index.js';
import { type FlowPlan, planMessages } from '../../src/diff/index.js';
import type { Meter } from '../../src/pipeline/index.js';
import {
  type DumpPort,
  type Execution,
  type HostDump,
  HostProof,
  hostView,
  kakuriSpec,
  packetText,
} from '../../src/verify/index.js';
import { tracedPorts } from '../e2e/trace-check.js';
import type { Ovs } from '../ts-openflow/ovs.js';
import { KINDS, mutate } from './mutants.js';
import type { OracleFlow, OracleHost } from './oracle.js';
import { dump, hostsOf } from './quality.js';
import { Random } from './random.js';

const run = promisify(execFile);
const LOCAL = 0xfffffffe;
const OPENFLOW_15 = 6;

export interface Traced {
  /** Leaks carried out by the switch. */
  readonly leaks: number;
  /** Mutants that no switch can hold: it refuses a flow, or two of them are one. */
  readonly impossible: number;
  /** Leaks whose packet meets two flows of one priority: OpenFlow does not say which of them it takes. */
  readonly undefined: number;
  /** Where switch and interpreter let the packet out by other ports. */
  readonly differing: readonly string[];
}

const NOTHING: FlowPlan = {
  add: [],
  modify: [],
  remove: [],
  groups: [],
  removeGroups: [],
  addMeters: [],
  modifyMeters: [],
  removeMeters: [],
};

/** The bridge anew, with the ports of a host under their numbers. */
function makeBridge(ovs: Ovs, ports: readonly DumpPort[]): void {
  const added = ports
    .filter(({ ofport }) => ofport !== LOCAL)
    .flatMap(({ name, ofport, type, options }) => [
      ...['--', 'add-port', 'br', name, '--', 'set', 'interface', name],
      `type=${type === '' ? 'dummy' : type}`,
      `ofport_request=${ofport}`,
      ...Object.entries(options).map(([key, value]) => `options:${key}="${value}"`),
    ]);
  ovs.vsctl('del-br', 'br');
  ovs.vsctl(
    ...['add-br', 'br', '--', 'set', 'bridge', 'br', 'datapath_type=dummy', 'fail_mode=secure'],
    'protocols=OpenFlow15',
    ...added,
  );
  for (const { name, ofport } of ports) {
    const real = ofport === LOCAL ? '' : ovs.vsctl('get', 'interface', name, 'ofport').trim();
    if (ofport !== LOCAL && real !== String(ofport)) throw new Error(`${name} has number ${real}, not ${ofport}`);
  }
}

const flowMod = (flow: OracleFlow): MessageInput => {
  const { table_id, priority, cookie, match } = flow;
  const meter = flow.instructions.find((i) => i.kind === 'meter');
  const apply = flow.instructions.find((i) => i.kind === 'apply_actions');
  // OpenFlow 1.5 has the meter as the first action.
  const instructions =
    meter === undefined
      ? [...flow.instructions]
      : [
          {
            kind: 'apply_actions' as const,
            actions: [{ kind: 'meter' as const, meter_id: meter.meter_id }, ...(apply?.actions ?? [])],
          },
          ...flow.instructions.filter((i) => i !== meter && i !== apply),
        ];
  return { kind: 'FlowMod', command: 'ADD', table_id, priority, cookie, match, instructions };
};

/** Meters by way of a plan, then groups and flows of the mutant. False: the switch refuses one. */
async function install(session: Session, host: OracleHost, meters: readonly Meter[]): Promise<boolean> {
  const { before } = planMessages({ ...NOTHING, addMeters: meters }, OPENFLOW_15);
  const groups = host.groups.map(
    ({ group_id, buckets }): MessageInput => ({
      kind: 'GroupMod',
      command: 'ADD',
      type: 'all',
      group_id,
      buckets: buckets.map(({ actions }, bucket_id) => ({ bucket_id, actions: [...actions] })),
    }),
  );
  const errors = await session.commands([
    ...before.map(({ message }) => message),
    ...groups,
    ...host.flows.map(flowMod),
  ]);
  if (errors.length > 0) return false;
  return (await session.multipart('FLOW', { match: {} })).length === host.flows.length;
}

/** Whether another flow of the same priority matches a packet on its way, too. */
function isUndefined({ flows }: HostDump, { steps }: Execution): boolean {
  const matches = (flow: number, words: Int32Array): boolean => {
    for (let at = flows.termsAt(flow); at < flows.codeAt(flow); at += 3) {
      const [word, value, mask] = flows.body.subarray(at, at + 3) as unknown as [number, number, number];
      if ((((words[word] as number) ^ value) & mask) !== 0) return false;
    }
    return true;
  };
  return steps.some(
    ({ table, flow, words }) =>
      flow >= 0 &&
      flows.ofTable(table).some((o) => o !== flow && flows.priority(o) === flows.priority(flow) && matches(o, words)),
  );
}

/** The leaks of mutants from this seed on, so many of them, on that switch. */
export async function traceLeaks(ovs: Ovs, firstSeed: number, count: number): Promise<Traced> {
  const differing: string[] = [];
  let leaks = 0;
  let impossible = 0;
  let ambiguous = 0;
  for (let seed = firstSeed; leaks < count; seed++) {
    const { world, hosts } = hostsOf(seed);
    const spec = kakuriSpec(world.topology, hosts.map(dump), new Map());
    const bound = bindings(world);
    for (const kind of KINDS) {
      const random = new Random(Math.imul(seed, 31) + KINDS.indexOf(kind));
      const right = random.pick(hosts);
      const mutant = mutate(random, right, kind);
      if (mutant === undefined || leaks >= count) continue;
      const tables = dump(mutant.host);
      const [leak] = new HostProof(hostView(tables, spec)).result.leaks;
      if (leak === undefined) continue;
      if (isUndefined(tables, leak.execution)) {
        ambiguous++;
        continue;
      }
      makeBridge(ovs, right.ports);
      const session = await connect(ovs.mgmt, { versions: [OPENFLOW_15] });
      const held = await install(session, mutant.host, desiredState(world, right.name, bound).meters);
      session.close();
      if (!held) {
        impossible++;
        continue;
      }
      leaks++;
      const packet = packetText(leak.words);
      const env = { ...process.env, OVS_RUNDIR: ovs.directory };
      const { stdout } = await run(
        'ovs-appctl',
        ['-t', `${ovs.directory}/ovs-vswitchd.${ovs.vswitchd}.ctl`, 'ofproto/trace', 'br', packet],
        { env },
      );
      const there = new Set(right.ports.map(({ ofport }) => ofport));
      const ours = leak.execution.outputs
        .filter(({ port }) => there.has(port))
        .map(({ port }) => String(port >>> 0))
        .sort();
      const traced = tracedPorts(stdout)
        .map((port) => (port === 'LOCAL' ? String(LOCAL) : port))
        .sort();
      if (ours.join() !== traced.join())
        differing.push(
          `seed ${seed}, ${kind} on ${right.name}: ${packet}: ${ours.join()} but traced ${traced.join()}\n${stdout}`,
        );
    }
  }
  return { leaks, impossible, undefined: ambiguous, differing };
}
