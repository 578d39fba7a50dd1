/**
 * Sends a plan: meters, then one bundle whose errors are all collected before COMMIT, then the meters nobody needs. A
 * single message is all or nothing without a bundle, and takes effect one round trip sooner. The bundle does not wait for
 * the answers about its meters: the switch takes messages in order, and refuses a flow whose meter it refused.
 */
import type { Session } from 'ts-openflow';
import { type FlowPlan, type PlannedMessage, planMessages } from '../diff/index.js';
import type { Refusal, SendResult } from './link.js';

interface Place {
  readonly index: number;
  readonly error: Error;
}

const refusals = (messages: readonly PlannedMessage[], places: readonly Place[]): readonly Refusal[] =>
  places.map(({ index, error }) => ({ about: messages[index]?.about ?? 'the bundle', error: error.message }));

/** Messages outside a bundle, with a barrier behind them: each error is a refusal. */
async function sendLoose(session: Session, messages: readonly PlannedMessage[]): Promise<readonly Refusal[]> {
  if (messages.length === 0) return [];
  return refusals(messages, await session.commands(messages.map(({ message }) => message)));
}

async function sendBundle(session: Session, messages: readonly PlannedMessage[]): Promise<SendResult> {
  if (messages.length === 1) {
    const refused = await sendLoose(session, messages);
    return { committed: refused.length === 0, refusals: refused };
  }
  const { committed, errors } = await session.bundle(messages.map(({ message }) => message));
  return { committed, refusals: refusals(messages, errors) };
}

/** Sends a plan; on any error of the bundle none of its flows and groups is in the switch. */
export async function sendPlan(session: Session, plan: FlowPlan): Promise<SendResult> {
  const { before, bundle, after } = planMessages(plan, session.version);
  const [early, sent] = await Promise.all([sendLoose(session, before), sendBundle(session, bundle)]);
  if (!sent.committed || early.length > 0) return { committed: false, refusals: [...early, ...sent.refusals] };
  return { committed: true, refusals: await sendLoose(session, after) };
}
