/**
 * The monitor that feeds the replica over one connection: monitor_cond_since, or where the server does not know it
 * monitor_cond, or monitor (RFC 7047 4.1.5; ovsdb-server(7) 4.1.12 to 4.1.16). Updates that arrive before the answer to the
 * request has been taken in wait for it, so that they are applied in the server's order.
 */
import { OvsdbError } from '../errors.js';
import type { RpcConnection } from '../session/rpc.js';
import type { RequestOptions } from '../session/rpc-options.js';
import type { Replica, TableUpdates, UntypedChange } from './replica.js';
import { Snapshot } from './replica.js';
import { readSnapshot, type SnapshotAnswer } from './snapshot-reader.js';

export type MonitorMethod = 'monitor_cond_since' | 'monitor_cond' | 'monitor';
/** From the best to what every server has. */
const METHODS: readonly MonitorMethod[] = ['monitor_cond_since', 'monitor_cond', 'monitor'];
const UPDATE_OF: { readonly [M in MonitorMethod]: string } = {
  monitor_cond_since: 'update3',
  monitor_cond: 'update2',
  monitor: 'update',
};

export type MonitorRequests = {
  readonly [table: string]: { readonly columns: readonly string[]; readonly where?: readonly unknown[] };
};
export interface MonitorOptions {
  readonly database: string;
  /** The monitor's name, one of its own in the session. */
  readonly id: string;
  /** Only this method; by default the best the server knows. */
  readonly method?: MonitorMethod;
  readonly requests: MonitorRequests;
  /** The last transaction the replica holds; all zero for none. */
  readonly since: string;
}
export interface MonitorStart {
  readonly changes: readonly UntypedChange[];
  /** Whether the server went on from `since`, instead of sending everything again. */
  readonly resumed: boolean;
}

export class Monitor {
  /** The id of the last transaction the replica holds; zero where the method gives none. */
  lastTransaction: string;
  method: MonitorMethod = 'monitor';
  readonly #rpc: RpcConnection;
  readonly #replica: Replica;
  readonly #options: MonitorOptions;
  readonly #onChanges: (changes: readonly UntypedChange[]) => void;
  /** Ids under which updates may come: one, but two while the conditions change. */
  readonly #accepted: Set<string>;
  #changes = 0;
  id: string;
  /** Updates that wait for the initial answer; undefined once it has been taken in. */
  #waiting: { method: string; params: readonly unknown[] }[] | undefined = [];

  constructor(
    rpc: RpcConnection,
    replica: Replica,
    options: MonitorOptions,
    onChanges: (changes: readonly UntypedChange[]) => void,
  ) {
    this.#rpc = rpc;
    this.#replica = replica;
    this.#options = options;
    this.id = options.id;
    this.lastTransaction = options.since;
    this.#accepted = new Set([options.id]);
    this.#onChanges = onChanges;
  }

  /** Asks for the tables and takes in what is there; the changes to the replica are returned, those after it go to `onChanges`. */
  async start(): Promise<MonitorStart> {
    const { method: only } = this.#options;
    for (const method of only ? [only] : METHODS) {
      try {
        return this.#begin(method, await this.#request(method));
      } catch (error) {
        const unknown = error instanceof OvsdbError && error.code === 'unknown method';
        if (!unknown || method === only || method === 'monitor') throw error;
      }
    }
    throw new OvsdbError('unknown method', { details: 'monitor' });
  }

  /** After `start`: takes in the updates that came meanwhile. */
  release(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const { method, params } of waiting) this.take(method, params);
  }

  /** Takes a notification; false if it is not one of this monitor's. Throws OvsdbError `bad reply`. */
  take(method: string, params: readonly unknown[]): boolean {
    if (method !== UPDATE_OF[this.method] && !method.startsWith('update')) return false;
    if (!this.#accepted.has(String(params[0]))) return false;
    if (this.#waiting) {
      this.#waiting.push({ method, params });
      return true;
    }
    const changes = this.#replica.apply((method === 'update3' ? params[2] : params[1]) as TableUpdates);
    if (method === 'update3') this.lastTransaction = String(params[1]);
    if (changes.length > 0) this.#onChanges(changes);
    return true;
  }

  /**
   * Changes conditions. The server may answer before or after it sends the rows that come or go; updates under the new id are
   * taken from the moment it is asked. One change at a time.
   */
  async change(requests: unknown): Promise<void> {
    if (this.method === 'monitor') throw new OvsdbError('unknown method', { details: 'monitor_cond_change' });
    const [before, after] = [this.id, `${this.#options.id}-${++this.#changes}`];
    this.#accepted.add(after);
    await this.#rpc.request('monitor_cond_change', [before, after, requests]);
    this.id = after;
    this.#accepted.delete(before);
  }

  #request(method: MonitorMethod): Promise<unknown> {
    const { database, requests, since } = this.#options;
    const options: RequestOptions = { timeoutMs: 0, readBig: (window) => readSnapshot(window, this.#replica.bound) };
    if (method === 'monitor') return this.#rpc.request(method, [database, this.id, this.#plain(requests)], options);
    const lists = Object.fromEntries(Object.entries(requests).map(([table, request]) => [table, [request]]));
    const params = method === 'monitor_cond' ? [database, this.id, lists] : [database, this.id, lists, since];
    return this.#rpc.request(method, params, options);
  }

  #plain(requests: MonitorRequests): unknown {
    const conditional = Object.entries(requests).find(([, { where }]) => where !== undefined);
    if (conditional)
      throw new OvsdbError('schema mismatch', { details: `the server cannot monitor ${conditional[0]} by condition` });
    return requests;
  }

  #begin(method: MonitorMethod, result: unknown): MonitorStart {
    this.method = method;
    if (isSnapshotAnswer(result)) {
      if (result.last !== undefined) this.lastTransaction = result.last;
      return { changes: this.#replica.adopt(result.snapshot), resumed: false };
    }
    if (method !== 'monitor_cond_since')
      return { changes: this.#replica.replace(result as TableUpdates), resumed: false };
    const [found, last, updates] = result as [boolean, string, TableUpdates];
    this.lastTransaction = last;
    const changes = found ? this.#replica.apply(updates) : this.#replica.replace(updates);
    return { changes, resumed: found };
  }
}

const isSnapshotAnswer = (result: unknown): result is SnapshotAnswer =>
  typeof result === 'object' && result !== null && 'snapshot' in result && result.snapshot instanceof Snapshot;
