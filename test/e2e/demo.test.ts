/** `kakuri demo`: what it shows is true, and whenever it is ended nothing of it is left. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../lab/lab.js';
import { sleep } from './installation.js';

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [join(ROOT, 'bin/kakuri.js'), 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });

const ended = (child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> => {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (octets: Buffer) => {
    stdout += octets.toString();
  });
  child.stderr?.on('data', (octets: Buffer) => {
    stderr += octets.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
};

/** Directories of demos. */
const directories = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('kakuri-demo-'));

/** Processes whose command line names a directory of a demo. */
const processes = (names: readonly string[]): string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return names.some((name) => line.includes(name)) ? [line] : [];
      } catch (error) {
        if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
        throw error;
      }
    });

/** The link in the root namespace of the lab whose management address a demo told; none where it did not get so far. */
const linkOf = (stderr: string): string | undefined => {
  const [, second, third] = /--advertise tcp:198\.(1[89])\.(\d+)\.254/.exec(stderr) ?? [];
  return second === undefined ? undefined : `kk${(Number(second) - 18) * 256 + Number(third)}`;
};

const links = (): string[] =>
  execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.split(': ')[1]?.split('@')[0] ?? '');

describe('kakuri demo', function () {
  this.timeout(120_000);

  it('shows every VM reaching its own network and nobody else, and exits 0', async () => {
    const { code, stdout, stderr } = await ended(start('--json', '--encapsulation', 'vxlan', '--tunnels', 'flow'));
    expect(code, stderr).to.equal(0);
    const { isolated, matrix, plugToFirstReplyMs, proof } = JSON.parse(stdout);
    expect(isolated).to.equal(true);
    expect(proof).to.include({ verdict: 'isolated', hosts: 2 });
    expect(matrix).to.have.length(12);
    expect(
      matrix.filter((c: { sameNetwork: boolean }) => c.sameNetwork).map((c: { replies: number }) => c.replies),
    ).to.deep.equal([3, 3, 3, 3]);
    expect(
      matrix.filter((c: { sameNetwork: boolean }) => !c.sameNetwork).map((c: { frames: number }) => c.frames),
    ).to.deep.equal(Array(8).fill(0));
    expect(plugToFirstReplyMs).to.have.length(2);
  });

  it('leaves nothing behind when it is interrupted, at whatever moment', async () => {
    for (const afterMs of [100, 700, 1500, 2500, 3500]) {
      const before = directories();
      const child = start('--hosts', '10');
      const end = ended(child);
      await sleep(afterMs);
      const mine = directories().filter((d) => !before.includes(d));
      // As a terminal does it: to the whole process group.
      process.kill(-(child.pid as number), 'SIGINT');
      const { code, stderr } = await end;
      expect(code, `after ${afterMs} ms`).to.be.oneOf([130, null]);
      expect(
        directories().filter((d) => mine.includes(d)),
        `after ${afterMs} ms`,
      ).to.deep.equal([]);
      expect(processes(mine), `after ${afterMs} ms`).to.deep.equal([]);
      expect(links(), `after ${afterMs} ms`).to.not.include(linkOf(stderr) ?? 'none');
    }
  });

  it('refuses what it cannot build, with exit code 2', async () => {
    for (const args of [
      ['--hosts', '1'],
      ['--encapsulation', 'stt'],
      ['--tunnels', 'ring'],
    ]) {
      const { code, stderr } = await ended(start(...args));
      expect(code, args.join(' ')).to.equal(2);
      expect(stderr).to.contain(args[0]);
    }
  });
});
