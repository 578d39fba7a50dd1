/** What the fake server's monitors say of rows and changes, in the form of each method (RFC 7047 4.1.5, ovsdb-server(7) 4.1.12). */

import type { ColumnSchema } from '../schema/server-schema.js';
import { parseCondition, type Test, UUID_COLUMN, type ValueOf, valuesOf } from './condition.js';
import { datumToJson, defaultDatum, differenceOf, equalData, fault } from './datum.js';
import { parseMembers, parseObject } from './members.js';
import type { DatabaseView, FakeChange, FakeRow } from './rows.js';

type Json = Record<string, unknown>;
export type FakeMonitorMethod = 'monitor' | 'monitor_cond' | 'monitor_cond_since';

type Kind = 'initial' | 'insert' | 'delete' | 'modify';
/** The kinds of change that are wanted; all but those said to be `false`. */
type Select = { readonly [K in Kind]?: boolean };
const KINDS = { initial: 'boolean?', insert: 'boolean?', delete: 'boolean?', modify: 'boolean?' } as const;

interface WatchedColumn {
  readonly name: string;
  readonly schema: ColumnSchema;
  readonly select: Select;
}
/** All requests of one table together. */
interface Watched {
  readonly columns: readonly WatchedColumn[];
  /** What each request wants. */
  readonly selects: readonly Select[];
  /** Joined by "or"; without any, every row matches. Of several requests, ovsdb-server 3.1 takes the first one's. */
  readonly tests: readonly Test[];
}
type Changed = (column: WatchedColumn) => boolean;

export class FakeMonitor {
  readonly method: FakeMonitorMethod;
  readonly #database: DatabaseView;
  readonly #tables = new Map<string, Watched>();

  /** Throws OvsdbError `syntax error`. */
  constructor(database: DatabaseView, method: FakeMonitorMethod, requests: unknown) {
    this.method = method;
    this.#database = database;
    for (const [table, json] of Object.entries(parseObject(requests))) {
      const parsed = (Array.isArray(json) ? json : [json]).map((request) => this.#parse(table, request));
      const columns = parsed.flatMap((request) => request.columns);
      const names = columns.map(({ name }) => name);
      const twice = names.find((name, i) => names.includes(name, i + 1));
      if (twice !== undefined) throw fault('syntax error', `column ${twice} mentioned more than once`);
      this.#tables.set(table, {
        columns,
        selects: parsed.flatMap(({ selects }) => selects),
        tests: parsed[0]?.tests ?? [],
      });
    }
  }

  #parse(name: string, json: unknown): Watched {
    const { columns: known } = this.#database.table(name);
    const conditional = this.method === 'monitor' ? {} : { where: 'array?' as const };
    const request = parseMembers(json, { columns: 'array?', select: 'object?', ...conditional });
    const select = parseMembers(request.select ?? {}, KINDS) as Select;
    const names = (request.columns as unknown[] | undefined) ?? ['_version', ...Object.keys(known)];
    const columns = names.map((column) => {
      const schema = typeof column === 'string' ? columnNamed(known, column) : undefined;
      if (!schema) throw fault('syntax error', `${column} is not a valid column name`);
      return { name: column as string, schema, select };
    });
    return { columns, selects: [select], tests: this.#tests(name, (request.where as unknown[] | undefined) ?? []) };
  }

  #tests(name: string, where: readonly unknown[]): Test[] {
    const { columns } = this.#database.table(name);
    const columnOf = (column: string) => {
      const schema = columnNamed(columns, column);
      if (!schema) throw fault('unknown column', `No column ${column} in table ${name}.`);
      return schema;
    };
    return where.map((each) => parseCondition(each, columnOf, String));
  }

  /** monitor_cond_change: new conditions; gives what they let appear and disappear, as changes. */
  change(requests: unknown): FakeChange[] {
    const changes: FakeChange[] = [];
    for (const [table, list] of Object.entries(parseObject(requests))) {
      const wheres = (Array.isArray(list) ? list : [list]).map((json) => parseMembers(json, { where: 'array?' }).where);
      const tests = this.#tests(table, (wheres.at(-1) as unknown[] | undefined) ?? []);
      const before = this.#tables.get(table);
      if (!before) throw fault('syntax error', `no table ${table} in the monitor`);
      const after = { ...before, tests };
      for (const [uuid, row] of this.#database.tables.get(table) ?? []) {
        const [was, is] = [matches(before, uuid, row), matches(after, uuid, row)];
        if (was !== is) changes.push({ table, uuid, old: was ? row : undefined, new: is ? row : undefined });
      }
      this.#tables.set(table, after);
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
      const watched = this.#tables.get(change.table);
      const said = watched && this.#row(change, watched, insert, conditional);
      if (!said) continue;
      const rows = tables[change.table] ?? {};
      rows[change.uuid] = said;
      tables[change.table] = rows;
    }
    return Object.keys(tables).length === 0 ? undefined : tables;
  }

  #row(change: FakeChange, watched: Watched, insert: Kind, conditional: boolean): Json | undefined {
    const seen = (row: FakeRow | undefined) =>
      row && (!conditional || matches(watched, change.uuid, row)) ? valuesOf(change.uuid, row) : undefined;
    const [old, row] = [seen(change.old), seen(change.new)];
    const kind = old ? (row ? 'modify' : 'delete') : row ? insert : undefined;
    if (kind === undefined || watched.selects.every((select) => select[kind] === false)) return undefined;
    const changed: Changed = ({ name }) => !old || !row || !equalData(old(name), row(name));
    if (kind === 'modify' && !watched.columns.some(changed)) return undefined;
    // A column is left out of the kinds of change it was not wanted for, though it makes the row count as changed.
    const columns = watched.columns.filter(({ select }) => select[kind] !== false);
    return this.method === 'monitor' ? whole(columns, changed, old, row) : sparse(columns, changed, kind, old, row);
  }
}

/** The form of `update`. */
function whole(columns: readonly WatchedColumn[], changed: Changed, old?: ValueOf, row?: ValueOf): Json {
  return {
    ...(old ? { old: pick(row ? columns.filter(changed) : columns, old) } : {}),
    ...(row ? { new: pick(columns, row) } : {}),
  };
}

/** The form of `update2` and `update3`. */
function sparse(columns: readonly WatchedColumn[], changed: Changed, kind: Kind, old?: ValueOf, row?: ValueOf): Json {
  if (!row) return { delete: null };
  if (!old) {
    const said = columns.filter(({ name, schema }) => !equalData(row(name), defaultDatum(schema)));
    return { [kind]: pick(said, row) };
  }
  const difference = ({ name, schema }: WatchedColumn) =>
    datumToJson(differenceOf(old(name), row(name), schema), schema);
  return { modify: Object.fromEntries(columns.filter(changed).map((column) => [column.name, difference(column)])) };
}

const pick = (columns: readonly WatchedColumn[], row: ValueOf): Json =>
  Object.fromEntries(columns.map(({ name, schema }) => [name, datumToJson(row(name), schema)]));

function columnNamed(columns: { readonly [name: string]: ColumnSchema }, name: string): ColumnSchema | undefined {
  if (name === '_uuid' || name === '_version') return UUID_COLUMN;
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

function matches({ tests }: Watched, uuid: string, row: FakeRow): boolean {
  return tests.length === 0 || tests.some((test) => test(valuesOf(uuid, row)));
}
