/**
 * What a VLAN scheme asks of the switches: the lab's one trunk switch becomes two with two links between them, as one
 * would build it against failures. Without a spanning tree the second link is a loop, whose copies are counted; with RSTP
 * it is blocked until the first fails. Built here, beside the controller, which sees only the hosts' ends.
 *
 *   hv1, rogue ── br-vlan ══ (a, b) ══ br-vlan2 ── hv2, hv3
 */
import { broadcastFrame } from './forged-frames.js';
import type { Outage, SwitchFaults, SwitchOutage } from './result.js';
import { spread } from './result.js';
import { type Site, sleep, until } from './site.js';

/** The node with the switches (mininet/kakuri_lab/trunk.py). */
const NODE = 'vlans';
const SECOND = 'br-vlan2';
const LINKS = ['a', 'b'] as const;
type Link = (typeof LINKS)[number];

const FROM = 'red-vm1';
const TO = 'red-vm2';
/** How long a failure is looked at that nothing mends, and a loop, milliseconds. */
const LOOK_MS = 3000;
const LOOP_MS = 1000;
/** Frames sent to everybody where there is a loop. */
const BROADCAST_FRAMES = 5;
/** RSTP needs six seconds to miss three hellos (IEEE 802.1D-2004 clause 17); twice that. */
const PATIENCE_MS = 12_000;

const shell = (site: Site, script: string): Promise<string> =>
  site.shell({ node: NODE }, `set -e\nexport OVS_RUNDIR=${site.lab.ready.dir}/${NODE}\n${script}`, 60);

/** Ports at both ends of a link. */
const ends = (link: Link): readonly [string, string] => [`${link}1`, `${link}2`];

/** Link a first, and b only where a spanning tree keeps it from being a loop. */
const BUILD = `for l in ${LINKS.join(' ')}; do
  ip link add \${l}1 type veth peer name \${l}2
  for e in 1 2; do ip link set \${l}$e up; ethtool -K \${l}$e tx off >/dev/null; done
done
ovs-vsctl del-port br-vlan p2 -- del-port br-vlan p3 \\
  -- add-br ${SECOND} -- set Bridge ${SECOND} datapath_type=netdev fail_mode=standalone rstp_enable=true \\
  -- set Bridge br-vlan rstp_enable=true \\
  -- add-port ${SECOND} p2 -- add-port ${SECOND} p3
for p in p1 p2 p3 rogue; do ovs-vsctl set Port $p other_config:rstp-port-admin-edge=true; done
ovs-vsctl add-port br-vlan a1 -- add-port ${SECOND} a2 -- add-port br-vlan b1 -- add-port ${SECOND} b2`;

/** The same switches without a spanning tree (new ones: ports of ovs-vswitchd 3.1 stay closed where RSTP is turned off). */
const LOOP = `ip link set b1 down
ovs-vsctl del-br br-vlan -- del-br ${SECOND}
ovs-vsctl add-br br-vlan -- set Bridge br-vlan datapath_type=netdev fail_mode=standalone \
  -- add-port br-vlan p1 -- add-port br-vlan a1 -- add-port br-vlan b1 \
  -- add-br ${SECOND} -- set Bridge ${SECOND} datapath_type=netdev fail_mode=standalone \
  -- add-port ${SECOND} p2 -- add-port ${SECOND} p3 -- add-port ${SECOND} a2 -- add-port ${SECOND} b2`;

/** RSTP's state of each end of the links between the switches. */
async function states(site: Site): Promise<ReadonlyMap<string, string>> {
  const names = LINKS.flatMap(ends);
  const text = await shell(
    site,
    names.map((n) => `ovs-vsctl --if-exists get Port ${n} rstp_status:rstp_port_state`).join('\n'),
  );
  return new Map(
    text
      .trim()
      .split('\n')
      .map((state, i) => [names[i] as string, state.replaceAll('"', '')]),
  );
}

/** The links over which frames go both ways now. */
async function forwarding(site: Site): Promise<readonly Link[]> {
  const found = await states(site);
  return LINKS.filter((link) => ends(link).every((end) => found.get(end) === 'Forwarding'));
}

const reached = async (site: Site): Promise<boolean> =>
  (await site.ping(FROM, TO, { count: 3, timeout: 0.3 })).received === 3;

/** Waits until one link carries frames, the other is blocked, and VMs on both switches reach each other. */
const whole = (site: Site): Promise<void> =>
  until('the spanning tree to be whole', async () => {
    const found = [...(await states(site)).values()];
    const blocked = found.filter((state) => state === 'Discarding').length;
    return blocked === 1 && found.filter((state) => state === 'Forwarding').length === 3 && (await reached(site));
  });

const dropAll = (port: string): string =>
  `nft add table netdev cut_${port}
nft 'add chain netdev cut_${port} out { type filter hook egress device "${port}" priority 0; policy drop; }'`;

interface Cut {
  readonly cut: string;
  readonly mend: string;
}

/** Cuts the links of these ports in the namespace of the switches; `far` where both ends of a link are here. */
function cutting(ports: readonly string[], cut: Outage['cut']): Cut {
  if (cut === 'carrier')
    return {
      cut: ports.map((port) => `ip link set ${port} down`).join('\n'),
      mend: ports.map((port) => `ip link set ${port} up`).join('\n'),
    };
  return {
    cut: ports.map(dropAll).join('\n'),
    mend: ports.map((port) => `nft delete table netdev cut_${port}`).join('\n'),
  };
}

/** The ports that fail with an element. The end of a host's link that is on the host is silent with it. */
async function portsOf(site: Site, element: SwitchOutage['element']): Promise<readonly string[]> {
  if (element === 'uplink') return ['p1'];
  if (element === 'switch') return ['p2', 'p3', ...LINKS.flatMap(ends)];
  const [used] = await forwarding(site);
  if (used === undefined) throw new Error('no link carries frames between the switches');
  return ends(used);
}

/** Cuts once; the longest time without a reply, and whether traffic went on by itself. */
async function cutOnce(
  site: Site,
  element: SwitchOutage['element'],
  cut: Outage['cut'],
): Promise<readonly [number, boolean]> {
  const { cut: begin, mend } = cutting(await portsOf(site, element), cut);
  const stop = await site.pinging(FROM, TO);
  await sleep(200);
  await shell(site, begin);
  const patience = element === 'link' ? PATIENCE_MS : LOOK_MS;
  const start = performance.now();
  let heals = false;
  await sleep(100);
  while (!heals && performance.now() - start < patience) heals = await reached(site);
  await sleep(200);
  const { longestGapMs } = await stop();
  await shell(site, mend);
  await whole(site);
  return [heals ? longestGapMs : performance.now() - start, heals];
}

async function outage(
  site: Site,
  element: SwitchOutage['element'],
  cut: Outage['cut'],
  times: number,
): Promise<SwitchOutage> {
  const sent = await site.flowModsSent();
  const gaps: number[] = [];
  let heals = true;
  for (let i = 0; i < times; i++) {
    const [gap, healed] = await cutOnce(site, element, cut);
    gaps.push(gap);
    heals &&= healed;
  }
  return { element, cut, gapMs: spread(gaps), gapsMs: gaps, heals, flowMods: (await site.flowModsSent()) - sent };
}

/** Frames that a VM has received (proc(5), net/dev). */
async function receivedBy(site: Site, vm: string): Promise<number> {
  const line = /eth0:\s*\d+\s+(\d+)/.exec(await site.shell({ vm }, 'cat /proc/net/dev'));
  return Number(line?.[1]);
}

/** Takes the spanning tree away, sends a few broadcast frames once each, and ends the loop by a cut of the second link. */
async function loop(site: Site): Promise<SwitchFaults['loop']> {
  const vm = site.lab.ready.vms[FROM];
  const octets = broadcastFrame({ mac: vm?.mac ?? '', ip: vm?.ips[0] ?? '' });
  await shell(site, LOOP);
  await until('the VMs to reach each other without a spanning tree', () => reached(site));
  await shell(site, 'ip link set b1 up');
  const before = await receivedBy(site, TO);
  const start = performance.now();
  await site.lab.request('frame_send', {
    vm: FROM,
    frames: [octets.toString('hex')],
    count: BROADCAST_FRAMES,
    interval: 0.01,
  });
  await sleep(LOOP_MS);
  await shell(site, 'ip link set b1 down');
  const ms = performance.now() - start;
  return { sent: BROADCAST_FRAMES, copies: (await receivedBy(site, TO)) - before, ms };
}

/** Builds the second switch, and measures `times` cuts of each element each way. The VMs are plugged in already. */
export async function switchFaults(
  site: Site,
  times: number,
  progress: (what: string) => void,
  cuts: readonly Outage['cut'][] = ['carrier', 'silent'],
  elements: readonly SwitchOutage['element'][] = ['link', 'uplink', 'switch'],
): Promise<SwitchFaults> {
  await shell(site, BUILD);
  await whole(site);
  const blocked = LINKS.length - (await forwarding(site)).length;
  const outages: SwitchOutage[] = [];
  for (const element of elements)
    for (const cut of cuts) {
      outages.push(await outage(site, element, cut, times));
      progress(`${element} cut ${cut === 'carrier' ? 'by carrier' : 'silently'}`);
    }
  const copies = await loop(site);
  progress('a loop without a spanning tree');
  return { links: LINKS.length, blocked, outages, loop: copies };
}

/** For measures of speed: a switch of the kernel's takes the place of the lab's, as between the hosts that have tunnels. */
export const KERNEL_SWITCH = `ovs-vsctl del-br br-vlan
ip link add br0 type bridge mcast_snooping 0
for p in p1 p2; do ip link set $p master br0; done
ip link set br0 up`;

export const bridgeTrunks = (site: Site): Promise<string> => shell(site, KERNEL_SWITCH);
