/** Who hears whom: every pair of VMs, forged packets from VMs and from outside, and the proof. */
import { isolationMatrix } from '../isolation-matrix.js';
import { prove } from '../run-verify.js';
import { arpReply, type Endpoint, frame, MARK, tagged, tunnelPacket } from './forged-frames.js';
import type { Isolation } from './result.js';
import { isSwitched, type Scheme } from './schemes.js';
import { type Site, sleep } from './site.js';
import { TRUNK } from './topology.js';

interface Rogue {
  readonly ip: string;
  readonly mac: string;
}

/** Each forged packet so many times. */
const TIMES = 5;
const HEX_MARK = Buffer.from(MARK).toString('hex');
const SETTLE_MS = 300;

function endpoint(site: Site, vm: string): Endpoint {
  const { mac, ips } = site.lab.ready.vms[vm] as { readonly mac: string; readonly ips: readonly string[] };
  return { mac, ip: ips[0] as string };
}

/** From red's first VM: another's MAC, another's IP, another's address announced; and blue's way to red with its own. */
function fromVm(site: Site): readonly Buffer[] {
  const [own, peer, third] = ['red-vm1', 'red-vm2', 'red-vm3'].map((vm) => endpoint(site, vm)) as [
    Endpoint,
    Endpoint,
    Endpoint,
  ];
  return [
    frame({ ...own, mac: third.mac }, peer),
    frame({ ...own, ip: third.ip }, peer),
    arpReply({ ...own, ip: third.ip }, peer),
    arpReply({ ...own, mac: third.mac }, peer),
  ];
}

/** From a machine on the underlay: each tenant's key with its own address, and keys that are nobody's with a VTEP's. */
async function fromOutside(site: Site, { encapsulation }: Scheme): Promise<readonly Buffer[]> {
  const { lab } = site;
  const { rogue } = lab.ready as typeof lab.ready & { readonly rogue: Rogue };
  const target = lab.ready.hosts.hv1?.vtep ?? '';
  // Who is the next hop? The kernel's own ping finds out.
  const script = `ping -c1 -W1 ${target} >/dev/null || true; ip neigh show dev eth0`;
  const nextHop = /lladdr (\S+)/.exec(await site.shell({ node: 'rogue' }, script))?.[1];
  if (nextHop === undefined) throw new Error('the rogue has no next hop');
  const inner = frame(endpoint(site, 'red-vm2'), endpoint(site, 'red-vm1'));
  const to = { mac: nextHop, ip: target };
  const keys = await keysInUse(site);
  const vtep = lab.ready.hosts.hv2?.vtep ?? '';
  const packet = (key: number, from: string): Buffer =>
    tunnelPacket({ encapsulation, key, from: { mac: rogue.mac, ip: from }, to }, inner);
  return [...keys.map((key) => packet(key, rogue.ip)), packet(0, vtep), packet(Math.max(...keys) + 1, vtep)];
}

/** On the trunk: each id with a MAC address of no port, ids that are nobody's with a port's, two tags, and none. */
async function fromTrunk(site: Site): Promise<readonly Buffer[]> {
  const [from, to] = [endpoint(site, 'red-vm2'), endpoint(site, 'red-vm1')];
  const ids = await idsInUse(site);
  const stranger = frame({ ...from, mac: '02:00:00:00:01:99' }, to);
  return [
    ...ids.map((id) => tagged(id, stranger)),
    tagged(Math.max(...ids) + 1, frame(from, to)),
    tagged(Math.min(...ids), tagged(Math.max(...ids), frame(from, to))),
    frame(from, to),
  ];
}

/** The VLAN ids that the first host's flows take from its trunk. */
async function idsInUse({ lab }: Site): Promise<readonly number[]> {
  const rows = await lab.request<readonly string[]>('flows', { host: 'hv1', names: false });
  const ids = rows.flatMap((flow) => /table=0\b.*\bdl_vlan=(\d+)/.exec(flow)?.[1] ?? []).map(Number);
  if (ids.length === 0) throw new Error('hv1 has no VLAN');
  // 0 is no VLAN but a priority alone.
  return [...new Set(ids)].filter((id) => id > 0);
}

/** The keys of the networks: every one that has flows matches it in reg0, in whichever table. */
async function keysInUse({ lab }: Site): Promise<readonly number[]> {
  const rows = await lab.request<readonly string[]>('flows', { host: 'hv1', names: false });
  const keys = rows.flatMap((flow) => /\breg0=(0x[0-9a-f]+)/.exec(flow)?.[1] ?? []).map(Number);
  if (keys.length === 0) throw new Error('hv1 has no network');
  return [...new Set(keys)];
}

/** Forged packets sent, and how many came out at any VM. */
async function forged(site: Site, scheme: Scheme): Promise<{ readonly sent: number; readonly arrived: number }> {
  const { lab } = site;
  const names = Object.keys(lab.ready.vms);
  const outside = isSwitched(scheme) ? await fromTrunk(site) : await fromOutside(site, scheme);
  const inside = fromVm(site);
  const captures = await Promise.all(names.map((vm) => lab.request<number>('capture_start', { vm })));
  const hex = (frames: readonly Buffer[]): readonly string[] => frames.map((octets) => octets.toString('hex'));
  await lab.request('frame_send', { vm: 'red-vm1', frames: hex(inside), count: TIMES, interval: 0.01 });
  const where = isSwitched(scheme) ? { interface: TRUNK } : {};
  await lab.request('frame_send', { rogue: true, ...where, frames: hex(outside), count: TIMES, interval: 0.01 });
  await sleep(SETTLE_MS);
  const heard = await Promise.all(
    captures.map((capture) =>
      lab.request<readonly { readonly hex: string; readonly dir: string }[]>('capture_stop', { capture }),
    ),
  );
  const arrived = heard.flat().filter((f) => f.dir === 'in' && f.hex.includes(HEX_MARK)).length;
  // What a tunnel accepts from a forger's MAC teaches Open vSwitch that MAC; the lab sets the right ones again.
  await Promise.all(Object.keys(lab.ready.hosts).map((host) => lab.request('warm', { host })));
  return { sent: (inside.length + outside.length) * TIMES, arrived };
}

export async function isolation(site: Site, scheme: Scheme): Promise<Isolation> {
  const cells = await isolationMatrix(site.lab);
  const own = cells.filter(({ sameNetwork }) => sameNetwork);
  const foreign = cells.filter(({ sameNetwork }) => !sameNetwork);
  const { sent, arrived } = await forged(site, scheme);
  const { verdict, flows, seconds } = await prove({ api: site.api });
  return {
    ownPairs: own.length,
    ownReached: own.filter(({ replies }) => (replies ?? 0) > 0).length,
    foreignPairs: foreign.length,
    foreignPackets: foreign.reduce((sum, { frames }) => sum + frames, 0),
    forgedSent: sent,
    forgedArrived: arrived,
    proof: { verdict, flows, seconds },
  };
}
