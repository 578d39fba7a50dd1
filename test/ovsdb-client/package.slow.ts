/** The packed package, installed alone in an empty project: it imports, type-checks, and its command runs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startServer } from './support/server.js';

const ROOT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

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
    const dir = mkdtempSync(join(tmpdir(), 'ovsdb-pack-'));
    const npm = (cwd: string, ...args: string[]) =>
      execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [packed] = JSON.parse(npm(ROOT, 'pack', '--json', '-w', 'ovsdb-client', '--pack-destination', dir));
    const files: string[] = packed.files.map(({ path }: { path: string }) => path);
    expect(files).to.include.members([
      'package.json',
      'README.md',
      'LICENSE',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/testing/index.js',
      'dist/bin/ovsdb-declaration.js',
    ]);
    for (const file of files) expect(file).to.match(/^(package\.json|README\.md|LICENSE|dist\/.*\.(js|d\.ts))$/);
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'alone', private: true, type: 'module' }));
    npm(dir, 'install', '--offline', '--no-audit', '--no-fund', join(dir, packed.filename));
    writeFileSync(join(dir, 'program.mts'), PROGRAM);
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    execFileSync(
      tsc,
      ['--strict', '--target', 'es2023', '--module', 'nodenext', '--skipLibCheck', ...types, 'program.mts'],
      { cwd: dir, stdio: 'inherit' },
    );
    expect(execFileSync(process.execPath, ['program.mjs'], { cwd: dir, encoding: 'utf8' })).to.equal('7 function\n');
    const server = await startServer();
    const text = execFileSync(join(dir, 'node_modules/.bin/ovsdb-declaration'), [server.unix, 'conformance'], {
      encoding: 'utf8',
    });
    expect(text).to.include('export const CONFORMANCE');
    await server.stop();
    rmSync(dir, { recursive: true });
  }).timeout(120_000);
});
