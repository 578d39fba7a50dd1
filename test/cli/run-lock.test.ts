/** `kakuri run` where another controller has the state directory: it ends before it has touched a host or listened. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { lockState } from '../../src/session/index.js';

const KAKURI = fileURLToPath(new URL('../../../bin/kakuri.js', import.meta.url));
const TOPOLOGY = fileURLToPath(new URL('../../../topologies/two-tenants.yaml', import.meta.url));

const run = (state: string): Promise<{ readonly code: unknown; readonly stderr: string }> =>
  new Promise((resolve) => {
    const args = [KAKURI, 'run', TOPOLOGY, '--listen', 'nonsense', '--state', state];
    execFile(process.execPath, args, (error, _, stderr) => resolve({ code: error?.code, stderr }));
  });

describe('kakuri run, two of one state directory', function () {
  this.timeout(30_000);

  it('refuses the second with exit code 2 and one line', async () => {
    const state = await mkdtemp(join(tmpdir(), 'kakuri-run-lock-'));
    const lock = await lockState(state);
    try {
      const refused = await run(state);
      expect(refused.code).to.equal(2);
      expect(refused.stderr.trim())
        .to.match(/another controller uses this state directory.*--state$/)
        .and.not.match(/\n/);
      await lock.release();
      expect((await run(state)).stderr)
        .to.match(/--listen nonsense/)
        .and.not.match(/another controller/);
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  });
});
