/**
 * What is remembered of a host between passes: what its switch holds, as read from it and, for what was sent since, as
 * the switch took it until that is read back. Every change here makes a new value.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DesiredState } from '../desired/index.js';
import { type ActualFlow, type ActualState, applied, type Difference, type FlowPlan } from '../diff/index.js';
import { isOurs, ownerOf } from '../pipeline/index.js';
import type { HostLink } from '../session/index.js';

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
  /** The desired state that `actual` holds, exactly and nothing beside it; absent where that is not known. */
  readonly held?: DesiredState;
  /** Times in a row that the tables read back otherwise than they were sent. */
  readonly inVain?: number;
  /** What the host should hold, as computed last, and for which version of the state. */
  readonly judged?: { readonly version: number; readonly desired: DesiredState };
}

export const NOTHING_KNOWN: Memory = { epoch: 0, actual: undefined, readAt: 0 };

/** A memory of a connection of which something was read. */
export type Known = Memory & { readonly actual: ActualState };

export const isKnown = (memory: Memory, epoch: number): memory is Known =>
  memory.epoch === epoch && memory.actual !== undefined;

const ownersOf = (plan: FlowPlan): readonly bigint[] =>
  [...plan.add, ...plan.modify, ...plan.remove].map((flow) => ownerOf(flow.cookie));

/** What a plan leads to, and that plan. */
export interface Sent {
  readonly desired: DesiredState;
  readonly found: Difference;
}

/** After a bundle that the switch has taken. */
export function afterSending(memory: Known, { desired, found: { plan, pure } }: Sent, sentAt: number): Known {
  const { epoch, readAt, inVain, unread } = memory;
  const groups = plan.groups.length + plan.removeGroups.length;
  const changed = plan.addMeters.length + plan.modifyMeters.length + plan.removeMeters.length;
  const meters = unread?.meters === true || changed > 0;
  const owners = new Set([...(unread?.owners ?? []), ...ownersOf(plan)]);
  const all = unread?.all === true || groups > 0 || owners.size > MOST_OWNERS_READ_BACK;
  return {
    epoch,
    readAt,
    actual: applied(memory.actual, plan),
    unread: { owners, all, meters, sentAt },
    ...(pure ? { held: desired } : {}),
    ...(inVain === undefined ? {} : { inVain }),
  };
}

/** Everything read. */
export async function readAll(link: HostLink, now: number): Promise<Known> {
  const epoch = link.epoch();
  return { epoch, actual: await link.read(), readAt: now };
}

/** Everything read again; what does not follow from the tables stays. */
export async function readAgain(link: HostLink, { inVain }: Known, now: number): Promise<Known> {
  return { ...(await readAll(link, now)), ...(inVain === undefined ? {} : { inVain }) };
}

const same = (a: ActualFlow, b: ActualFlow | undefined): boolean =>
  b !== undefined && a.content === b.content && a.cookie === b.cookie && a.odd === b.odd;

/** What was sent is read back. */
export async function readBack(link: HostLink, memory: Known, now: number): Promise<Known> {
  const { unread, ...rest } = memory;
  if (unread === undefined) return memory;
  if (unread.all) return readAgain(link, memory, now);
  const { flows: before } = rest.actual;
  const isTheirs = (flow: ActualFlow): boolean => isOurs(flow.cookie) && unread.owners.has(ownerOf(flow.cookie));
  const [read, meters] = await Promise.all([
    link.readOwners([...unread.owners]),
    unread.meters ? link.readMeters() : rest.actual.meters,
  ]);
  const expected = [...before.values()].filter(isTheirs).length;
  if (
    read.length === expected &&
    read.every((flow) => same(flow, before.get(flow.identity))) &&
    isDeepStrictEqual(meters, rest.actual.meters)
  )
    return rest;
  const { held: _, ...doubted } = rest;
  const flows = new Map([...before].filter(([, flow]) => !isTheirs(flow)));
  for (const flow of read) flows.set(flow.identity, flow);
  return { ...doubted, actual: { ...rest.actual, flows, meters } };
}
