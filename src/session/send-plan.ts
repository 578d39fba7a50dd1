/**
 * Sends a plan: meters, then one bundle whose errors are all collected before COMMIT, then the meters nobody needs. A
 * single message is all or nothing without a bundle, and takes effect one round trip sooner; so does a plan that only opens
 * (diff/opening.ts), which is taken back where a part of it is refused. The bundle does not wait for the answers about its
 * meters: the switch takes messages in order, and refuses a flow whose meter it refused.
 */
import { encodeMessages, type MessageInput, type Session } from 'ts-openflow';
import {
  digestOfMessages,
  type FlowPlan,
  type OpeningMessages,
  openingMessages,
  type PlannedMessage,
  planMessages,
} from '../diff/index.js';
import type { Refusal, SendResult } from './link.js';

interface Place {
  readonly index: number;
  readonly error: Error;
}

const refusals = (messages: readonly PlannedMessage[], places: readonly Place[]): readonly Refusal[] =>
  places.map(({ index, error }) => {
    const { about = 'the bundle', owner } = messages[index] ?? {};
    return { about, error: error.message, ...(owner === undefined ? {} : { owner }) };
  });

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
  const octets = encodeMessages(
    messages.map(({ message }) => message),
    session.version,
  );
  const { committed, errors } = await session.bundle(octets);
  const added = digestOfMessages(
    octets.filter((_, i) => isAddition(messages[i]?.message)),
    session.version,
  );
  return { committed, refusals: refusals(messages, errors), added };
}

const isAddition = (message: MessageInput | undefined): boolean =>
  message?.kind === 'FlowMod' && message.command === 'ADD';

/** Sends a plan that is right after each message; all of it, or none in the end. */
async function sendOpening(session: Session, { messages, undo }: OpeningMessages): Promise<SendResult> {
  const refused = await sendLoose(session, messages);
  if (refused.length > 0) await sendLoose(session, undo);
  return { committed: refused.length === 0, refusals: refused };
}

/** Sends a plan; on any error none of its flows and groups is in the switch. */
export async function sendPlan(session: Session, plan: FlowPlan): Promise<SendResult> {
  const opening = openingMessages(plan, session.version);
  if (opening !== undefined) return sendOpening(session, opening);
  const { before, bundle, after } = planMessages(plan, session.version);
  const [early, sent] = await Promise.all([sendLoose(session, before), sendBundle(session, bundle)]);
  if (!sent.committed || early.length > 0) return { committed: false, refusals: [...early, ...sent.refusals] };
  return { ...sent, refusals: await sendLoose(session, after) };
}
