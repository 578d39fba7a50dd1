/**
 * Whether the paths between hosts work, and whose packets a failing one carries. On a mesh's tunnels BFD says so; into the
 * flow-based ones, which have no BFD, the controller sends probes from one host, and the other hands them up. A probe's
 * time is by the controller's own clock, and so has the connections to both hosts in it.
 */
import { randomBytes } from 'node:crypto';
import { type Bound, carriedBy, type FlowPath, flowPaths, type HostRows } from '../desired/index.js';
import { UDP_PROBE } from '../pipeline/index.js';
import { LEAST_PROBE, PROBE_ID, probeFrame, probeId } from '../services/index.js';
import type { HostLink } from '../session/index.js';
import { overhead, underlayFamily } from '../topology/index.js';
import type { Log } from './options.js';
import { type PathHealth, PathHistory, type Probed } from './path-history.js';
import type { State } from './state.js';

/** Probes that the controller sends in a second at most, over all paths; with more paths each is probed less often. */
const BUDGET = 200;
/** A probe that takes longer is lost, milliseconds. */
const LOST_MS = 1000;
/** After how long something that is not as it was is looked at again, milliseconds. */
const SOON_MS = 1000;
/** How often it is seen which paths there are, milliseconds. */
const PATHS_EVERY_MS = 5000;

export interface PathStatus {
  readonly from: string;
  readonly to: string;
  readonly tunnel: string;
  readonly by: 'bfd' | 'probes';
  readonly state: PathHealth;
  /** Of the last ten probes, 0 to 1. */
  readonly loss?: number;
  readonly latencyMs?: number;
  /** The largest packet of the underlay that arrives, octets. */
  readonly mtu?: number;
  /** Where it is not `up`: who has networks that need it. */
  readonly tenants: readonly string[];
}

export interface PathOptions {
  /** How often each is probed, milliseconds; 0: never. */
  readonly everyMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly link: (host: string) => HostLink | undefined;
  /** True where the host has the flows it should have. */
  readonly isReady: (host: string) => boolean;
}

/** A round of probes under way. */
interface Round {
  readonly sentAt: number;
  readonly sizes: readonly number[];
  /** By size, milliseconds. */
  readonly came: Map<number, number>;
}

interface Probing {
  readonly path: FlowPath;
  readonly history: PathHistory;
  /** Octets that the underlay adds to a probe's IP packet. */
  readonly header: number;
  told: PathHealth;
  due: number;
  round?: Round;
}

const nameOf = ({ from, to, tunnel }: Pick<PathStatus, 'from' | 'to' | 'tunnel'>): string => `${from} ${to} ${tunnel}`;

export class Paths {
  /** How often `tick` is to be called, milliseconds. */
  readonly tickMs: number;
  readonly #options: PathOptions;
  #probing = new Map<string, Probing>();
  readonly #underWay = new Map<string, { readonly probing: Probing; readonly octets: number; readonly round: Round }>();
  readonly #seen = new WeakSet<HostRows>();
  readonly #bfd = new Map<string, boolean>();
  #bound: Bound | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PathOptions) {
    this.#options = options;
    this.tickMs = options.everyMs > 0 ? Math.min(SOON_MS, Math.max(options.everyMs, 50)) : SOON_MS;
  }

  /** Ends the rounds whose time is over, begins those that are due, and tells of what has changed. */
  tick(state: State): void {
    this.#lookAtBfd(state);
    if (this.#options.everyMs <= 0) return;
    const now = this.#options.now();
    this.#find(state, now);
    let left = Math.max(1, Math.floor((BUDGET * this.tickMs) / 1000));
    for (const probing of this.#probing.values()) {
      this.#endRound(probing, now, state);
      if (left <= 0 || probing.round !== undefined || probing.due > now) continue;
      const sent = this.#begin(probing, state);
      if (sent === 0) continue;
      left -= sent;
      // Whoever was probed goes to the end, so that a budget that is not enough is shared.
      const name = nameOf(probing.path);
      this.#probing.delete(name);
      this.#probing.set(name, probing);
    }
  }

  /** A probe came to this host. One that was never sent, or for another, says nothing. */
  arrived(host: string, frame: Buffer): void {
    const id = probeId(frame);
    const sent = id === undefined ? undefined : this.#underWay.get(id);
    if (id === undefined || sent === undefined || sent.probing.path.to !== host) return;
    this.#underWay.delete(id);
    sent.round.came.set(sent.octets, this.#options.now() - sent.round.sentAt);
  }

  /** All paths, as `status` tells of them. */
  list({ bound }: State): readonly PathStatus[] {
    const probed = [...this.#probing.values()].map(({ path, history, header }): PathStatus => {
      const { health: state, loss, latencyMs, largest } = history;
      const { from, to, tunnel } = path;
      return {
        ...{ from, to, tunnel, by: 'probes', state },
        ...(state === 'unknown' ? {} : { loss }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
        ...(largest === undefined ? {} : { mtu: largest + header }),
        tenants: state === 'up' || state === 'unknown' ? [] : tenantsOf(bound, path),
      };
    });
    const watched = [...bound.index.hosts.keys()].flatMap((from) =>
      [...this.#watched(bound, from)].map(([path, works]): PathStatus => {
        const state = works ? 'up' : 'down';
        return { ...path, by: 'bfd', state, tenants: works ? [] : tenantsOf(bound, path) };
      }),
    );
    return [...watched, ...probed];
  }

  /** The tunnels of a host whose BFD says something. */
  *#watched(bound: Bound, from: string): Iterable<readonly [Pick<PathStatus, 'from' | 'to' | 'tunnel'>, boolean]> {
    const rows = this.#options.link(from)?.rows();
    if (rows === undefined) return;
    const peers = new Map(bound.index.tunnels(from).map(({ name, peer }) => [name, peer?.name]));
    for (const { name, bfdForwarding } of rows.interfaces) {
      const to = bfdForwarding === undefined ? undefined : peers.get(name);
      if (to !== undefined && bfdForwarding !== undefined) yield [{ from, to, tunnel: name }, bfdForwarding];
    }
  }

  /** Tells of BFD that says another thing than before. Rows that did not change are not looked through. */
  #lookAtBfd({ bound }: State): void {
    for (const from of bound.index.hosts.keys()) {
      const rows = this.#options.link(from)?.rows();
      if (rows === undefined || this.#seen.has(rows)) continue;
      this.#seen.add(rows);
      for (const [path, works] of this.#watched(bound, from)) {
        const before = this.#bfd.get(nameOf(path));
        this.#bfd.set(nameOf(path), works);
        // A tunnel is down until both ends have heard each other: only what was up has failed.
        if (before !== undefined && before !== works) this.#tell(path, works ? 'up' : 'down', bound, {});
      }
    }
  }

  #tell(path: Pick<PathStatus, 'from' | 'to' | 'tunnel'>, state: PathHealth, bound: Bound, more: object): void {
    const { from, to, tunnel } = path;
    const fields = { from, to, tunnel, state, ...more };
    if (state === 'up') this.#options.log.info(fields, 'path works again');
    else this.#options.log.warn({ ...fields, tenants: tenantsOf(bound, path) }, 'path fails');
  }

  /** Which paths there are; what is known of them stays. */
  #find({ bound }: State, now: number): void {
    if (bound === this.#bound || now - this.#lookedAt < Math.min(PATHS_EVERY_MS, this.#options.everyMs)) return;
    this.#bound = bound;
    this.#lookedAt = now;
    const { underlay, hosts } = bound.index.topology;
    const family = underlayFamily(hosts);
    const next = new Map<string, Probing>();
    const found = flowPaths(bound);
    const known = new Set(found.map(nameOf));
    // In the order of their turns.
    for (const [name, probing] of this.#probing) if (known.has(name)) next.set(name, probing);
    for (const path of found) {
      if (next.has(nameOf(path))) continue;
      const header = overhead(path.encapsulation, family);
      const history = new PathHistory(LEAST_PROBE, underlay.mtu - header);
      next.set(nameOf(path), { path, history, header, told: 'unknown', due: now });
    }
    this.#probing = next;
  }

  /** Both ends have what they need, so that what is lost was lost between them. */
  #canProbe({ from, to }: FlowPath): boolean {
    return [from, to].every(
      (host) => this.#options.isReady(host) && this.#options.link(host)?.switchPorts() !== undefined,
    );
  }

  /** Sends a round; how many probes it had. */
  #begin(probing: Probing, { world, bound }: State): number {
    const { path, history } = probing;
    const ofport = world.facts.get(path.from)?.tunnels.find(({ name }) => name === path.tunnel)?.ofport;
    const vtep = bound.index.hosts.get(path.to)?.vtep;
    const link = this.#options.link(path.from);
    if (ofport === undefined || vtep === undefined || link?.probe === undefined || !this.#canProbe(path)) return 0;
    const sizes = history.sizes();
    const round: Round = { sentAt: this.#options.now(), sizes, came: new Map() };
    probing.round = round;
    for (const octets of sizes) {
      const id = randomBytes(PROBE_ID);
      this.#underWay.set(id.toString('hex'), { probing, octets, round });
      const way = { tunnel: { name: path.tunnel, ofport }, encapsulation: path.encapsulation, vtep };
      link.probe(way, probeFrame(id, octets, UDP_PROBE));
    }
    return sizes.length;
  }

  /** Takes in a round of which all has come, or whose time is over. */
  #endRound(probing: Probing, now: number, { bound }: State): void {
    const { round, history, path } = probing;
    if (round === undefined) return;
    const whole = round.came.size === round.sizes.length;
    if (!whole && now - round.sentAt < LOST_MS) return;
    delete probing.round;
    for (const [id, { round: of }] of whole ? [] : this.#underWay) if (of === round) this.#underWay.delete(id);
    probing.due = round.sentAt + this.#options.everyMs;
    // Where an end went away meanwhile nothing is known of the path.
    if (!this.#canProbe(path)) return;
    const probed = round.sizes.map((octets): Probed => {
      const ms = round.came.get(octets);
      return ms === undefined ? { octets } : { octets, ms };
    });
    history.round(probed);
    if (history.unsettled) probing.due = round.sentAt + Math.min(this.#options.everyMs, SOON_MS);
    const { health, loss, largest } = history;
    // Of a path MTU is told when it is known.
    if (health === probing.told || (health === 'mtu' && history.searching)) return;
    const first = probing.told === 'unknown';
    probing.told = health;
    if (health === 'unknown' || (first && health === 'up')) return;
    const mtu = largest === undefined ? {} : { mtu: largest + probing.header };
    this.#tell(path, health, bound, { loss, ...mtu });
  }
}

const tenantsOf = (
  bound: Bound,
  { from, to, tunnel }: Pick<PathStatus, 'from' | 'to' | 'tunnel'>,
): readonly string[] => [...new Set(carriedBy(bound, from, to, tunnel).map(({ tenant }) => tenant))];
