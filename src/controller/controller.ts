/**
 * The controller: streams of snapshots, and the only place where rxjs lives.
 *
 *   topology, facts, confirmations, rechecks ─► scan(reduce) ─► state ─► for each host: conflateMap(one pass) ─► results
 *        ▲                                                                                      │
 *        └──────────────────────── facts and confirmations a pass found ◄───────────────────────┘
 *
 * A host is looked at when an event concerns it, one pass at a time, always with the newest state; one slow or dead host
 * delays no other. A failed pass is a value of its host's stream, never an error of all.
 */
import {
  defer,
  distinctUntilChanged,
  from,
  interval,
  map,
  merge,
  type Observable,
  Subject,
  type Subscription,
  share,
  startWith,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { type Confirmed, rememberingFlowsOf } from '../desired/index.js';
import type { HostLink, RefusedPeer } from '../session/index.js';
import type { Host, Topology } from '../topology/index.js';
import { Answers } from './answers.js';
import { closings } from './closings.js';
import { conflateMap } from './conflate-map.js';
import { RecentlyCounted } from './counters.js';
import { type Happened, happenings, portMarks } from './feedback.js';
import { GatewayChanges } from './gateway-changes.js';
import { Latency } from './latency.js';
import { logChange } from './log-change.js';
import { HostLook, type Look } from './look.js';
import { type Memory, NOTHING_KNOWN } from './memory.js';
import type { ControllerOptions, HostReport } from './options.js';
import { Paths } from './paths.js';
import { PreparedPorts } from './prepared-ports.js';
import { type PassResult, reconcileHost } from './reconcile.js';
import { type Event, initialState, type State } from './state.js';
import { Turns, type Urgency } from './turns.js';

/** Milliseconds before a pass that failed is tried again. */
const RETRY_MS = 1000;
/** Milliseconds before looking again at a host whose rows or tables just changed under the pass. */
const AGAIN_MS = 20;

interface HostRun {
  readonly link: HostLink;
  readonly look: HostLook;
  readonly gateways: GatewayChanges;
  readonly subscription: Subscription;
}

/** True when what was known of a host says this already; states that did not change have the same values (desired/). */
const says = (known: Confirmed | undefined, told: Confirmed): boolean =>
  known !== undefined &&
  known.ports === told.ports &&
  known.peers === told.peers &&
  known.sends === told.sends &&
  (told.held === undefined ||
    (known.held?.generation === told.held.generation &&
      known.held.numbers === told.held.numbers &&
      known.held.remotes === told.held.remotes));

export class Controller {
  /** What the switches count, read when it is asked for. */
  readonly counted = new RecentlyCounted();
  /** How long changes take. */
  readonly latency: Latency;
  /** Whether the paths between hosts work. */
  readonly paths: Paths;
  readonly #options: ControllerOptions;
  readonly #events = new Subject<Event>();
  readonly #stopped = new Subject<void>();
  readonly #happened$: Observable<Happened>;
  readonly #state$: Observable<State>;
  readonly #hosts = new Map<string, HostRun>();
  readonly #reports = new Map<string, HostReport>();
  readonly #memories = new Map<string, Memory>();
  readonly #turns = new Turns();
  readonly #flowsOf = rememberingFlowsOf();
  readonly #prepared = new PreparedPorts(rememberingFlowsOf());
  /** Number of the last event that concerned each host, and of the last that a finished pass has seen. */
  readonly #concerned = new Map<string, number>();
  /** Number of the last event that may have changed what the host should hold. */
  readonly #news = new Map<string, number>();
  readonly #seen = new Map<string, number>();
  /** Hosts about to be looked at. */
  readonly #changed = new Set<string>();
  /** What begins a pass over each host. */
  readonly #looks = new Map<string, Subject<Urgency>>();
  /** Hosts whose rows changed in something that tells nothing new, to be looked through. */
  readonly #unclear = new Set<string>();
  /** Called after each pass; the CLI's `--once` waits for it. */
  readonly #listeners = new Set<() => void>();
  #state: State;
  #eventCount = 0;
  /** Number of the last event that let hosts be judged that nobody could. */
  #judgeable = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.latency = new Latency(options.now);
    this.paths = new Paths({
      everyMs: options.probeEveryMs ?? 0,
      now: options.now,
      log: options.log,
      link: (name) => this.link(name),
      isReady: (name) => this.#goesWell(name),
    });
    this.#state = initialState(options.topology);
    this.#happened$ = happenings(this.#events, this.#state);
    this.#state$ = this.#happened$.pipe(
      map(({ state }) => state),
      tap((state) => {
        this.#state = state;
        this.#eventCount += 1;
        if (state.judgeable) this.#judgeable = this.#eventCount;
        for (const host of this.#concernedBy(state)) {
          this.#concerned.set(host, this.#eventCount);
          this.latency.began(host);
          if (state.news) this.#news.set(host, this.#eventCount);
        }
      }),
      takeUntil(this.#stopped),
      share(),
    );
  }

  /** Connects to every host of the topology and begins. */
  start(): void {
    this.#state$
      .pipe(
        map((state) => state.world.topology),
        startWith(this.#state.world.topology),
        distinctUntilChanged(),
      )
      .subscribe((topology) => this.#followHosts(topology));
    this.#state$.subscribe((state) => this.#begin(state));
    interval(this.paths.tickMs)
      .pipe(takeUntil(this.#stopped))
      .subscribe(() => this.paths.tick(this.#state));
    closings(this.#state$).subscribe((event) => this.#events.next(event));
    const { now } = this.#options;
    const marking = { happened$: this.#happened$, link: (name: string) => this.link(name), now };
    const failures$ = portMarks(marking).pipe(takeUntil(this.#stopped));
    failures$.subscribe(({ host, error }) => {
      this.#options.log.warn({ host, error }, 'ports could not be marked; trying again');
      this.#lookLater(host, RETRY_MS);
    });
  }

  /** Peers that are not who they must be. */
  get refused(): readonly RefusedPeer[] {
    return this.#options.refused?.() ?? [];
  }

  get state(): State {
    return this.#state;
  }

  report(host: string): HostReport {
    return this.#reports.get(host) ?? { result: undefined, flowModsSent: 0 };
  }

  link(host: string): HostLink | undefined {
    return this.#hosts.get(host)?.link;
  }

  get links(): readonly HostLink[] {
    return [...this.#hosts.values()].map((run) => run.link);
  }

  /** The intent changed: another topology takes the place of the present one. */
  setTopology(topology: Topology): void {
    this.#events.next({ kind: 'topology', topology });
  }

  /** Calls `listener` after each pass of any host; returns what ends that. */
  onPass(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Prepares for one port that is still nowhere, if every host is right; false when there is nothing to prepare. */
  prepareOne(): boolean {
    return this.settled && this.#prepared.prepareOne(this.#state);
  }

  /** True while something concerns the host that no finished pass has seen: ready then means nothing yet. */
  isBusy(host: string): boolean {
    return (this.#concerned.get(host) ?? 0) > (this.#seen.get(host) ?? 0);
  }

  /** True when every host is ready: rows, tables, read back, and nothing new on its way. */
  get settled(): boolean {
    return this.#state.world.topology.hosts.every(
      ({ name }) =>
        this.report(name).result?.state === 'ready' && this.#state.world.confirmed.has(name) && !this.isBusy(name),
    );
  }

  /** True when every host holds, read back, what follows from the present intent: no flow of an earlier one is left. */
  get isCarriedOut(): boolean {
    const { world, generation } = this.#state;
    return world.topology.hosts.every(({ name }) => world.confirmed.get(name)?.held?.generation === generation);
  }

  /** Leaves every host as it is: nothing is taken out of the switches. */
  async stop(): Promise<void> {
    this.#stopped.next();
    const runs = [...this.#hosts.values()];
    this.#hosts.clear();
    for (const run of runs) run.subscription.unsubscribe();
    this.#turns.hurryAll();
    await Promise.all(runs.map((run) => run.link.close()));
  }

  /** Opens what the topology names anew and closes what it no longer names. */
  #followHosts(topology: Topology): void {
    const wanted = new Map(topology.hosts.map((host) => [host.name, host]));
    for (const [name, run] of this.#hosts) {
      if (wanted.has(name)) continue;
      run.subscription.unsubscribe();
      this.#hosts.delete(name);
      this.#reports.delete(name);
      this.#memories.delete(name);
      this.#looks.delete(name);
      this.#concerned.delete(name);
      this.#news.delete(name);
      this.#seen.delete(name);
      this.latency.forget(name);
      run.link
        .close()
        .catch((error: Error) => this.#options.log.error({ host: name, error: error.message }, 'closing failed'));
    }
    for (const host of wanted.values()) if (!this.#hosts.has(host.name)) this.#openHost(host);
  }

  #openHost(host: Host): void {
    const arrived = (ofport: number) => this.#events.next({ kind: 'arrived', host: host.name, ofport });
    const link = this.#options.openLink(host, () => this.#lookSoon(host.name), arrived);
    const answers = new Answers();
    link.onPunt((punt) => {
      const frame = answers.to(punt, this.#state.bound.index, this.report(host.name).result?.desired);
      if (frame !== undefined) link.answer(punt, frame);
    });
    link.onProbe?.((frame) => this.paths.arrived(host.name, frame));
    if (this.#options.enforce !== true)
      link.preparedFor?.((name, ofport) => {
        const memory = this.#memories.get(host.name);
        return this.#goesWell(host.name)
          ? this.#prepared.at({ link, state: this.#state, memory }, name, ofport)
          : undefined;
      });
    const looks$ = new Subject<Urgency>();
    this.#looks.set(host.name, looks$);
    const passes$ = merge(looks$, interval(this.#options.readEveryMs).pipe(map((): Urgency => 'inTurn'))).pipe(
      startWith<Urgency>('inTurn'),
      conflateMap((urgency) => this.#pass$(link, urgency)),
    );
    const subscription = passes$.subscribe(() => this.#told());
    this.#hosts.set(host.name, { link, look: new HostLook(), gateways: new GatewayChanges(), subscription });
  }

  /** The hosts to look at after an event: those it concerns, and where it lets others be judged, who waits for that. */
  #concernedBy(state: State): ReadonlySet<string> {
    if (!state.judgeable) return state.dirty;
    const keeping = [...this.#hosts.keys()].filter((name) => this.#keeps(name));
    return new Set([...state.dirty, ...keeping]);
  }

  /** True where the tables were read and hold something that is not wanted. */
  #keeps(host: string): boolean {
    const memory = this.#memories.get(host);
    return memory?.actual !== undefined && (memory.held === undefined || memory.beside !== undefined);
  }

  #begin(state: State): void {
    for (const host of this.#concernedBy(state)) {
      const looks$ = this.#looks.get(host);
      if (looks$ === undefined) continue;
      const urgency = this.#urgency(state, host);
      this.#turns.promote(host, urgency);
      // What the others only prepared for is there now.
      if (urgency === 'first') this.#turns.hurryAll();
      looks$.next(urgency);
    }
  }

  /** A host that is not right yet has no time to be patient. */
  #urgency(state: State, host: string): Urgency {
    if (state.cause === host) return 'first';
    return state.patient !== undefined && this.report(host).result?.state === 'ready' ? 'patient' : 'inTurn';
  }

  #told(): void {
    for (const listener of this.#listeners) listener();
  }

  /** What changes in one turn is looked at once, after it. */
  #lookSoon(name: string): void {
    if (this.#changed.has(name)) return;
    this.#changed.add(name);
    queueMicrotask(() => {
      this.#changed.delete(name);
      if (this.#hosts.has(name)) this.#look(name);
    });
  }

  #lookAt(run: HostRun): Look {
    const { topology } = this.#state.world;
    return run.look.at(run.link, topology, this.#options.controllerTarget(run.link), this.#state.bound.index);
  }

  /** Where the host uses another gateway than before, the VLAN is told so. */
  #announce({ link, gateways }: HostRun): void {
    const rows = link.rows();
    const desired = this.report(link.name).result?.desired;
    if (this.#state.bound.index.joinedBy.size === 0 || rows === undefined || desired === undefined) return;
    for (const { network, mac } of gateways.since(rows, desired)) link.announce?.(network, mac);
  }

  /** Something about the host changed: new facts, or else a reason to look again. `due`: the time for it has come. */
  #look(name: string, due = false): void {
    const run = this.#hosts.get(name);
    if (run !== undefined) this.#announce(run);
    const facts = run?.look.factsAt(run.link, this.#state.world.topology, this.#state.bound.index);
    if (facts !== undefined && facts !== this.#state.world.facts.get(name))
      this.#events.next({ kind: 'facts', host: name, facts });
    else if (due || run === undefined || !this.#goesWell(name)) this.#events.next({ kind: 'recheck', host: name, due });
    else this.#lookThroughSoon(name);
  }

  /** After a while, and once for all that changed meanwhile: is there a reason for a pass in what tells nothing new? */
  #lookThroughSoon(name: string): void {
    if (this.#unclear.has(name)) return;
    this.#unclear.add(name);
    timer(AGAIN_MS)
      .pipe(takeUntil(this.#stopped))
      .subscribe(() => {
        this.#unclear.delete(name);
        const run = this.#hosts.get(name);
        if (run !== undefined && this.#needsPass(run)) this.#events.next({ kind: 'recheck', host: name });
      });
  }

  #goesWell(name: string): boolean {
    const { result, failure } = this.report(name);
    return failure === undefined && (result?.state === 'ready' || result?.state === 'updating');
  }

  /** False when the rows changed in nothing that a host which is right, or on its way, would be looked at for. */
  #needsPass(run: HostRun): boolean {
    const { config, facts } = this.#lookAt(run);
    const { name } = run.link;
    const { result } = this.report(name);
    if (!this.#goesWell(name) || result === undefined || config === undefined || facts === undefined) return true;
    const told = config.transactions.length + config.problems.length + config.warnings.length;
    return (
      told > 0 ||
      result.errors.length + result.warnings.length > 0 ||
      this.#memories.get(name)?.epoch !== run.link.epoch()
    );
  }

  /** One pass as a stream of one value. */
  #pass$(link: HostLink, urgency: Urgency): Observable<void> {
    const pass = async (): Promise<void> => {
      await this.#turns.next(link.name, urgency);
      const run = this.#hosts.get(link.name);
      if (run === undefined) return;
      const seen = this.#eventCount;
      try {
        const result = await this.#reconcile(run);
        this.#seen.set(link.name, seen);
        this.#succeeded(link, result);
        if (result.state === 'ready' && !this.isBusy(link.name)) this.latency.ended(link.name);
        // What it keeps may have become judgeable while it was read.
        if (this.#judgeable > seen && this.#keeps(link.name)) this.#lookLater(link.name, AGAIN_MS);
      } catch (error) {
        this.#failed(link, error as Error);
      }
    };
    return defer(() => from(pass()));
  }

  #reconcile(run: HostRun): Promise<PassResult> {
    const { now, readEveryMs } = this.#options;
    const { link } = run;
    return reconcileHost({
      link,
      look: this.#lookAt(run),
      state: this.#state,
      version: this.#news.get(link.name) ?? 0,
      memory: this.#memories.get(link.name) ?? NOTHING_KNOWN,
      flowsOf: this.#flowsOf,
      now,
      readEveryMs,
      enforce: this.#options.enforce === true,
      onCommitted: (confirmed) => this.#confirm(link.name, confirmed),
    });
  }

  /** Looks at the host again after a while. */
  #lookLater(host: string, delayMs: number): void {
    timer(delayMs)
      .pipe(takeUntil(this.#stopped))
      .subscribe(() => this.#look(host, true));
  }

  #confirm(host: string, confirmed: Confirmed): void {
    if (this.#hosts.has(host) && !says(this.#state.world.confirmed.get(host), confirmed))
      this.#events.next({ kind: 'confirmed', host, confirmed });
  }

  #succeeded(link: HostLink, result: PassResult): void {
    const before = this.report(link.name);
    this.#memories.set(link.name, result.memory);
    this.#reports.set(link.name, { result, flowModsSent: before.flowModsSent + result.flowModsSent });
    logChange(this.#options.log, link.name, before, result);
    if (result.facts !== undefined && result.facts !== this.#state.world.facts.get(link.name))
      this.#events.next({ kind: 'facts', host: link.name, facts: result.facts });
    if (result.confirmed !== undefined && result.state !== 'updating') this.#confirm(link.name, result.confirmed);
    if (result.again) this.#lookLater(link.name, AGAIN_MS);
    const run = this.#hosts.get(link.name);
    if (run !== undefined) this.#announce(run);
  }

  #failed(link: HostLink, error: Error): void {
    const before = this.report(link.name);
    if (before.failure !== error.message)
      this.#options.log.warn({ host: link.name, error: error.message }, 'host could not be updated; trying again');
    this.#reports.set(link.name, { ...before, failure: error.message });
    this.#memories.set(link.name, NOTHING_KNOWN);
    this.#lookLater(link.name, RETRY_MS);
  }
}
