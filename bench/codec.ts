/**
 * The codec beside os-ken: FLOW_MODs encoded, and flows of a statistics reply decoded, per second, in 1.3.
 *
 * Rounds of ours and os-ken's alternate, so that a busy machine is busy for both. Both sides make the message's value
 * and its octets. Allocation is that of our side: of encoding a message that is there, and of a decoded flow.
 */
import { spawnSync } from 'node:child_process';
import {
  type Action,
  decodeMessage,
  encodeInto,
  encodeMessage,
  type Instruction,
  type Match,
  type MessageInputOf,
  Writer,
} from 'ts-openflow';
import { type BenchOptions, type Figure, figure, percentile } from './figure.js';

const OSKEN = `
import sys, time
from os_ken.ofproto import ofproto_v1_3 as o, ofproto_v1_3_parser as p, ofproto_parser
class DP: ofproto = o; ofproto_parser = p
DP.id = 1
dp = DP()
def encode(n):
    t = time.perf_counter()
    for i in range(n):
        m = p.OFPMatch(in_port=i % 1000, eth_type=0x800, ipv4_dst=('10.0.0.0', '255.255.255.0'), tunnel_id=5)
        a = [p.OFPActionSetField(tunnel_id=6), p.OFPActionOutput(3)]
        f = p.OFPFlowMod(dp, cookie=5, table_id=1, priority=100, match=m, instructions=[p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, a), p.OFPInstructionGotoTable(7)])
        f.set_xid(i)
        f.serialize()
    return n / (time.perf_counter() - t)
def decode(octets, flows, n):
    version, type_, length, xid = ofproto_parser.header(octets)
    t = time.perf_counter()
    for _ in range(n):
        reply = ofproto_parser.msg(dp, version, type_, length, xid, octets)
        assert len(reply.body) == flows
    return n * flows / (time.perf_counter() - t)
if sys.argv[1] == 'encode': print(encode(int(sys.argv[2])))
else: print(decode(bytes.fromhex(sys.stdin.read().strip()), int(sys.argv[2]), int(sys.argv[3])))
`;

function osken(args: readonly string[], input = ''): number {
  const run = spawnSync('/usr/bin/python3', ['-c', OSKEN, ...args], { input, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`os-ken: ${run.stderr.slice(-400)}`);
  return Number(run.stdout.trim());
}

// One function makes each part, as one constructor of os-ken does. A single literal of that depth would be measured
// instead of the codec: V8 copies nested literals by a call into its runtime, which takes longer than encoding them.
const matchOf = (port: number): Match => ({
  in_port: { value: port },
  eth_type: { value: 0x800 },
  ip_dst: { value: 0x0a000000, mask: 0xffffff00 },
  tun_id: { value: 5n },
});
const setTunnel = (value: bigint): Action => ({ kind: 'set_field', field: 'tun_id', value });
const outputTo = (port: number): Action => ({ kind: 'output', port, max_len: 0xffe5 });
const applyActions = (actions: readonly Action[]): Instruction => ({ kind: 'apply_actions', actions });
const gotoTable = (table_id: number): Instruction => ({ kind: 'goto_table', table_id });

function flowMod(i: number): MessageInputOf<'FlowMod'> {
  const match = matchOf(i % 1000);
  const instructions = [applyActions([setTunnel(6n), outputTo(3)]), gotoTable(7)];
  return { kind: 'FlowMod', xid: i, cookie: 5n, table_id: 1, priority: 100, match, instructions };
}

const CHUNK = 65536;

/** Messages per second, written one after another into chunks of 64 KiB, as a session sends them. */
function encodeRate(n: number): number {
  const w = new Writer(4, CHUNK);
  let octets = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < n; i++) {
    encodeInto(w, flowMod(i));
    if (w.at < CHUNK - 256) continue;
    octets += w.at;
    w.clear();
  }
  octets += w.at;
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (octets !== n * encodeMessage(flowMod(0), 4).length) throw new Error('octets are missing');
  return n / seconds;
}

const FLOWS = 200;

function statsReply(): Buffer {
  const { match, instructions } = flowMod(1);
  const flow = {
    table_id: 1,
    priority: 100,
    cookie: 5n,
    packet_count: 7n,
    byte_count: 900n,
    duration_sec: 5,
    match,
    instructions,
  };
  return encodeMessage({ kind: 'MultipartReply', type: 'FLOW', body: Array.from({ length: FLOWS }, () => flow) }, 4);
}

function decodeRate(octets: Buffer, n: number): number {
  let flows = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < n; i++) {
    const reply = decodeMessage(octets);
    if (reply.kind === 'MultipartReply' && reply.type === 'FLOW') flows += reply.body.length;
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (flows !== n * FLOWS) throw new Error('flows are missing');
  return flows / seconds;
}

function beside(name: string, ours: readonly number[], theirs: readonly number[], unit: string): Figure {
  const what = { bench: 'codec', figure: name, unit, n: ours.length };
  return figure(what, percentile(ours, 0.5), { name: 'os-ken', value: percentile(theirs, 0.5) });
}

/** The command that brings os-ken; undefined if it is there. */
export function missing(): string | undefined {
  const found = spawnSync('/usr/bin/python3', ['-c', 'import os_ken.ofproto.ofproto_v1_3_parser']).status === 0;
  return found ? undefined : 'apt-get install -y python3-os-ken';
}

/** Octets of heap that each of `n` pieces of work takes: the median of rounds too short for a collection to fall into most. */
function allocation(name: string, unit: string, n: number, work: () => void): Figure {
  const rounds = 15;
  const each = Array.from({ length: rounds }, () => {
    const before = process.memoryUsage().heapUsed;
    work();
    return (process.memoryUsage().heapUsed - before) / n;
  });
  return figure({ bench: 'codec', figure: name, unit, n: rounds }, percentile(each, 0.5));
}

/** Measures both rates, and what each takes of the heap. */
export async function run({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const rounds = quick ? 5 : 15;
  const octets = statsReply();
  const encoded: [number[], number[]] = [[], []];
  const decoded: [number[], number[]] = [[], []];
  encodeRate(200_000);
  decodeRate(octets, 200);
  const messages = Array.from({ length: 1000 }, (_, i) => flowMod(i));
  const w = new Writer(4, 1000 * 256);
  const allocated = [
    allocation('flow-mod-encode-allocation', 'octets/message', 1000, () => {
      w.clear();
      for (const message of messages) encodeInto(w, message);
    }),
    allocation('flow-stats-decode-allocation', 'octets/flow', 5 * FLOWS, () => decodeRate(octets, 5)),
  ];
  for (let i = 0; i < rounds; i++) {
    encoded[0].push(encodeRate(200_000));
    encoded[1].push(osken(['encode', '3000']));
    decoded[0].push(decodeRate(octets, 300));
    decoded[1].push(osken(['decode', String(FLOWS), '10'], octets.toString('hex')));
  }
  return [
    beside('flow-mod-encode-vs-osken', encoded[0], encoded[1], 'messages/s'),
    beside('flow-stats-decode-vs-osken', decoded[0], decoded[1], 'flows/s'),
    ...allocated,
  ];
}
