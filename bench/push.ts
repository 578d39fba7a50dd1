/**
 * bench push: 100,000 flows through one bundle into a private ovs-vswitchd, to the barrier, beside a replay of the same octets
 * over a plain socket with 64 KiB writes (the limit) and `ovs-ofctl --bundle add-flows`. Ours begins with values, so it
 * encodes as well; the figures named `octets-` begin with encoded FLOW_MODs, as a controller has that keeps them. The
 * methods take turns within each round, each into empty tables.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, encodeMessage, Framer, helloElements, type MessageInput } from 'ts-openflow';
import { type Ovs, startOvs } from '../test/ts-openflow/ovs.js';
import type { Figure } from './figure.js';

const FLOWS = 100_000;
const OF15 = 6;
const WRITE = 64 * 1024;
const TICKS_PER_SECOND = 100;
const BARRIER_REPLY = 21;
const exec = promisify(execFile);

const flow = (i: number): MessageInput => ({
  kind: 'FlowMod',
  cookie: BigInt(i),
  priority: 100,
  match: { eth_type: { value: 0x800 }, ip_dst: { value: 0x0a000000 + i } },
  instructions: [{ kind: 'apply_actions', actions: [{ kind: 'output', port: 1 }] }],
});

/** CPU seconds that a process has used. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** All octets of the same work: HELLO to BARRIER. */
function recording(flows: readonly MessageInput[]): Buffer {
  const control = (type: 'OPEN_REQUEST' | 'COMMIT_REQUEST', xid: number): MessageInput =>
    ({ kind: 'BundleControl', bundle_id: 1, type, xid, flags: 3 }) as MessageInput;
  const adds = flows.map((message, i): MessageInput => {
    const xid = i + 10;
    return { kind: 'BundleAddMessage', bundle_id: 1, flags: 3, xid, message: { ...message, xid } } as MessageInput;
  });
  const hello: MessageInput = { kind: 'Hello', elements: helloElements([OF15]) };
  const end: MessageInput[] = [control('COMMIT_REQUEST', 2), { kind: 'BarrierRequest', xid: 3 }];
  return Buffer.concat([hello, control('OPEN_REQUEST', 1), ...adds, ...end].map((m) => encodeMessage(m, OF15)));
}

async function writeAll(socket: Socket, octets: Buffer): Promise<void> {
  for (let at = 0; at < octets.length; at += WRITE)
    if (!socket.write(octets.subarray(at, at + WRITE))) await new Promise((resolve) => socket.once('drain', resolve));
}

/** Seconds from the first octet to the barrier's reply. */
async function replay(ovs: Ovs, octets: Buffer): Promise<number> {
  const socket = dial(ovs.mgmt.slice('unix:'.length));
  await new Promise((resolve) => socket.once('connect', resolve));
  const framer = new Framer();
  const begun = performance.now();
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => framer.push(chunk, (m) => (m[1] === BARRIER_REPLY ? resolve() : undefined)));
  });
  await writeAll(socket, octets);
  await answered;
  socket.destroy();
  return (performance.now() - begun) / 1000;
}

interface Push {
  readonly seconds: number;
  /** Our CPU over ovs-vswitchd's. */
  readonly cpu: number;
}

async function push(ovs: Ovs, flows: readonly (MessageInput | Buffer)[]): Promise<Push> {
  const session = await connect(ovs.mgmt);
  const before = { theirs: cpuOf(ovs.vswitchd), ours: process.cpuUsage() };
  const begun = performance.now();
  const { committed } = await session.bundle(flows);
  await session.barrier();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before.ours);
  const cpu = (user + system) / 1e6 / (cpuOf(ovs.vswitchd) - before.theirs);
  if (!committed) throw new Error('the bundle was refused');
  const [total] = await session.multipart('AGGREGATE', { match: {} });
  if (total?.flow_count !== FLOWS) throw new Error(`${total?.flow_count} flows arrived, not ${FLOWS}`);
  session.close();
  await session.closed;
  return { seconds, cpu };
}

async function ofctl(ovs: Ovs, file: string): Promise<number> {
  const begun = performance.now();
  await exec('ovs-ofctl', ['-O', 'OpenFlow15', '--bundle', 'add-flows', ovs.mgmt, file]);
  return (performance.now() - begun) / 1000;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

/** Five figures; `quick` takes three rounds instead of nine. */
export async function run({ quick }: { readonly quick: boolean }): Promise<Figure[]> {
  const n = quick ? 3 : 9;
  const flows = Array.from({ length: FLOWS }, (_, i) => flow(i));
  const octets = recording(flows);
  const encoded = flows.map((message) => encodeMessage(message, OF15));
  const ovs = await startOvs();
  try {
    const file = join(ovs.directory, 'flows.txt');
    const text = (i: number): string =>
      `cookie=${i},priority=100,ip,nw_dst=10.${i >> 16}.${(i >> 8) & 255}.${i & 255},actions=output:1`;
    writeFileSync(file, `${flows.map((_, i) => text(i)).join('\n')}\n`);
    const seconds = { ours: [] as number[], octets: [] as number[], replay: [] as number[], ofctl: [] as number[] };
    const cpu = { ours: [] as number[], octets: [] as number[] };
    // One round more than counted: the first warms up both processes.
    for (let round = 0; round <= n; round++) {
      ovs.ofctl('del-flows', ovs.mgmt);
      const replayed = await replay(ovs, octets);
      ovs.ofctl('del-flows', ovs.mgmt);
      const ours = await push(ovs, flows);
      ovs.ofctl('del-flows', ovs.mgmt);
      const fromOctets = await push(ovs, encoded);
      ovs.ofctl('del-flows', ovs.mgmt);
      const theirs = await ofctl(ovs, file);
      if (round === 0) continue;
      seconds.replay.push(replayed);
      seconds.ours.push(ours.seconds);
      seconds.ofctl.push(theirs);
      seconds.octets.push(fromOctets.seconds);
      cpu.ours.push(ours.cpu);
      cpu.octets.push(fromOctets.cpu);
    }
    const rate = (all: readonly number[]): number => FLOWS / median(all);
    const figure = (name: string, ours: number, reference: number, referenceName: string, unit: string): Figure => ({
      bench: 'push',
      figure: name,
      ours,
      reference,
      referenceName,
      ratio: ours / reference,
      unit,
      n,
    });
    return [
      figure(
        'flows-per-second-vs-replay',
        rate(seconds.ours),
        rate(seconds.replay),
        'replay of the same octets',
        'flows/s',
      ),
      figure(
        'flows-per-second-vs-ovs-ofctl',
        rate(seconds.ours),
        rate(seconds.ofctl),
        'ovs-ofctl --bundle add-flows',
        'flows/s',
      ),
      figure('cpu-vs-vswitchd', median(cpu.ours), 1, 'CPU of ovs-vswitchd', 'ratio'),
      figure(
        'octets-flows-per-second-vs-replay',
        rate(seconds.octets),
        rate(seconds.replay),
        'replay of the same octets',
        'flows/s',
      ),
      figure('octets-cpu-vs-vswitchd', median(cpu.octets), 1, 'CPU of ovs-vswitchd', 'ratio'),
    ];
  } finally {
    await ovs.stop();
  }
}
