/** The key memory on disk: a round trip, what is there when it fails, and that nothing is ever reset silently. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { KeyStoreError, keyFile, loadKeyMemory, saveKeyMemory, stateDirectory } from '../../src/session/key-store.js';
import { EMPTY_MEMORY, type KeyMemory } from '../../src/topology/index.js';

const MEMORY: KeyMemory = {
  version: 1,
  keys: { 'red/web': { key: 5, encapsulation: 'geneve' } },
  quarantine: [{ key: 6, encapsulation: 'gre', path: 'red/db', until: 1_800_000_000_000 }],
};

async function failure(work: Promise<unknown>): Promise<KeyStoreError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KeyStoreError) return error;
    throw error;
  }
  return expect.fail('it did not fail');
}

describe('key store', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakuri-keys-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is empty at first, and gives back what was saved, with nothing beside it', async () => {
    const state = join(directory, 'a', 'b');
    expect(await loadKeyMemory(state)).to.deep.equal(EMPTY_MEMORY);
    await saveKeyMemory(state, EMPTY_MEMORY);
    await saveKeyMemory(state, MEMORY);
    expect(await loadKeyMemory(state)).to.deep.equal(MEMORY);
    expect(await readdir(state)).to.deep.equal(['keys.json']);
  });

  for (const [what, text] of [
    ['torn', '{"version":1,"keys":{"a/a"'],
    ['empty', ''],
    ['foreign', '{"name":"else"}'],
  ] as const) {
    it(`names a ${what} file and leaves it as it is`, async () => {
      await writeFile(keyFile(directory), text);
      const { message, file } = await failure(loadKeyMemory(directory));
      expect(file).to.equal(keyFile(directory));
      expect(message).to.match(/^\/.*\/keys\.json: not a key memory of Kakuri \(.+\): restore it from a backup, or /);
      expect(await readFile(keyFile(directory), 'utf8')).to.equal(text);
    });
  }

  it('names a file that cannot be read or replaced, and leaves nothing of the attempt', async () => {
    await mkdir(keyFile(directory));
    expect((await failure(loadKeyMemory(directory))).message).to.include(
      `${keyFile(directory)}: cannot read it: EISDIR`,
    );
    const saved = await failure(saveKeyMemory(directory, MEMORY));
    expect(saved.message).to.include(`${keyFile(directory)}: cannot save the tunnel keys: EISDIR`);
    expect(await readdir(directory)).to.deep.equal(['keys.json']);
  });

  it('says that a directory cannot be made', async () => {
    await writeFile(join(directory, 'file'), '');
    const { message } = await failure(saveKeyMemory(join(directory, 'file', 'x'), MEMORY));
    expect(message).to.include('cannot save the tunnel keys: ENOTDIR');
  });

  it('says that the disk is full, and keeps the old memory', () => {
    // A file system of two pages, in a mount namespace that ends with the command.
    const script = `
      import { saveKeyMemory, loadKeyMemory } from ${JSON.stringify(new URL('../../src/session/key-store.js', import.meta.url).href)};
      import { readdirSync } from 'node:fs';
      const keys = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => ['t/n' + i, { key: i + 1, encapsulation: 'gre' }]));
      const memory = (n) => ({ version: 1, keys: keys(n), quarantine: [] });
      await saveKeyMemory('.', memory(1));
      const said = await saveKeyMemory('.', memory(1000)).then(() => 'nothing', (error) => error.message);
      const kept = Object.keys((await loadKeyMemory('.')).keys).length;
      console.log(JSON.stringify([said, kept, readdirSync('.')]));`;
    const shell = 'mount -t tmpfs -o size=8k tmpfs "$0" && cd "$0" && exec "$1" --input-type=module -e "$2"';
    const out = execFileSync('unshare', ['-m', 'sh', '-c', shell, directory, process.execPath, script], {
      encoding: 'utf8',
    });
    const said = 'keys.json: cannot save the tunnel keys: the disk is full: make room';
    expect(JSON.parse(out)).to.deep.equal([said, 1, ['keys.json']]);
  });

  it('finds the state directory as the XDG specification says', () => {
    const home = join(homedir(), '.local', 'state', 'kakuri');
    expect(stateDirectory('here', {})).to.equal(resolve('here'));
    expect(stateDirectory(undefined, { XDG_STATE_HOME: '/x' })).to.equal('/x/kakuri');
    expect(stateDirectory(undefined, { XDG_STATE_HOME: 'x' })).to.equal(home);
    expect(stateDirectory(undefined, {})).to.equal(home);
  });
});
