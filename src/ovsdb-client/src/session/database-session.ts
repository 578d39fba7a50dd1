/**
 * What is said over one connection, from its opening until the replica is in step, and what is followed from then on:
 *
 *   set_db_change_aware, _Server.Database followed ──► fit? ──► get_schema, check ──► monitor ──► in step
 *                                                       └─no──► the next remote
 *
 * A `monitor_canceled` (the schema was converted) starts again at get_schema, over the same connection.
 */
import { createHash } from 'node:crypto';
import { OvsdbError } from '../errors.js';
import { Monitor, type MonitorMethod, type MonitorRequests, type MonitorStart } from '../replica/monitor.js';
import { Replica, type UntypedChange } from '../replica/replica.js';
import type { DatabaseDeclaration } from '../schema/columns.js';
import { ZERO_UUID } from '../schema/decode.js';
import { parseSchema } from '../schema/server-schema.js';
import { bindDeclaration } from '../schema/table.js';
import { SERVER_DATABASE, type ServerDatabase, unfit } from './cluster.js';
import type { RpcConnection } from './rpc.js';

/** The JSON of a `where` for each table monitored by condition. */
export type Conditions = ReadonlyMap<string, readonly unknown[]>;

/** What outlives a connection. */
export interface Resumption {
  /** A digest of the schema and conditions under which `since` was reached. */
  key: string;
  since: string;
  minIndex: bigint;
  /** As they are wished for. */
  conditions: Conditions;
}
export const noResumption = (): Resumption => ({ key: '', since: ZERO_UUID, minIndex: 0n, conditions: new Map() });

/** The conditions with one table's changed; `undefined` for every row. */
export function withCondition(
  conditions: Conditions,
  table: string,
  where: readonly unknown[] | undefined,
): Conditions {
  const changed = new Map(conditions);
  if (where === undefined) changed.delete(table);
  else changed.set(table, where);
  return changed;
}

export interface DatabaseSessionOptions {
  readonly database: string;
  readonly tables: DatabaseDeclaration;
  /** The tables to monitor. */
  readonly replicate: readonly string[];
  readonly leaderOnly: boolean;
  readonly method?: MonitorMethod;
}
export interface DatabaseSessionEvents {
  readonly onSynced: (start: MonitorStart) => void;
  readonly onChanges: (changes: readonly UntypedChange[]) => void;
  /** This connection will not do. */
  readonly onUnfit: (error: OvsdbError) => void;
}

const SERVER = '_Server';
const isCode = (error: unknown, ...codes: string[]) => error instanceof OvsdbError && codes.includes(error.code);

export class DatabaseSession {
  readonly #rpc: RpcConnection;
  readonly #replica: Replica;
  readonly #options: DatabaseSessionOptions;
  readonly #resumption: Resumption;
  readonly #events: DatabaseSessionEvents;
  readonly #server = new Replica(['Database']);
  #serverMonitor: Monitor | undefined;
  #monitor: Monitor | undefined;
  /** What the server has been asked for; the conditions as it has taken them up. */
  #requests: MonitorRequests = {};
  /** The schema's text, its members in one order. */
  #schema = '';
  #runs = 0;
  #inStep = false;
  #ended = false;
  /** The last of the changes of conditions, which are made one after the other. */
  #lastChange: Promise<void> = Promise.resolve();
  /** Called once the replica is in step, or never will be. */
  #waiters: (() => void)[] = [];

  constructor(
    rpc: RpcConnection,
    replica: Replica,
    options: DatabaseSessionOptions,
    resumption: Resumption,
    events: DatabaseSessionEvents,
  ) {
    this.#rpc = rpc;
    this.#replica = replica;
    this.#options = options;
    this.#resumption = resumption;
    this.#events = events;
  }

  /** Brings the replica in step; the events tell how it went. */
  async start(): Promise<void> {
    await this.#attempt(async () => {
      await this.#followServer();
      await this.#synchronise();
    });
  }

  /** Takes a notification of the server. */
  take(method: string, params: readonly unknown[]): void {
    if (this.#serverMonitor?.take(method, params)) return;
    if (method === 'monitor_canceled' && params[0] === this.#monitor?.id) void this.#attempt(() => this.#synchronise());
    else this.#monitor?.take(method, params);
  }

  /** Notes how far the replica has come, for the next connection. */
  ended(): void {
    this.#ended = true;
    if (this.#monitor) this.#resumption.since = this.#monitor.lastTransaction;
    this.#goOn();
  }

  /**
   * Changes what is monitored of a table (monitor_cond_change, ovsdb-server(7) 4.1.13); `undefined` for every row. Resolves when the
   * server has taken it up, or the connection has ended before it was asked.
   */
  setCondition(table: string, where: readonly unknown[] | undefined): Promise<void> {
    this.#resumption.conditions = withCondition(this.#resumption.conditions, table, where);
    const change = this.#lastChange.then(() => this.#change(table, where));
    this.#lastChange = change.catch(() => undefined); // whoever asked for it is told
    return change;
  }

  async #change(table: string, where: readonly unknown[] | undefined): Promise<void> {
    while (!this.#inStep && !this.#ended) await new Promise<void>((done) => this.#waiters.push(done));
    const [monitor, request] = [this.#monitor, this.#requests[table]];
    if (!monitor || !request || this.#ended) return;
    // Until the server has agreed, what the replica holds answers to neither the old conditions nor the new.
    this.#resumption.key = '';
    const current = () => this.#monitor === monitor && this.#inStep;
    try {
      await monitor.change({ [table]: [{ where: where ?? [true] }] });
      if (!current()) return;
      this.#requests = { ...this.#requests, [table]: { columns: request.columns, ...(where ? { where } : {}) } };
    } catch (error) {
      if (this.#ended) throw error;
      if (!current()) return; // begun again meanwhile, with the conditions as they are wished for
      const { conditions } = this.#resumption;
      // Refused: the next connection is not to fail of it.
      if (conditions.get(table) === where)
        this.#resumption.conditions = withCondition(conditions, table, request.where);
      throw error;
    } finally {
      if (current() && !this.#ended) this.#resumption.key = this.#key();
    }
  }

  /** A digest of the schema and the requests. */
  #key(): string {
    const text = `${this.#schema} ${JSON.stringify(this.#requests)}`;
    return createHash('sha256').update(text).digest('base64');
  }

  #goOn(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  async #attempt(steps: () => Promise<void>): Promise<void> {
    const run = ++this.#runs;
    try {
      await steps();
    } catch (error) {
      if (run !== this.#runs) return;
      this.#events.onUnfit(
        error instanceof OvsdbError ? error : new OvsdbError('bad reply', { details: String(error), cause: error }),
      );
    }
  }

  async #followServer(): Promise<void> {
    // Both unknown to servers before 2.9: they then close the connection when a schema changes, and have no clusters.
    const aware = this.#rpc.request('set_db_change_aware', [true]).catch((error) => {
      if (!isCode(error, 'unknown method')) throw error;
    });
    const schema = this.#rpc.request('get_schema', [SERVER]).catch((error) => {
      if (isCode(error, 'unknown database')) return undefined;
      throw error;
    });
    const [answer] = await Promise.all([schema, aware]);
    if (answer === undefined) return;
    const bound = bindDeclaration(SERVER_DATABASE, parseSchema(answer));
    this.#server.bind(bound);
    const columns = bound.get('Database')?.columns.map(({ name }) => name) ?? [];
    const options = {
      database: SERVER,
      id: 'ovsdb-client-server',
      requests: { Database: { columns } },
      since: ZERO_UUID,
    };
    const monitor = new Monitor(this.#rpc, this.#server, options, () => this.#judge());
    this.#serverMonitor = monitor;
    await monitor.start();
    monitor.release();
    const why = this.#unfit();
    if (why) throw why;
  }

  /** `_Server` has changed: leaves if this server will not do any more. */
  #judge(): void {
    const why = this.#unfit();
    if (why) this.#events.onUnfit(why);
  }

  #unfit(): OvsdbError | undefined {
    const { database, leaderOnly } = this.#options;
    const rows = [...(this.#server.rows('Database').values() as unknown as Iterable<ServerDatabase>)];
    const row = rows.find(({ name }) => name === database);
    const why = unfit(row, { database, leaderOnly, minIndex: this.#resumption.minIndex });
    if (why !== undefined) return new OvsdbError('not connected', { details: why });
    if (row?.index !== undefined) this.#resumption.minIndex = row.index;
    return undefined;
  }

  async #synchronise(): Promise<void> {
    const { database, tables, replicate, method } = this.#options;
    this.#inStep = false;
    const answer = await this.#rpc.request('get_schema', [database]);
    const bound = bindDeclaration(tables, parseSchema(answer));
    this.#replica.bind(bound);
    this.#requests = Object.fromEntries(
      [...bound]
        .filter(([table]) => replicate.includes(table))
        .map(([table, { columns }]) => {
          const where = this.#resumption.conditions.get(table);
          return [table, { columns: columns.map(({ name }) => name), ...(where ? { where } : {}) }];
        }),
    );
    this.#schema = JSON.stringify(sorted(answer));
    const key = this.#key();
    const since = this.#resumption.key === key ? this.#resumption.since : ZERO_UUID;
    this.#resumption.key = key;
    const options = { database, id: 'ovsdb-client', requests: this.#requests, since, ...(method ? { method } : {}) };
    const monitor = new Monitor(this.#rpc, this.#replica, options, this.#events.onChanges);
    this.#monitor = monitor;
    const start = replicate.length === 0 ? { changes: [], resumed: false } : await monitor.start();
    this.#inStep = true;
    this.#events.onSynced(start);
    monitor.release();
    this.#goOn();
  }
}

/** The same value with the members of objects in one order: servers of one cluster write a schema in different orders. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, member]) => [key, sorted(member)]);
}
