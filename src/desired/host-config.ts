/**
 * What the rows of a host's OVSDB should say, and the least change that makes them say it (DESIGN 5). Pure. Single keys of
 * maps are set, never whole maps; rows that others own are read, never written.
 */
import { createHash } from 'node:crypto';
import { TABLES } from '../pipeline/index.js';
import { BRIDGE, type HostConfig, OWNER_KEY } from './config.js';
import { mtuWarnings } from './mtu.js';
import type { BridgeRow, Change, ColumnValue, ControllerRow, HostRows, Ref, StringMap } from './rows.js';
import { tunnelChanges } from './tunnel-config.js';

export interface ConfigPlan {
  /** Transactions, in this order; each is wanted only when the ones before it are done. */
  readonly transactions: readonly (readonly Change[])[];
  /** What cannot be put right from here, one clear sentence each. */
  readonly problems: readonly string[];
  /** Something that costs traffic, or that an operator should know of. */
  readonly warnings: readonly string[];
}

const PROTOCOLS = ['OpenFlow13', 'OpenFlow14', 'OpenFlow15'] as const;
/** Least time between attempts of the switch to reach the controller, milliseconds (Controller.max_backoff ≥ 1000). */
const MAX_BACKOFF_MS = 1000;
/** Silence after which the switch probes, milliseconds (Controller.inactivity_probe). */
const INACTIVITY_PROBE_MS = 10_000;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The bridge's datapath-id: a function of the host's name, so that a connection says which host it comes from. */
export const datapathId = (host: string): string => digest(`datapath ${host}`).subarray(0, 8).toString('hex');

/** The bridge's own MAC address: unicast, locally administered (IEEE 802, clause 8.2.2). */
export function bridgeHwaddr(host: string): string {
  const octets = digest(`hwaddr ${host}`).subarray(0, 6);
  octets[0] = ((octets[0] as number) & 0xfc) | 0x02;
  return [...octets].map((o) => o.toString(16).padStart(2, '0')).join(':');
}

/** The entries of `wanted` that `present` lacks or has otherwise. */
const missing = (wanted: StringMap, present: StringMap): StringMap =>
  Object.fromEntries(Object.entries(wanted).filter(([key, value]) => present[key] !== value));

/** Sets single keys of a map column: the old value of each key out, the new one in; other keys stay. */
export function setKeys(
  table: 'Bridge' | 'Interface',
  uuid: string,
  column: string,
  wanted: StringMap,
  present: StringMap,
): Change[] {
  const set = missing(wanted, present);
  const old = Object.fromEntries(Object.keys(set).flatMap((k) => (present[k] === undefined ? [] : [[k, present[k]]])));
  const change = (mutator: 'insert' | 'delete', value: StringMap): Change[] =>
    Object.keys(value).length === 0 ? [] : [{ op: 'mutate', table, at: { uuid }, column, mutator, value }];
  return [...change('delete', old), ...change('insert', set)];
}

const otherConfig = (host: string): StringMap => ({
  'datapath-id': datapathId(host),
  hwaddr: bridgeHwaddr(host),
  'disable-in-band': 'true',
});

const controllerRow = (config: HostConfig): Readonly<Record<string, ColumnValue>> => ({
  target: config.controllerTarget,
  connection_mode: 'out-of-band',
  max_backoff: MAX_BACKOFF_MS,
  inactivity_probe: INACTIVITY_PROBE_MS,
  external_ids: { [OWNER_KEY]: config.host },
});

/** The Flow_Table rows that give the tables their names; `inserted` names by number. */
function tableNames(): { readonly changes: Change[]; readonly refs: ReadonlyMap<number, Ref> } {
  const refs = new Map<number, Ref>();
  const changes = TABLES.map((table): Change => {
    refs.set(table.id, { inserted: `table${table.id}` });
    return { op: 'insert', table: 'Flow_Table', name: `table${table.id}`, row: { name: table.name } };
  });
  return { changes, refs };
}

/** The datapath type for a new bridge: that of the host's other bridges, for one host does not mix them without need. */
function datapathType(rows: HostRows): string {
  const types = new Set(rows.bridges.map((bridge) => bridge.datapath_type));
  return types.size === 1 ? ([...types][0] as string) : '';
}

function createBridge(config: HostConfig, rows: HostRows, root: string): readonly Change[] {
  const { changes, refs } = tableNames();
  return [
    { op: 'insert', table: 'Interface', name: 'iface', row: { name: BRIDGE, type: 'internal' } },
    { op: 'insert', table: 'Port', name: 'port', row: { name: BRIDGE, interfaces: [{ inserted: 'iface' }] } },
    { op: 'insert', table: 'Controller', name: 'controller', row: controllerRow(config) },
    ...changes,
    {
      op: 'insert',
      table: 'Bridge',
      name: 'bridge',
      row: {
        name: BRIDGE,
        datapath_type: datapathType(rows),
        fail_mode: 'secure',
        protocols: [...PROTOCOLS],
        other_config: otherConfig(config.host),
        external_ids: { [OWNER_KEY]: config.host, 'kakuri-created': 'true' },
        ports: [{ inserted: 'port' }],
        controller: [{ inserted: 'controller' }],
        flow_tables: refs,
      },
    },
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      at: { uuid: root },
      column: 'bridges',
      mutator: 'insert',
      value: [{ inserted: 'bridge' }],
    },
  ];
}

function controllerChanges(config: HostConfig, bridge: BridgeRow, rows: HostRows): readonly Change[] {
  const mine = rows.controllers.filter(
    (c) => bridge.controller.includes(c._uuid) && c.external_ids[OWNER_KEY] !== undefined,
  );
  const right = mine.find((c) => c.target === config.controllerTarget);
  const wrong = mine.filter((c) => c !== right);
  const changes: Change[] = [];
  if (right === undefined) {
    // An existing row is pointed elsewhere: taking the last controller away would clear the tables.
    const reuse = wrong.shift();
    if (reuse !== undefined)
      changes.push({ op: 'update', table: 'Controller', uuid: reuse._uuid, row: { target: config.controllerTarget } });
    else
      changes.push(
        { op: 'insert', table: 'Controller', name: 'controller', row: controllerRow(config) },
        {
          op: 'mutate',
          table: 'Bridge',
          at: { uuid: bridge._uuid },
          column: 'controller',
          mutator: 'insert',
          value: [{ inserted: 'controller' }],
        },
      );
  } else changes.push(...correctedController(right));
  for (const row of wrong)
    changes.push({
      op: 'mutate',
      table: 'Bridge',
      at: { uuid: bridge._uuid },
      column: 'controller',
      mutator: 'delete',
      value: [{ uuid: row._uuid }],
    });
  return changes;
}

function correctedController(row: ControllerRow): readonly Change[] {
  if (
    row.max_backoff === MAX_BACKOFF_MS &&
    row.inactivity_probe === INACTIVITY_PROBE_MS &&
    row.connection_mode === 'out-of-band'
  )
    return [];
  return [
    {
      op: 'update',
      table: 'Controller',
      uuid: row._uuid,
      row: { max_backoff: MAX_BACKOFF_MS, inactivity_probe: INACTIVITY_PROBE_MS, connection_mode: 'out-of-band' },
    },
  ];
}

function tableNameChanges(bridge: BridgeRow, rows: HostRows): readonly Change[] {
  const names = new Map(rows.flowTables.map((row) => [row._uuid, row.name]));
  const right = TABLES.every((t) => names.get(bridge.flow_tables[t.id] ?? '') === t.name);
  if (right) return [];
  const { changes, refs } = tableNames();
  return [...changes, { op: 'update', table: 'Bridge', uuid: bridge._uuid, row: { flow_tables: refs } }];
}

/** In this order: what keeps the bridge closed comes before who may command it. */
function bridgeChanges(config: HostConfig, bridge: BridgeRow, rows: HostRows): readonly (readonly Change[])[] {
  const closed: Change[] = [];
  if (bridge.fail_mode !== 'secure')
    closed.push({ op: 'update', table: 'Bridge', uuid: bridge._uuid, row: { fail_mode: 'secure' } });
  if (bridge.protocols.length > 0 && !PROTOCOLS.every((p) => bridge.protocols.includes(p)))
    closed.push({
      op: 'mutate',
      table: 'Bridge',
      at: { uuid: bridge._uuid },
      column: 'protocols',
      mutator: 'insert',
      value: [...PROTOCOLS],
    });
  if (bridge.protocols.length === 0)
    closed.push({ op: 'update', table: 'Bridge', uuid: bridge._uuid, row: { protocols: [...PROTOCOLS] } });
  closed.push(...setKeys('Bridge', bridge._uuid, 'other_config', otherConfig(config.host), bridge.other_config));
  closed.push(...setKeys('Bridge', bridge._uuid, 'external_ids', { [OWNER_KEY]: config.host }, bridge.external_ids));
  closed.push(...tableNameChanges(bridge, rows));
  const command = controllerChanges(config, bridge, rows);
  return [closed, command].filter((changes) => changes.length > 0);
}

function bridgeProblems(config: HostConfig, bridge: BridgeRow, rows: HostRows): string[] {
  const problems: string[] = [];
  const owner = bridge.external_ids[OWNER_KEY];
  if (owner !== undefined && owner !== config.host)
    problems.push(
      `${BRIDGE} belongs to host ${owner} of another installation (external_ids:${OWNER_KEY}); is the ovsdb address of ${config.host} right?`,
    );
  for (const row of rows.controllers)
    if (bridge.controller.includes(row._uuid) && row.external_ids[OWNER_KEY] === undefined)
      problems.push(`${BRIDGE} has another controller, ${row.target}: its tables cannot be Kakuri's alone`);
  return problems;
}

/** The oldest Open vSwitch that is accepted; 3.1 is what the tests run on. */
const OLDEST = [2, 17] as const;

const isTooOld = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
};

/** The least change of the rows of one host. */
export function configPlan(config: HostConfig, rows: HostRows): ConfigPlan {
  if (rows.root === undefined)
    return {
      transactions: [],
      problems: ['the Open_vSwitch table is empty: is ovs-vsctl init missing?'],
      warnings: [],
    };
  const version = rows.root.ovs_version;
  if (version !== undefined && isTooOld(version))
    return {
      transactions: [],
      problems: [`Open vSwitch ${version} is older than ${OLDEST.join('.')}, the oldest that is supported`],
      warnings: [],
    };
  const bridge = rows.bridges.find((b) => b.name === BRIDGE);
  if (bridge === undefined)
    return { transactions: [createBridge(config, rows, rows.root._uuid)], problems: [], warnings: [] };
  const problems = bridgeProblems(config, bridge, rows);
  if (
    problems.length > 0 &&
    bridge.external_ids[OWNER_KEY] !== undefined &&
    bridge.external_ids[OWNER_KEY] !== config.host
  )
    return { transactions: [], problems, warnings: [] };
  const tunnels = tunnelChanges(config, bridge, rows);
  const adopted = bridge.external_ids[OWNER_KEY] === undefined;
  return {
    transactions: [...bridgeChanges(config, bridge, rows), ...(tunnels.changes.length > 0 ? [tunnels.changes] : [])],
    problems: [...problems, ...tunnels.problems],
    warnings: [
      ...(adopted ? [`${BRIDGE} was there before: its tables are cleared when it gets its first controller`] : []),
      ...mtuWarnings(config.topology, rows, config.ports),
    ],
  };
}
