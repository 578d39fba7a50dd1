/** What is measured between two VMs on two hypervisors, the same commands for every system. */

import { type Contestant, firstIp, run, type SiteVm } from '../one-port/site.js';
import { eventually, sleep } from '../one-port/wait.js';
import type { PeersProcess } from '../peers-process.js';

export interface Row {
  /** Mbit/s of one TCP stream. */
  readonly tcp: number;
  /** Echo requests of 64 octets and their replies a second, 64 under way. */
  readonly packets: number;
  /** Milliseconds of the first ping after the datapath forgot every flow, on both hypervisors: median of some. */
  readonly firstPacket: number;
  /** TCP connections a second, one after the other. */
  readonly connections: number;
}

export interface Effort {
  readonly tcpSeconds: number;
  readonly packets: number;
  readonly firstPackets: number;
  readonly connectionSeconds: number;
}

const IPERF_PORT = 5201;
/** Octets of ICMP data that make an Ethernet frame of 64 octets. */
const SMALL = 22;
const UNDER_WAY = 64;

const pair = ({ site }: Contestant): readonly [SiteVm, SiteVm] => site.bases as readonly [SiteVm, SiteVm];

async function tcp(contestant: Contestant, seconds: number): Promise<number> {
  const { site } = contestant;
  const [from, to] = pair(contestant);
  const serving = run(site, { vm: to.ifaceId }, `timeout ${seconds + 20} iperf3 -s -1 -p ${IPERF_PORT} >/dev/null`);
  await eventually('iperf3 to listen', async () => {
    const listening = await run(site, { vm: to.ifaceId }, `ss -Hltn 'sport = :${IPERF_PORT}'`);
    return listening !== '';
  });
  const text = await run(
    site,
    { vm: from.ifaceId },
    `timeout ${seconds + 15} iperf3 -c ${firstIp(to)} -p ${IPERF_PORT} -t ${seconds} -J`,
  );
  await serving;
  const { end } = JSON.parse(text) as { readonly end: { readonly sum_received: { readonly bits_per_second: number } } };
  return end.sum_received.bits_per_second / 1e6;
}

async function packets(contestant: Contestant, count: number): Promise<number> {
  const [from, to] = pair(contestant);
  const text = await run(
    contestant.site,
    { vm: from.ifaceId },
    `ping -n -q -f -l ${UNDER_WAY} -s ${SMALL} -c ${count} -w 20 ${firstIp(to)}`,
  );
  const [, received, ms] = /(\d+) received.*time (\d+)ms/.exec(text) ?? [];
  if (received === undefined || ms === undefined) throw new Error(`ping said: ${text}`);
  return (Number(received) / Number(ms)) * 1000;
}

/** Every flow of the datapath is forgotten, so that the ping asks ovs-vswitchd at both ends and both ways. */
async function firstPacket(contestant: Contestant): Promise<number | undefined> {
  const { lab } = contestant.site;
  const [from, to] = pair(contestant);
  for (const { host } of [from, to]) await lab.request('appctl', { host, args: ['revalidator/purge'] });
  await sleep(20);
  const request = { from: from.ifaceId, to: to.ifaceId, count: 1, timeout: 1 };
  const { rtts } = await lab.request<{ readonly rtts: readonly number[] }>('ping', request);
  return rtts[0];
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

/** OVN's Geneve takes eight octets more than Kakuri's: packets of all systems are of one size that fits them all. */
const MTU = 1400;

/** Before the first round. */
export async function prepare(contestant: Contestant): Promise<void> {
  for (const { ifaceId } of pair(contestant))
    await run(contestant.site, { vm: ifaceId }, `ip link set eth0 mtu ${MTU}`);
}

/** One round of one system. */
export async function measure(contestant: Contestant, effort: Effort, connections: PeersProcess): Promise<Row> {
  const [from, to] = pair(contestant);
  const firsts: number[] = [];
  for (let i = 0; i < effort.firstPackets; i += 1) {
    const ms = await firstPacket(contestant);
    if (ms !== undefined) firsts.push(ms);
  }
  if (firsts.length < effort.firstPackets / 2) throw new Error(`${contestant.name}: most first packets were lost`);
  const request = { from: from.pid, to: to.pid, ip: firstIp(to), seconds: effort.connectionSeconds };
  return {
    firstPacket: median(firsts),
    connections: await connections.ask(request, 'perSecond'),
    packets: await packets(contestant, effort.packets),
    tcp: await tcp(contestant, effort.tcpSeconds),
  };
}
