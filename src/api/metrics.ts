/**
 * `GET /metrics`: what Prometheus scrapes. What the switches count is read from them at each scrape, as for `status`; how
 * long changes took is gathered all the time.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Controller, type Status, status } from '../controller/index.js';
import { TABLES } from '../pipeline/index.js';

/** Upper bounds of a change's latency, seconds: from what one port takes to what a restart of a host does. */
const LATENCY_BUCKETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

export interface Metrics {
  readonly contentType: string;
  /** The page, in Prometheus' text format. */
  text(): Promise<string>;
  /** Gathers no more. */
  stop(): void;
}

/** Everything that is set anew at each scrape. */
function declare(register: Registry) {
  const registers = [register];
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name, help, labelNames, registers });
  // The switch counts these, and begins anew where a flow does: a counter for Prometheus, which knows resets.
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name, help, labelNames, registers });
  return {
    generation: gauge('kakuri_generation', 'Number of the intent in effect', []),
    flows: gauge('kakuri_flows', 'Flows on the switch', ['host', 'table']),
    hosts: gauge('kakuri_host_state', '1 for the state that the host is in', ['host', 'state']),
    pending: gauge('kakuri_pending_changes', '1 while something concerns the host that it has not confirmed', ['host']),
    ports: gauge('kakuri_ports', 'Ports of the topology by what has become of them', ['state']),
    errors: gauge('kakuri_host_errors', 'What is wrong with the host now', ['host']),
    warnings: gauge('kakuri_host_warnings', 'Warnings about the host now', ['host']),
    flowMods: counter('kakuri_flow_mods_sent_total', 'FLOW_MODs sent', ['host']),
    reconnects: counter('kakuri_reconnects_total', 'Connections made again', ['host', 'protocol']),
    early: counter('kakuri_ports_opened_early_total', 'Ports opened by messages that were prepared for them', ['host']),
    refused: counter('kakuri_refused_peers_total', 'Connections refused, the latest hundred peers', [
      'remote',
      'reason',
    ]),
    hostDrops: counter('kakuri_host_drops_total', 'Packets dropped on the host', ['host', 'reason']),
    drops: counter('kakuri_drops_total', "Packets dropped that are a tenant's", ['tenant', 'reason']),
    pathUp: gauge('kakuri_path_up', '1 where the path between the hosts is not down', ['from', 'to', 'tunnel']),
    pathLoss: gauge('kakuri_path_loss_ratio', 'Probes of the last ten that were lost', ['from', 'to', 'tunnel']),
    pathLatency: gauge('kakuri_path_latency_seconds', 'Of a probe, the connections to both hosts included', [
      'from',
      'to',
      'tunnel',
    ]),
    pathMtu: gauge('kakuri_path_mtu_bytes', 'The largest packet of the underlay that arrives', [
      'from',
      'to',
      'tunnel',
    ]),
    sent: counter('kakuri_sent_packets_total', "Packets that the tenant's VMs sent", ['tenant']),
    received: counter('kakuri_received_packets_total', "Packets that left towards the tenant's VMs", ['tenant']),
  };
}

type Declared = ReturnType<typeof declare>;

function setHosts(metrics: Declared, controller: Controller, now: Status): void {
  for (const { name: host, state, flowModsSent, drops, errors, warnings } of now.hosts) {
    metrics.hosts.set({ host, state }, 1);
    metrics.pending.set({ host }, controller.isBusy(host) ? 1 : 0);
    metrics.errors.set({ host }, errors.length);
    metrics.warnings.set({ host }, warnings.length);
    metrics.flowMods.inc({ host }, flowModsSent);
    for (const [reason, packets] of Object.entries(drops)) metrics.hostDrops.inc({ host, reason }, packets);
    metrics.early.inc({ host }, controller.link(host)?.openedEarly?.() ?? 0);
    const { openflow = 0, ovsdb = 0 } = controller.link(host)?.reconnects?.() ?? {};
    metrics.reconnects.inc({ host, protocol: 'openflow' }, openflow);
    metrics.reconnects.inc({ host, protocol: 'ovsdb' }, ovsdb);
  }
}

function setTenants(metrics: Declared, { tenants, ports, refused, generation }: Status): void {
  metrics.generation.set(generation);
  for (const { state } of ports) metrics.ports.inc({ state });
  for (const { name: tenant, counters } of tenants) {
    metrics.sent.inc({ tenant }, counters.sent.packets);
    metrics.received.inc({ tenant }, counters.received.packets);
    for (const [reason, packets] of Object.entries(counters.drops)) metrics.drops.inc({ tenant, reason }, packets);
  }
  for (const { remote, reason, count } of refused) metrics.refused.inc({ remote, reason }, count);
}

function setPaths(metrics: Declared, { paths }: Status): void {
  for (const { from, to, tunnel, state, loss, latencyMs, mtu } of paths) {
    const labels = { from, to, tunnel };
    if (state !== 'unknown') metrics.pathUp.set(labels, state === 'down' ? 0 : 1);
    if (loss !== undefined) metrics.pathLoss.set(labels, loss);
    if (latencyMs !== undefined) metrics.pathLatency.set(labels, latencyMs / 1000);
    if (mtu !== undefined) metrics.pathMtu.set(labels, mtu);
  }
}

/** A switch that goes away while it is asked has no flows to tell of; `kakuri_host_errors` says that. */
async function setFlows(metrics: Declared, controller: Controller): Promise<void> {
  const names = new Map(TABLES.map(({ id, name }) => [id, name]));
  const connected = controller.links.filter((link) => link.switchPorts() !== undefined);
  await Promise.allSettled(
    connected.map(async (link) => {
      const { flows } = await controller.counted.of(link);
      for (const { table_id } of flows)
        metrics.flows.inc({ host: link.name, table: names.get(table_id) ?? String(table_id) });
    }),
  );
}

/** Begins to gather. */
export function metricsOf(controller: Controller): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const metrics = declare(register);
  const latency = new Histogram({
    name: 'kakuri_change_seconds',
    help: 'From a change that concerns the host to its being carried out and confirmed there',
    labelNames: ['host'],
    buckets: LATENCY_BUCKETS,
    registers: [register],
  });
  const stop = controller.latency.onMeasured((host, seconds) => latency.observe({ host }, seconds));
  // One scrape at a time: each begins from nothing.
  let last: Promise<string> = Promise.resolve('');
  const scrape = async (): Promise<string> => {
    const now = await status(controller);
    for (const metric of Object.values(metrics)) metric.reset();
    setHosts(metrics, controller, now);
    setTenants(metrics, now);
    setPaths(metrics, now);
    await setFlows(metrics, controller);
    return register.metrics();
  };
  return {
    contentType: register.contentType,
    text: () => {
      last = last.then(scrape, scrape);
      return last;
    },
    stop,
  };
}
