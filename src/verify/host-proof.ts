/**
 * The proof of one host: the linear pass, the exact pass where that raised an alarm, and for what is left a packet that
 * the interpreter carries out. Only a packet that does it there is called a leak; what was found and cannot be shown is
 * unproven. Hosts are proved one by one: each takes from the others only what the specification says (which keys and
 * addresses are whose), and the others keep to that.
 */
import { AbstractHost, type Alarm } from './abstract.js';
import { type Cube, everything, intersect, subtractAll, type Terms } from './cube.js';
import { ExactPass, type Suspect } from './exact.js';
import { type Ingress, ingressesOf } from './ingress.js';
import { type Execution, interpret, type Output } from './interpret.js';
import {
  cameFrom,
  type Finding,
  type HostView,
  judge,
  mayComeTagged,
  mayUse,
  type Source,
  tagSource,
  tunnelSource,
} from './judge.js';
import { TCI, TCI1, TUN_ID, TUN_SRC, TUN6_SRC } from './layout.js';
import { TAG, type TunnelEnd } from './tunnel.js';
import type { AddressWords } from './underlay.js';
import { packetOf } from './witness.js';
import { TRACKED, WORDS, wordOf } from './words.js';

/** A packet that misses a goal, and everything it met. */
export interface HostLeak {
  readonly host: string;
  readonly from: string;
  readonly finding: Finding;
  /** As it came in. */
  readonly words: Int32Array;
  readonly execution: Execution;
  readonly output: Output;
}

export interface HostResult {
  readonly host: string;
  readonly leaks: readonly HostLeak[];
  /** Why it cannot be told, where it cannot. */
  readonly unproven: readonly string[];
}

/** Leaks shown of one host. */
const MOST_LEAKS = 20;
/** Packets tried for each suspect. */
const SUSPECTS = 24;

const KNOWN_ALL = new Int32Array(TRACKED).fill(-1);
/** Words that are zero in every packet that comes in. */
const ZERO_WORDS = ['packet_type', 'recirc_id', 'ct_state', 'ct_zone', 'ct_mark', 'ct_label'].map(wordOf);

/** Packets with these words, and everything else free. */
const withWords = (words: Ingress['words']): Cube => {
  const cube = everything(WORDS);
  for (const [word, value] of [...words, ...ZERO_WORDS.map((word) => [word, 0] as const)]) {
    cube[word] = value;
    cube[WORDS + word] = -1;
  }
  return cube;
};

/** Untagged packets and tagged ones: an 802.1Q tag is there as a whole or not at all. */
const tagged = (cube: Cube): readonly Cube[] =>
  [intersect(cube, [TCI, 0, -1, TCI1, 0, -1]), intersect(cube, [TCI, 0x1000, 0x1000 | ~0xffff, TCI1, 0, -1])].filter(
    (c) => c !== undefined,
  );

const addressTerms = (address: AddressWords): Terms =>
  address.length === 1 ? [TUN_SRC, address[0] as number, -1] : address.flatMap((word, i) => [TUN6_SRC + i, word, -1]);

interface Start {
  readonly source: Source;
  readonly region: readonly Cube[];
}

/** Frames of a trunk, apart by whose their tags are. */
function taggedStarts(view: HostView, end: TunnelEnd, all: readonly Cube[]): readonly Start[] {
  const starts: Start[] = [];
  let nobody: readonly Cube[] = all;
  for (const { value, owner } of end.wires.rules) {
    if (!mayComeTagged(view.spec, owner, view.dump.host)) continue;
    const terms: Terms = [TCI, TAG.present | value, TAG.both];
    starts.push({ source: cameFrom(view, owner, 'vlan'), region: all.flatMap((cube) => intersect(cube, terms) ?? []) });
    nobody = subtractAll(nobody, terms);
  }
  return [...starts, { source: { kind: 'nobody' }, region: nobody }];
}

/** Where packets of an ingress start, apart by whose they are. */
function startsOf(view: HostView, ingress: Ingress): readonly Start[] {
  const all = tagged(withWords(ingress.words));
  if (ingress.source.kind !== 'raw') return [{ source: ingress.source, region: all }];
  const end = view.ends.get(ingress.source.ofport);
  if (end?.trunk) return taggedStarts(view, end, all);
  const width: Terms = [TUN_ID, 0, ~(end?.keyMask ?? -1), TUN_ID + 1, 0, -1];
  const whole = all.flatMap((cube) => intersect(cube, width) ?? []);
  const starts: Start[] = [];
  let nobody: readonly Cube[] = whole;
  const members = new Map<string, Terms[]>();
  for (const { value, mask, owner } of end?.wires.rules ?? [])
    for (const host of view.spec.vteps.hosts) {
      const address = view.spec.vteps.address(host);
      if (address === undefined || host === view.dump.host || !mayUse(view.spec, owner, host)) continue;
      const terms = [TUN_ID, value, mask & (end?.keyMask ?? -1), ...addressTerms(address)];
      if (whole.every((cube) => intersect(cube, terms) === undefined)) continue;
      members.set(owner, [...(members.get(owner) ?? []), terms]);
      nobody = subtractAll(nobody, terms);
    }
  for (const [owner, list] of members)
    starts.push({
      source: cameFrom(view, owner, 'tunnels'),
      region: list.flatMap((terms) => whole.flatMap((cube) => intersect(cube, terms) ?? [])),
    });
  const rest: Start = { source: { kind: 'nobody' }, region: nobody };
  return ingress.rest === true ? [rest] : [...starts, rest];
}

/** Whose a packet is that came in with these words. */
export function sourceOf(view: HostView, ingress: Ingress, words: Int32Array): Source {
  if (ingress.source.kind !== 'raw') return ingress.source;
  const end = view.ends.get(ingress.source.ofport);
  if (end === undefined) return { kind: 'nobody' };
  if (end.trunk) return tagSource(view, end, words[TCI] as number, -1) ?? { kind: 'nobody' };
  const v4 = words[TUN_SRC] as number;
  const from = v4 !== 0 ? [v4] : [0, 1, 2, 3].map((i) => words[TUN6_SRC + i] as number);
  return tunnelSource(view, end, words[TUN_ID] as number, -1, from);
}

/** The first output of a packet that misses a goal. */
export function missedGoal(
  view: HostView,
  source: Source,
  execution: Execution,
): { readonly finding: Finding; readonly output: Output } | undefined {
  for (const output of execution.outputs) {
    const finding = judge(view, source, output.port, output.words, KNOWN_ALL);
    if (finding?.severity === 'leak') return { finding, output };
  }
  return undefined;
}

export class HostProof {
  readonly ingresses: readonly Ingress[];
  #kept: AbstractHost | undefined;
  #result: HostResult;

  constructor(readonly view: HostView) {
    this.ingresses = ingressesOf(view);
    this.#kept = new AbstractHost(view, this.ingresses);
    this.#result = this.#conclude();
  }

  /** Gives the memory back; the next change then proves the host anew. */
  forget(): void {
    this.#kept = undefined;
  }

  get #abstract(): AbstractHost {
    this.#kept ??= new AbstractHost(this.view, this.ingresses);
    return this.#kept;
  }

  get result(): HostResult {
    return this.#result;
  }

  /** Proves everything anew. */
  restart(): HostResult {
    this.#kept = undefined;
    this.#result = this.#conclude();
    return this.#result;
  }

  /**
   * After `view.dump.flows.add`: looks at what the flow can be met by. Where alarms had been put to rest by first match,
   * or the flow raises one, everything is proved anew.
   */
  added(flow: number): HostResult {
    if (this.#kept === undefined || this.#abstract.alarms.length > 0) return this.restart();
    const change = this.#abstract.tables.add(flow);
    if (change.is === 'same') return this.#result;
    if (change.is !== 'class') return this.restart();
    const caveats = this.#abstract.caveats.size;
    this.#abstract.applyClass(change.index);
    if (this.#abstract.alarms.length > 0 || this.#abstract.caveats.size !== caveats) return this.restart();
    return this.#result;
  }

  /** Before `view.dump.flows.remove`: fewer flows let fewer packets through, unless first match had put an alarm to rest. */
  removing(flow: number): () => HostResult {
    const trusted = this.#abstract.alarms.length === 0 && this.#abstract.caveats.size === 0;
    if (trusted) this.#abstract.tables.remove(flow);
    return () => (trusted ? this.#result : this.restart());
  }

  #conclude(): HostResult {
    const host = this.view.dump.host;
    const unproven = new Set(this.#abstract.caveats);
    const leaks: HostLeak[] = [];
    if (this.#abstract.alarms.length > 0) this.#examine(leaks, unproven);
    return { host, leaks, unproven: [...unproven].map((why) => `${host}: ${why}`) };
  }

  /** Looks into the alarms, ingress by ingress. */
  #examine(leaks: HostLeak[], unproven: Set<string>): void {
    const { classes, starts } = waysTo(this.#abstract, this.#abstract.alarms);
    const { flows } = this.view.dump;
    const known = new Map<number, boolean>();
    const follow = (flow: number): boolean => {
      let is = known.get(flow);
      if (is === undefined) {
        const found = this.#abstract.tables.classes.of(flows, flow);
        is = found !== undefined && classes.has(found.index);
        known.set(flow, is);
      }
      return is;
    };
    for (const number of starts) {
      const ingress = this.ingresses[number];
      if (ingress === undefined || leaks.length >= MOST_LEAKS) continue;
      for (const { source, region } of startsOf(this.view, ingress)) {
        const options = { view: this.view, source, follow, enough: SUSPECTS };
        const pass = new ExactPass(options);
        pass.start(region, ingress.table);
        const last = pass.gaveUp ? new ExactPass({ ...options, late: true }) : pass;
        if (last !== pass) last.start(region, ingress.table);
        if (last.gaveUp) unproven.add(`packets from ${ingress.name}: too many sets of packets to tell apart`);
        this.#confirm(ingress, source, [...pass.suspects, ...(last === pass ? [] : last.suspects)], leaks, unproven);
      }
    }
  }

  /** A leak for each finding of which a packet can be shown; what cannot be shown is unproven. */
  #confirm(
    ingress: Ingress,
    source: Source,
    suspects: readonly Suspect[],
    leaks: HostLeak[],
    unproven: Set<string>,
  ): void {
    const shown = new Set<string>();
    const open = new Map<string, Finding>();
    for (const { cube, finding } of suspects) {
      if (shown.has(finding.to)) continue;
      const leak = finding.severity === 'leak' ? this.#show(ingress, source, cube) : undefined;
      if (leak === undefined) open.set(finding.to, finding);
      else if (!shown.has(leak.finding.to)) {
        shown.add(leak.finding.to);
        leaks.push(leak);
      }
    }
    for (const [to, finding] of open)
      if (!shown.has(to))
        unproven.add(
          `from ${ingress.name}: ${finding.reason}${finding.severity === 'leak' ? '; no packet could be shown that does it' : ''}`,
        );
  }

  #show(ingress: Ingress, source: Source, cube: Cube): HostLeak | undefined {
    for (const other of [false, true]) {
      const words = packetOf(cube, other);
      if (words === undefined) continue;
      const execution = interpret(this.view.dump, words, { table: ingress.table });
      const missed = missedGoal(this.view, source, execution);
      if (missed !== undefined) return { host: this.view.dump.host, from: ingress.name, words, execution, ...missed };
    }
    return undefined;
  }
}

/** The classes and ingresses from which an alarm can be reached. */
function waysTo(
  host: AbstractHost,
  alarms: readonly Alarm[],
): { readonly classes: ReadonlySet<number>; readonly starts: ReadonlySet<number> } {
  const classes = new Set(alarms.map((alarm) => alarm.cls));
  const starts = new Set<number>();
  const seen = new Set<number>();
  const open = alarms.map((alarm) => alarm.state);
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    const origins = host.origins[state] ?? [];
    for (let i = 0; i < origins.length; i += 2) {
      const from = origins[i] as number;
      if (from < 0) starts.add(origins[i + 1] as number);
      else {
        classes.add(origins[i + 1] as number);
        open.push(from);
      }
    }
  }
  return { classes, starts };
}
