/** Every kind of element of the leaf-spine fabric cut in the middle of a ping, by carrier and silently. */
import type { Outage } from './result.js';
import { spread } from './result.js';
import { type Site, sleep } from './site.js';

const ELEMENTS = ['link', 'spine', 'uplink', 'leaf'] as const;
type Element = Outage['element'];

const FROM = 'red-vm1';
const TO = 'red-vm2';
/** Pings by which the path in use is found, and the octets each of them at least is. */
const MARKERS = 60;
const MARKER_OCTETS = 100;
const CUT_MS = 1500;

/** Names of what carries the packets now: counters that grow while pings go. */
async function path({ lab }: Site): Promise<Record<Element, string>> {
  const before = await lab.request<Record<string, number>>('carried');
  await lab.request('ping', { from: FROM, to: TO, count: MARKERS, interval: 0.005 });
  const after = await lab.request<Record<string, number>>('carried');
  const busiest = (start: string): string => {
    const grown = Object.entries(after)
      .filter(([link]) => link.startsWith(start))
      .map(([link, octets]) => [link, octets - (before[link] ?? 0)] as const)
      .sort(([, a], [, b]) => b - a);
    const [link, octets] = grown[0] ?? ['', 0];
    if (octets < MARKERS * MARKER_OCTETS) throw new Error(`nothing carries the pings: ${JSON.stringify(grown)}`);
    return link;
  };
  const host = lab.ready.vms[FROM]?.host ?? '';
  const uplink = busiest(`${host}-`);
  const leaf = uplink.slice(host.length + 1);
  const link = busiest(`${leaf}-`);
  return { uplink, leaf, link, spine: link.slice(leaf.length + 1) };
}

/** The longest time without a reply, milliseconds. */
async function cutOnce(site: Site, element: Element, cut: Outage['cut']): Promise<number> {
  const { lab } = site;
  const name = (await path(site))[element];
  const stop = await site.pinging(FROM, TO);
  await sleep(200);
  await lab.request('fault', { kind: cut === 'carrier' ? 'carrier' : 'loss', element: name });
  await sleep(CUT_MS);
  const { longestGapMs } = await stop();
  await lab.request('heal', { element: name });
  await site.whole();
  return longestGapMs;
}

/** Cuts each element in use `times` times each way of `cuts`. The VMs are plugged in already. */
export async function outages(
  site: Site,
  times: number,
  progress: (what: string) => void,
  cuts: readonly Outage['cut'][] = ['carrier', 'silent'],
): Promise<readonly Outage[]> {
  await site.whole();
  const found: Outage[] = [];
  for (const element of ELEMENTS)
    for (const cut of cuts) {
      const sent = await site.flowModsSent();
      const gaps: number[] = [];
      for (let i = 0; i < times; i++) gaps.push(await cutOnce(site, element, cut));
      found.push({ element, cut, gapMs: spread(gaps), gapsMs: gaps, flowMods: (await site.flowModsSent()) - sent });
      progress(`${element} cut ${cut === 'carrier' ? 'by carrier' : 'silently'}`);
    }
  return found;
}
