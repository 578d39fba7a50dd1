/**
 * A flow that a switch refuses does not keep the rest of its host waiting: what is left out is everything of the port that
 * the flow is for, so that no port is served by halves, and all else is sent. Only a port's flows can be left out; where
 * the host's, a tunnel's or a whole network's are refused, nothing is sent, for what others rely on would be missing.
 */
import type { DesiredState } from '../desired/index.js';
import { difference, type FlowPlan, flowModCount, isEmpty } from '../diff/index.js';
import type { HostLink, Refusal, SendResult } from '../session/index.js';
import type { Send } from './enforce.js';

/** Each time others may be refused, as where a table is full; then the rest waits for the next pass. */
const MOST_TRIES = 4;

export interface WithoutRefused {
  readonly refusals: readonly Refusal[];
  /** What of the desired state the switch was sent in the end; undefined where nothing was. */
  readonly desired?: DesiredState;
  readonly flowModsSent: number;
}

/** Paths of the ports whose flows were refused; undefined where something else was, or nobody knows what. */
function refusedPorts(refusals: readonly Refusal[]): ReadonlySet<string> | undefined {
  const paths = new Set<string>();
  for (const { owner, about } of refusals) {
    // A meter that is refused takes its port's flows with it, which are refused by name.
    if (owner === undefined && about.startsWith('meter ')) continue;
    if (owner?.port === undefined || owner.network === undefined) return undefined;
    paths.add(`${owner.network}/${owner.port}`);
  }
  return paths.size === 0 ? undefined : paths;
}

/** The state without all that is for these ports. */
function without(desired: DesiredState, ports: ReadonlySet<string>): DesiredState {
  const isTheirs = ({ network, port }: { readonly network?: string; readonly port?: string }): boolean =>
    network !== undefined && port !== undefined && ports.has(`${network}/${port}`);
  return {
    ...desired,
    flows: desired.flows.filter(({ owner }) => !isTheirs(owner)),
    meters: desired.meters.filter(({ owner }) => owner === undefined || !ports.has(owner.port)),
    ports: new Set([...desired.ports].filter((path) => !ports.has(path))),
  };
}

/** After a refusal: what the switch takes is sent. `sent`: what came of the first try. */
export async function sendWithoutRefused(
  link: HostLink,
  send: Send,
  desired: DesiredState,
  sent: SendResult,
): Promise<WithoutRefused> {
  const refusals = [...sent.refusals];
  for (let tries = 1; tries < MOST_TRIES; tries++) {
    const ports = refusedPorts(refusals);
    if (ports === undefined) return { refusals, flowModsSent: 0 };
    const rest = without(desired, ports);
    const tables = await link.read();
    const plan: FlowPlan = difference(rest, tables).plan;
    const again = isEmpty(plan) ? { committed: true, refusals: [] } : await send(plan, tables);
    if (again.committed) return { refusals, desired: rest, flowModsSent: flowModCount(plan) };
    refusals.push(...again.refusals);
  }
  return { refusals, flowModsSent: 0 };
}
