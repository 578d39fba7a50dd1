/**
 * Three members of a Raft-clustered `conformance` database on loopback, in a temporary folder. The present leader can be
 * killed or frozen, stopped members started again. Ends only processes it started.
 */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepts, end, FIXTURES, freePort, startProcess, until } from './server.js';

const DATABASE = 'conformance';
interface Member {
  readonly name: string;
  readonly client: number;
  readonly raft: number;
  child: ChildProcess | undefined;
}

export class RaftCluster {
  readonly #dir = mkdtempSync(join(tmpdir(), 'ovsdb-raft-'));
  readonly #members: Member[] = [];

  static async start(): Promise<RaftCluster> {
    const cluster = new RaftCluster();
    for (let i = 0; i < 3; i++)
      cluster.#members.push({ name: `s${i}`, client: await freePort(), raft: await freePort(), child: undefined });
    await cluster.#create();
    return cluster;
  }

  get remotes(): string[] {
    return this.#members.map(({ client }) => `tcp:127.0.0.1:${client}`);
  }

  async #create(): Promise<void> {
    const [first, ...others] = this.#members as [Member, ...Member[]];
    const at = (member: Member) => `tcp:127.0.0.1:${member.raft}`;
    execFileSync('ovsdb-tool', [
      'create-cluster',
      this.#path(first, 'db'),
      join(FIXTURES, 'conformance.ovsschema'),
      at(first),
    ]);
    await this.#launch(first);
    for (const member of others) {
      execFileSync('ovsdb-tool', ['join-cluster', this.#path(member, 'db'), DATABASE, at(member), at(first)], {
        stdio: 'ignore',
      });
      await this.#launch(member);
      await until(async () => (await this.#status(member)).includes('Status: cluster member'), 20_000);
    }
  }

  #path(member: Member, suffix: string): string {
    return join(this.#dir, `${member.name}.${suffix}`);
  }

  async #launch(member: Member): Promise<void> {
    const [dir, sock] = [this.#dir, this.#path(member, 'sock')];
    rmSync(this.#path(member, 'ctl'), { force: true });
    const remotes = [`--remote=punix:${sock}`, `--remote=ptcp:${member.client}:127.0.0.1`];
    const logs = ['-vconsole:off', '-vsyslog:off', '-vfile:info', `--log-file=${this.#path(member, 'log')}`];
    const args = [this.#path(member, 'db'), ...remotes, `--unixctl=${this.#path(member, 'ctl')}`, ...logs];
    member.child = startProcess('ovsdb-server', args, dir);
    await until(() => accepts(sock), 20_000);
  }

  #appctl(member: Member, ...args: string[]): Promise<string> {
    return new Promise((done) =>
      execFile('ovs-appctl', ['-T', '1', '-t', this.#path(member, 'ctl'), ...args], (_error, out) => done(out)),
    );
  }

  #status(member: Member): Promise<string> {
    return this.#appctl(member, 'cluster/status', DATABASE);
  }

  /** The member that leads; one in `except` is not asked (a frozen one still believes it leads). */
  async leader(except?: Member): Promise<Member | undefined> {
    for (const member of this.#members)
      if (member !== except && member.child && /^Role: leader/m.test(await this.#status(member))) return member;
    return undefined;
  }

  /** Kills the leader and waits for the next one to be elected. */
  async killLeader(): Promise<void> {
    const leader = await until(() => this.leader(), 20_000);
    const { child } = leader;
    leader.child = undefined;
    await end(child, 'SIGKILL');
    await until(() => this.leader(), 20_000);
  }

  /** Stops the leader's process without ending it, waits for the next leader; the function returned lets it go on. */
  async freezeLeader(): Promise<() => void> {
    const leader = await until(() => this.leader(), 20_000);
    const { child } = leader;
    child?.kill('SIGSTOP');
    await until(() => this.leader(leader), 20_000);
    return () => void child?.kill('SIGCONT');
  }

  /** Starts every stopped member again. */
  async restart(): Promise<void> {
    for (const member of this.#members) {
      if (member.child) continue;
      await this.#launch(member);
      await until(async () => (await this.#status(member)).includes('Status: cluster member'), 20_000);
    }
  }

  /** The leader leaves the cluster for good. */
  async removeLeader(): Promise<void> {
    const leader = await until(() => this.leader(), 20_000);
    await this.#appctl(leader, 'cluster/leave', DATABASE);
    await until(() => this.leader(leader), 20_000);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map(({ child }) => end(child, 'SIGKILL')));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
