/**
 * What the switches count, by port, network and tenant. Read only when somebody asks, and not again within half a second:
 * Open vSwitch itself brings its flows' counters up to date no more often (`max-revalidator`, ovs-vswitchd.conf.db(5)).
 * A counter begins anew where its flow does: when the port is plugged in again, gets another number or another intent.
 */
import type { DesiredFlow } from '../desired/index.js';
import { dropCodeOf, dropReason, guard, isOurs, type Meter, meterDrop, TABLES } from '../pipeline/index.js';
import type { CountedFlow, HostLink } from '../session/index.js';

/** Milliseconds for which what was read answers all who ask. */
export const RECENT_MS = 500;

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

export interface Counters {
  /** What VMs sent and was taken, port security not asked yet. */
  readonly sent: Count;
  /** What left towards VMs. */
  readonly received: Count;
  /** Packets dropped, by reason; only reasons that happened. */
  readonly drops: Readonly<Record<string, number>>;
}

const NONE: Count = { packets: 0, bytes: 0 };
export const NO_COUNTERS: Counters = { sent: NONE, received: NONE, drops: {} };

const plus = (a: Count, b: Count): Count => ({ packets: a.packets + b.packets, bytes: a.bytes + b.bytes });

/** Two sets of counters as one. */
export function sum(a: Counters, b: Counters): Counters {
  const drops: Record<string, number> = { ...a.drops };
  for (const [reason, packets] of Object.entries(b.drops)) drops[reason] = (drops[reason] ?? 0) + packets;
  return { sent: plus(a.sent, b.sent), received: plus(a.received, b.received), drops };
}

/** The drop reason of a flow of ours. */
const reasonOf = ({ cookie }: CountedFlow): string | undefined =>
  isOurs(cookie) ? dropReason(dropCodeOf(cookie)) : undefined;

/** Packets by drop reason, over the flows and meters of one switch. */
export function dropCounts(
  flows: readonly CountedFlow[],
  meters: ReadonlyMap<number, bigint> = new Map(),
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [meter, packets] of meters) {
    const reason = meterDrop(meter);
    if (reason !== undefined && packets > 0n) counts[reason] = (counts[reason] ?? 0) + Number(packets);
  }
  for (const flow of flows) {
    const reason = reasonOf(flow);
    if (reason !== undefined && flow.packets > 0n) counts[reason] = (counts[reason] ?? 0) + Number(flow.packets);
  }
  return counts;
}

const FIRST_TABLE = TABLES[0]?.id;

/** What one flow's counters say of its owner; undefined where they say nothing. */
function meaning(flow: CountedFlow, desired: DesiredFlow): Counters | undefined {
  const count: Count = { packets: Number(flow.packets), bytes: Number(flow.bytes) };
  const reason = reasonOf(flow);
  if (reason !== undefined) return { ...NO_COUNTERS, drops: { [reason]: count.packets } };
  if (desired.owner.port === undefined) return undefined;
  if (flow.table_id === FIRST_TABLE) return { ...NO_COUNTERS, sent: count };
  const leaves = desired.instructions.some(
    (i) => i.kind === 'apply_actions' && (i.actions ?? []).some(({ kind }) => kind === 'output'),
  );
  return flow.table_id === guard.id && leaves ? { ...NO_COUNTERS, received: count } : undefined;
}

/** Adds the counters of one switch to those of the owners: by path of the port, and by path of the network. */
export function addCounters(
  ports: Map<string, Counters>,
  networks: Map<string, Counters>,
  flows: readonly CountedFlow[],
  desired: readonly DesiredFlow[],
): void {
  const known = new Map(desired.map((flow) => [flow.identity, flow]));
  for (const flow of flows) {
    const wanted = flow.packets > 0n && isOurs(flow.cookie) ? known.get(flow.identity) : undefined;
    const { network, port } = wanted?.owner ?? {};
    const counters = wanted && meaning(flow, wanted);
    if (counters === undefined || network === undefined) continue;
    networks.set(network, sum(networks.get(network) ?? NO_COUNTERS, counters));
    if (port === undefined) continue;
    const path = `${network}/${port}`;
    ports.set(path, sum(ports.get(path) ?? NO_COUNTERS, counters));
  }
}

/** Adds what the meters of one switch have dropped to the counters of their ports and networks. */
export function addMeterDrops(
  ports: Map<string, Counters>,
  networks: Map<string, Counters>,
  meters: ReadonlyMap<number, bigint>,
  desired: readonly Meter[],
): void {
  for (const { meter_id, owner } of desired) {
    const packets = Number(meters.get(meter_id) ?? 0n);
    const reason = meterDrop(meter_id);
    if (packets === 0 || reason === undefined || owner === undefined) continue;
    const counters = { ...NO_COUNTERS, drops: { [reason]: packets } };
    networks.set(owner.network, sum(networks.get(owner.network) ?? NO_COUNTERS, counters));
    ports.set(owner.port, sum(ports.get(owner.port) ?? NO_COUNTERS, counters));
  }
}

/** What a switch has counted. */
export interface Counted {
  readonly flows: readonly CountedFlow[];
  /** Packets that each meter has dropped. */
  readonly meters: ReadonlyMap<number, bigint>;
}

interface Reading {
  readonly at: number;
  readonly epoch: number;
  readonly counted: Promise<Counted>;
}

/** The last reading of each host, as long as it is recent. */
export class RecentlyCounted {
  readonly #readings = new WeakMap<HostLink, Reading>();
  readonly #now: () => number;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Rejects with what the connection throws; a failure is not kept. */
  of(link: HostLink): Promise<Counted> {
    const now = this.#now();
    const last = this.#readings.get(link);
    if (last !== undefined && last.epoch === link.epoch() && now - last.at < RECENT_MS) return last.counted;
    const counted = Promise.all([link.counted(), link.meterDrops()]).then(([flows, meters]) => ({ flows, meters }));
    this.#readings.set(link, { at: now, epoch: link.epoch(), counted });
    counted.catch(() => this.#readings.delete(link));
    return counted;
  }
}
