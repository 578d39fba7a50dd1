/**
 * The rows of a host's Open_vSwitch database that Kakuri looks at (ovs-vswitchd.conf.db(5)), as plain values: optional
 * columns are undefined, maps are objects, references are uuids. Only these columns are monitored.
 */
export type StringMap = Readonly<Record<string, string>>;

export interface RootRow {
  readonly _uuid: string;
  readonly bridges: readonly string[];
  readonly ovs_version?: string;
  readonly iface_types: readonly string[];
  readonly external_ids: StringMap;
  readonly other_config: StringMap;
}
export interface BridgeRow {
  readonly _uuid: string;
  readonly name: string;
  readonly datapath_type: string;
  readonly fail_mode?: string;
  readonly protocols: readonly string[];
  readonly other_config: StringMap;
  readonly external_ids: StringMap;
  readonly ports: readonly string[];
  readonly controller: readonly string[];
  /** Table number → uuid of its Flow_Table row. */
  readonly flow_tables: Readonly<Record<number, string>>;
}
export interface PortRow {
  readonly _uuid: string;
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly external_ids: StringMap;
}
export interface InterfaceRow {
  readonly _uuid: string;
  readonly name: string;
  readonly type: string;
  readonly options: StringMap;
  readonly bfd: StringMap;
  /** Whether BFD says that the tunnel works; absent where it says nothing. */
  readonly bfdForwarding?: boolean;
  readonly ofport?: number;
  readonly error?: string;
  /** Octets, as Open vSwitch sees it; absent where a port has none, as a tunnel's. */
  readonly mtu?: number;
  /** Of a tunnel: the device that its packets leave by (status:tunnel_egress_iface). */
  readonly egress?: string;
  readonly external_ids: StringMap;
}
export interface ControllerRow {
  readonly _uuid: string;
  readonly target: string;
  readonly inactivity_probe?: number;
  readonly max_backoff?: number;
  readonly connection_mode?: string;
  readonly external_ids: StringMap;
}
export interface FlowTableRow {
  readonly _uuid: string;
  readonly name?: string;
}

/** A complete snapshot; every transaction of the server gives a new one. */
export interface HostRows {
  readonly root: RootRow | undefined;
  readonly bridges: readonly BridgeRow[];
  readonly ports: readonly PortRow[];
  readonly interfaces: readonly InterfaceRow[];
  readonly controllers: readonly ControllerRow[];
  readonly flowTables: readonly FlowTableRow[];
}

/** A reference in a change: to a row that is there, or to one that an earlier change of the same transaction inserts. */
export type Ref = { readonly uuid: string } | { readonly inserted: string };

export type ColumnValue =
  | string
  | number
  | boolean
  | Ref
  | readonly string[]
  | readonly Ref[]
  | StringMap
  | ReadonlyMap<number, Ref>;

export type TableName = 'Open_vSwitch' | 'Bridge' | 'Port' | 'Interface' | 'Controller' | 'Flow_Table';

/** One operation of a transaction, before it is written for the wire. */
export type Change =
  | {
      readonly op: 'insert';
      readonly table: TableName;
      readonly name: string;
      readonly row: Readonly<Record<string, ColumnValue>>;
    }
  | {
      readonly op: 'update';
      readonly table: TableName;
      readonly uuid: string;
      readonly row: Readonly<Record<string, ColumnValue>>;
    }
  | {
      readonly op: 'mutate';
      readonly table: TableName;
      readonly at: Ref;
      readonly column: string;
      readonly mutator: 'insert' | 'delete';
      readonly value: ColumnValue;
    };
