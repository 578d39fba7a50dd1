/**
 * One pass over one host: rows first, then flows. Reads what the switch holds, computes what it should hold, sends the
 * difference in one bundle, and some milliseconds later reads back what it touched. Never flushes; a host that is right is
 * sent nothing. The read-back waits because ovs-vswitchd answers it in the thread that moves the new port's first packets
 * (netdev datapath), and because a change that comes in between shall not wait for it.
 */
import { type Confirmed, type DesiredState, desiredState, type FlowsOf, type HostFacts } from '../desired/index.js';
import {
  besideFlows,
  changedParts,
  type Difference,
  difference,
  type FlowPlan,
  flowModCount,
  isEmpty,
} from '../diff/index.js';
import type { HostLink, Refusal } from '../session/index.js';
import { rowTexts, tableDrift } from './drift.js';
import { sendAtOnce, sendProved } from './enforce.js';
import { flowText } from './flow-text.js';
import type { Look } from './look.js';
import { afterSending, isKnown, type Known, knowing, type Memory, readAgain, readAll, readBack } from './memory.js';
import { sendWithoutRefused } from './refused.js';
import type { State } from './state.js';

/** After so many passes in vain there is no other at once: a defect of ours must not become a stream of flow_mods. */
const MOST_IN_VAIN = 3;

/** Milliseconds from a bundle to its read-back. */
export const READ_BACK_MS = 20;

export interface PassResult {
  readonly memory: Memory;
  readonly facts?: HostFacts;
  readonly confirmed?: Confirmed;
  readonly desired?: DesiredState;
  readonly flowModsSent: number;
  readonly state: 'unreachable' | 'configuring' | 'connecting' | 'updating' | 'ready' | 'blocked';
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** What was found otherwise than it had been confirmed, and is put right by this pass. */
  readonly drift?: readonly string[];
  /** The rows that this pass wrote. */
  readonly rows?: readonly string[];
  /** Look again: the pass changed something it could not see the end of. */
  readonly again: boolean;
}

export interface PassContext {
  readonly link: HostLink;
  /** The host's rows and ports as they are now. */
  readonly look: Look;
  readonly state: State;
  /** Another one for each change of the state that concerns this host: what it should hold follows from it. */
  readonly version: number;
  readonly memory: Memory;
  readonly flowsOf: FlowsOf;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** A read older than this many milliseconds is done again: drift and foreign flows are found so. */
  readonly readEveryMs: number;
  /** Plans are proved before they are sent (enforce.ts). */
  readonly enforce?: boolean;
  /** Called as soon as a bundle is committed, before the read-back: other hosts may now send. */
  readonly onCommitted: (confirmed: Confirmed) => void;
}

type TableResult = Omit<PassResult, 'warnings' | 'facts'>;

/** What a host that holds the desired state confirms. */
const confirmedBy = ({ ports, peers, sends }: DesiredState): Confirmed => ({ ports, peers, sends });

/** The same after the read-back, which is what single ports wait for. */
const readBackBy = ({ state }: PassContext, desired: DesiredState): Confirmed => {
  const { numbers, remotes } = desired;
  return { ...confirmedBy(desired), held: { generation: state.generation, numbers, remotes } };
};

const refusalText = ({ about, error }: Refusal): string =>
  `refused by ${about.startsWith('the proof') ? '' : 'the switch: '}${about}: ${error}`;

const nothing = (context: PassContext, state: PassResult['state'], errors: readonly string[]): PassResult => ({
  memory: context.memory,
  flowModsSent: 0,
  state,
  errors,
  warnings: [],
  again: false,
});

/** The tables' errors: what is foreign, what is held back by it, and what contradicts itself. */
const tableErrors = ({ foreign, heldBack, clashes }: Difference): readonly string[] => [
  ...foreign.map((flow) => `foreign flow in br-int: ${flowText(flow)}`),
  ...heldBack.map((flow) => `held back, a foreign flow has its place: ${flow.owner.id}: ${flow.why}`),
  ...clashes.map(([a, b]) => `two flows want one place: ${a.owner.id} (${a.why}) and ${b.owner.id} (${b.why})`),
];

/** What still reads back otherwise than it was sent, the first of it by name. */
function oddities(rest: FlowPlan): readonly string[] {
  const [flow] = [...rest.add, ...rest.modify];
  const example = flow === undefined ? '' : `, first ${flow.owner.id}: ${flow.why}`;
  return [`the switch reads back otherwise than it was told: ${flowModCount(rest)} flows${example}`];
}

/** One pass over the tables: its context and what it has found so far. */
interface TablePass {
  readonly context: PassContext;
  readonly desired: DesiredState;
  /** Of the rows. */
  readonly problems: readonly string[];
  readonly memory: Known;
}

/** The tables are right, as far as they are ours. */
function right({ context, desired, problems, memory }: TablePass, errors: readonly string[]): TableResult {
  const { inVain: _, ...known } = memory;
  const all = [...problems, ...errors];
  return {
    memory: known,
    confirmed: readBackBy(context, desired),
    desired,
    flowModsSent: 0,
    state: all.length === 0 ? 'ready' : 'blocked',
    errors: all,
    again: false,
  };
}

/** The difference is sent; its read-back is another pass. */
async function send({ context, desired, problems, memory }: TablePass, found: Difference): Promise<TableResult> {
  const { plan } = found;
  const errors = [...problems, ...tableErrors(found)];
  const { link, state } = context;
  const sending = context.enforce === true ? sendProved(link, state) : sendAtOnce(link);
  const sent = await sending(plan, memory.actual);
  if (!sent.committed) {
    const { epoch, readAt } = memory;
    const rest = await sendWithoutRefused(link, sending, desired, sent);
    if (rest.desired !== undefined) context.onCommitted(confirmedBy(rest.desired));
    return {
      memory: { epoch, readAt, actual: undefined },
      ...(rest.desired === undefined ? {} : { confirmed: confirmedBy(rest.desired) }),
      desired,
      flowModsSent: rest.flowModsSent,
      state: 'blocked',
      errors: [...new Set([...errors, ...rest.refusals.map(refusalText)])],
      again: false,
    };
  }
  context.onCommitted(confirmedBy(desired));
  return {
    memory: afterSending(memory, { desired, found, added: sent.added }, context.now()),
    confirmed: confirmedBy(desired),
    desired,
    flowModsSent: flowModCount(plan),
    state: errors.length === 0 ? 'updating' : 'blocked',
    errors,
    again: true,
  };
}

/** What was sent reads back otherwise: it is sent again, but not for ever. */
function inVain(pass: TablePass, found: Difference): Promise<TableResult> | TableResult {
  const { desired, problems, memory } = pass;
  const times = (memory.inVain ?? 0) + 1;
  const remembered: Known = { ...memory, inVain: times };
  if (times < MOST_IN_VAIN) return send({ ...pass, memory: remembered }, found);
  return {
    memory: remembered,
    desired,
    flowModsSent: 0,
    state: 'blocked',
    errors: [...problems, ...tableErrors(found), ...oddities(found.plan)],
    again: false,
  };
}

/** What differs, by the changed parts alone where what the tables hold is known. */
function compare(desired: DesiredState, { held, beside, actual, expected }: Known): Difference {
  if (expected?.desired === desired)
    return expected.right ? besideFlows(desired, actual) : difference(desired, actual, expected.flows);
  return (held && changedParts(desired, held, beside)) ?? difference(desired, actual);
}

/** The part of a pass that concerns the tables, given what they should hold. */
async function passTables(
  context: PassContext,
  desired: DesiredState,
  problems: readonly string[],
): Promise<TableResult> {
  const { link, now, readEveryMs } = context;
  if (desired.excesses.length > 0)
    return { ...nothing(context, 'blocked', [...problems, ...desired.excesses]), desired };
  let memory = isKnown(context.memory, link.epoch()) ? context.memory : await readAll(link, desired, now());
  let found = compare(desired, memory);
  if (!isEmpty(found.plan)) return send({ context, desired, problems, memory }, found);
  memory = knowing(memory, { desired, found });
  const { unread } = memory;
  if (unread !== undefined && now() - unread.sentAt < READ_BACK_MS)
    return {
      memory,
      confirmed: confirmedBy(desired),
      desired,
      flowModsSent: 0,
      state: 'updating',
      errors: [...problems, ...tableErrors(found)],
      again: true,
    };
  if (unread !== undefined) memory = await readBack(link, memory, desired, now());
  else if (isDue(memory, now(), readEveryMs)) memory = await readAgain(link, memory, desired, now());
  else return right({ context, desired, problems, memory }, tableErrors(found));
  found = compare(desired, memory);
  const pass = { context, desired, problems, memory };
  if (isEmpty(found.plan)) return right({ ...pass, memory: knowing(memory, { desired, found }) }, tableErrors(found));
  return unread === undefined ? { ...(await send(pass, found)), drift: tableDrift(found.plan) } : inVain(pass, found);
}

const isDue = ({ readAt }: Memory, now: number, readEveryMs: number): boolean => now - readAt >= 0.9 * readEveryMs;

/**
 * What the host should hold. It is computed again only when something that concerns the host has changed, or when the
 * tables are read again as a whole: then nothing is taken on trust.
 */
function judge(context: PassContext): DesiredState {
  const { memory, version, state, link, now, readEveryMs, flowsOf } = context;
  if (isDue(memory, now(), readEveryMs)) return desiredState(state.world, link.name, state.bound, flowsOf);
  const before = memory.judged?.desired;
  if (before !== undefined && memory.judged?.version === version) return before;
  return desiredState(state.world, link.name, state.bound, flowsOf, before);
}

/** The result of a pass over tables that are known to be right: nothing to compare, nothing to send. */
function unchanged(context: PassContext, desired: DesiredState, problems: readonly string[]): TableResult | undefined {
  const { memory, link, now, readEveryMs } = context;
  if (memory.held !== desired || memory.unread !== undefined || !isKnown(memory, link.epoch())) return undefined;
  if (isDue(memory, now(), readEveryMs)) return undefined;
  return right({ context, desired, problems, memory }, []);
}

/** One pass; it throws only what the connection throws. */
export async function reconcileHost(context: PassContext): Promise<PassResult> {
  const { link, look, state } = context;
  if (look.config === undefined) return nothing(context, 'unreachable', link.troubles());
  const { transactions, problems, warnings } = look.config;
  const rows = rowTexts(transactions, link.rows());
  for (const changes of transactions) await link.configure(changes);
  // The rows that follow tell how it went.
  if (transactions.length > 0) return { ...nothing(context, 'configuring', problems), warnings, rows, again: true };
  const { facts } = look;
  if (facts === undefined) return { ...nothing(context, 'connecting', [...problems, ...link.troubles()]), warnings };
  if (facts !== state.world.facts.get(link.name)) return { ...nothing(context, 'updating', problems), facts, warnings };
  const desired = judge(context);
  await link.keepEarly?.(desired.numbers);
  const tables = unchanged(context, desired, problems) ?? (await passTables(context, desired, problems));
  const memory = { ...tables.memory, judged: { version: context.version, desired } };
  return { ...tables, memory, facts, warnings: [...warnings, ...(tables.desired?.warnings ?? [])] };
}
