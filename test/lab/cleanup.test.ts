/**
 * Nothing is left of a lab: after `stop`, after an interrupt of the whole process group at any moment of building,
 * after a kill that gives the lab no chance, and beside a second lab. Processes are found by an environment variable
 * that everything a lab starts inherits, directories by TMPDIR, the link by its name.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LAB_PY, startLab } from './lab.js';
import type { LabReady } from './types.js';

const TOPOLOGY = `
hosts:
  hv1: { ovsdb: "unix:DIR/hosts/hv1/db.sock", vtep: 10.99.0.1 }
  hv2: { ovsdb: "unix:DIR/hosts/hv2/db.sock", vtep: 10.99.0.2 }
tenants: { red: { networks: { web: { ports: { vm1: { mac: "02:00:00:00:01:01" }, vm2: { mac: "02:00:00:00:01:02" } } } } } }
`;

interface Started {
  readonly child: ChildProcess;
  readonly mark: string;
  readonly dir: string;
  readonly closed: Promise<number | null>;
  readonly ready: Promise<LabReady | undefined>;
  readonly stderr: () => string;
}

/** A lab in its own process group, with run directories where the file says. */
function start(): Started {
  const dir = mkdtempSync(join(tmpdir(), 'kkc-'));
  const mark = randomUUID();
  const file = join(dir, 'topology.yaml');
  writeFileSync(file, TOPOLOGY.replaceAll('DIR', dir));
  const child = spawn('/usr/bin/python3', [LAB_PY, file, '--serve'], {
    detached: true,
    env: { ...process.env, KAKURI_TEST_MARK: mark, TMPDIR: dir },
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const closed = new Promise<number | null>((found) => child.once('close', (code) => found(code)));
  const ready = new Promise<LabReady | undefined>((found) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('\n')) found(JSON.parse(stdout) as LabReady);
    });
    closed.then(() => found(undefined));
  });
  return { child, mark, dir, closed, ready, stderr: () => stderr };
}

function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`).includes(mark);
    } catch {
      return false; // it ended while we looked
    }
  });
}

const linkExists = (name: string) => execFileSync('ip', ['-o', 'link']).toString().includes(` ${name}@`);

/** The name that a lab with this pid takes unless another lab has it. */
const firstLink = (pid: number) => `kk${pid % 512}`;

function expectNothingLeft({ dir, mark, child }: Started, link = firstLink(child.pid ?? 0)): void {
  expect(processesWith(mark), 'processes').to.deep.equal([]);
  expect(linkExists(link), link).to.equal(false);
  expect(readdirSync(dir), 'files').to.deep.equal(['topology.yaml']);
  rmSync(dir, { recursive: true });
}

/** The janitor of a killed lab works on its own: give it two seconds. */
async function untilGone(mark: string): Promise<void> {
  for (let i = 0; i < 100 && processesWith(mark).length > 0; i++) await sleep(20);
}

describe('the end of a lab', function () {
  this.timeout(20_000);

  it('leaves nothing after the end of stdin, and had something before', async () => {
    const lab = start();
    const ready = await lab.ready;
    if (ready === undefined) throw new Error(lab.stderr());
    expect(processesWith(lab.mark)).to.have.length.greaterThan(8);
    expect(linkExists(ready.id)).to.equal(true);
    expect(existsSync(join(lab.dir, 'hosts/hv1/db.sock'))).to.equal(true);
    const namespace = readlinkSync(`/proc/${ready.hosts.hv1?.netns_pid}/ns/net`);
    lab.child.stdin?.end();
    expect(await lab.closed, lab.stderr()).to.equal(0);
    expectNothingLeft(lab, ready.id);
    expect(execFileSync('lsns', ['-t', 'net', '-no', 'NS']).toString()).not.to.contain(namespace.replace(/\D/g, ''));
  });

  it('leaves nothing after Ctrl-C or SIGTERM to the whole process group, at any moment of building', async () => {
    const moments = [60, 150, 220, 290, 360, 430, 500, 580, 660, 760, 900];
    await Promise.all(
      [0, 1].map(async (lane) => {
        for (const ms of moments.filter((_, i) => i % 2 === lane)) {
          const lab = start();
          await sleep(ms);
          process.kill(-(lab.child.pid as number), ms % 20 === 0 ? 'SIGTERM' : 'SIGINT');
          await lab.closed;
          expect(lab.stderr(), `after ${ms} ms`).not.to.match(/Error|Exception/);
          // Before its handlers stand a signal ends the lab at once, and its janitor works on its own.
          await untilGone(lab.mark);
          expectNothingLeft(lab);
        }
      }),
    );
  });

  it('leaves nothing when it is killed without a chance to clean', async () => {
    for (const ms of [300, 2000]) {
      const lab = start();
      await Promise.race([lab.ready, sleep(ms)]);
      process.kill(lab.child.pid as number, 'SIGKILL');
      await lab.closed;
      await untilGone(lab.mark);
      expectNothingLeft(lab);
    }
  });

  it('refuses a run directory in use, leaves it alone, and leaves nothing itself', async () => {
    const first = start();
    const ready = await first.ready;
    const failure = await new Promise<string>((found) => {
      const second = spawn('/usr/bin/python3', [LAB_PY, join(first.dir, 'topology.yaml')], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let text = '';
      second.stderr.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      second.once('close', (code) => found(`${code} ${text}`));
    });
    expect(failure).to.match(/^1 lab: .*hv1 is not empty: another lab/);
    expect(existsSync(join(first.dir, 'hosts/hv1/db.sock'))).to.equal(true);
    first.child.stdin?.end();
    expect(await first.closed).to.equal(0);
    expectNothingLeft(first, ready?.id);
  });

  it('says what is wrong with a file that it cannot build', async () => {
    const failure = await startLab('hosts:\n  hv1: { ovsdb: "ssl:192.0.2.1:6640" }\n').catch((error: Error) => error);
    expect(failure).to.be.an('error').with.property('message').that.contains('host hv1: ovsdb and vtep are needed');
  });
});
