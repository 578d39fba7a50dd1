/**
 * Servers that have their data from another: a relay (`relay:DB:REMOTE`) and the backup of an active-backup pair (`--sync-from`), both
 * real ovsdb-servers. To a client they are servers like any other; what they refuse comes as the error it is.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { OvsdbError } from 'ovsdb-client';
import { conformanceClient, synced } from './support/conformance.js';
import { accepts, end, startProcess, startServer, type TestServer, until } from './support/server.js';

type Client = ReturnType<typeof conformanceClient>;
const exec = promisify(execFile);
const LONG_MS = 30_000;

const seqsOf = (client: Client) =>
  [...client.rows('blob').values()].map(({ seq }) => Number(seq)).sort((a, b) => a - b);

async function add(client: Client, seq: number): Promise<void> {
  const txn = client.transaction();
  txn.insert('blob', { data: `row ${seq}`, seq });
  await client.transact(txn);
}

/** Adds the row as soon as it can be added; one whose outcome was unknown may have come all the same. */
const addInTheEnd = (client: Client, seq: number) =>
  until(
    () =>
      seqsOf(client).includes(seq) ||
      add(client, seq).then(
        () => true,
        (error: unknown) => {
          if (error instanceof OvsdbError) return false;
          throw error;
        },
      ),
    LONG_MS,
  );

/** The error a promise is rejected with. */
async function refusal(work: Promise<unknown>): Promise<OvsdbError> {
  const outcome = await work.then(
    () => 'done',
    (error: unknown) => error,
  );
  if (outcome instanceof OvsdbError) return outcome;
  throw new Error(`no refusal: ${outcome}`);
}

/** A relay of `conformance` in a folder of its own. */
async function startRelay(source: string): Promise<{ readonly remote: string; readonly stop: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'ovsdb-relay-'));
  const quiet = ['-vconsole:off', '-vsyslog:off', '-vfile:off', `--unixctl=${dir}/ctl`];
  const args = [`--remote=punix:${dir}/db.sock`, ...quiet, `relay:conformance:${source}`];
  const child = startProcess('ovsdb-server', args, dir);
  await until(() => accepts(join(dir, 'db.sock')), LONG_MS);
  return {
    remote: `unix:${dir}/db.sock`,
    stop: async () => {
      await end(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

describe('ovsdb-client: servers that have their data from another', function () {
  this.timeout(2 * LONG_MS);
  let source: TestServer;
  beforeEach(async () => {
    source = await startServer();
  });
  afterEach(() => source.stop());

  it('a relay: reads, writes through it, comes back with its source, misses nothing', async () => {
    const relay = await startRelay(source.unix);
    const [near, far] = [conformanceClient(relay.remote), conformanceClient(source.unix)];
    try {
      await Promise.all([synced(near, LONG_MS), synced(far, LONG_MS)]);
      await add(near, 1); // what the relay is asked, the source does
      await until(() => seqsOf(far).join() === '1', LONG_MS);
      await add(far, 2);
      await until(() => seqsOf(near).join() === '1,2', LONG_MS);

      await source.halt();
      await source.launch();
      await synced(far, LONG_MS);
      await add(far, 3);
      await until(() => seqsOf(near).join() === '1,2,3', LONG_MS);
    } finally {
      near.close();
      far.close();
      await relay.stop();
    }
  });

  it('a backup: follows, refuses to write and says so, is written to once it is the active one', async () => {
    const backup = await startServer([`--sync-from=${source.unix}`]);
    const [near, far] = [conformanceClient(backup.unix), conformanceClient(source.unix)];
    try {
      await Promise.all([synced(near, LONG_MS), synced(far, LONG_MS)]);
      await add(far, 1);
      await until(() => seqsOf(near).join() === '1', LONG_MS);

      const refused = await refusal(add(near, 2));
      expect({ code: refused.code, outcome: refused.outcome }).to.deep.equal({
        code: 'not allowed',
        outcome: 'none',
      });
      expect(seqsOf(far)).to.deep.equal([1]);

      await source.halt();
      await exec('ovs-appctl', ['-t', backup.ctl, 'ovsdb-server/disconnect-active-ovsdb-server']);
      // The backup's sessions are ended where it changes its role: the client comes back by itself.
      await addInTheEnd(near, 3);
      await until(() => seqsOf(near).join() === '1,3', LONG_MS);
    } finally {
      near.close();
      far.close();
      await backup.stop();
    }
  });

  it('an active and its backup as remotes of one client: it goes over when the active one is gone', async () => {
    const backup = await startServer([`--sync-from=${source.unix}`]);
    const client = conformanceClient([source.unix, backup.unix]);
    try {
      await synced(client, LONG_MS);
      await add(client, 1);
      const direct = conformanceClient(backup.unix);
      await synced(direct, LONG_MS);
      await until(() => seqsOf(direct).join() === '1', LONG_MS); // the backup has it
      direct.close();

      await source.halt();
      await exec('ovs-appctl', ['-t', backup.ctl, 'ovsdb-server/disconnect-active-ovsdb-server']);
      await addInTheEnd(client, 2);
      expect(seqsOf(client)).to.deep.equal([1, 2]);
    } finally {
      client.close();
      await backup.stop();
    }
  });
});
