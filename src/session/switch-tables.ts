/** Reads a switch's tables over OpenFlow, in the spelling in which desired and actual are compared. */
import {
  decodeMessage,
  type FlowEntry,
  formatFlowEntry,
  type MultipartEntry,
  type Names,
  OFPM,
  OFPTT,
  OpenFlowError,
  type Session,
} from 'ts-openflow';
import { canonicalActions, flowContent, flowIdentity } from '../desired/index.js';
import {
  type ActualFlow,
  type ActualGroup,
  type ActualState,
  digestOfReply,
  meterContent,
  type TablesRead,
} from '../diff/index.js';
import { OWNER_MASK } from '../pipeline/index.js';
import type { CountedFlow } from './link.js';

const OPENFLOW_15 = 6;

/** One entry of OFPMP_FLOW as an actual flow. */
export function actualFlow(entry: FlowEntry): ActualFlow {
  const { table_id, priority, match, instructions, cookie } = entry;
  return {
    table_id,
    priority,
    match,
    instructions,
    cookie,
    identity: flowIdentity(table_id, priority, match),
    content: flowContent(cookie, instructions),
    odd: entry.idle_timeout !== 0 || entry.hard_timeout !== 0 || entry.flags !== 0,
  };
}

const counted = (entry: FlowEntry, names: Names): CountedFlow => ({
  ...actualFlow(entry),
  packets: entry.packet_count ?? 0n,
  bytes: entry.byte_count ?? 0n,
  durationSeconds: entry.duration_sec ?? 0,
  get text() {
    return formatFlowEntry(entry, names);
  },
});

/** Below OpenFlow 1.5 buckets have no number of their own. */
const actualGroup = (entry: MultipartEntry<'GROUP_DESC'>, numbered: boolean): ActualGroup => ({
  group_id: entry.group_id,
  type: String(entry.type),
  buckets: entry.buckets.map((b) => ({
    ...(numbered ? { bucket_id: b.bucket_id } : {}),
    actions: b.actions,
    content: canonicalActions(b.actions),
  })),
});

/** What asks for the flows with these bits of the cookie; for all unless given. */
const asking = (cookie = 0n, cookie_mask = 0n) => ({ table_id: OFPTT.ALL, match: {}, cookie, cookie_mask });

const flows = (session: Session, cookie?: bigint, cookie_mask?: bigint): Promise<readonly FlowEntry[]> =>
  session.multipart('FLOW', asking(cookie, cookie_mask));

const byIdentity = (entries: readonly FlowEntry[]): ActualState['flows'] =>
  new Map(entries.map(actualFlow).map((flow) => [flow.identity, flow]));

/** All flows, groups and meters. */
export async function readTables(session: Session): Promise<ActualState> {
  const [entries, groups, meters] = await Promise.all([flows(session), readGroups(session), readMeters(session)]);
  return { flows: byIdentity(entries), groups, meters };
}

/** The flows in the parts of a multipart reply. Throws DecodeError. */
const decoded = (parts: readonly Buffer[]): ActualState['flows'] =>
  byIdentity(parts.flatMap((part) => (decodeMessage(part) as { readonly body?: unknown }).body as FlowEntry[]));

/** All flows as octets, with their digest, and all groups and meters. */
export async function readTableOctets(session: Session): Promise<TablesRead> {
  const [parts, groups, meters] = await Promise.all([
    session.multipartOctets('FLOW', asking()),
    readGroups(session),
    readMeters(session),
  ]);
  const { version } = session;
  return { version, digest: digestOfReply(parts, version), decode: () => decoded(parts), groups, meters };
}

/** More than so many are not asked for one by one. */
const MOST_ASKED_FOR = 8;

/** The groups of these numbers, or all. Below OpenFlow 1.5 a switch describes all or none (1.5.1 clause 7.3.5.11). */
export async function readGroups(session: Session, ids?: readonly number[]): Promise<ActualState['groups']> {
  const numbered = session.version >= OPENFLOW_15;
  const few = numbered && ids !== undefined && ids.length <= MOST_ASKED_FOR;
  const entries = few
    ? await Promise.all(ids.map((group_id) => session.multipart('GROUP_DESC', { group_id })))
    : [await session.multipart('GROUP_DESC')];
  return new Map(entries.flat().map((entry) => [entry.group_id, actualGroup(entry, numbered)]));
}

const meterContents = (meters: readonly MultipartEntry<'METER_CONFIG'>[]): ActualState['meters'] =>
  new Map(meters.map(({ meter_id, flags, bands }) => [meter_id, meterContent(flags, bands)]));

/** One meter; none where there is no such meter, which the switch tells by an error (OpenFlow 1.5.1 clause 7.5.4.13). */
async function readMeter(session: Session, meter_id: number): Promise<readonly MultipartEntry<'METER_CONFIG'>[]> {
  try {
    return await session.multipart('METER_CONFIG', { meter_id });
  } catch (error) {
    if (error instanceof OpenFlowError && error.code === UNKNOWN_METER) return [];
    throw error;
  }
}

const UNKNOWN_METER = 'OFPMMFC_UNKNOWN_METER';

/** The meters of these numbers, or all. */
export async function readMeters(session: Session, ids?: readonly number[]): Promise<ActualState['meters']> {
  if (ids === undefined || ids.length > MOST_ASKED_FOR)
    return meterContents(await session.multipart('METER_CONFIG', { meter_id: OFPM.ALL }));
  return meterContents((await Promise.all(ids.map((id) => readMeter(session, id)))).flat());
}

/** What each meter has dropped, in packets. */
export async function readMeterDrops(session: Session): Promise<ReadonlyMap<number, bigint>> {
  const meters = await session.multipart('METER', { meter_id: OFPM.ALL });
  return new Map(meters.map((m) => [m.meter_id, m.bands.reduce((sum, band) => sum + band.packet_count, 0n)]));
}

/** The flows of some owners: the switch finds them by cookie. */
export async function readOwners(session: Session, owners: readonly bigint[]): Promise<readonly ActualFlow[]> {
  const parts = await Promise.all(owners.map((cookie) => flows(session, cookie, OWNER_MASK)));
  return parts.flat().map(actualFlow);
}

/** All flows with their counters, printed with the names given. */
export const readCounted = async (session: Session, names: Names): Promise<readonly CountedFlow[]> =>
  (await flows(session)).map((entry) => counted(entry, names));
