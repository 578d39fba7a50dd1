/** One session of the fake server: requests in, answers and updates out. */
import type { Socket } from 'node:net';
import { OvsdbError } from '../errors.js';
import { Framer } from '../json/framing.js';
import { writeJson } from '../json/text.js';
import { type FakeDatabase, faultToJson } from './database.js';
import { fault } from './datum.js';
import type { FakeLocks, LockOwner } from './fake-locks.js';
import { parseRequest, type Request } from './message.js';
import { FakeMonitor, type FakeMonitorMethod } from './monitors.js';
import type { FakeChange } from './rows.js';

export interface FakeServerState {
  readonly databases: ReadonlyMap<string, FakeDatabase>;
  readonly locks: FakeLocks;
  readonly serverId: string;
  readonly sessions: ReadonlySet<FakeSession>;
  readonly ended: () => void;
  /** Tells all sessions what a transaction changed, and lets those that wait try again. */
  readonly committed: (database: FakeDatabase, changes: readonly FakeChange[]) => void;
}

interface Waiting {
  readonly id: unknown;
  readonly database: FakeDatabase;
  readonly operations: readonly unknown[];
  readonly timer: NodeJS.Timeout | undefined;
}
type Params = readonly unknown[];
const ID = /^[A-Za-z_][A-Za-z0-9_]*$/;
const UPDATE: { readonly [M in FakeMonitorMethod]: string } = {
  monitor: 'update',
  monitor_cond: 'update2',
  monitor_cond_since: 'update3',
};
/** No answer yet: the transaction waits. */
const LATER = Symbol('later');

export class FakeSession implements LockOwner {
  readonly #socket: Socket;
  readonly #state: FakeServerState;
  readonly #framer = new Framer();
  readonly #monitors = new Map<string, { id: unknown; database: FakeDatabase; monitor: FakeMonitor }>();
  readonly #waiting = new Map<string, Waiting>();
  /** It asked to be told of changes of databases, instead of being disconnected (ovsdb-server(7) 4.1.16). */
  #changeAware = false;

  constructor(socket: Socket, state: FakeServerState) {
    this.#socket = socket;
    this.#state = state;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#ended());
  }

  close(): void {
    this.#socket.destroy();
  }

  notify(method: string, lock: string): void {
    this.#send({ id: null, method, params: [lock] });
  }

  /** A transaction was committed: tells the monitors, and tries again what waits. */
  committed(database: FakeDatabase, changes: readonly FakeChange[]): void {
    for (const { id, database: of, monitor } of this.#monitors.values()) {
      const update = of === database ? monitor.update(changes) : undefined;
      if (update) this.#update(id, database, monitor, update);
    }
  }

  retry(): void {
    for (const [key, waiting] of [...this.#waiting]) this.#run(key, waiting, true);
  }

  #ended(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#state.ended();
    this.#state.locks.leave(this);
  }

  #send(message: object): void {
    if (this.#socket.writable) this.#socket.write(writeJson(message));
  }

  /** Like ovsdb-server, ends the session upon octets that are no JSON-RPC. */
  #receive(chunk: Buffer): void {
    try {
      for (const octets of this.#framer.push(chunk)) this.#take(parseRequest(octets.toString()));
    } catch (error) {
      if (!(error instanceof OvsdbError || error instanceof SyntaxError)) throw error;
      this.close();
    }
  }

  #take({ id, method, params }: Request): void {
    if (id === null) {
      if (method === 'cancel') this.#cancel(params);
      return;
    }
    try {
      const result = this.#call(method, params, id);
      if (result !== LATER) this.#send({ id, result, error: null });
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      this.#send({ id, error: error.details === undefined ? error.code : faultToJson(error) });
    }
  }

  #call(method: string, params: Params, id: unknown): unknown {
    switch (method) {
      case 'echo':
        return params;
      case 'list_dbs':
        return [...this.#state.databases.keys()];
      case 'get_server_id':
        return this.#state.serverId;
      case 'set_db_change_aware':
        if (params.length !== 1 || typeof params[0] !== 'boolean')
          throw fault('syntax error', 'set_db_change_aware: one boolean expected');
        this.#changeAware = params[0];
        return {};
      case 'convert':
        return this.#convert(params);
      case 'get_schema':
        return this.#database(params[0], 'get_schema').schemaJson;
      case 'transact':
        return this.#transact(params, id);
      case 'monitor':
      case 'monitor_cond':
      case 'monitor_cond_since':
        return this.#monitor(method, params);
      case 'monitor_cond_change':
        return this.#changeMonitor(params);
      case 'monitor_cancel':
        if (this.#monitors.delete(JSON.stringify(params[0]))) return {};
        throw new OvsdbError('unknown monitor');
      case 'lock':
      case 'steal':
      case 'unlock':
        return this.#lock(method, params);
      default:
        throw new OvsdbError('unknown method');
    }
  }

  #database(name: unknown, method: string): FakeDatabase {
    if (typeof name !== 'string') throw fault('syntax error', `${method} request params must begin with <db-name>`);
    const database = this.#state.databases.get(name);
    if (!database) throw fault('unknown database', `${method} request specifies unknown database ${name}`);
    return database;
  }

  #transact([name, ...operations]: Params, id: unknown): unknown {
    const database = this.#database(name, 'transact');
    return this.#run(JSON.stringify(id), { id, database, operations, timer: undefined }, false) ?? LATER;
  }

  /** Carries out a transaction now or puts it among those that wait; `waited` sends its answer itself. */
  #run(key: string, waiting: Waiting, waited: boolean, mayWait = true): unknown {
    const { id, database, operations } = waiting;
    const owns = (lock: string) => this.#state.locks.owns(this, lock);
    const outcome = database.transact(operations, owns, mayWait);
    if (outcome.kind === 'wait') {
      if (!waited) this.#wait(key, waiting, outcome.timeoutMs);
      return undefined;
    }
    this.#waiting.delete(key);
    clearTimeout(waiting.timer);
    // A session hears of its own changes before it hears the answer.
    this.#state.committed(database, outcome.changes);
    if (waited) this.#send({ id, result: outcome.results, error: null });
    return outcome.results;
  }

  #wait(key: string, waiting: Waiting, timeoutMs: number): void {
    const expire = () => {
      const known = this.#waiting.get(key);
      if (known) this.#run(key, known, true, false);
    };
    const timer = Number.isFinite(timeoutMs) ? setTimeout(expire, timeoutMs) : undefined;
    this.#waiting.set(key, { ...waiting, timer });
  }

  #cancel([id]: Params): void {
    const key = JSON.stringify(id);
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    this.#waiting.delete(key);
    clearTimeout(waiting.timer);
    // Like ovsdb-server, which drops it in silence for a session that did not say that it is aware of changes.
    if (this.#changeAware) this.#send({ id: waiting.id, error: 'canceled' });
  }

  #monitor(method: FakeMonitorMethod, [name, id, requests]: Params): unknown {
    const database = this.#database(name, method);
    const key = JSON.stringify(id);
    if (this.#monitors.has(key)) throw fault('syntax error', 'duplicate monitor ID');
    const monitor = new FakeMonitor(database, method, requests);
    this.#monitors.set(key, { id, database, monitor });
    const initial = monitor.initial();
    return method === 'monitor_cond_since' ? [false, database.lastTransaction, initial] : initial;
  }

  #changeMonitor(params: Params): unknown {
    if (params.length !== 3) throw fault('syntax error', 'invalid parameters');
    const [id, newId, requests] = params;
    const [key, newKey] = [JSON.stringify(id), JSON.stringify(newId)];
    const known = this.#monitors.get(key);
    if (!known) throw fault('syntax error', 'unknown monitor session');
    if (newKey !== key && this.#monitors.has(newKey)) throw fault('syntax error', 'duplicate monitor ID');
    const update = known.monitor.update(known.monitor.change(requests), false);
    this.#monitors.delete(key);
    this.#monitors.set(newKey, { ...known, id: newId });
    if (update) this.#update(newId, known.database, known.monitor, update);
    return {};
  }

  #convert(params: Params): unknown {
    const database = this.#database(params[0], 'convert');
    if (params.length !== 2) throw fault('syntax error', 'array expected');
    database.convert(params[1]);
    for (const session of this.#state.sessions) session.wasConverted(database);
    return {};
  }

  /** The schema has changed: no monitor of it goes on, nor does any transaction that waits. */
  wasConverted(database: FakeDatabase): void {
    for (const [key, { id, database: of }] of [...this.#monitors]) {
      if (of !== database) continue;
      this.#monitors.delete(key);
      if (this.#changeAware) this.#send({ id: null, method: 'monitor_canceled', params: [id] });
    }
    for (const { id, database: of } of [...this.#waiting.values()]) if (of === database) this.#cancel([id]);
    // After the answer, if it is this session that asked.
    if (!this.#changeAware) setImmediate(() => this.#socket.destroySoon());
  }

  #update(id: unknown, { lastTransaction }: FakeDatabase, { method }: FakeMonitor, update: unknown): void {
    const params = method === 'monitor_cond_since' ? [id, lastTransaction, update] : [id, update];
    this.#send({ id: null, method: UPDATE[method], params });
  }

  #lock(method: 'lock' | 'steal' | 'unlock', params: readonly unknown[]): unknown {
    const { locks } = this.#state;
    const [name, ...more] = params;
    if (typeof name !== 'string' || !ID.test(name) || more.length > 0)
      throw fault('syntax error', `${method}: not a valid lock name`);
    const known = locks.waits(this, name);
    if (method === 'unlock') {
      if (!known) throw fault('syntax error', 'unlock: "unlock" without "lock" or "steal"');
      locks.unlock(this, name);
      return {};
    }
    if (known) throw fault('syntax error', `${method}: must issue "unlock" before new "lock" or "steal"`);
    if (method === 'lock') return { locked: locks.lock(this, name) };
    locks.steal(this, name);
    return { locked: true };
  }
}
