/** What `status` says, as plain values ready for JSON: computed from the state and from what the switches count. */
import { type Binding, waitingFor } from '../desired/index.js';
import type { RefusedPeer } from '../session/index.js';
import type { Network, Port } from '../topology/index.js';
import type { Controller } from './controller.js';
import { addCounters, addMeterDrops, type Counters, dropCounts, NO_COUNTERS, sum } from './counters.js';
import type { PathStatus } from './paths.js';

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
  /** The destination of its migration. */
  readonly migratingTo?: string;
  /**
   * `installed`: reached from every host concerned · `bound`: not yet · `blocked`: it will not be, as things are ·
   * `pending`: without a number · `unbound`: on no host · `unknown`: a host where it may be has not been heard.
   */
  readonly state: PortState;
  /** Why it is not installed, or what else is wrong. */
  readonly reason?: string;
  readonly counters: Counters;
}

export type PortState = 'installed' | 'bound' | 'blocked' | 'pending' | 'unbound' | 'unknown';

export interface NetworkStatus {
  readonly tenant: string;
  readonly name: string;
  readonly counters: Counters;
}

export interface TenantStatus {
  readonly name: string;
  readonly counters: Counters;
}

export interface Status {
  readonly pid: number;
  readonly generation: number;
  readonly hosts: readonly HostStatus[];
  readonly ports: readonly PortStatus[];
  readonly networks: readonly NetworkStatus[];
  readonly tenants: readonly TenantStatus[];
  /** From host to host by the tunnel ports: told by BFD, or by the controller's own probes. */
  readonly paths: readonly PathStatus[];
  /** Connections that were refused, by where from and why; the latest last. */
  readonly refused: readonly RefusedPeer[];
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

/** What was counted on all hosts, by path. */
interface Counted {
  readonly ports: Map<string, Counters>;
  readonly networks: Map<string, Counters>;
}

async function hostStatus(controller: Controller, name: string, counted: Counted): Promise<HostStatus> {
  const { result, failure, flowModsSent } = controller.report(name);
  const link = controller.link(name);
  const troubles = link?.troubles() ?? [];
  const connected = link?.switchPorts() !== undefined;
  let drops: Readonly<Record<string, number>> = {};
  const unread: string[] = [];
  if (link !== undefined && connected)
    try {
      const { flows, meters } = await controller.counted.of(link);
      drops = dropCounts(flows, meters);
      addCounters(counted.ports, counted.networks, flows, result?.desired?.flows ?? []);
      addMeterDrops(counted.ports, counted.networks, meters, result?.desired?.meters ?? []);
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

interface Judged {
  readonly state: PortState;
  readonly reason?: string;
}

/** What keeps everything on the host from being put right, if anything does. */
function obstacle(controller: Controller, host: string): string | undefined {
  const { result, failure } = controller.report(host);
  if (failure !== undefined) return `${host}: ${failure}`;
  return result?.state === 'blocked' ? `${host}: ${result.errors[0] ?? 'blocked'}` : undefined;
}

/** What becomes of a port that is bound. */
function judgeBound(controller: Controller, network: Network, port: Port, host: string): Judged {
  const [first, ...rest] = waitingFor(controller.state, { network, port });
  if (first === undefined) return { state: 'installed' };
  const blocked = obstacle(controller, host);
  if (blocked !== undefined) return { state: 'blocked', reason: blocked };
  return { state: 'bound', reason: rest.length === 0 ? first : `${first}, and ${rest.length} more` };
}

function judge(controller: Controller, network: Network, port: Port, b: Binding | undefined): Judged {
  if (b === undefined) return { state: 'unknown' };
  if (b.state === 'conflict') return { state: 'blocked', reason: b.reason };
  if (b.state !== 'bound') return { state: b.state };
  const judged = judgeBound(controller, network, port, b.host);
  return judged.reason === undefined && b.conflict !== undefined ? { ...judged, reason: b.conflict } : judged;
}

/** Every port of the topology: where it is, and why it does not forward where it does not. */
export function portStatuses(
  controller: Controller,
  counters: ReadonlyMap<string, Counters> = new Map(),
): readonly PortStatus[] {
  const { world, bound } = controller.state;
  return world.topology.networks.flatMap((network) =>
    network.ports.map((port) => {
      const b = bound.get(port.path);
      return {
        name: port.name,
        ifaceId: port.ifaceId,
        tenant: network.tenant,
        network: network.name,
        host: b?.state === 'bound' || b?.state === 'pending' ? b.host : null,
        ofport: b?.state === 'bound' ? b.ofport : null,
        ...((b?.state === 'bound' || b?.state === 'pending') && b.to !== undefined ? { migratingTo: b.to.host } : {}),
        ...judge(controller, network, port, b),
        counters: counters.get(port.path) ?? NO_COUNTERS,
      };
    }),
  );
}

/** Networks and tenants, in the order of the topology; a tenant's counters are its networks'. */
function totals(networks: readonly Network[], counted: Counted): Pick<Status, 'networks' | 'tenants'> {
  const tenants = new Map<string, Counters>();
  const statuses = networks.map(({ tenant, name, path }) => {
    const counters = counted.networks.get(path) ?? NO_COUNTERS;
    tenants.set(tenant, sum(tenants.get(tenant) ?? NO_COUNTERS, counters));
    return { tenant, name, counters };
  });
  return { networks: statuses, tenants: [...tenants].map(([name, counters]) => ({ name, counters })) };
}

/** The whole status; what the switches count is read from them now, or was within half a second. */
export async function status(controller: Controller): Promise<Status> {
  const { world, generation } = controller.state;
  const counted: Counted = { ports: new Map(), networks: new Map() };
  const hosts = await Promise.all(world.topology.hosts.map((host) => hostStatus(controller, host.name, counted)));
  return {
    pid: process.pid,
    generation,
    hosts,
    ports: portStatuses(controller, counted.ports),
    ...totals(world.topology.networks, counted),
    paths: controller.paths.list(controller.state),
    refused: controller.refused,
  };
}
