/**
 * TCP throughput, packet rate, latency and CPU of each scheme, of no encapsulation and of router VMs, measured in turns
 * between VMs on the same two hosts, so that whatever slows the machine slows all alike.
 */
import { readFileSync } from 'node:fs';
import { type Speed, type Spread, spread } from './result.js';
import { buildRouterVms, ROUTER_TENANT, ROUTER_VM } from './router-vm.js';
import { isSwitched, type Scheme } from './schemes.js';
import { Site, until } from './site.js';
import { bridgeTrunks } from './switches.js';
import { BARE, MTU, speedTopology } from './topology.js';

export interface SpeedEffort {
  readonly rounds: number;
  readonly tcpSeconds: number;
  readonly packets: number;
}

interface Round {
  readonly tcpMbits: number;
  readonly cpuPerGigabit: number;
  readonly packets: number;
  readonly rttMicros: number;
}

/** Octets of ICMP data that make an Ethernet frame of 64 octets; requests under way at a time. */
const SMALL = 22;
const UNDER_WAY = 64;
const IDLE_PINGS = 50;
const IPERF_PORT = 5201;
const CLOCK_TICKS = 100;

/** The bare VMs are ports of the underlay's own bridge. */
async function bridgeBare({ lab }: Site): Promise<void> {
  for (const { tenant, host, tap } of Object.values(lab.ready.vms))
    if (tenant === BARE) await lab.request('vsctl', { host, args: ['add-port', 'br-phy', tap] });
}

/** CPU seconds of both hosts' ovs-vswitchd since they started (proc(5), stat fields 14 and 15, in ticks of USER_HZ). */
async function switchCpu({ lab }: Site): Promise<number> {
  const pids = await lab.request<Readonly<Record<string, Record<string, number>>>>('processes');
  const ticks = Object.values(pids).map((daemons) => {
    const stat = readFileSync(`/proc/${daemons['ovs-vswitchd']}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((a, b) => a + b, 0) / CLOCK_TICKS;
}

async function tcp(site: Site, tenant: string, seconds: number): Promise<{ mbits: number; cpuPerGigabit: number }> {
  const [from, to] = [`${tenant}-vm1`, `${tenant}-vm2`];
  const serving = site.shell({ vm: to }, `timeout ${seconds + 20} iperf3 -s -1 -p ${IPERF_PORT} >/dev/null`, 60);
  await until('iperf3 to listen', async () => {
    return (await site.shell({ vm: to }, `ss -Hltn 'sport = :${IPERF_PORT}'`)) !== '';
  });
  const before = await switchCpu(site);
  const text = await site.shell(
    { vm: from },
    `timeout ${seconds + 15} iperf3 -c 192.168.0.2 -p ${IPERF_PORT} -t ${seconds} -J`,
    60,
  );
  await serving;
  const cpu = (await switchCpu(site)) - before;
  const { end } = JSON.parse(text) as { end: { sum_received: { bits_per_second: number; bytes: number } } };
  const gigabits = (end.sum_received.bytes * 8) / 1e9;
  return { mbits: end.sum_received.bits_per_second / 1e6, cpuPerGigabit: cpu / gigabits };
}

async function packets(site: Site, tenant: string, count: number): Promise<number> {
  const script = `ping -n -q -f -l ${UNDER_WAY} -s ${SMALL} -c ${count} -w 20 192.168.0.2`;
  const text = await site.shell({ vm: `${tenant}-vm1` }, script);
  const [, received, ms] = /(\d+) received.*time (\d+)ms/.exec(text) ?? [];
  if (received === undefined || ms === undefined) throw new Error(`ping said: ${text}`);
  return (Number(received) / Number(ms)) * 1000;
}

async function round(site: Site, tenant: string, effort: SpeedEffort): Promise<Round> {
  const idle = await site.ping(`${tenant}-vm1`, `${tenant}-vm2`, { count: IDLE_PINGS, interval: 0.01 });
  const rate = await packets(site, tenant, effort.packets);
  const { mbits, cpuPerGigabit } = await tcp(site, tenant, effort.tcpSeconds);
  return { tcpMbits: mbits, cpuPerGigabit, packets: rate, rttMicros: spread(idle.rtts).median * 1000 };
}

const column = (rounds: readonly Round[], key: keyof Round): Spread => spread(rounds.map((r) => r[key]));

const ratio = (ours: readonly Round[], bare: readonly Round[], key: keyof Round): Spread =>
  spread(ours.map((row, i) => row[key] / (bare[i]?.[key] as number)));

/** The tenant of what is measured. */
const tenantOf = (name: string): string => (name === ROUTER_VM ? ROUTER_TENANT : name);

/** Waits until the two VMs of `name` reach each other, with the MTU of all. */
async function prepare(site: Site, name: string): Promise<void> {
  const [one, two] = [`${tenantOf(name)}-vm1`, `${tenantOf(name)}-vm2`];
  for (const vm of [one, two]) await site.shell({ vm }, `ip link set eth0 mtu ${MTU}`);
  await until(`${name} to reach itself`, async () => {
    return (await site.ping(one, two, { count: 3, timeout: 0.5 })).received === 3;
  });
}

/** The name of each scheme, BARE and ROUTER_VM to what was measured; ratios are to BARE in the same round. */
export async function speeds(
  schemes: readonly Scheme[],
  effort: SpeedEffort,
  progress: (what: string) => void,
  interrupt?: AbortSignal,
): Promise<ReadonlyMap<string, Speed>> {
  const site = await Site.start(speedTopology(schemes), interrupt);
  const names = [...schemes.map(({ name }) => name), BARE, ROUTER_VM];
  const rows = new Map<string, Round[]>(names.map((name) => [name, []]));
  try {
    await site.plug(schemes.flatMap(({ name }) => [`${name}-vm1`, `${name}-vm2`]));
    await bridgeBare(site);
    if (schemes.some(isSwitched)) await bridgeTrunks(site);
    await buildRouterVms(site, MTU);
    for (const name of names) await prepare(site, name);
    for (let i = 0; i < effort.rounds; i++) {
      for (const name of names) rows.get(name)?.push(await round(site, tenantOf(name), effort));
      progress(`round ${i + 1} of ${effort.rounds} of throughput and latency`);
    }
  } finally {
    await site.stop();
  }
  const bare = rows.get(BARE) ?? [];
  return new Map(
    [...rows].map(([name, own]) => [
      name,
      {
        tcpMbits: column(own, 'tcpMbits'),
        tcpVsBare: ratio(own, bare, 'tcpMbits'),
        packets: column(own, 'packets'),
        packetsVsBare: ratio(own, bare, 'packets'),
        rttMicros: column(own, 'rttMicros'),
        cpuPerGigabit: column(own, 'cpuPerGigabit'),
      },
    ]),
  );
}
