/** The words that scripts of requests are written in, and the test that runs them against both servers. */
import { expect } from 'chai';
import { type AnyServer, SERVERS } from './both.js';
import { observe, type Step, wordless } from './cases.js';

export const DB = 'conformance';
export const transact = (session: string, ...operations: object[]): Step => [session, 'transact', [DB, ...operations]];
export const insert = (table: string, row: object) => ({ op: 'insert', table, row });
export const update = (table: string, row: object) => ({ op: 'update', table, where: [], row });
export const mutate = (table: string, ...mutations: unknown[][]) => ({ op: 'mutate', table, where: [], mutations });
export const remove = (table: string) => ({ op: 'delete', table, where: [] });
export const listen = (session: string): Step => [session, '~', 0.05];
export const set = (...members: unknown[]) => ['set', members];
export const map = (...pairs: unknown[][]) => ['map', pairs];
export const NOWHERE = '00000000-0000-0000-0000-000000000000';

export interface Scripts {
  readonly [title: string]: readonly Step[];
}

/** Declares a test for each script: both servers must answer and notify alike, but for the words of errors. */
export function alike(what: string, scripts: Scripts): void {
  describe(`ovsdb-client: ovsdb-server and the fake server alike: ${what}`, () => {
    let servers: AnyServer[] = [];
    before(async () => {
      servers = await Promise.all(Object.values(SERVERS).map((start) => start()));
    });
    after(async () => {
      for (const server of servers) await server.stop();
    });

    for (const [title, steps] of Object.entries(scripts))
      it(title, async () => {
        const [real, fake] = await Promise.all(servers.map((server) => observe(steps, server.unix)));
        expect(wordless(fake)).to.deep.equal(wordless(real));
      });
  });
}
