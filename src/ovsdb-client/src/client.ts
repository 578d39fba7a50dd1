/**
 * The client: a connection kept up, a typed replica of the declared tables, and transactions.
 *
 *   remotes ──► Link ──► get_schema, check ──► monitor ──► Replica ──► onChange
 *                  └──────────────── transact ◄── client.transaction()
 *
 * Only the declared columns are monitored. Nothing is retried but the connection: a transaction whose answer was lost is
 * rejected with `outcome: 'unknown'`.
 */
import type { Socket } from 'node:net';
import { OvsdbError } from './errors.js';
import { Listeners } from './listeners.js';
import type { MonitorMethod, MonitorStart } from './replica/monitor.js';
import { Replica, type UntypedChange } from './replica/replica.js';
import { RowIndex } from './replica/row-index.js';
import type { DatabaseDeclaration } from './schema/columns.js';
import type { Change, ColumnValue, NameOf, StoredRow } from './schema/row.js';
import { type DatabaseSchema, parseSchema } from './schema/server-schema.js';
import { DatabaseSession, noResumption, withCondition } from './session/database-session.js';
import type { TlsOptions } from './session/dial.js';
import { Link } from './session/link.js';
import { Locks, type OvsdbLock } from './session/locks.js';
import { RECONNECT_TIMES, type ReconnectTimes } from './session/reconnect.js';
import type { RpcConnection } from './session/rpc.js';
import type { RequestOptions, RpcOptions } from './session/rpc-options.js';
import { waitForConfiguration } from './transaction/configuration.js';
import { type TransactionResult, transactionResult } from './transaction/result.js';
import { Transaction } from './transaction/transaction.js';
import { encodeWhere, type Where } from './transaction/where.js';

export interface OvsdbClientOptions<D extends DatabaseDeclaration> extends Partial<Omit<ReconnectTimes, 'remotes'>> {
  /** Where the database is, e.g. `['unix:/run/openvswitch/db.sock']`; several are tried in turn. */
  readonly remotes: readonly string[];
  /** By default `Open_vSwitch`. */
  readonly database?: string;
  /** The tables and columns that are used. */
  readonly tables: D;
  /** Of which of them to keep a replica; by default all. `[]`: none, for a client that only transacts. */
  readonly replicate?: readonly NameOf<D>[];
  readonly tls?: TlsOptions;
  /** Only this monitor method; by default the best the server knows. */
  readonly monitorMethod?: MonitorMethod;
  /** Of a cluster, use the leader only (the default); false takes any member that has not lost its cluster. */
  readonly leaderOnly?: boolean;
  readonly rpc?: Partial<RpcOptions>;
}

export interface ClientStatus {
  readonly state: 'connecting' | 'synced' | 'disconnected';
  /** Why, in words. */
  readonly reason: string;
  /** The remote it is about. */
  readonly remote: string | undefined;
  readonly error?: OvsdbError;
}

/** An index: the rows by a key taken from them. */
export interface Index<R> {
  readonly get: (key: unknown) => readonly R[];
}

export class OvsdbClient<D extends DatabaseDeclaration> {
  readonly tables: D;
  readonly database: string;
  readonly #options: OvsdbClientOptions<D>;
  readonly #link: Link;
  readonly #replica: Replica;
  readonly #indexes: RowIndex[] = [];
  readonly #changes = new Listeners<readonly Change<D>[]>();
  readonly #statuses = new Listeners<ClientStatus>();
  #status: ClientStatus = { state: 'disconnected', reason: 'not started', remote: undefined };
  #rpc: RpcConnection | undefined;
  #socket: Socket | undefined;
  #session: DatabaseSession | undefined;
  readonly #resumption = noResumption();
  readonly #locks = new Locks();

  /** `accepted`: a connection a peer has opened (`listenOvsdb`); it is never opened again. */
  constructor(options: OvsdbClientOptions<D>, accepted?: Socket) {
    this.tables = options.tables;
    this.database = options.database ?? 'Open_vSwitch';
    this.#options = options;
    this.#replica = new Replica(Object.keys(options.tables));
    const { remotes, tls, rpc = {} } = options;
    const times = {
      ...RECONNECT_TIMES,
      ...(remotes.length > 1 ? CLUSTER_TIMES : {}),
      ...timesOf(options),
      remotes: Math.max(1, remotes.length),
    };
    this.#link = new Link(
      { remotes, times, rpc, ...(tls ? { tls } : {}), ...(accepted ? { accepted } : {}) },
      {
        onConnecting: (remote) => this.#setStatus({ state: 'connecting', reason: 'connecting', remote }),
        onUp: (connection, socket, remote) => this.#onUp(connection, socket, remote),
        onNotification: (method, params) => this.#locks.take(method, params) || this.#session?.take(method, params),
        onDown: (error) => this.#onDown(error),
      },
    );
  }

  /** Begins to connect. Idempotent. */
  start(): this {
    this.#link.start();
    return this;
  }

  /** Ends the connection for good. Idempotent; requests still open are rejected. The rows stay as they were. */
  close(): void {
    const error = new OvsdbError('connection lost', { details: 'closed by the client' });
    this.#link.close(error);
    if (this.#status.state !== 'disconnected') this.#onDown(error);
  }

  get status(): ClientStatus {
    return this.#status;
  }

  /** The address this end of a TCP or TLS connection has; undefined for unix sockets and while there is none. */
  get localAddress(): string | undefined {
    return this.#socket?.localAddress;
  }

  /** Calls back at every change of status; the function returned ends that. */
  onStatus(listener: (status: ClientStatus) => void): () => void {
    return this.#statuses.add(listener);
  }

  /** Calls back after each complete transaction, and after the first copy, with what changed; the function returned ends that. */
  onChange(listener: (changes: readonly Change<D>[]) => void): () => void {
    return this.#changes.add(listener);
  }

  /** The rows of a table by uuid: a live view. While disconnected it holds what was last known. */
  rows<N extends NameOf<D>>(table: N): ReadonlyMap<string, StoredRow<D[N]>> {
    return this.#replica.rows(table) as unknown as ReadonlyMap<string, StoredRow<D[N]>>;
  }

  /** An index by a column (by each member of a set) or by whatever `keys` takes from a row; kept current from now on. */
  index<N extends NameOf<D>>(
    table: N,
    by: NameOf<D[N]> | ((row: StoredRow<D[N]>) => Iterable<unknown>),
  ): Index<StoredRow<D[N]>> {
    const keysOf = typeof by === 'string' ? keysOfColumn(by) : (by as (row: unknown) => Iterable<unknown>);
    const index = new RowIndex(table, keysOf as never, this.#replica.rows(table).values());
    this.#indexes.push(index);
    return index as unknown as Index<StoredRow<D[N]>>;
  }

  /** A transaction to fill. */
  transaction(): Transaction<D> {
    return new Transaction(this.tables);
  }

  /**
   * Sends a transaction. When it resolves, the replica holds its changes. Rejects with OvsdbError: the failed operation's error,
   * `not connected` if nothing was sent, or one with `outcome: 'unknown'` if the answer was lost.
   */
  async transact(transaction: Transaction<D>, options: RequestOptions = {}): Promise<TransactionResult> {
    const { operations } = transaction;
    return transactionResult(operations, await this.request('transact', [this.database, ...operations], options));
  }

  /**
   * Sends the transaction with `next_cfg` incremented, and resolves once ovs-vswitchd has acted on it (`cur_cfg`). Rejects with
   * `request timed out` if it has not within `timeoutMs`; the change itself is then done.
   */
  async transactAndWait(
    transaction: Transaction<D>,
    { timeoutMs = 30_000, ...options }: RequestOptions = {},
  ): Promise<TransactionResult> {
    if (this.#options.replicate?.includes('Open_vSwitch' as NameOf<D>) === false)
      throw new OvsdbError('bad value', { details: 'transactAndWait needs Open_vSwitch among the replicated tables' });
    return waitForConfiguration(this as never, transaction, timeoutMs, options);
  }

  /**
   * Restricts what is monitored of a table to the rows that match any one of the conditions (a monitor's are joined by "or",
   * ovsdb-server(7) 4.1.12); `false` is no row, undefined every row. Kept over reconnects. Resolves when the server has agreed (at
   * once while there is no connection).
   */
  async setCondition<N extends NameOf<D>>(table: N, where: Where<D[N]> | false | undefined): Promise<void> {
    const json = where === false ? [false] : where && encodeWhere(this.tables[table] ?? {}, where as never);
    const { conditions } = this.#resumption;
    if (this.#session) await this.#session.setCondition(table, json);
    else this.#resumption.conditions = withCondition(conditions, table, json);
  }

  /** Wishes for a lock of the server; `steal` takes it from whoever has it. Once a name. */
  lock(name: string, { steal = false }: { readonly steal?: boolean } = {}): OvsdbLock {
    return this.#locks.add(name, steal);
  }

  /** The names of the server's databases. */
  async listDatabases(): Promise<readonly string[]> {
    return (await this.request('list_dbs', [])) as string[];
  }

  /** The schema of a database of the server, by default this client's. */
  async schema(database = this.database): Promise<DatabaseSchema> {
    return parseSchema(await this.request('get_schema', [database]));
  }

  /** The uuid of the server's process; another after its restart. */
  async serverId(): Promise<string> {
    return String(await this.request('get_server_id', []));
  }

  /** Converts the database to another schema (JSON as in a schema file); clients then start afresh. */
  async convert(schema: unknown): Promise<void> {
    await this.request('convert', [this.database, schema]);
  }

  /** Any request of the protocol, as it is; 64-bit integers beyond 2^53 are bigints. */
  request(method: string, params: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    if (!this.#rpc || this.#status.state !== 'synced')
      return Promise.reject(new OvsdbError('not connected', { details: this.#status.reason }));
    return this.#rpc.request(method, params, options);
  }

  #onUp(rpc: RpcConnection, socket: Socket, remote: string): void {
    this.#rpc = rpc;
    this.#socket = socket;
    this.#setStatus({ state: 'connecting', reason: 'synchronising', remote });
    const { monitorMethod, leaderOnly = true, replicate = Object.keys(this.tables) } = this.#options;
    const options = {
      database: this.database,
      tables: this.tables,
      replicate,
      leaderOnly,
    };
    this.#session = new DatabaseSession(
      rpc,
      this.#replica,
      { ...options, ...(monitorMethod ? { method: monitorMethod } : {}) },
      this.#resumption,
      {
        onSynced: (start) => this.#onSynced(start, remote),
        onChanges: (changes) => this.#changed(changes),
        onUnfit: (error) => this.#rpc === rpc && this.#link.drop(error),
      },
    );
    this.#locks.connected(rpc);
    void this.#session.start();
  }

  #onSynced({ changes, resumed }: MonitorStart, remote: string): void {
    this.#link.settled();
    this.#setStatus({ state: 'synced', reason: resumed ? 'resumed' : 'synced', remote });
    if (changes.length > 0) this.#changed(changes);
  }

  #changed(changes: readonly UntypedChange[]): void {
    for (const index of this.#indexes) for (const change of changes) index.apply(change);
    this.#changes.call(changes as unknown as readonly Change<D>[]);
  }

  #onDown(error: OvsdbError): void {
    this.#session?.ended();
    this.#session = undefined;
    this.#locks.disconnected();
    const remote = this.#status.remote;
    this.#rpc = undefined;
    this.#socket = undefined;
    this.#setStatus({ state: 'disconnected', reason: error.message, remote, error });
  }

  #setStatus(status: ClientStatus): void {
    this.#status = status;
    this.#statuses.call(status);
  }
}

/** With several remotes a dead one is left about as fast as a cluster deposes its leader (election timer 1 s). */
const CLUSTER_TIMES: Partial<ReconnectTimes> = {
  probeMs: 1000,
  connectMs: 1000,
  minBackoffMs: 250,
  maxBackoffMs: 1000,
};

function timesOf(options: Partial<Omit<ReconnectTimes, 'remotes'>>): Partial<ReconnectTimes> {
  const names = ['probeMs', 'connectMs', 'minBackoffMs', 'maxBackoffMs', 'jitter'] as const;
  return Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}

/** A column's value as index keys: a set's members, a map's keys, one value, or none. */
function keysOfColumn(column: string): (row: Readonly<Record<string, ColumnValue<never>>>) => Iterable<unknown> {
  return (row) => {
    const value: unknown = row[column];
    if (value instanceof Set || value instanceof Map) return value.keys();
    return value === undefined ? [] : [value];
  };
}
