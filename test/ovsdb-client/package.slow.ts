/** The packed package, installed alone in an empty project: it imports, type-checks, and its command runs. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectFiles, installAlone } from '../package.js';
import { startServer } from './support/server.js';

const PROGRAM = `
import { OPEN_VSWITCH, OvsdbClient, type Row } from 'ovsdb-client';
import { startFakeServer } from 'ovsdb-client/testing';
const { Interface } = OPEN_VSWITCH;
const ofport = (row: Row<typeof Interface>): number | undefined => row.ofport;
const server = await startFakeServer({ schemas: [{ name: 'D', tables: { T: { columns: { n: { type: 'integer' } } } } }] });
const client = new OvsdbClient({ remotes: [server.remote], database: 'D', tables: { T: { n: Interface.ingress_policing_rate } } });
client.onStatus(async ({ state }) => {
  if (state !== 'synced') return;
  const txn = client.transaction();
  txn.insert('T', { n: 7 });
  await client.transact(txn);
  console.log([...client.rows('T').values()][0]?.n, typeof ofport);
  client.close();
  await server.close();
});
client.start();
`;

describe('ovsdb-client: the package', () => {
  it('packs what it needs and nothing else, and works alone', async () => {
    const alone = installAlone('ovsdb-client');
    expectFiles(alone.files, 'dist/testing/index.js', 'dist/bin/ovsdb-declaration.js');
    expect(alone.run(PROGRAM)).to.equal('7 function\n');
    const server = await startServer();
    const declaration = join(alone.directory, 'node_modules/.bin/ovsdb-declaration');
    const text = execFileSync(declaration, [server.unix, 'conformance'], { encoding: 'utf8' });
    expect(text).to.include('export const CONFORMANCE');
    await server.stop();
    alone.remove();
  }).timeout(120_000);
});
