/** `kakuri status`: hosts, ports, tunnels: their state, and what is wrong. */
import Table from 'cli-table3';
import type { Counters, Status } from '../controller/index.js';
import { type AskOptions, ask, withApi } from './ask.js';
import { command, type Declare } from './command.js';

interface Options extends AskOptions {
  readonly json?: boolean;
}

const drops = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([reason, packets]) => `${reason} ${packets}`)
    .join(', ') || '-';

const amount = ({ packets, bytes }: Counters['sent']): string => (packets === 0 ? '-' : `${packets} (${bytes} B)`);
const counted = ({ sent, received, drops: dropped }: Counters): string[] => [
  amount(sent),
  amount(received),
  drops(dropped),
];

const table = (head: string[], rows: string[][]): string => {
  const t = new Table({ head, style: { head: [], border: [] } });
  t.push(...rows);
  return t.toString();
};

const PATH_HEAD = ['failing path', 'tunnel', 'state', 'lost', 'latency', 'path MTU', 'tenants'];

const pathRow = ({ from, to, tunnel, state, loss, latencyMs, mtu, tenants }: Status['paths'][number]): string[] => [
  `${from} → ${to}`,
  tunnel,
  state,
  loss === undefined ? '-' : `${Math.round(loss * 100)} %`,
  latencyMs === undefined ? '-' : `${latencyMs.toFixed(1)} ms`,
  mtu === undefined ? '-' : String(mtu),
  tenants.join(' ') || '-',
];

/** All paths in a line: how many there are in which state, and what the good ones are like. */
function pathsLine(paths: Status['paths']): string {
  const counts = new Map<string, number>();
  for (const { state } of paths) counts.set(state, (counts.get(state) ?? 0) + 1);
  const latencies = paths.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
  const middle = latencies[latencies.length >> 1];
  const states = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  return `paths between hosts: ${states}${middle === undefined ? '' : `; probes take ${middle.toFixed(1)} ms (median)`}`;
}

/** The status as a person reads it. */
export function statusText(status: Status): string {
  const hosts = status.hosts.map((h) => [
    h.name,
    h.state,
    String(h.flowModsSent),
    h.tunnels.map((t) => t.name).join(' ') || '-',
    drops(h.drops),
  ]);
  const ports = status.ports.map((p) => [
    p.tenant,
    p.network,
    p.name,
    p.migratingTo === undefined ? (p.host ?? '-') : `${p.host} → ${p.migratingTo}`,
    p.ofport === null ? '-' : String(p.ofport),
    p.reason === undefined ? p.state : `${p.state}: ${p.reason}`,
    ...counted(p.counters),
  ]);
  const networks = [
    ...status.networks.map(({ tenant, name, counters }) => [tenant, name, ...counted(counters)]),
    ...status.tenants.map(({ name, counters }) => [name, 'all', ...counted(counters)]),
  ];
  const failing = status.paths.filter(({ state }) => state !== 'up' && state !== 'unknown');
  const wrong = status.hosts.flatMap((h) =>
    [...h.errors, ...h.warnings.map((w) => `warning: ${w}`)].map((text) => `${h.name}: ${text}`),
  );
  return [
    `controller pid ${status.pid}, generation ${status.generation}`,
    table(['host', 'state', 'flow_mods sent', 'tunnels', 'drops'], hosts),
    table(['tenant', 'network', 'port', 'host', 'ofport', 'state', 'sent', 'received', 'drops'], ports),
    table(['tenant', 'network', 'sent', 'received', 'drops'], networks),
    ...(status.paths.length === 0 ? [] : [pathsLine(status.paths)]),
    ...(failing.length === 0 ? [] : [table(PATH_HEAD, failing.map(pathRow))]),
    ...wrong,
    ...status.refused.map(
      ({ remote, reason, count, last }) => `refused: ${remote}: ${reason} (${count} times, last ${last})`,
    ),
  ].join('\n');
}

export const declareStatus: Declare = (program, version) => {
  withApi(
    command(
      program,
      version,
      'status',
      'hosts, ports and tunnels: their state, and what is wrong',
      'kakuri status --json',
    ),
  )
    .option('--json', 'for machines')
    .action(async (options: Options) => {
      const status = await ask<Status>('/status', options);
      console.log(options.json ? JSON.stringify(status) : statusText(status));
    });
};
