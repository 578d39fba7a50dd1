/**
 * A bundle (OpenFlow 1.4.1 clause 6.8; ONF extension 230 on 1.3): OPEN, the messages, a barrier; any error so far and it is
 * discarded, else COMMIT. Open vSwitch commits a bundle without the message it could not decode (seen on 3.1.0), hence the
 * barrier and the collected errors before COMMIT. A failure at COMMIT names the message by its xid, then the commit.
 */
import { OFPBF } from '../constants.js';
import type { MessageInput } from '../message.js';
import type { OpenFlowVersion } from '../version.js';
import { BundleFeed } from './bundle-feed.js';
import { OpenFlowError, SessionClosedError } from './errors.js';
import type { Batch } from './pending.js';

/** What a bundle needs of its session. */
export interface BundleSession {
  readonly version: OpenFlowVersion;
  /** Why it ended, if it did. */
  readonly ended: string | undefined;
  takeXids(count: number): number;
  nextBundleId(): number;
  sendEncoded(octets: Buffer): void;
  request(message: MessageInput): Promise<unknown>;
  barrier(): Promise<void>;
  drained(): Promise<void>;
  openBatch(batch: Batch): () => void;
}

/** How to send a bundle. */
export interface BundleOptions {
  /** Packets see all of it or nothing. Default true. */
  readonly atomic?: boolean;
  /** Carried out in the given order. Default true. */
  readonly ordered?: boolean;
}

/** What became of a bundle: whether it was committed, and the errors with the places of what they answer. */
export interface BundleResult {
  /** False: nothing of the bundle took effect. */
  readonly committed: boolean;
  /** `index` in the messages given; -1 for the bundle itself. */
  readonly errors: readonly { readonly index: number; readonly error: OpenFlowError }[];
}

/** Xids taken at a time. Other senders may take some between two runs. */
const RUN = 4096;

/** One bundle under way. */
interface Way {
  readonly session: BundleSession;
  readonly bundle_id: number;
  readonly flags: number;
  readonly errors: { readonly index: number; readonly error: OpenFlowError }[];
  /** What ends the collecting of errors. */
  readonly ends: (() => void)[];
}

type ControlType = 'OPEN_REQUEST' | 'COMMIT_REQUEST' | 'DISCARD_REQUEST';

/** The error of a control message, or undefined when it succeeded. */
async function control({ session, bundle_id, flags }: Way, type: ControlType): Promise<OpenFlowError | undefined> {
  try {
    await session.request({ kind: 'BundleControl', bundle_id, type, flags } as MessageInput);
    return undefined;
  } catch (error) {
    if (error instanceof OpenFlowError) return error;
    throw error;
  }
}

/** Sends the messages as additions to the bundle, never more than the connection has room for. */
async function feed(way: Way, messages: Iterable<MessageInput | Buffer>): Promise<void> {
  const { session, bundle_id, flags, errors } = way;
  const given: readonly (MessageInput | Buffer)[] | undefined = Array.isArray(messages) ? messages : undefined;
  const out = new BundleFeed(session.version, bundle_id, flags, (octets) => session.sendEncoded(octets));
  let index = 0;
  let first = 0;
  for (const message of messages) {
    const place = index % RUN;
    if (place === 0) {
      first = session.takeXids(RUN);
      way.ends.push(session.openBatch({ first, count: RUN, base: index, errors, requestAt: (at) => given?.[at] }));
    }
    if (out.add(message, first + place)) {
      await session.drained();
      if (session.ended !== undefined) throw new SessionClosedError(session.ended);
    }
    index += 1;
  }
  out.flush();
}

/** Feeds it; when the messages themselves fail (one cannot be encoded), takes the bundle back before it throws. */
async function feedOrDiscard(way: Way, messages: Iterable<MessageInput | Buffer>): Promise<void> {
  try {
    await feed(way, messages);
  } catch (error) {
    if (way.session.ended === undefined) await control(way, 'DISCARD_REQUEST');
    throw error;
  }
}

async function carryOut(way: Way, messages: Iterable<MessageInput | Buffer>): Promise<BundleResult> {
  const { session, errors } = way;
  const opening = control(way, 'OPEN_REQUEST');
  opening.catch(() => undefined); // awaited below, where the feed did not fail first
  await feedOrDiscard(way, messages);
  const [refused] = await Promise.all([opening, session.barrier()]);
  if (refused !== undefined || errors.length > 0) {
    // Also where OPEN was refused: Open vSwitch opens a bundle at the first addition.
    await control(way, 'DISCARD_REQUEST');
    return { committed: false, errors: refused === undefined ? errors : [{ index: -1, error: refused }, ...errors] };
  }
  const failed = await control(way, 'COMMIT_REQUEST');
  if (failed === undefined) return { committed: true, errors: [] };
  return { committed: false, errors: errors.length > 0 ? errors : [{ index: -1, error: failed }] };
}

/**
 * Sends all messages in one bundle; octets must be whole messages of the session's version. Rejects only when the
 * connection fails or a message cannot be encoded (nothing took effect then).
 */
export async function sendBundle(
  session: BundleSession,
  messages: Iterable<MessageInput | Buffer>,
  { atomic = true, ordered = true }: BundleOptions = {},
): Promise<BundleResult> {
  if (Array.isArray(messages) && messages.length === 0) return { committed: true, errors: [] };
  const flags = (atomic ? OFPBF.ATOMIC : 0) | (ordered ? OFPBF.ORDERED : 0);
  const way: Way = { session, bundle_id: session.nextBundleId(), flags, errors: [], ends: [] };
  try {
    return await carryOut(way, messages);
  } finally {
    for (const end of way.ends) end();
  }
}
