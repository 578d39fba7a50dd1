/**
 * The rows of a simulated ovsdb-server: transactions as RFC 7047 has them, all or nothing, rows that nobody refers to
 * taken away. Every change gives a new snapshot.
 */
import type { Change, ColumnValue, HostRows, Ref, TableName } from '../../src/desired/index.js';

type Row = Readonly<Record<string, unknown>> & { readonly _uuid: string };
type Tables = Readonly<Record<TableName, ReadonlyMap<string, Row>>>;

/** Columns as they are where nobody wrote them. */
const DEFAULTS: Readonly<Record<TableName, object>> = {
  Open_vSwitch: {},
  Bridge: {
    datapath_type: '',
    protocols: [],
    other_config: {},
    external_ids: {},
    ports: [],
    controller: [],
    flow_tables: {},
  },
  Port: { interfaces: [], external_ids: {} },
  Interface: { type: '', options: {}, bfd: {}, external_ids: {} },
  Controller: { external_ids: {} },
  Flow_Table: {},
};

/** Which rows stay only while a column of another table has them. */
const REFERENCES: readonly (readonly [of: TableName, by: TableName, column: string])[] = [
  ['Bridge', 'Open_vSwitch', 'bridges'],
  ['Port', 'Bridge', 'ports'],
  ['Interface', 'Port', 'interfaces'],
  ['Controller', 'Bridge', 'controller'],
  ['Flow_Table', 'Bridge', 'flow_tables'],
];

const ROOT: Row = {
  _uuid: 'root',
  bridges: [],
  ovs_version: '3.1.0',
  iface_types: ['geneve', 'gre', 'internal', 'vxlan'],
  external_ids: {},
  other_config: {},
};

const isRef = (value: unknown): value is Ref =>
  typeof value === 'object' && value !== null && ('uuid' in value || 'inserted' in value);

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mutated(before: unknown, mutator: 'insert' | 'delete', value: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(value)) {
    const others = before.filter((item) => !value.includes(item));
    return mutator === 'delete' ? others : [...others, ...value];
  }
  if (!isMap(before) || !isMap(value)) throw new Error('a mutation of another kind of column');
  if (mutator === 'insert') return { ...value, ...before };
  return Object.fromEntries(Object.entries(before).filter(([key, item]) => value[key] !== item));
}

export class SimulatedRows {
  #tables: Tables = {
    Open_vSwitch: new Map([[ROOT._uuid, ROOT]]),
    Bridge: new Map(),
    Port: new Map(),
    Interface: new Map(),
    Controller: new Map(),
    Flow_Table: new Map(),
  };
  #snapshot: HostRows | undefined;
  #next = 1;

  get snapshot(): HostRows {
    const of = <V>(table: TableName): readonly V[] => [...this.#tables[table].values()] as unknown as readonly V[];
    this.#snapshot ??= {
      root: of<NonNullable<HostRows['root']>>('Open_vSwitch')[0],
      bridges: of('Bridge'),
      ports: of('Port'),
      interfaces: of('Interface'),
      controllers: of('Controller'),
      flowTables: of('Flow_Table'),
    };
    return this.#snapshot;
  }

  /** One transaction. Throws, and changes nothing, where a change refers to what is not there. */
  commit(changes: readonly Change[]): void {
    const tables: Record<TableName, Map<string, Row>> = Object.fromEntries(
      Object.entries(this.#tables).map(([name, rows]) => [name, new Map(rows)]),
    ) as never;
    const named = new Map(
      changes.flatMap((change) => (change.op === 'insert' ? [[change.name, `row${this.#next++}`] as const] : [])),
    );
    for (const change of changes) carryOut(tables, change, named);
    for (const [of, by, column] of REFERENCES) collect(tables[of], tables[by], column);
    this.#tables = tables;
    this.#snapshot = undefined;
  }

  /** ovs-vswitchd's own column. */
  number(uuid: string, ofport: number): void {
    const row = this.#tables.Interface.get(uuid);
    if (row === undefined || row.ofport === ofport) return;
    this.#tables = { ...this.#tables, Interface: new Map(this.#tables.Interface).set(uuid, { ...row, ofport }) };
    this.#snapshot = undefined;
  }

  /** The same rows once more. */
  copy(): SimulatedRows {
    const other = new SimulatedRows();
    other.#tables = this.#tables;
    other.#next = this.#next;
    return other;
  }
}

/** Rows that no row of `by` refers to are taken away. */
function collect(rows: Map<string, Row>, by: ReadonlyMap<string, Row>, column: string): void {
  const held = new Set([...by.values()].flatMap((row) => Object.values(row[column] as object)));
  for (const uuid of rows.keys()) if (!held.has(uuid)) rows.delete(uuid);
}

function carryOut(
  tables: Record<TableName, Map<string, Row>>,
  change: Change,
  named: ReadonlyMap<string, string>,
): void {
  const uuidOf = (ref: Ref): string => {
    const uuid = 'uuid' in ref ? ref.uuid : named.get(ref.inserted);
    if (uuid === undefined) throw new Error(`no row is named so: ${JSON.stringify(ref)}`);
    return uuid;
  };
  const plain = (value: ColumnValue): unknown => {
    if (isRef(value)) return uuidOf(value);
    if (Array.isArray(value)) return value.map((item: string | Ref) => (isRef(item) ? uuidOf(item) : item));
    if (value instanceof Map) return Object.fromEntries([...value].map(([key, ref]) => [key, uuidOf(ref as Ref)]));
    return value;
  };
  const columns = (row: Readonly<Record<string, ColumnValue>>): object =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
  const rows = tables[change.table];
  if (change.op === 'insert') {
    const _uuid = named.get(change.name) as string;
    rows.set(_uuid, { ...DEFAULTS[change.table], ...columns(change.row), _uuid });
    return;
  }
  const uuid = change.op === 'update' ? change.uuid : uuidOf(change.at);
  const row = rows.get(uuid);
  // As in a real server: an operation on a row that is gone concerns no row.
  if (row === undefined) return;
  if (change.op === 'update') rows.set(uuid, { ...row, ...columns(change.row) });
  else rows.set(uuid, { ...row, [change.column]: mutated(row[change.column], change.mutator, plain(change.value)) });
}
