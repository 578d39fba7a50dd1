/**
 * What is remembered of a host between passes: what its switch holds, as read from it and, for what was sent since, as
 * the switch took it until that is read back. Every change here makes a new value.
 */
import { isDeepStrictEqual } from 'node:util';
import { type DesiredFlow, type DesiredState, flowsIn, type Piece } from '../desired/index.js';
import {
  type ActualFlow,
  type ActualGroup,
  type ActualState,
  applied,
  type Beside,
  contentOf,
  type Difference,
  type Digest,
  digestAfter,
  digestOfFlows,
  type FlowPlan,
  groupsAfter,
  holdingBeside,
  holdingExactly,
  sameDigest,
  type TablesRead,
} from '../diff/index.js';
import { isOurs, ownerOf } from '../pipeline/index.js';
import type { HostLink } from '../session/index.js';

/** More owners than this, and the whole table is read back instead of their flows. */
const MOST_OWNERS_READ_BACK = 64;

/** What was sent and not read back yet. */
export interface Unread {
  readonly owners: ReadonlySet<bigint>;
  /** The pieces of the state in which all flows of those owners are; absent where that is not known. */
  readonly pieces?: readonly Piece[] | undefined;
  /** Many owners are among it: everything is read. */
  readonly all: boolean;
  /** Numbers of the groups among it. */
  readonly groups: ReadonlySet<number>;
  /** The meters among it: what each does, as `meterContent` spells it; undefined of one that was taken away. */
  readonly meters: ReadonlyMap<number, string | undefined>;
  /** Milliseconds, monotonic, of the last bundle. */
  readonly sentAt: number;
}

interface Expected {
  readonly desired: DesiredState;
  readonly flows: readonly DesiredFlow[];
  readonly right: boolean;
}

export interface Memory {
  /** The connection for which it holds. */
  readonly epoch: number;
  /** Where `held` is known, nothing beside it: spelt out of it when it is asked for (diff/actual.ts). */
  readonly actual: ActualState | undefined;
  /** Milliseconds, monotonic, of the last reading of everything. */
  readonly readAt: number;
  /** Of the flows in `actual`; absent where that is not known. */
  readonly digest?: Digest | undefined;
  /** After a reading: what was expected, its flows, and whether `actual` has them, all of them and no other. */
  readonly expected?: Expected;
  readonly unread?: Unread;
  /** The desired state that `actual` holds, exactly, and beside it only `beside`; absent where that is not known. */
  readonly held?: DesiredState;
  /** What nobody could judge; absent where there is nothing of it. */
  readonly beside?: Beside;
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

/** What the tables hold once the plan of a difference is carried out, where that follows from the desired state. */
export function holds(
  { actual }: Known,
  { desired, found }: Sent,
): Pick<Known, 'held' | 'beside' | 'actual'> | undefined {
  if (found.pure) return { held: desired, actual: holdingExactly(desired) };
  if (found.beside === undefined) return undefined;
  const { flows, groups } = found.beside;
  const beside = { flows, ...(groups ? { groups: groupsAfter(actual, found.plan) } : {}) };
  return { held: desired, beside, actual: holdingBeside(desired, beside) };
}

/** The memory of tables that are as a difference found them, with nothing to send. */
export function knowing(memory: Known, sent: Sent): Known {
  const now = holds(memory, sent);
  if (now === undefined) return memory;
  const { beside: _, expected: __, ...rest } = memory;
  return { ...rest, ...now };
}

/** What a plan leads to, and that plan. */
export interface Sent {
  readonly desired: DesiredState;
  readonly found: Difference;
  /** Of the flows that the plan added. */
  readonly added?: Digest | undefined;
}

/** The digest of the flows after a plan that the switch has taken; undefined where it does not follow. */
function digestAfterSending(
  { digest }: Known,
  { plan, replaced }: Difference,
  added: Digest | undefined,
): Digest | undefined {
  const { add, modify, remove } = plan;
  if (digest === undefined || (modify.length > 0 && replaced === undefined)) return undefined;
  const gone = [...remove, ...(replaced ?? [])];
  // Its timeouts and flags are not known as values.
  if (gone.some((flow) => 'odd' in flow && flow.odd)) return undefined;
  const { version } = digest;
  const come = added?.version === version ? added : digestOfFlows([...modify, ...add], version);
  return digestAfter(digest, digestOfFlows(gone, version), come);
}

/** After a bundle that the switch has taken. */
export function afterSending(memory: Known, { desired, found, added }: Sent, sentAt: number): Known {
  const { plan } = found;
  const { epoch, readAt, inVain, unread } = memory;
  const groups = new Set([
    ...(unread?.groups ?? []),
    ...plan.groups.map(({ group }) => group.group_id),
    ...plan.removeGroups,
  ]);
  const meters = new Map([
    ...(unread?.meters ?? []),
    ...[...plan.addMeters, ...plan.modifyMeters].map((meter) => [meter.meter_id, contentOf(meter)] as const),
    ...plan.removeMeters.map((id) => [id, undefined] as const),
  ]);
  const owners = new Set([...(unread?.owners ?? []), ...ownersOf(plan)]);
  const all = unread?.all === true || owners.size > MOST_OWNERS_READ_BACK;
  const pieces = unread === undefined ? found.pieces : unread.pieces && found.pieces?.concat(unread.pieces);
  return {
    epoch,
    readAt,
    ...(holds(memory, { desired, found }) ?? { actual: applied(memory.actual, plan) }),
    digest: digestAfterSending(memory, found, added),
    unread: { owners, pieces, all, groups, meters, sentAt },
    ...(inVain === undefined ? {} : { inVain }),
  };
}

/** What was read, as it is; flows that are those of the desired state are not even decoded. */
function known({ version, digest, decode, groups, meters }: TablesRead, desired: DesiredState) {
  if (digest?.count === 0) return { actual: { flows: NO_FLOWS, groups, meters }, digest };
  const { flows } = desired;
  if (digest?.count !== flows.length || !sameDigest(digest, digestOfFlows(flows, version)))
    return { actual: { flows: decode(), groups, meters }, digest, expected: { desired, flows, right: false } };
  return { actual: { ...flowsOf(desired), groups, meters }, digest, expected: { desired, flows, right: true } };
}

const NO_FLOWS: ActualState['flows'] = new Map();

/** Spelt out when they are asked for. */
const flowsOf = (desired: DesiredState): Pick<ActualState, 'flows'> => ({
  get flows() {
    return holdingExactly(desired).flows;
  },
});

/** Everything read. `desired`: what is expected. */
export async function readAll(link: HostLink, desired: DesiredState, now: number): Promise<Known> {
  const epoch = link.epoch();
  if (link.readTables === undefined) return { epoch, actual: await link.read(), readAt: now };
  return { epoch, ...known(await link.readTables(), desired), readAt: now };
}

/** Everything read again; what does not follow from the tables stays. */
export async function readAgain(link: HostLink, { inVain }: Known, desired: DesiredState, now: number): Promise<Known> {
  return { ...(await readAll(link, desired, now)), ...(inVain === undefined ? {} : { inVain }) };
}

/** Everything is read back after sending: where the digest is what was reckoned, all is as it is known. */
async function readAllBack(link: HostLink, memory: Known, desired: DesiredState, now: number): Promise<Known> {
  const { unread: _, ...rest } = memory;
  if (link.readTables === undefined || rest.digest === undefined) return readAgain(link, memory, desired, now);
  const read = await link.readTables();
  const { groups, meters } = rest.actual;
  if (
    read.digest !== undefined &&
    sameDigest(read.digest, rest.digest) &&
    isDeepStrictEqual(read.meters, meters) &&
    sameGroups(read.groups, groups)
  )
    return { ...rest, readAt: now };
  const { epoch, inVain } = rest;
  return { epoch, ...known(read, desired), readAt: now, ...(inVain === undefined ? {} : { inVain }) };
}

type Spelled = Pick<ActualFlow, 'identity' | 'content' | 'cookie'>;

const same = (a: Spelled, b: Spelled | undefined): boolean =>
  b !== undefined && a.content === b.content && a.cookie === b.cookie;

/** Each piece once: two plans in a row may have opened the same. */
const distinct = (pieces: readonly Piece[]): readonly Piece[] => [
  ...new Map(pieces.map((piece) => [`${piece.network} ${piece.peer} ${piece.addresses}`, piece])).values(),
];

/** The flows among which those of the owners are that were sent something. */
function expectedOf({ held, beside, actual }: Known, pieces: readonly Piece[] | undefined): readonly Spelled[] {
  if (held === undefined || pieces === undefined) return [...actual.flows.values()];
  return [...distinct(pieces).flatMap((piece) => [...flowsIn(held, piece)]), ...(beside?.flows.values() ?? [])];
}

/** Buckets are told apart by what they do: below OpenFlow 1.5 they have no number. */
const bucketsOf = ({ buckets }: ActualGroup): string => JSON.stringify(buckets.map(({ content }) => content).sort());

const sameGroup = (a: ActualGroup | undefined, b: ActualGroup | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.type === b.type && bucketsOf(a) === bucketsOf(b);

/** True when the switch has these groups, whatever order their buckets are in. */
const sameGroups = (read: ActualState['groups'], known: ActualState['groups']): boolean =>
  read.size === known.size && [...read].every(([id, group]) => sameGroup(group, known.get(id)));

/** A map in which some keys have what was read, or nothing where nothing was. */
function overlaid<V>(known: ReadonlyMap<number, V>, read: ReadonlyMap<number, V>, ids: Iterable<number>) {
  const all = new Map(known);
  for (const id of ids) {
    const value = read.get(id);
    if (value === undefined) all.delete(id);
    else all.set(id, value);
  }
  return all;
}

/** What was sent is read back. */
export async function readBack(link: HostLink, memory: Known, desired: DesiredState, now: number): Promise<Known> {
  const { unread, ...rest } = memory;
  if (unread === undefined) return memory;
  if (unread.all) return readAllBack(link, memory, desired, now);
  const isTheirs = (flow: { readonly cookie: bigint }): boolean =>
    isOurs(flow.cookie) && unread.owners.has(ownerOf(flow.cookie));
  const expected = expectedOf(memory, unread.pieces).filter(isTheirs);
  const [groupIds, meterIds] = [[...unread.groups], [...unread.meters.keys()]];
  const [read, meters, groups] = await Promise.all([
    link.readOwners([...unread.owners]),
    meterIds.length > 0 ? link.readMeters(meterIds) : NO_METERS,
    groupIds.length > 0 ? link.readGroups(groupIds) : NO_GROUPS,
  ]);
  // What the others should be is spelt out when it is asked for.
  const { groups: knownGroups } = groupIds.length > 0 ? rest.actual : { groups: NO_GROUPS };
  const before = new Map(expected.map((flow) => [flow.identity, flow]));
  if (
    read.length === expected.length &&
    read.every((flow) => !flow.odd && same(flow, before.get(flow.identity))) &&
    meterIds.every((id) => meters.get(id) === unread.meters.get(id)) &&
    groupIds.every((id) => sameGroup(groups.get(id), knownGroups.get(id)))
  )
    return rest;
  const { held: _, beside: __, digest: ___, expected: ____, ...doubted } = rest;
  const { flows: all, groups: otherGroups, meters: otherMeters } = rest.actual;
  const flows = new Map([...all].filter(([, flow]) => !isTheirs(flow)));
  for (const flow of read) flows.set(flow.identity, flow);
  const actual = {
    flows,
    groups: overlaid(otherGroups, groups, groupIds),
    meters: overlaid(otherMeters, meters, meterIds),
  };
  return { ...doubted, actual };
}

const NO_GROUPS: ActualState['groups'] = new Map();
const NO_METERS: ActualState['meters'] = new Map();
