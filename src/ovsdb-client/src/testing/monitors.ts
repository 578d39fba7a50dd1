/** What the fake server's monitors say of rows and changes, in the form of each method (RFC 7047 4.1.5, ovsdb-server(7) 4.1.12). */
import { parseCondition, type Test } from './condition.js';
import { type Datum, datumToJson, defaultDatum, differenceOf, equalData } from './datum.js';
import type { DatabaseView, FakeChange, FakeRow } from './rows.js';

type Json = Record<string, unknown>;
export type FakeMonitorMethod = 'monitor' | 'monitor_cond' | 'monitor_cond_since';

interface Request {
  readonly columns: readonly string[];
  readonly tests: readonly Test[];
  readonly select: { readonly [kind: string]: boolean };
}

export class FakeMonitor {
  readonly method: FakeMonitorMethod;
  readonly #database: DatabaseView;
  readonly #requests = new Map<string, Request[]>();

  /** Throws OvsdbError `syntax error`. */
  constructor(database: DatabaseView, method: FakeMonitorMethod, requests: Json) {
    this.method = method;
    this.#database = database;
    for (const [table, list] of Object.entries(requests))
      this.#requests.set(
        table,
        (Array.isArray(list) ? list : [list]).map((request) => this.#parse(table, request as Json)),
      );
  }

  #parse(name: string, { columns, where = [], select = {} }: Json): Request {
    const table = this.#database.table(name);
    return {
      columns: (columns as string[] | undefined) ?? Object.keys(table.columns),
      tests: this.#tests(name, where as unknown[]),
      select: select as Request['select'],
    };
  }

  #tests(name: string, where: readonly unknown[]): Test[] {
    const { columns } = this.#database.table(name);
    const uuid = { key: { type: 'uuid' as const }, min: 1, max: 1, ephemeral: false, mutable: false };
    return where.map((each) => parseCondition(each, (column) => columns[column] ?? uuid, String));
  }

  /** monitor_cond_change: new conditions; gives what they let appear and disappear, as changes. */
  change(requests: Json): FakeChange[] {
    const changes: FakeChange[] = [];
    for (const [table, list] of Object.entries(requests)) {
      const before = this.#requests.get(table) ?? [];
      const [{ where = [] } = {}] = (Array.isArray(list) ? list : [list]) as Json[];
      const after = before.map((request) => ({ ...request, tests: this.#tests(table, where as unknown[]) }));
      for (const [uuid, row] of this.#database.tables.get(table) ?? []) {
        const [was, is] = [before, after].map((each) => each.some((request) => matches(request, uuid, row)));
        if (was !== is) changes.push({ table, uuid, old: was ? row : undefined, new: is ? row : undefined });
      }
      this.#requests.set(table, after);
    }
    return changes;
  }

  /** Every row there is. */
  initial(): Json {
    const rows = [...this.#database.tables].flatMap(([table, all]) =>
      [...all].map(([uuid, row]) => ({ table, uuid, old: undefined, new: row })),
    );
    return this.#update(rows, 'initial', true) ?? {};
  }

  /** The update these changes make; undefined if it has nothing to say. `conditional` false: the rows come or go by themselves. */
  update(changes: readonly FakeChange[], conditional = true): Json | undefined {
    return this.#update(changes, 'insert', conditional);
  }

  #update(changes: readonly FakeChange[], insert: 'initial' | 'insert', conditional: boolean): Json | undefined {
    const tables: Record<string, Json> = {};
    for (const change of changes) {
      for (const request of this.#requests.get(change.table) ?? []) {
        const said = this.#row(change, request, insert, conditional);
        if (!said) continue;
        const rows = tables[change.table] ?? {};
        rows[change.uuid] = { ...(rows[change.uuid] as Json | undefined), ...said };
        tables[change.table] = rows;
      }
    }
    return Object.keys(tables).length === 0 ? undefined : tables;
  }

  #row(change: FakeChange, request: Request, insert: 'initial' | 'insert', conditional: boolean): Json | undefined {
    const seen = (row: FakeRow | undefined) =>
      row && (!conditional || matches(request, change.uuid, row)) ? row : undefined;
    const [old, row] = [seen(change.old), seen(change.new)];
    const kind = old ? (row ? 'modify' : 'delete') : row ? insert : undefined;
    if (kind === undefined || request.select[kind] === false) return undefined;
    return this.method === 'monitor'
      ? this.#whole(change.table, request, old, row)
      : this.#sparse(change.table, request, kind, old, row);
  }

  #json(table: string, column: string, datum: Datum): unknown {
    return datumToJson(datum, this.#column(table, column));
  }

  #column(table: string, column: string) {
    const schema = this.#database.table(table).columns[column];
    if (!schema) throw new TypeError(`no column ${column}`);
    return schema;
  }

  #pick(table: string, columns: readonly string[], row: FakeRow): Json {
    return Object.fromEntries(columns.map((name) => [name, this.#json(table, name, row.columns[name] ?? [])]));
  }

  #whole(table: string, { columns }: Request, old: FakeRow | undefined, row: FakeRow | undefined): Json | undefined {
    if (!old) return row && { new: this.#pick(table, columns, row) };
    if (!row) return { old: this.#pick(table, columns, old) };
    const changed = changedColumns(columns, old, row);
    if (changed.length === 0) return undefined;
    return { old: this.#pick(table, changed, old), new: this.#pick(table, columns, row) };
  }

  #sparse(table: string, { columns }: Request, kind: string, old?: FakeRow, row?: FakeRow): Json | undefined {
    if (!row) return { delete: null };
    const isDefault = (name: string) => equalData(row.columns[name] ?? [], defaultDatum(this.#column(table, name)));
    if (!old)
      return {
        [kind]: this.#pick(
          table,
          columns.filter((name) => !isDefault(name)),
          row,
        ),
      };
    const changed = changedColumns(columns, old, row);
    if (changed.length === 0) return undefined;
    const difference = (name: string) =>
      this.#json(
        table,
        name,
        differenceOf(old.columns[name] ?? [], row.columns[name] ?? [], this.#column(table, name)),
      );
    return { modify: Object.fromEntries(changed.map((name) => [name, difference(name)])) };
  }
}

const changedColumns = (columns: readonly string[], old: FakeRow, row: FakeRow) =>
  columns.filter((name) => !equalData(old.columns[name] ?? [], row.columns[name] ?? []));

/** A monitor's conditions are joined by "or"; without any, every row matches. */
function matches({ tests }: Request, uuid: string, row: FakeRow): boolean {
  const value = (name: string): Datum => (name === '_uuid' ? [[uuid]] : (row.columns[name] ?? []));
  return tests.length === 0 || tests.some((test) => test(value));
}
