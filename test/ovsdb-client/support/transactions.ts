/** The frame of a suite of transactions: declared once for each server, with a client of `conformance`, its data emptied between tests. */
import { expect } from 'chai';
import type { OvsdbClient, OvsdbError, Transaction } from 'ovsdb-client';
import { type AnyServer, SERVERS } from './both.js';
import { type Conformance, conformanceClient, synced } from './conformance.js';

const TABLES = ['atoms', 'colls', 'parent', 'lone', 'blob'] as const;
type Build<T> = (txn: Transaction<Conformance>) => T;

export interface Suite {
  readonly client: () => OvsdbClient<Conformance>;
  /** Carries out a transaction; gives what `build` gave, and the results. */
  readonly run: <T>(build: Build<T>) => Promise<{
    readonly handles: T;
    readonly result: Awaited<ReturnType<OvsdbClient<Conformance>['transact']>>;
  }>;
  /** The error of a transaction that must fail. */
  readonly failure: (build: Build<unknown>) => Promise<OvsdbError>;
}

/** Declares the suite for each server. */
export function onBothServers(what: string, declare: (suite: Suite) => void): void {
  for (const [name, start] of Object.entries(SERVERS))
    describe(`ovsdb-client: ${what}, ${name}`, () => {
      let server: AnyServer;
      let client: OvsdbClient<Conformance>;
      before(async () => {
        server = await start();
        client = conformanceClient(server.unix);
        await synced(client);
      });
      after(async () => {
        client.close();
        await server.stop();
      });
      const run: Suite['run'] = async (build) => {
        const txn = client.transaction();
        const handles = build(txn);
        return { handles, result: await client.transact(txn) };
      };
      const failure: Suite['failure'] = (build) =>
        run(build).then(
          () => expect.fail('should have failed'),
          (error) => error,
        );
      afterEach(() => run((txn) => TABLES.map((table) => txn.delete(table, []))));
      declare({ client: () => client, run, failure });
    });
}

/** The one value there is. */
export function only<T>(rows: ReadonlyMap<string, T>): T {
  expect(rows.size).to.equal(1);
  return [...rows.values()][0] as T;
}
