/** ovsdb-client/testing: an OVSDB server in memory, for the tests of programs that use ovsdb-client. */
export type { FakeDatabase } from './database.js';
export { type FakeServer, type FakeServerOptions, startFakeServer } from './fake-server.js';
export type { FakeChange, FakeRow, FakeTables } from './rows.js';
