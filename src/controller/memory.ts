/**
 * What is remembered of a host between passes: what its switch holds, as read from it and, for what was sent since, as
 * the switch took it until that is read back. Every change here makes a new value.
 */
import type { DesiredState } from '../desired/index.js';
import { type ActualFlow, type ActualState, applied, type FlowPlan } from '../diff/index.js';
import { isOurs, ownerOf } from '../pipeline/index.js';
import type { HostLink } from '../session/index.js';
import type { State } from './state.js';

/** More owners than this, and the whole table is read back instead of their flows. */
const MOST_OWNERS_READ_BACK = 16;

/** What was sent and not read back yet. */
export interface Unread {
  readonly owners: ReadonlySet<bigint>;
  /** Groups are among it, or many owners: everything is read. */
  readonly all: boolean;
  /** Meters are among it. */
  readonly meters: boolean;
  /** Milliseconds, monotonic, of the last bundle. */
  readonly sentAt: number;
}

export interface Memory {
  /** The connection for which it holds. */
  readonly epoch: number;
  readonly actual: ActualState | undefined;
  /** Milliseconds, monotonic, of the last reading of everything. */
  readonly readAt: number;
  readonly unread?: Unread;
  /** Times in a row that the tables read back otherwise than they were sent. */
  readonly inVain?: number;
  /** The world for which these tables are right, nothing foreign in them: seen again, there is nothing to compute. */
  readonly rightFor?: { readonly world: State['world']; readonly desired: DesiredState };
}

export const NOTHING_KNOWN: Memory = { epoch: 0, actual: undefined, readAt: 0 };

/** A memory of a connection of which something was read. */
export type Known = Memory & { readonly actual: ActualState };

export const isKnown = (memory: Memory, epoch: number): memory is Known =>
  memory.epoch === epoch && memory.actual !== undefined;

const ownersOf = (plan: FlowPlan): readonly bigint[] =>
  [...plan.add, ...plan.modify, ...plan.remove].map((flow) => ownerOf(flow.cookie));

/** After a bundle that the switch has taken. */
export function afterSending({ epoch, readAt, inVain, ...memory }: Known, plan: FlowPlan, sentAt: number): Known {
  const groups = plan.groups.length + plan.removeGroups.length;
  const changed = plan.addMeters.length + plan.modifyMeters.length + plan.removeMeters.length;
  const meters = memory.unread?.meters === true || changed > 0;
  const owners = new Set([...(memory.unread?.owners ?? []), ...ownersOf(plan)]);
  const all = memory.unread?.all === true || groups > 0 || owners.size > MOST_OWNERS_READ_BACK;
  const actual = applied(memory.actual, plan);
  return {
    epoch,
    readAt,
    actual,
    unread: { owners, all, meters, sentAt },
    ...(inVain === undefined ? {} : { inVain }),
  };
}

/** The flows with one set of owners' replaced by what was just read. */
function withOwners(
  actual: ActualState,
  read: readonly ActualFlow[],
  owners: ReadonlySet<bigint>,
): ActualState['flows'] {
  const flows = new Map([...actual.flows].filter(([, f]) => !isOurs(f.cookie) || !owners.has(ownerOf(f.cookie))));
  for (const flow of read) flows.set(flow.identity, flow);
  return flows;
}

/** Everything read. */
export async function readAll(link: HostLink, now: number, inVain?: number): Promise<Known> {
  const epoch = link.epoch();
  return { epoch, actual: await link.read(), readAt: now, ...(inVain === undefined ? {} : { inVain }) };
}

/** What was sent is read back. */
export async function readBack(link: HostLink, memory: Known, now: number): Promise<Known> {
  const { unread, actual, epoch, readAt, inVain } = memory;
  if (unread === undefined) return memory;
  if (unread.all) return readAll(link, now, inVain);
  const [read, meters] = await Promise.all([
    link.readOwners([...unread.owners]),
    unread.meters ? link.readMeters() : actual.meters,
  ]);
  const flows = withOwners(actual, read, unread.owners);
  return { epoch, readAt, actual: { ...actual, flows, meters }, ...(inVain === undefined ? {} : { inVain }) };
}
