/**
 * Ports opened early: the moment the switch tells a new port's number, the messages that were prepared for it
 * (diff/prepared.ts) go out, before anything is computed. The next pass over the host computes what it should hold as ever;
 * what of its plan was sent early is not sent again, and what was sent early and turns out not to be wanted is taken back.
 */
import type { Session } from 'ts-openflow';
import type { DesiredFlow } from '../desired/index.js';
import { type FlowPlan, messagesOf, type PortOpening, type PreparedPort } from '../diff/index.js';

interface EarlyPort {
  readonly session: Session;
  readonly path: string;
  readonly ofport: number;
  /** What was sent, as values. */
  readonly opening: PortOpening;
  /** How many messages the switch refused, or how the connection ended. */
  readonly refused: Promise<number | Error>;
}

/** True when these are the same flows. */
function sameFlows(early: readonly DesiredFlow[], planned: readonly DesiredFlow[]): boolean {
  if (early.length !== planned.length) return false;
  const contents = new Map(planned.map(({ identity, content }) => [identity, content]));
  return early.every(({ identity, content }) => contents.get(identity) === content);
}

/** A plan less an opening. */
function without(plan: FlowPlan, { flows, meters }: PortOpening): FlowPlan {
  const sent = new Set(flows.map(({ identity }) => identity));
  const made = new Set(meters.map(({ meter_id }) => meter_id));
  return {
    ...plan,
    add: plan.add.filter(({ identity }) => !sent.has(identity)),
    addMeters: plan.addMeters.filter(({ meter_id }) => !made.has(meter_id)),
  };
}

/** Takes an opening back. What the switch had refused is not there, and is refused once more: that tells nothing. */
async function takeBack({ session, opening }: EarlyPort): Promise<void> {
  const undo = messagesOf(opening, session.version)?.undo ?? [];
  await session.commands(undo.map(({ message }) => message));
}

export class EarlyPorts {
  #ports: readonly EarlyPort[] = [];
  /** Those of which the controller has been told: its next pass knows of them. */
  #told: ReadonlySet<EarlyPort> = new Set();

  #opened = 0;

  /** Ports opened early so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Sends what was prepared for a port. */
  open(session: Session, prepared: PreparedPort, ofport: number): void {
    const refused = session.commands(prepared.messagesFor(ofport)).then(
      (errors) => errors.length,
      (error: Error) => error,
    );
    let found: PortOpening | undefined;
    const port: EarlyPort = {
      session,
      path: prepared.port.path,
      ofport,
      // Compiled when it is asked for: the port waits for nothing but its octets.
      get opening() {
        found ??= prepared.openingFor(ofport);
        return found;
      },
      refused,
    };
    this.#ports = [...this.#ports, port];
    this.#opened += 1;
  }

  /** From now on the controller knows of all ports here. */
  told(): void {
    this.#told = new Set(this.#ports);
  }

  /** The tables are read anew, or are another switch's: what is in them is found there. */
  forget(): void {
    this.#ports = [];
  }

  /** Takes back what was opened for ports that should not have that number here. Rejects where the connection ended. */
  async keep(numbers: ReadonlyMap<string, number>): Promise<void> {
    const wrong = this.#ports.filter((port) => this.#told.has(port) && numbers.get(port.path) !== port.ofport);
    if (wrong.length === 0) return;
    this.#ports = this.#ports.filter((port) => !wrong.includes(port));
    for (const port of wrong) await takeBack(port);
  }

  /** What is left of a plan to be sent, once the switch has answered for what was sent early. */
  async settle(plan: FlowPlan): Promise<FlowPlan> {
    let rest = plan;
    for (const port of this.#ports) {
      const { flows } = port.opening;
      const planned = plan.add.filter(({ owner }) => owner.cookie === flows[0]?.owner.cookie);
      if (planned.length === 0) continue;
      this.#ports = this.#ports.filter((other) => other !== port);
      const refused = await port.refused;
      if (refused instanceof Error) throw refused;
      if (refused === 0 && sameFlows(flows, planned)) rest = without(rest, port.opening);
      else await takeBack(port);
    }
    return rest;
  }
}
