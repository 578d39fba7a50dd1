/**
 * Sends a plan: meters, then one bundle whose errors are all collected before COMMIT, then the meters nobody needs. A
 * single message is all or nothing without a bundle, and takes effect one round trip sooner.
 */
import { OpenFlowError, type Session } from 'ts-openflow';
import { type FlowPlan, type PlannedMessage, planMessages } from '../diff/index.js';
import type { Refusal, SendResult } from './link.js';

/** Messages outside a bundle, with a barrier behind them: each error is a refusal. */
async function sendLoose(session: Session, messages: readonly PlannedMessage[]): Promise<readonly Refusal[]> {
  if (messages.length === 0) return [];
  const refusals: Refusal[] = [];
  const sent = messages.map(({ message, about }) =>
    session.command(message).catch((error: unknown) => {
      if (!(error instanceof OpenFlowError)) throw error;
      refusals.push({ about, error: error.message });
    }),
  );
  await Promise.all(sent);
  return refusals;
}

/** Sends a plan; on any error of the bundle nothing of it is in the switch. */
export async function sendPlan(session: Session, plan: FlowPlan): Promise<SendResult> {
  const { before, bundle, after } = planMessages(plan, session.version);
  const early = await sendLoose(session, before);
  if (early.length > 0) return { committed: false, refusals: early };
  if (bundle.length === 1) {
    const refusals = await sendLoose(session, bundle);
    return { committed: refusals.length === 0, refusals: [...refusals, ...(await sendLoose(session, after))] };
  }
  const { committed, errors } = await session.bundle(bundle.map((planned) => planned.message));
  if (!committed)
    return {
      committed,
      refusals: errors.map(({ index, error }) => ({
        about: bundle[index]?.about ?? 'the bundle',
        error: error.message,
      })),
    };
  return { committed: true, refusals: await sendLoose(session, after) };
}
