/**
 * One pass over one host: rows first, then flows. Reads what the switch holds, computes what it should hold, sends the
 * difference in one bundle and reads back what it touched. Never flushes; a host that is right is sent nothing.
 */
import { formatFlow } from 'ts-openflow';
import {
  type Confirmed,
  configPlan,
  type DesiredState,
  desiredState,
  type FlowsOf,
  type HostFacts,
  hostFacts,
} from '../desired/index.js';
import { type ActualFlow, type ActualState, difference, type FlowPlan, flowModCount, isEmpty } from '../diff/index.js';
import { isOurs, ownerOf } from '../pipeline/index.js';
import type { HostLink, Refusal } from '../session/index.js';
import type { State } from './state.js';

/** After so many passes in vain there is no other at once: a defect of ours must not become a stream of flow_mods. */
const MOST_IN_VAIN = 3;

/** More owners than this in one plan, and the whole table is read back instead of their flows. */
const MAX_OWNERS_READ_BACK = 16;

/** What is remembered of a host between passes: what its switch was last read to hold, and for which connection. */
export interface Memory {
  readonly epoch: number;
  readonly actual: ActualState | undefined;
  readonly readAt: number;
  /** Passes in a row after which the tables still read back otherwise than they were sent. */
  readonly inVain?: number;
  /** The world for which these tables are right, nothing foreign in them: seen again, there is nothing to compute. */
  readonly rightFor?: { readonly world: State['world']; readonly desired: DesiredState };
}

export interface PassResult {
  readonly memory: Memory;
  readonly facts?: HostFacts;
  readonly confirmed?: Confirmed;
  readonly desired?: DesiredState;
  readonly flowModsSent: number;
  readonly state: 'unreachable' | 'configuring' | 'connecting' | 'updating' | 'ready' | 'blocked';
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Look again: the pass changed something it could not see the end of. */
  readonly again: boolean;
}

export interface PassContext {
  readonly link: HostLink;
  readonly controllerTarget: string;
  readonly state: State;
  readonly memory: Memory;
  readonly flowsOf: FlowsOf;
  /** Milliseconds, monotonic. */
  readonly now: number;
  /** A read older than this many milliseconds is done again: drift and foreign flows are found so. */
  readonly readEveryMs: number;
  /** Called as soon as a bundle is committed, before the read-back: other hosts may now send. */
  readonly onCommitted: (confirmed: Confirmed) => void;
}

const owners = (plan: FlowPlan): readonly bigint[] => [
  ...new Set([...plan.add, ...plan.modify, ...plan.remove].map((flow) => ownerOf(flow.cookie))),
];

/** The table with one set of owners' flows replaced by what was just read. */
function withOwners(
  actual: ActualState,
  read: readonly ActualFlow[],
  touched: ReadonlySet<bigint>,
): ActualState['flows'] {
  const flows = new Map([...actual.flows].filter(([, f]) => !isOurs(f.cookie) || !touched.has(ownerOf(f.cookie))));
  for (const flow of read) flows.set(flow.identity, flow);
  return flows;
}

async function readBack(link: HostLink, actual: ActualState, plan: FlowPlan): Promise<ActualState> {
  const touched = owners(plan);
  const groups = plan.groups.length + plan.removeGroups.length + plan.addMeters.length + plan.removeMeters.length;
  if (groups > 0 || touched.length > MAX_OWNERS_READ_BACK) return link.read();
  return { ...actual, flows: withOwners(actual, await link.readOwners(touched), new Set(touched)) };
}

const refusalText = ({ about, error }: Refusal): string => `refused by the switch: ${about}: ${error}`;

const nothing = (context: PassContext, state: PassResult['state'], errors: readonly string[]): PassResult => ({
  memory: context.memory,
  flowModsSent: 0,
  state,
  errors,
  warnings: [],
  again: false,
});

/** True while what was last read of this connection's tables is recent enough to compute with. */
const isFresh = ({ link, memory, now, readEveryMs }: PassContext): boolean =>
  memory.epoch === link.epoch() && memory.actual !== undefined && now - memory.readAt < 0.9 * readEveryMs;

/** The result of a pass over tables that were found right for this very world before: nothing to compute, nothing to send. */
function unchanged(
  context: PassContext,
  problems: readonly string[],
): Omit<PassResult, 'warnings' | 'facts'> | undefined {
  const { memory, state } = context;
  if (memory.rightFor?.world !== state.world || !isFresh(context)) return undefined;
  const { desired } = memory.rightFor;
  return {
    memory,
    confirmed: { ports: desired.ports, peers: desired.peers },
    desired,
    flowModsSent: 0,
    state: problems.length === 0 ? 'ready' : 'blocked',
    errors: problems,
    again: false,
  };
}

/** The part of a pass that concerns the tables, given what they should hold. */
async function passFlows(
  context: PassContext,
  desired: DesiredState,
  problems: readonly string[],
): Promise<Omit<PassResult, 'warnings' | 'facts'>> {
  const { link, memory, now } = context;
  const { world } = context.state;
  const epoch = link.epoch();
  const known = isFresh(context);
  let actual = known && memory.actual !== undefined ? memory.actual : await link.read();
  const readAt = known ? memory.readAt : now;
  const { plan, foreign, heldBack, clashes } = difference(desired, actual);
  const confirmed: Confirmed = { ports: desired.ports, peers: desired.peers };
  const errors = [
    ...problems,
    ...foreign.map((flow) => `foreign flow in br-int: ${flowText(flow)}`),
    ...heldBack.map((flow) => `held back, a foreign flow has its place: ${flow.owner.id}: ${flow.why}`),
    ...clashes.map(([a, b]) => `two flows want one place: ${a.owner.id} (${a.why}) and ${b.owner.id} (${b.why})`),
  ];
  if (isEmpty(plan)) {
    const right = errors.length === problems.length;
    return {
      memory: { epoch, actual, readAt, ...(right ? { rightFor: { world, desired } } : {}) },
      confirmed,
      desired,
      flowModsSent: 0,
      state: errors.length === 0 ? 'ready' : 'blocked',
      errors,
      again: false,
    };
  }
  const sent = await link.send(plan);
  if (!sent.committed) {
    const state = { epoch, actual: undefined, readAt };
    return {
      memory: state,
      desired,
      flowModsSent: 0,
      state: 'blocked',
      errors: [...errors, ...sent.refusals.map(refusalText)],
      again: false,
    };
  }
  context.onCommitted(confirmed);
  actual = await readBack(link, actual, plan);
  const rest = difference(desired, actual).plan;
  const inVain = isEmpty(rest) ? 0 : (memory.inVain ?? 0) + 1;
  const odd = inVain < MOST_IN_VAIN ? [] : oddities(rest);
  const all = [...errors, ...odd];
  return {
    memory: { epoch, actual, readAt, inVain },
    confirmed,
    desired,
    flowModsSent: flowModCount(plan),
    state: all.length > 0 ? 'blocked' : inVain > 0 ? 'updating' : 'ready',
    errors: all,
    again: inVain > 0 && inVain < MOST_IN_VAIN,
  };
}

/** What still reads back otherwise than it was sent, the first of it by name. */
function oddities(rest: FlowPlan): readonly string[] {
  const [flow] = [...rest.add, ...rest.modify];
  const example = flow === undefined ? '' : `, first ${flow.owner.id}: ${flow.why}`;
  return [`the switch reads back otherwise than it was told: ${flowModCount(rest)} flows${example}`];
}

/** As `ovs-ofctl --no-stats dump-flows` prints it, table 0 included. */
const flowText = (flow: ActualFlow): string =>
  `${flow.table_id === 0 ? 'table=0, ' : ''}${formatFlow({ ...flow, instructions: [...flow.instructions] })}`;

/** One pass; it throws only what the connection throws. */
export async function reconcileHost(context: PassContext): Promise<PassResult> {
  const { link, state, controllerTarget } = context;
  const rows = link.rows();
  if (rows === undefined) return nothing(context, 'unreachable', link.troubles());
  const { topology } = state.world;
  const config = configPlan({ host: link.name, controllerTarget, topology }, rows);
  for (const changes of config.transactions) await link.configure(changes);
  // The rows that follow tell how it went.
  if (config.transactions.length > 0)
    return { ...nothing(context, 'configuring', config.problems), warnings: config.warnings, again: true };
  const ports = link.switchPorts();
  if (ports === undefined)
    return { ...nothing(context, 'connecting', [...config.problems, ...link.troubles()]), warnings: config.warnings };
  const facts = hostFacts(topology, link.name, rows, ports);
  if (JSON.stringify(facts) !== JSON.stringify(state.world.facts.get(link.name)))
    return { ...nothing(context, 'updating', config.problems), facts, warnings: config.warnings };
  const flows =
    unchanged(context, config.problems) ??
    (await passFlows(context, desiredState(state.world, link.name, state.bound, context.flowsOf), config.problems));
  return { ...flows, facts, warnings: config.warnings };
}
