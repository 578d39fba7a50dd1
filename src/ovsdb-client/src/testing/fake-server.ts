/**
 * An OVSDB server in memory for tests: real sessions over a socket, real semantics (constraints, references, garbage collection,
 * monitors, locks, schema conversion), no disk, no cluster. It is held to ovsdb-server by one suite that runs against both.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { formatAddress, parsePassive } from '../address.js';
import { FakeDatabase } from './database.js';
import { FakeLocks } from './fake-locks.js';
import { FakeSession } from './fake-session.js';
import type { FakeChange } from './rows.js';

export interface FakeServerOptions {
  /** Schemas of the databases, as in schema files. */
  readonly schemas: readonly unknown[];
  /** Where to listen, by default a port of the system's choice on loopback. */
  readonly listen?: string;
}

export interface FakeServer {
  /** The active address to connect to. */
  readonly remote: string;
  /** The databases by name, to look into. */
  readonly databases: ReadonlyMap<string, FakeDatabase>;
  /**
   * A transaction of the machine's own, as ovs-vswitchd's: the results; sessions hear of it. Throws where an operation
   * would have to wait.
   */
  readonly transact: (database: string, operations: readonly unknown[]) => readonly unknown[];
  /** Calls `listener` after each transaction that changed something, whoever made it, from now on. */
  readonly onCommit: (listener: (database: FakeDatabase, changes: readonly FakeChange[]) => void) => void;
  /** How many sessions there are. */
  readonly sessions: () => number;
  /** Breaks every connection, as a crash would. */
  readonly drop: () => void;
  readonly close: () => Promise<void>;
}

/** Starts a server. Rejects with the system's error if it cannot listen. */
export async function startFakeServer({
  schemas,
  listen = 'ptcp:0:127.0.0.1',
}: FakeServerOptions): Promise<FakeServer> {
  const databases = new Map(
    schemas.map((schema) => new FakeDatabase(schema)).map((database) => [database.schema.name, database]),
  );
  const locks = new FakeLocks();
  const sessions = new Set<FakeSession>();
  const listeners = new Set<(database: FakeDatabase, changes: readonly FakeChange[]) => void>();
  const committed = (database: FakeDatabase, changes: readonly FakeChange[]): void => {
    if (changes.length === 0) return;
    for (const session of sessions) session.committed(database, changes);
    for (const listener of listeners) listener(database, changes);
    setImmediate(() => {
      for (const session of sessions) session.retry();
    });
  };
  const transact = (name: string, operations: readonly unknown[]): readonly unknown[] => {
    const database = databases.get(name);
    if (database === undefined) throw new Error(`no database ${name}`);
    const outcome = database.transact(operations, () => true, false);
    if (outcome.kind === 'wait') throw new Error('an operation would wait');
    committed(database, outcome.changes);
    return outcome.results;
  };
  const shared = { databases, locks, serverId: randomUUID(), committed };
  const server = createServer((socket: Socket) => {
    // As ovsdb-server does (stream-tcp.c): answers do not wait for acknowledgements.
    socket.setNoDelay(true);
    const session: FakeSession = new FakeSession(socket, {
      ...shared,
      sessions,
      ended: () => void sessions.delete(session),
    });
    sessions.add(session);
  });
  const remote = await listening(server, listen);
  const drop = () => {
    for (const session of [...sessions]) session.close();
  };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      drop();
    });
  return {
    remote,
    databases,
    transact,
    onCommit: (listener) => void listeners.add(listener),
    sessions: () => sessions.size,
    drop,
    close,
  };
}

function listening(server: Server, listen: string): Promise<string> {
  const address = parsePassive(listen);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const done = () => {
      server.off('error', reject);
      const actual = server.address();
      if (address.kind === 'punix' || typeof actual === 'string' || actual === null) resolve(listen.replace(/^p/, ''));
      else resolve(formatAddress({ kind: 'tcp', host: address.host, port: actual.port }));
    };
    if (address.kind === 'punix') server.listen(address.path, done);
    else server.listen(address.port, address.host, done);
  });
}
