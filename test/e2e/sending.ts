/** Rows of frames that a VM sends, and who must receive them: sent and recorded together, told apart by a mark in each. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type Installation, sleep } from './installation.js';

export interface Row {
  /** What it is, for people; also what its mark is made from. */
  readonly what: string;
  readonly frame: (mark: Buffer) => Buffer;
  /** The VMs that receive it, once each; or the reason for which it is dropped. */
  readonly to: readonly string[] | { readonly dropped: string };
}

export const COUNT = 3;

/** What the kernel of a VM also does now and then: it looks for routers, and for its own addresses. */
const OF_KERNELS: readonly string[] = ['router_solicitation', 'nd_announcement'];

/** Eight octets that nothing else contains. */
export const markOf = (what: string): Buffer => createHash('sha256').update(what).digest().subarray(0, 8);

/**
 * Sends every row from a VM, COUNT times, while all others record. Checks that each arrived where it must and nowhere
 * else, and that the host's drop counters grew by exactly the rows that must be dropped there.
 */
export async function sendAll(net: Installation, vm: string, host: string, rows: readonly Row[]): Promise<void> {
  const others = Object.keys(net.lab.ready.vms).filter((name) => name !== vm);
  let heard: (readonly [string, readonly string[]])[] = [];
  const drops = await net.dropped(host, async () => {
    const stops = await Promise.all(others.map(async (v) => [v, await net.lab.capture({ vm: v })] as const));
    await net.lab.sendFrames(
      { vm },
      rows.map(({ what, frame }) => frame(markOf(what))),
      { count: COUNT },
    );
    await sleep(300);
    heard = await Promise.all(
      stops.map(async ([v, stop]) => [v, (await stop()).filter((f) => f.dir === 'in').map((f) => f.hex)] as const),
    );
  });
  for (const { what, to } of rows) {
    const mark = markOf(what).toString('hex');
    const got = heard.flatMap(([v, frames]) => frames.filter((hex) => hex.includes(mark)).map(() => v));
    const wanted = 'dropped' in to ? [] : to.flatMap((v) => Array<string>(COUNT).fill(v));
    expect(got.sort(), what).to.deep.equal([...wanted].sort());
  }
  const wanted: Record<string, number> = {};
  for (const { to } of rows) if ('dropped' in to) wanted[to.dropped] = (wanted[to.dropped] ?? 0) + COUNT;
  const quiet = (counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(counts).filter(([reason]) => !OF_KERNELS.includes(reason)));
  expect(quiet(drops)).to.deep.equal(quiet(wanted));
  for (const reason of OF_KERNELS) expect(drops[reason] ?? 0, reason).to.be.at.least(wanted[reason] ?? 0);
}
