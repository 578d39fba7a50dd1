/** The columns of Open_vSwitch that Kakuri monitors, and their rows as the plain values `desired/` computes with. */
import { type Change, OPEN_VSWITCH, type OvsdbClient, type StoredRow } from 'ovsdb-client';
import type {
  BridgeRow,
  ControllerRow,
  FlowTableRow,
  HostRows,
  InterfaceRow,
  PortRow,
  RootRow,
  StringMap,
} from '../desired/index.js';

const pick = <T extends object, const K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;

/** Named columns only: statistics change every five seconds and are nobody's business here. */
export const MONITORED = {
  Open_vSwitch: pick(OPEN_VSWITCH.Open_vSwitch, [
    'bridges',
    'ovs_version',
    'iface_types',
    'external_ids',
    'other_config',
    'cur_cfg',
    'next_cfg',
  ]),
  Bridge: pick(OPEN_VSWITCH.Bridge, [
    'name',
    'datapath_type',
    'fail_mode',
    'protocols',
    'other_config',
    'external_ids',
    'ports',
    'controller',
    'flow_tables',
  ]),
  Port: pick(OPEN_VSWITCH.Port, ['name', 'interfaces', 'external_ids']),
  Interface: pick(OPEN_VSWITCH.Interface, [
    'name',
    'type',
    'options',
    'bfd',
    'bfd_status',
    'ofport',
    'error',
    'mtu',
    'status',
    'external_ids',
  ]),
  Controller: pick(OPEN_VSWITCH.Controller, [
    'target',
    'inactivity_probe',
    'max_backoff',
    'connection_mode',
    'external_ids',
  ]),
  Flow_Table: pick(OPEN_VSWITCH.Flow_Table, ['name']),
} as const;

export type HostClient = OvsdbClient<typeof MONITORED>;

/** False for a change of next_cfg and cur_cfg alone: every change of anything has two of those in its train. */
export function isRelevant(change: Change<typeof MONITORED>): boolean {
  if (change.table !== 'Open_vSwitch' || change.old === undefined || change.new === undefined) return true;
  return rootText(change.old) !== rootText(change.new);
}

const rootText = (root: StoredRow<typeof MONITORED.Open_vSwitch>): string =>
  JSON.stringify([
    root.ovs_version,
    ...[root.bridges, root.iface_types, root.external_ids, root.other_config].map((v) => [...v]),
  ]);

const strings = (map: ReadonlyMap<string, string>): StringMap => Object.fromEntries(map);
const list = (set: ReadonlySet<string>): readonly string[] => [...set];

/** The optional members that have a value. */
const present = <T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;

type Row<T extends keyof typeof MONITORED> = StoredRow<(typeof MONITORED)[T]>;

const root = (row: Row<'Open_vSwitch'>): RootRow => ({
  _uuid: row._uuid,
  bridges: list(row.bridges),
  ...present({ ovs_version: row.ovs_version }),
  iface_types: list(row.iface_types),
  external_ids: strings(row.external_ids),
  other_config: strings(row.other_config),
});

const bridge = (row: Row<'Bridge'>): BridgeRow => ({
  _uuid: row._uuid,
  name: row.name,
  datapath_type: row.datapath_type,
  ...present({ fail_mode: row.fail_mode }),
  protocols: list(row.protocols),
  other_config: strings(row.other_config),
  external_ids: strings(row.external_ids),
  ports: list(row.ports),
  controller: list(row.controller),
  flow_tables: Object.fromEntries(row.flow_tables),
});

const port = (row: Row<'Port'>): PortRow => ({
  _uuid: row._uuid,
  name: row.name,
  interfaces: list(row.interfaces),
  external_ids: strings(row.external_ids),
});

const forwarding = (text: string | undefined): boolean | undefined =>
  text === undefined ? undefined : text === 'true';

const interfaceRow = (row: Row<'Interface'>): InterfaceRow => ({
  _uuid: row._uuid,
  name: row.name,
  type: row.type,
  options: strings(row.options),
  bfd: strings(row.bfd),
  ...present({
    ofport: row.ofport,
    error: row.error,
    mtu: row.mtu,
    egress: row.status.get('tunnel_egress_iface'),
    bfdForwarding: forwarding(row.bfd_status.get('forwarding')),
  }),
  external_ids: strings(row.external_ids),
});

const controller = (row: Row<'Controller'>): ControllerRow => ({
  _uuid: row._uuid,
  target: row.target,
  ...present({
    inactivity_probe: row.inactivity_probe,
    max_backoff: row.max_backoff,
    connection_mode: row.connection_mode,
  }),
  external_ids: strings(row.external_ids),
});

const flowTable = (row: Row<'Flow_Table'>): FlowTableRow => ({ _uuid: row._uuid, ...present({ name: row.name }) });

/**
 * The replica's rows as plain values. A row that has not changed is not converted again: the replica gives a new object for
 * each that has.
 */
export class RowReader {
  readonly #known = new WeakMap<object, object>();

  read(client: HostClient): HostRows {
    const [first] = client.rows('Open_vSwitch').values();
    return {
      root: first && this.#once(first, root),
      bridges: this.#all(client.rows('Bridge'), bridge),
      ports: this.#all(client.rows('Port'), port),
      interfaces: this.#all(client.rows('Interface'), interfaceRow),
      controllers: this.#all(client.rows('Controller'), controller),
      flowTables: this.#all(client.rows('Flow_Table'), flowTable),
    };
  }

  #all<R extends object, V extends object>(rows: ReadonlyMap<string, R>, convert: (row: R) => V): readonly V[] {
    const values: V[] = [];
    for (const row of rows.values()) values.push(this.#once(row, convert));
    return values;
  }

  #once<R extends object, V extends object>(row: R, convert: (row: R) => V): V {
    const known = this.#known.get(row) as V | undefined;
    if (known !== undefined) return known;
    const value = convert(row);
    this.#known.set(row, value);
    return value;
  }
}
