/** The words that scripts of requests are written in, and the test that runs them against both servers. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { type AnyServer, SERVERS } from './both.js';
import { observe, type Step, wordless } from './cases.js';

export const DB = 'conformance';
export const transact = (session: string, ...operations: object[]): Step => [session, 'transact', [DB, ...operations]];
export const insert = (table: string, row: object) => ({ op: 'insert', table, row });
export const select = (table: string, where: readonly unknown[], columns?: readonly string[]) => ({
  op: 'select',
  table,
  where,
  ...(columns ? { columns } : {}),
});
export const update = (table: string, row: object) => ({ op: 'update', table, where: [], row });
export const mutate = (table: string, ...mutations: unknown[][]) => ({ op: 'mutate', table, where: [], mutations });
export const remove = (table: string) => ({ op: 'delete', table, where: [] });
export const listen = (session: string): Step => [session, '~', 0.05];
export const set = (...members: unknown[]) => ['set', members];
export const map = (...pairs: unknown[][]) => ['map', pairs];
export const uuid = (last: string) => ['uuid', `00000000-0000-0000-0000-0000000000${last}`];
export const NOWHERE = '00000000-0000-0000-0000-000000000000';

/** A row of `colls` that keeps to what the table requires. */
export const colls = (row: object) => insert('colls', { name: 'x', two: 1, ...row });
/** One transaction for each operation, then the table emptied. */
export const each = (table: string, ...operations: object[]): Step[] => [
  ...operations.map((operation) => transact('A', operation)),
  transact('A', remove(table)),
];
/** The same on a table of one row. */
export const onRow = (table: string, row: object, ...operations: object[]): Step[] => [
  transact('A', insert(table, row)),
  ...each(table, ...operations),
];

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
        expect(differences(steps, wordless(fake), wordless(real))).to.deep.equal([]);
      });
  });
}

/** The steps that were answered otherwise, each as one text with both answers. */
function differences(steps: readonly Step[], fake: unknown, real: unknown): string[] {
  const text = (value: unknown) =>
    JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? `${member}n` : member));
  return steps.flatMap((step, i) => {
    const [f, r] = [fake, real].map((answers) => (answers as unknown[])[i]);
    return isDeepStrictEqual(f, r) ? [] : [`${text(step)}\n  fake ${text(f)}\n  real ${text(r)}`];
  });
}
