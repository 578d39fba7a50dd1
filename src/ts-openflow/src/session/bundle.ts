/**
 * A bundle (OpenFlow 1.4.1 clause 6.8; ONF extension 230 on 1.3): OPEN, the messages, a barrier; any error so far and it is
 * discarded, else COMMIT. Open vSwitch commits a bundle without the message it could not decode (seen on 3.1.0), hence the
 * barrier and the collected errors before COMMIT. A failure at COMMIT names the message by its xid, then the commit.
 */
import type { MessageInput } from '../message.js';
import { OpenFlowError } from './errors.js';
import type { Batch } from './pending.js';

/** What a bundle needs of its session. */
export interface BundleSession {
  nextXid(): number;
  nextBundleId(): number;
  send(message: MessageInput): number;
  request(message: MessageInput): Promise<unknown>;
  barrier(): Promise<void>;
  drained(): Promise<void>;
  openBatch(batch: Batch): () => void;
}

export interface BundleResult {
  /** False: nothing of the bundle took effect. */
  readonly committed: boolean;
  /** `index` in the messages given; -1 for the bundle itself. */
  readonly errors: readonly { readonly index: number; readonly error: OpenFlowError }[];
}

const ATOMIC = 1;
const ORDERED = 2;
const FLAGS = ATOMIC | ORDERED;

const control = (bundle_id: number, type: string): MessageInput =>
  ({ kind: 'BundleControl', bundle_id, type, flags: FLAGS }) as MessageInput;

/** The error of a control message, or undefined when it succeeded. */
async function asked(session: BundleSession, bundle_id: number, type: string): Promise<OpenFlowError | undefined> {
  try {
    await session.request(control(bundle_id, type));
    return undefined;
  } catch (error) {
    if (error instanceof OpenFlowError) return error;
    throw error;
  }
}

/** Sends the messages as additions to the bundle, never more than the connection has room for. */
async function sendMessages(
  session: BundleSession,
  bundle_id: number,
  messages: readonly MessageInput[],
  batch: Batch,
): Promise<void> {
  for (const message of messages) {
    const xid = batch.count === 0 ? batch.first : session.nextXid();
    batch.count += 1;
    session.send({
      kind: 'BundleAddMessage',
      xid,
      bundle_id,
      flags: FLAGS,
      message: { ...message, xid },
    } as MessageInput);
    if (batch.count % 256 === 0) await session.drained();
  }
}

/** Sends all messages in one bundle. Rejects only when the connection fails. */
export async function sendBundle(session: BundleSession, given: Iterable<MessageInput>): Promise<BundleResult> {
  const messages = [...given];
  if (messages.length === 0) return { committed: true, errors: [] };
  const bundle_id = session.nextBundleId();
  const opened = asked(session, bundle_id, 'OPEN_REQUEST');
  const batch: Batch = { first: session.nextXid(), count: 0, errors: [], requestAt: (index) => messages[index] };
  const close = session.openBatch(batch);
  try {
    await sendMessages(session, bundle_id, messages, batch);
    const [refused] = await Promise.all([opened, session.barrier()]);
    if (refused !== undefined) return { committed: false, errors: [{ index: -1, error: refused }, ...batch.errors] };
    if (batch.errors.length > 0) {
      await asked(session, bundle_id, 'DISCARD_REQUEST');
      return { committed: false, errors: batch.errors };
    }
    const failed = await asked(session, bundle_id, 'COMMIT_REQUEST');
    if (failed === undefined) return { committed: true, errors: [] };
    return { committed: false, errors: batch.errors.length > 0 ? batch.errors : [{ index: -1, error: failed }] };
  } finally {
    close();
  }
}
