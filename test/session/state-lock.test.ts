/** Two controllers never share a state directory: by any path to it, and until the first has ended, however it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { lockState, StateLockError } from '../../src/session/index.js';

const refusalOf = async (directory: string): Promise<string> => {
  try {
    await (await lockState(directory)).release();
    return 'none';
  } catch (error) {
    if (error instanceof StateLockError) return error.message;
    throw error;
  }
};

describe('lock of the state directory', () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'kakuri-state-lock-'));
  });
  afterEach(() => rm(scratch, { recursive: true, force: true }));

  it('refuses a second holder, also by another path, until the first releases it', async () => {
    const directory = join(scratch, 'state');
    const lock = await lockState(directory);
    const other = join(scratch, 'link');
    await symlink(directory, other);
    expect(await refusalOf(directory)).to.match(/another controller uses this state directory/);
    expect(await refusalOf(other)).to.match(/another controller uses this state directory/);
    expect(await refusalOf(join(scratch, 'another'))).to.equal('none');
    await lock.release();
    expect(await refusalOf(directory)).to.equal('none');
  });

  it('is free again when its holder is killed', async () => {
    const module = new URL('../../src/session/index.js', import.meta.url).href;
    const holds = `const { lockState } = await import(${JSON.stringify(module)});
      await lockState(${JSON.stringify(scratch)}); console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', holds], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit');
    try {
      await once(holder.stdout, 'data');
      expect(await refusalOf(scratch)).to.match(/another controller/);
    } finally {
      holder.kill('SIGKILL');
      await ended;
    }
    expect(await refusalOf(scratch)).to.equal('none');
  });

  it('says what is wrong with a directory that cannot be made', async () => {
    const file = join(scratch, 'file');
    await writeFile(file, '');
    expect(await refusalOf(join(file, 'state'))).to.match(/cannot be the state directory: ENOTDIR/);
  });
});
