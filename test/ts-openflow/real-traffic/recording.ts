/**
 * Runs the commands of commands.ts and the long one (monitor) through the relay and keeps what passed; and asks
 * ovs-ofctl for its text of every kept message, all in one process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type Ovs, startOvs } from '../ovs.js';
import { COMMANDS, type Command, words } from './commands.js';
import { messages, type Relay, startRelay } from './relay.js';

/** One message as it passed. */
export interface Recorded {
  readonly octets: Buffer;
  /** The command line that caused it. */
  readonly command: string;
}

interface Ended {
  readonly status: number | null;
  readonly out: string;
}

async function finish(child: ChildProcess, input?: string | Buffer): Promise<Ended> {
  const out: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (octets: Buffer) => out.push(octets));
  child.stdin?.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, out: Buffer.concat(out).toString() };
}

const start = (ovs: Ovs, args: readonly string[]): ChildProcess =>
  spawn('ovs-ofctl', ['--timeout=20', ...args], { env: { ...process.env, OVS_RUNDIR: ovs.directory } });

const protocol = (version: number): string[] => ['-O', `OpenFlow${version}`];

/** Runs one row, and notes in `wrong` when its exit is not what the row says. Returns the command line. */
async function run(ovs: Ovs, version: number, address: string, row: Command, wrong: string[]): Promise<string> {
  const args = row.args.map((arg) => (arg === 'SW' ? address : arg));
  const { status, out } = await finish(start(ovs, [...protocol(version), ...args]), row.input);
  const refused = status !== 0 || /OFPT_ERROR|OFPBRC|OFPGMFC/.test(out);
  if (refused !== (row.refused ?? false))
    wrong.push(`${version} ${row.args.join(' ')}: ${refused ? 'refused' : 'not refused'}: ${out.slice(0, 600)}`);
  return `-O OpenFlow${version} ${row.args.join(' ')}`;
}

const everything = (relay: Relay, command: string, from: number): Recorded[] =>
  relay.passed
    .slice(from)
    .flatMap(({ toSwitch, fromSwitch }) => [...messages(toSwitch), ...messages(fromSwitch)])
    .map((octets) => ({ octets, command }));

const FRAME = `ffffffffffff020000000001080045000028000100004006${'0'.repeat(32)}0000${'0'.repeat(28)}`;

/** What happens on the bridge while somebody watches. */
const EVENTS: readonly string[] = [
  `packet-out SW in_port=1,packet=${FRAME},actions=controller(max_len=60,reason=action)`,
  `packet-out SW in_port=1,packet=${FRAME},actions=set_field:5->reg0,set_field:9->metadata,controller(userdata=01.02.03,pause)`,
  'add-flow SW table=9,priority=5,cookie=0x9,ip,nw_src=10.0.0.0/8,actions=resubmit(,1),controller',
  'mod-flows SW table=9,actions=output:1,set_field:5->reg3',
  'add-flow SW table=9,priority=6,send_flow_rem,idle_timeout=30,tcp,actions=drop',
  'add-group SW group_id=40,type=all,bucket=actions=output:1',
  'add-meter SW meter=40,kbps,bands=type=drop,rate=9',
  'mod-port SW p1 down',
  'mod-port SW p1 up',
  'del-meter SW meter=40',
  'del-groups SW group_id=40',
  'del-flows SW table=9',
];

/** What watches meanwhile. (`snoop` is left out: it repeats only what a configured controller and the bridge say.) */
const WATCHERS: readonly { readonly args: readonly string[] }[] = [
  { args: ['monitor', 'SW', '65534'] },
  { args: ['-P', 'nxt_packet_in2', 'monitor', 'SW', '65534'] },
  { args: ['-P', 'nxt_packet_in', 'monitor', 'SW', '128'] },
  { args: ['-P', 'standard', 'monitor', 'SW', '65534'] },
  { args: ['monitor', 'SW', 'watch:'] },
  { args: ['monitor', 'SW', 'watch:!initial,!own,table=9,out_port=1'] },
  { args: ['monitor', 'SW', 'watch:!delete', 'watch:!add,ip'] },
];

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 500) throw new Error(`no ${what} within 10 s`);
    await wait(20);
  }
}

/** A barrier through the watcher's own stream would be ideal; ovs-ofctl sends none, so its stream must fall silent. */
async function silence(relay: Relay): Promise<void> {
  const count = (): number => relay.passed.reduce((n, p) => n + p.fromSwitch.length + p.toSwitch.length, 0);
  let before = -1;
  await until('silence', () => {
    const quiet = before > 0 && count() === before;
    before = count();
    return quiet;
  });
}

/** All watchers of one version side by side, each by its own relay, while EVENTS run. */
async function watch(ovs: Ovs, version: number, wrong: string[]): Promise<Recorded[]> {
  const watched = await Promise.all(
    WATCHERS.map(async ({ args }, i) => {
      const path = `${ovs.directory}/watch.${i}`;
      const relay = await startRelay(path, `${ovs.directory}/br.mgmt`);
      const real = args.map((arg) => (arg === 'SW' ? `unix:${path}` : arg));
      const child = start(ovs, [...protocol(version), ...real, `--unixctl=${path}.ctl`]);
      const ended = finish(child);
      await until('connection', () => relay.passed.some((p) => p.fromSwitch.length > 0));
      await silence(relay);
      return { relay, child, ended, command: `-O OpenFlow${version} ${args.join(' ')}` };
    }),
  );
  for (const line of EVENTS) await run(ovs, version, `unix:${ovs.directory}/br.mgmt`, { args: line.split(' ') }, wrong);
  const found: Recorded[] = [];
  for (const { relay, child, ended, command } of watched) {
    await silence(relay);
    child.kill('SIGTERM');
    await ended;
    found.push(...everything(relay, command, 0));
    await relay.close();
  }
  return found;
}

/** The rows of commands.ts, one after the other. */
async function commands(ovs: Ovs, version: number, wrong: string[]): Promise<Recorded[]> {
  const path = `${ovs.directory}/relay`;
  const relay = await startRelay(path, `${ovs.directory}/br.mgmt`);
  const found: Recorded[] = [];
  for (const row of COMMANDS) {
    if (version < (row.from ?? 13) || version > (row.to ?? 15)) continue;
    const before = relay.passed.length;
    const command = await run(ovs, version, `unix:${path}`, row, wrong);
    found.push(...everything(relay, command, before));
  }
  await relay.close();
  return found;
}

/** Every command in one version, on a bridge of its own. Throws when a command did not end as its row says. */
export async function record(version: 13 | 14 | 15): Promise<Recorded[]> {
  const ovs = await startOvs(3);
  try {
    ovs.vsctl('--', '--id=@i', 'create', 'IPFIX', 'targets="127.0.0.1:9"', '--', 'set', 'bridge', 'br', 'ipfix=@i');
    ovs.vsctl(
      ...words(
        '-- --id=@b get bridge br -- --id=@i create IPFIX targets="127.0.0.1:9" -- create Flow_Sample_Collector_Set id=1 bridge=@b ipfix=@i',
      ),
    );
    const wrong: string[] = [];
    const found = [...(await commands(ovs, version, wrong))];
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    found.push(...(await watch(ovs, version, wrong)));
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    return found;
  } finally {
    await ovs.stop();
  }
}

/** An echo request that no command sends stands between any two messages, to tell their texts apart. */
function mark(version: number): Buffer {
  return Buffer.from([version, 2, 0, 8, 0xde, 0xad, 0xbe, 0xef]);
}
const MARK = /OFPT_ECHO_REQUEST (?:\(OF1\.\d\) )?\(xid=0xdeadbeef\): 0 bytes of payload\n/;

/** ovs-ofctl's text of each message, in order. */
export async function textOf(all: readonly Buffer[]): Promise<string[]> {
  const stream = Buffer.concat(all.flatMap((octets) => [octets, mark(octets.readUInt8(0))]));
  const child = spawn('ovs-ofctl', ['-voff', 'ofp-parse', '-'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const { status, out } = await finish(child, stream);
  const texts = out.split(MARK).slice(0, -1);
  if (status !== 0 || texts.length !== all.length)
    throw new Error(`ovs-ofctl printed ${texts.length} of ${all.length} messages, exit ${status}`);
  return texts;
}
