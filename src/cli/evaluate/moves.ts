/** A VM goes to every other host and back, in the middle of a ping: how long it is away, and what changes for it. */
import type { Flexibility } from './result.js';
import { spread } from './result.js';
import { type Site, sleep, until } from './site.js';
import { HOSTS } from './topology.js';

const MOVED = 'red-vm1';
const OTHER = 'red-vm2';
const SETTLE_MS = 400;

/** What other systems know the VM by. */
async function identity(site: Site): Promise<Readonly<Record<string, string>>> {
  const port = (await site.status()).ports.find(({ ifaceId }) => ifaceId === MOVED);
  const vm = site.lab.ready.vms[MOVED];
  return {
    'IP address': vm?.ips.join(' ') ?? '',
    'MAC address': vm?.mac ?? '',
    network: `${port?.tenant}/${port?.network}`,
    'tunnel key': await keyOnTheWire(site),
  };
}

/** The keys by which another host sends to the MAC address, which the VM of either tenant has, as its flows say it. */
async function keyOnTheWire({ lab }: Site): Promise<string> {
  const rows = await lab.request<readonly string[]>('flows', { host: 'hv2', names: false });
  const keys = rows
    .filter((flow) => /table=30\b/.test(flow) && flow.includes('dl_dst=02:00:00:00:01:01'))
    .flatMap((flow) => /set_field:(\w+)->(?:tun_id|vlan_vid)/.exec(flow)?.[1] ?? []);
  // The switch lists its flows in any order.
  return keys.sort().join(' ') || 'none';
}

/** `rounds` times to each other host and back to the first. The VMs are plugged in already. */
export async function moves(site: Site, rounds: number): Promise<Flexibility> {
  const before = await identity(site);
  const gaps: number[] = [];
  for (let round = 0; round < rounds; round++)
    for (const host of [...HOSTS.slice(1), HOSTS[0]]) {
      const stop = await site.pinging(OTHER, MOVED);
      await sleep(SETTLE_MS);
      await site.lab.request('move', { vm: MOVED, host });
      await sleep(SETTLE_MS);
      gaps.push((await stop()).longestGapMs);
    }
  await until(`${MOVED} to be installed`, async () => {
    const port = (await site.status()).ports.find(({ ifaceId }) => ifaceId === MOVED);
    return port?.state === 'installed' && port.host === HOSTS[0];
  });
  const after = await identity(site);
  const changed = Object.keys(before).filter((key) => before[key] !== after[key]);
  return { moves: gaps.length, gapMs: spread(gaps), changed };
}
