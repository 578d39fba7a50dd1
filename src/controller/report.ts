/** What `status` says, as plain values ready for JSON: computed from the state and from what the switches count. */
import { dropCodeOf, dropReason, isOurs } from '../pipeline/index.js';
import type { CountedFlow } from '../session/index.js';
import type { Controller } from './controller.js';

export interface HostStatus {
  readonly name: string;
  readonly state: string;
  readonly flowModsSent: number;
  /** Packets dropped, by reason; only reasons that happened. */
  readonly drops: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly tunnels: readonly { readonly name: string; readonly ofport: number }[];
}

export interface PortStatus {
  readonly name: string;
  readonly ifaceId: string;
  readonly tenant: string;
  readonly network: string;
  readonly host: string | null;
  readonly ofport: number | null;
  readonly state: string;
  readonly reason?: string;
}

export interface Status {
  readonly pid: number;
  readonly generation: number;
  readonly hosts: readonly HostStatus[];
  readonly ports: readonly PortStatus[];
}

/** Packets by drop reason, over the flows of one switch. */
export function dropCounts(flows: readonly CountedFlow[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const flow of flows) {
    const reason = isOurs(flow.cookie) ? dropReason(dropCodeOf(flow.cookie)) : undefined;
    if (reason !== undefined && flow.packets > 0n) counts[reason] = (counts[reason] ?? 0) + Number(flow.packets);
  }
  return counts;
}

/** In one word. `ready` only when nothing new is on its way to the host. */
function stateOf(controller: Controller, name: string, connected: boolean): string {
  const { result, failure } = controller.report(name);
  if (controller.link(name)?.rows() === undefined) return 'unreachable';
  if (!connected) return 'connecting';
  if (failure !== undefined) return 'failing';
  if (result === undefined) return 'connecting';
  return result.state === 'ready' && controller.isBusy(name) ? 'updating' : result.state;
}

async function hostStatus(controller: Controller, name: string): Promise<HostStatus> {
  const { result, failure, flowModsSent } = controller.report(name);
  const link = controller.link(name);
  const troubles = link?.troubles() ?? [];
  const connected = link?.switchPorts() !== undefined;
  let drops: Readonly<Record<string, number>> = {};
  const unread: string[] = [];
  if (link !== undefined && connected)
    try {
      drops = dropCounts(await link.counted());
    } catch (error) {
      unread.push(`the counters could not be read: ${(error as Error).message}`);
    }
  const state = stateOf(controller, name, connected);
  return {
    name,
    state,
    flowModsSent,
    drops,
    errors: [
      ...new Set([...(result?.errors ?? []), ...troubles, ...(failure === undefined ? [] : [failure]), ...unread]),
    ],
    warnings: result?.warnings ?? [],
    tunnels: controller.state.world.facts.get(name)?.tunnels ?? [],
  };
}

/** Every port of the topology: where it is, and why it does not forward where it does not. */
export function portStatuses(controller: Controller): readonly PortStatus[] {
  const { world, bound } = controller.state;
  return world.topology.networks.flatMap((network) =>
    network.ports.map((port) => {
      const b = bound.get(port.path);
      const host = b?.state === 'bound' || b?.state === 'pending' ? b.host : null;
      const installed = b?.state === 'bound' && world.confirmed.get(b.host)?.ports.has(port.path) === true;
      const reason = b?.state === 'conflict' ? b.reason : b?.state === 'bound' ? b.conflict : undefined;
      return {
        name: port.name,
        ifaceId: port.ifaceId,
        tenant: network.tenant,
        network: network.name,
        host,
        ofport: b?.state === 'bound' ? b.ofport : null,
        state: installed ? 'installed' : (b?.state ?? 'unknown'),
        ...(reason === undefined ? {} : { reason }),
      };
    }),
  );
}

/** The whole status; drop counters are read from the switches now. */
export async function status(controller: Controller): Promise<Status> {
  const { world, generation } = controller.state;
  return {
    pid: process.pid,
    generation,
    hosts: await Promise.all(world.topology.hosts.map((host) => hostStatus(controller, host.name))),
    ports: portStatuses(controller),
  };
}
