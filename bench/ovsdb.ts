/**
 * bench ovsdb: ovsdb-client beside one JSON.parse of the same octets, python3-openvswitch's IDL, and the server's own limit, against
 * one real ovsdb-server in a temporary folder. Methods are measured in turn within each round; medians are given.
 */
import { execFile, execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type DatabaseDeclaration,
  integer,
  mapOf,
  OvsdbClient,
  parseSchema,
  rowsOfSnapshot,
  string,
} from 'ovsdb-client';
import type { Figure } from './figure.js';
import { type BenchServer, exchange, SCHEMA, startServer } from './ovsdb/server.js';

const PEER = resolve(fileURLToPath(new URL('../../bench/peers/ovsdb_idl.py', import.meta.url)));
const exec = promisify(execFile);

const PORTS = {
  Port: { name: string, tenant: integer, mac: string, ip: string, hv: string, options: mapOf(string) },
} as const satisfies DatabaseDeclaration;

type Client = OvsdbClient<typeof PORTS>;

function port(name: string, i: number) {
  const [a, b, c] = [(i >> 16) & 255, (i >> 8) & 255, i & 255].map((octet) => octet.toString(16).padStart(2, '0'));
  const ip = `10.0.${(i >> 8) & 255}.${i & 255}`;
  return {
    name,
    tenant: i % 1000,
    mac: `02:00:00:${a}:${b}:${c}`,
    ip,
    hv: `hv${i % 50}`,
    options: { iface: `tap${i}` },
  };
}

function synced(remote: string, replicate: readonly 'Port'[] = ['Port']): Promise<Client> {
  const client = new OvsdbClient({ remotes: [remote], database: 'PB', tables: PORTS, replicate });
  return new Promise((done) => {
    client.onStatus(({ state }) => state === 'synced' && done(client));
    client.start();
  });
}

async function fill(remote: string, rows: number): Promise<void> {
  const client = await synced(remote, []);
  for (let i = 0; i < rows; i += 2000) {
    const txn = client.transaction();
    for (let j = i; j < Math.min(rows, i + 2000); j++) txn.insert('Port', port(`row${j}`, j));
    await client.transact(txn);
  }
  client.close();
}

async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

/** Rounds before those that count. */
const WARM_ROUNDS = 2;

interface Measured {
  readonly ours: number[];
  readonly reference: number[];
}
const measured = (): Measured => ({ ours: [], reference: [] });
const MONITOR = JSON.stringify({
  id: 1,
  method: 'monitor_cond_since',
  params: ['PB', 'm', { Port: [{ columns: Object.keys(PORTS.Port) }] }, '00000000-0000-0000-0000-000000000000'],
});

async function peer(method: string, server: BenchServer, n: number, prefix = 'p'): Promise<number> {
  const { stdout } = await exec('/usr/bin/python3', [
    PEER,
    method,
    server.remote,
    server.schemaFile,
    String(n),
    prefix,
  ]);
  return Number(stdout);
}

/** The same octets to typed rows and to one tree; and a first copy over the socket by this client and by the IDL. */
async function snapshots(server: BenchServer, rows: number, rounds: number): Promise<Figure[]> {
  const pieces = await exchange(server.path, MONITOR, 1);
  const octets = Buffer.concat(pieces);
  const schema = parseSchema(SCHEMA);
  const [parse, copy] = [measured(), measured()];
  // One loop for the two, a few milliseconds apart; the first rounds, in which both are still being compiled, do not count.
  for (let round = -WARM_ROUNDS; round < rounds * 3; round++) {
    const ours = await seconds(() => rowsOfSnapshot(pieces, PORTS, schema).Port.size === rows || fail('rows'));
    const tree = await seconds(() => JSON.parse(octets.toString()).result[2].Port ?? fail('tree'));
    if (round < 0) continue;
    parse.ours.push(ours);
    parse.reference.push(tree);
  }
  for (let round = 0; round < rounds; round++) {
    copy.ours.push(await seconds(async () => (await synced(server.remote)).close()));
    copy.reference.push(await peer('copy', server, rows));
  }
  process.stderr.write(`snapshot of ${(octets.length / 1e6).toFixed(1)} MB, ${rows} rows\n`);
  return [
    figure('snapshot-vs-json-parse', parse, 'one JSON.parse of the same octets', 's'),
    figure('snapshot-vs-python-idl', copy, 'python3-openvswitch IDL', 's'),
  ];
}

function fail(what: string): never {
  throw new Error(`bench ovsdb: wrong ${what}`);
}

/** The row that the peer inserts, too (`insert` in ovsdb_idl.py). */
function peersRow(name: string, i: number) {
  const [mac, ip] = ['02:00:00:00:00:01', '10.0.0.1'];
  return { name, tenant: i % 1000, mac, ip, hv: `hv${i % 50}`, options: { iface: `tap${i}` } };
}

function insertOf(client: Client, name: string, i: number) {
  const txn = client.transaction();
  txn.insert('Port', peersRow(name, i));
  return client.transact(txn);
}

const atOnce = (client: Client, n: number, prefix: string) =>
  Promise.all(Array.from({ length: n }, (_, i) => insertOf(client, `${prefix}${i}`, i)));

/** Deletes all rows. */
async function empty(client: Client): Promise<void> {
  const txn = client.transaction();
  txn.delete('Port', []);
  await client.transact(txn);
}

/**
 * Rates of `n` one-row inserts: one after the other, all at once, and as octets encoded beforehand. This client only transacts
 * (`replicate: []`); the IDL cannot help keeping its replica.
 */
async function transactions(server: BenchServer, n: number, rounds: number): Promise<Figure[]> {
  const [serial, pipelined, limit] = [measured(), measured(), measured()];
  const client = await synced(server.remote, []);
  const rate = async (work: () => unknown) => n / (await seconds(work));
  // Both sides are programs that have run for a while: the peer makes some transactions, too, before its clock starts.
  for (let i = 0; i < n * WARM_ROUNDS; i++) await insertOf(client, `w${i}`, i);
  for (let round = 0; round < WARM_ROUNDS; round++) await atOnce(client, n, `wq${round}-`);
  for (let round = 0; round < rounds; round++) {
    await empty(client); // each round begins alike: the IDL first copies what is there
    serial.ours.push(
      await rate(async () => {
        for (let i = 0; i < n; i++) await insertOf(client, `s${round}-${i}`, i);
      }),
    );
    serial.reference.push(n / (await peer('serial', server, n, `ps${round}-`)));
    const together = await rate(() => atOnce(client, n, `q${round}-`));
    pipelined.ours.push(together);
    limit.ours.push(together);
    pipelined.reference.push(n / (await peer('pipelined', server, n, `pq${round}-`)));
    const octets = Array.from({ length: n }, (_, i) => rawInsert(client, `r${round}-${i}`, i)).join('');
    limit.reference.push(await rate(() => exchange(server.path, octets, n)));
  }
  client.close();
  return [
    figure('transactions-serial-vs-python', serial, 'python3-openvswitch IDL', 'transactions/s'),
    figure('transactions-pipelined-vs-python', pipelined, 'python3-openvswitch IDL', 'transactions/s'),
    figure('transactions-vs-limit', limit, 'the same octets encoded beforehand, pipelined', 'transactions/s'),
  ];
}

/** What the client would send. */
function rawInsert(client: Client, name: string, i: number): string {
  const txn = client.transaction();
  txn.insert('Port', peersRow(name, i));
  return JSON.stringify({ method: 'transact', params: ['PB', ...txn.operations], id: i });
}

/** The event loop's delay, on which other sessions depend, while one session takes in a copy of some 50 MB. */
async function eventLoop(server: BenchServer, rounds: number): Promise<Figure> {
  const p99: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const client = await synced(server.remote);
    delay.disable();
    p99.push(delay.percentile(99) / 1e6);
    client.close();
  }
  return figure('event-loop-p99-ms', { ours: p99, reference: [] }, null, 'ms');
}

function figure(name: string, { ours, reference }: Measured, referenceName: string | null, unit: string): Figure {
  const [a, b] = [median(ours), reference.length === 0 ? null : median(reference)];
  return {
    bench: 'ovsdb',
    figure: name,
    ours: a,
    reference: b,
    referenceName,
    ratio: b === null ? null : a / b,
    unit,
    n: ours.length,
  };
}

/** What is missing for the comparison, as the command that brings it; undefined if nothing is. */
export function missing(): string | undefined {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import ovs.db.idl'], { stdio: 'ignore' });
    execFileSync('ovsdb-server', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'apt-get install -y openvswitch-switch python3-openvswitch';
  }
}

/** Measures everything; `quick` takes a minute. */
export async function run({ quick }: { readonly quick: boolean }): Promise<Figure[]> {
  const rounds = quick ? 3 : 7;
  const figures: Figure[] = [];
  const [small, twenty, fifty] = [await startServer(), await startServer(), await startServer()];
  try {
    figures.push(...(await transactions(small, 1000, rounds * 5)));
    await fill(twenty.remote, 100_000);
    figures.push(...(await snapshots(twenty, 100_000, rounds)));
    await fill(fifty.remote, 250_000);
    figures.push(await eventLoop(fifty, quick ? 3 : 5));
  } finally {
    for (const server of [small, twenty, fifty]) server.stop();
  }
  return figures;
}
