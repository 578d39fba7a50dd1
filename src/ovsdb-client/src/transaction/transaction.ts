/**
 * The builder of a transaction: a list of operations (RFC 7047 section 5.2), typed by the declaration. Each operation gives
 * a handle under which its result is found afterwards; an insert's handle also stands for the new row's uuid in other rows.
 * A transaction is a value: nothing is sent here.
 */
import { OvsdbError } from '../errors.js';
import type { DatabaseDeclaration, TableDeclaration } from '../schema/columns.js';
import { encodeColumn, encodeMutation } from '../schema/encode.js';
import type { MutationInput, NamedUuid, NameOf, RowInput, StoredRow } from '../schema/row.js';
import { rowDecoder } from '../schema/table.js';
import { columnOf, encodeWhere, type Where } from './where.js';

export type Mutator = '+=' | '-=' | '*=' | '/=' | '%=' | 'insert' | 'delete';
export type Mutation<T extends TableDeclaration> = {
  readonly [N in NameOf<T>]: readonly [N, Mutator, MutationInput<T[N]>];
}[NameOf<T>];

/** Where an operation's result will be found. */
export interface OperationHandle<R> {
  readonly index: number;
  /** The result as the server gives it, in its type. */
  readonly read: (result: unknown) => R;
}
/** A row this transaction inserts: stands for its uuid in other rows, and its result is that uuid. */
export interface InsertHandle extends OperationHandle<string>, NamedUuid {}

export interface WaitOptions {
  /** How long the server may wait, in ms; absent: for ever (until `cancel` or the connection ends). */
  readonly timeoutMs?: number;
}
type Json = Record<string, unknown>;
export type Operation = Json & { readonly op: string };
const UUID_NAME = 'uuid-name';

const readNothing = () => undefined;
const readCount = (result: unknown) => Number((result as { count?: unknown }).count);
const readUuid = (result: unknown) => {
  const { uuid } = result as { uuid?: unknown };
  if (Array.isArray(uuid) && typeof uuid[1] === 'string') return uuid[1];
  throw new OvsdbError('bad reply', { details: `insert answered by ${JSON.stringify(result)}` });
};

/** Names the row only when asked to: most are not referred to, and the server has less to read and to remember. */
class Inserted implements InsertHandle {
  readonly index: number;
  readonly read = readUuid;
  readonly #operation: Operation;

  constructor(index: number, operation: Operation) {
    this.index = index;
    this.#operation = operation;
  }

  get namedUuid(): string {
    this.#operation[UUID_NAME] ??= `row${this.index}`;
    return this.#operation[UUID_NAME] as string;
  }
}

export class Transaction<D extends DatabaseDeclaration> {
  readonly #tables: D;
  readonly #operations: Operation[] = [];

  constructor(tables: D) {
    this.#tables = tables;
  }

  /** The operations as they are sent. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** Adds a row. `uuidName` (a C identifier) defaults to `rowN`, if the handle is used in another row at all. */
  insert<N extends NameOf<D>>(table: N, row: RowInput<D[N]>, uuidName?: string): InsertHandle {
    const operation: Operation = { op: 'insert', table, row: this.#row(table, row) };
    if (uuidName !== undefined) operation[UUID_NAME] = uuidName;
    return new Inserted(this.#operations.push(operation) - 1, operation);
  }

  /** Sets columns of the rows; its result is how many rows. */
  update<N extends NameOf<D>>(table: N, where: Where<D[N]>, row: RowInput<D[N]>): OperationHandle<number> {
    return this.#add({ op: 'update', table, where: this.#where(table, where), row: this.#row(table, row) }, readCount);
  }

  /** Changes columns in place; its result is how many rows. */
  mutate<N extends NameOf<D>>(
    table: N,
    where: Where<D[N]>,
    mutations: readonly Mutation<D[N]>[],
  ): OperationHandle<number> {
    const columns = this.#table(table);
    const encoded = (mutations as readonly (readonly [string, Mutator, unknown])[]).map(([column, mutator, value]) => [
      column,
      mutator,
      encodeMutation(`${table}.${column}`, columnOf(columns, column), mutator, value),
    ]);
    return this.#add({ op: 'mutate', table, where: this.#where(table, where), mutations: encoded }, readCount);
  }

  /** Deletes the rows; its result is how many. */
  delete<N extends NameOf<D>>(table: N, where: Where<D[N]>): OperationHandle<number> {
    return this.#add({ op: 'delete', table, where: this.#where(table, where) }, readCount);
  }

  /** Reads rows; without `columns` all that are declared. */
  select<N extends NameOf<D>, C extends NameOf<D[N]> = NameOf<D[N]>>(
    table: N,
    where: Where<D[N]>,
    columns?: readonly C[],
  ): OperationHandle<readonly Pick<StoredRow<D[N]>, C | '_uuid'>[]> {
    const declared = this.#table(table);
    const names = columns ?? Object.keys(declared);
    const decode = rowDecoder(table, Object.fromEntries(names.map((name) => [name, columnOf(declared, name)])));
    const read = (result: unknown) => (result as { rows: Json[] }).rows.map(decode);
    return this.#add(
      { op: 'select', table, where: this.#where(table, where), columns: ['_uuid', ...names] },
      read as unknown as (result: unknown) => readonly Pick<StoredRow<D[N]>, C | '_uuid'>[],
    );
  }

  /**
   * Holds the transaction until the rows' columns are (`==`) or are not (`!=`) these; without a time allowed, for ever. With
   * `timeoutMs: 0` it is a guard: the transaction fails with `timed out` at once where it does not hold.
   */
  wait<N extends NameOf<D>>(
    table: N,
    where: Where<D[N]>,
    until: '==' | '!=',
    rows: readonly RowInput<D[N]>[],
    options: WaitOptions & { readonly columns?: readonly NameOf<D[N]>[] } = {},
  ): OperationHandle<undefined> {
    const columns = options.columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const operation = {
      op: 'wait',
      table,
      where: this.#where(table, where),
      columns,
      until,
      rows: rows.map((row) => this.#row(table, row)),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    };
    return this.#add(operation, readNothing);
  }

  /** The guard for idempotence: goes on only if exactly one row matches and has these values, else fails with `timed out`. */
  waitUntil<N extends NameOf<D>>(
    table: N,
    where: Where<D[N]>,
    row: RowInput<D[N]>,
    options: WaitOptions = { timeoutMs: 0 },
  ) {
    return this.wait(table, where, '==', [row], options);
  }

  /** The guard against inserting twice: goes on only if no row matches, else fails with `timed out`. */
  waitUntilNone<N extends NameOf<D>>(table: N, where: Where<D[N]>, options: WaitOptions = { timeoutMs: 0 }) {
    return this.wait(table, where, '==', [], {
      ...options,
      columns: Object.keys(this.#table(table)).slice(0, 1) as NameOf<D[N]>[],
    });
  }

  /** A note for the server's log. */
  comment(text: string): OperationHandle<undefined> {
    return this.#add({ op: 'comment', comment: text }, readNothing);
  }

  /** Asks that a successful answer means the change is on disk. */
  commit(durable: boolean): OperationHandle<undefined> {
    return this.#add({ op: 'commit', durable }, readNothing);
  }

  /** Fails the transaction on purpose, with `aborted`. */
  abort(): OperationHandle<undefined> {
    return this.#add({ op: 'abort' }, readNothing);
  }

  /** Goes on only if this session holds the lock, else fails with `not owner`. */
  assert(lock: string): OperationHandle<undefined> {
    return this.#add({ op: 'assert', lock }, readNothing);
  }

  /** A new transaction: these operations, then those. Handles of the first stay good. */
  followedBy(operations: readonly Operation[]): Transaction<D> {
    const whole = new Transaction(this.#tables);
    whole.#operations.push(...this.#operations, ...operations);
    return whole;
  }

  #add<R>(operation: Operation, read: (result: unknown) => R): OperationHandle<R> {
    return { index: this.#operations.push(operation) - 1, read };
  }

  #table(name: string): TableDeclaration {
    const table = Object.hasOwn(this.#tables, name) ? this.#tables[name] : undefined;
    if (!table) throw new OvsdbError('bad value', { details: `table ${name} is not declared` });
    return table;
  }

  #row(table: string, row: object): Json {
    const columns = this.#table(table);
    const encoded: Json = {};
    for (const name of Object.keys(row))
      encoded[name] = encodeColumn(table, name, columnOf(columns, name), (row as Json)[name]);
    return encoded;
  }

  #where(table: string, where: readonly unknown[]): unknown[] {
    return encodeWhere(this.#table(table), where as readonly (readonly [string, string, unknown])[]);
  }
}
