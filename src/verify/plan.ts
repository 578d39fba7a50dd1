/**
 * What a change of the topology will do, before it is done: per host in objects and in flows, which pairs of ports gain
 * or lose each other, and the proof of the result. Pure: from the topology in effect, the one that is meant, and what
 * the hosts hold now.
 */
import type { DesiredState } from '../desired/index.js';
import { changeText, type Topology, topologyChanges } from '../topology/index.js';
import { contentLines } from './diff-dumps.js';
import { type FlowChanges, flowChanges } from './flow-changes.js';
import type { HostDump } from './model.js';
import { hostOfDump, isOtherBridge } from './other-bridges.js';
import { predict } from './predict.js';
import { type Pair, pairOf, Reachability } from './reachability.js';
import { kakuriReasons } from './reasons.js';
import { kakuriSpec } from './spec.js';
import { type Proof, verify } from './verify.js';

export interface HostPlan {
  readonly name: string;
  /** Flows as ovs-ofctl prints them, with names of ports. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Flows that do something else from then on; `was` has what each did, in the same order. */
  readonly modify: readonly string[];
  readonly was: readonly string[];
  /** Tunnel ports, groups and meters that come and go; what stands behind it, in words. */
  readonly others: readonly string[];
  readonly words: readonly string[];
  /** What the host is not given, and why. */
  readonly warnings: readonly string[];
  /** All that it holds now, a line each, sorted: what must be so still when the plan is applied. */
  readonly holds: readonly string[];
}

export interface Plan {
  /** Objects of the topology, a line each. */
  readonly changes: readonly string[];
  /** Only hosts that change. */
  readonly hosts: readonly HostPlan[];
  readonly gained: readonly Pair[];
  readonly lost: readonly Pair[];
  /** Networks with so many pairs that they were not followed. */
  readonly notFollowed: readonly string[];
  readonly proof: Proof;
}

/** Pairs of ports of one network that are followed at most. */
const MOST_PAIRS = 20_000;

const dumpNamed = (dumps: readonly HostDump[], host: string): HostDump | undefined =>
  dumps.find((dump) => dump.host === host && !isOtherBridge(dump));

/** `port red/web/red-vm1: 12 added, 2 removed (first: …)`: the flows by the object that needs them. */
function wordsOf(changes: FlowChanges, desired: DesiredState | undefined, gone: (flow: number) => string): string[] {
  const counts = new Map<string, { come: number; go: number; other: number; why: string }>();
  const count = (owner: string, what: 'come' | 'go' | 'other', why: string): void => {
    const known = counts.get(owner) ?? { come: 0, go: 0, other: 0, why };
    known[what] += 1;
    counts.set(owner, known);
  };
  const wanted = (flow: number) => desired?.flows[flow];
  for (const { flow } of changes.added) count(wanted(flow)?.owner.id ?? 'foreign', 'come', wanted(flow)?.why ?? '');
  for (const { flow } of changes.modified) count(wanted(flow)?.owner.id ?? 'foreign', 'other', wanted(flow)?.why ?? '');
  for (const { flow } of changes.removed) count(gone(flow), 'go', '');
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([owner, { come, go, other, why }]) => {
      const parts = [
        ...(come > 0 ? [`${come} added`] : []),
        ...(other > 0 ? [`${other} modified`] : []),
        ...(go > 0 ? [`${go} removed`] : []),
      ];
      return `${owner}: ${parts.join(', ')}${why === '' ? '' : ` (first: ${why})`}`;
    });
}

/** Lines of ports, groups and meters only one side has. */
function othersOf(now: HostDump | undefined, then: HostDump | undefined): readonly string[] {
  const [before, after] = [now, then].map((dump) => new Set(contentLines(dump, { flows: false, numbers: false })));
  const only = (a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined, sign: string): string[] =>
    [...(a ?? [])].filter((line) => b?.has(line) !== true).map((line) => `${sign} ${line}`);
  return [...only(before, after, '-'), ...only(after, before, '+')].sort();
}

interface Sides {
  readonly before: Topology;
  readonly after: Topology;
  readonly now: readonly HostDump[];
  readonly predicted: readonly HostDump[];
  readonly desired: ReadonlyMap<string, DesiredState>;
}

function hostPlans({ before, now: dumps, predicted, desired }: Sides): readonly HostPlan[] {
  const reasons = kakuriReasons(before, dumps);
  return [...desired].flatMap(([name, state]): readonly HostPlan[] => {
    const [now, then] = [dumpNamed(dumps, name), dumpNamed(predicted, name)];
    const changes = flowChanges(now, then);
    const others = othersOf(now, then);
    const texts = (list: FlowChanges[keyof FlowChanges]): string[] => list.map(({ text }) => text);
    if (changes.added.length + changes.removed.length + changes.modified.length + others.length === 0) return [];
    return [
      {
        name,
        add: texts(changes.added).sort(),
        remove: texts(changes.removed).sort(),
        modify: texts(changes.modified),
        was: changes.modified.map(({ was }) => was),
        others,
        words: wordsOf(changes, state, (flow) => reasons(name, flow).owner),
        warnings: [...state.warnings, ...state.excesses],
        holds: [...contentLines(now)].sort(),
      },
    ];
  });
}

/** The networks of which a pair may gain or lose: those that changed, and those of which a host's flows change. */
function touched({ before, after, desired }: Sides, hosts: readonly HostPlan[]): ReadonlySet<string> {
  const objects = topologyChanges(before, after).filter(({ kind }) => kind === 'network' || kind === 'port');
  const found = new Set(objects.map(({ name }) => name.split('/').slice(0, 2).join('/')));
  for (const { name, words } of hosts)
    for (const { owner } of desired.get(name)?.flows ?? [])
      if (owner.network !== undefined && words.some((line) => line.startsWith(`${owner.id}:`)))
        found.add(owner.network);
  return found;
}

/** What each network's pairs gain and lose. */
function reachabilityChanges(
  sides: Sides,
  networks: ReadonlySet<string>,
): Pick<Plan, 'gained' | 'lost' | 'notFollowed'> {
  const [now, then] = [new Reachability(sides.before, sides.now), new Reachability(sides.after, sides.predicted)];
  const gained: Pair[] = [];
  const lost: Pair[] = [];
  const notFollowed: string[] = [];
  for (const network of [...networks].sort()) {
    if (Math.max(now.size(network), then.size(network)) > MOST_PAIRS) {
      notFollowed.push(network);
      continue;
    }
    const [was, is] = [now.within(network), then.within(network)];
    gained.push(...[...is].filter((pair) => !was.has(pair)).map(pairOf));
    lost.push(...[...was].filter((pair) => !is.has(pair)).map(pairOf));
  }
  return { gained, lost, notFollowed };
}

/** The plan from what the hosts hold now (`dumps`, with the topology `before` in effect) to `after`. */
export function planOf(before: Topology, after: Topology, dumps: readonly HostDump[]): Plan {
  const { dumps: all, desired } = predict(before, after, dumps);
  const known = new Set(after.hosts.map(({ name }) => name));
  // Of a host that is no longer named nothing is taken away, and nothing is known.
  const predicted = all.filter((dump) => known.has(hostOfDump(dump)));
  const sides = { before, after, now: dumps, predicted, desired };
  const hosts = hostPlans(sides);
  return {
    changes: topologyChanges(before, after).map(changeText),
    hosts,
    ...reachabilityChanges(sides, touched(sides, hosts)),
    proof: verify(predicted, kakuriSpec(after, predicted), kakuriReasons(after, predicted)),
  };
}
