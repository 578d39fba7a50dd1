/**
 * Tells hosts which of their ports are reached (desired/feedback.ts): a while after something happened that may have
 * changed it, for many ports at once, so that no pass waits for it and a busy controller writes no more often. Only hosts
 * that an event concerned are looked at, and those where a port still waits for others.
 */
import {
  audit,
  catchError,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  Subject,
  scan,
  share,
  timer,
} from 'rxjs';
import { type Change, feedbackChanges, type PlacedPort, portsByIfaceId } from '../desired/index.js';
import type { HostLink } from '../session/index.js';
import type { Topology } from '../topology/index.js';
import { type Event, reduce, type State } from './state.js';

/** Milliseconds from an event to the marks that follow from it. */
const AFTER_MS = 100;

/** A look at many hosts is followed by a pause of so many times its length: while much changes, it is the passes' time. */
const SHARE = 10;

/** A state and the event that made it. */
export interface Happened {
  readonly state: State;
  readonly event?: Event;
}

/** Every event with the state after it. */
export const happenings = (events$: Observable<Event>, first: State): Observable<Happened> =>
  events$.pipe(
    scan(({ state }: Happened, event: Event): Happened => ({ state: reduce(state, event), event }), { state: first }),
    share(),
  );

const concerned = ({ state, event }: Happened): ReadonlySet<string> =>
  event !== undefined && 'host' in event ? new Set([...state.dirty, event.host]) : state.dirty;

/** Bare rechecks change nothing of what is reached; one that was put off is a second try. */
const matters = ({ event }: Happened): boolean => event?.kind !== 'recheck' || event.due === true;

/** The ports of a topology by iface-id, found once for each topology. */
function placesOf(): (topology: Topology) => ReadonlyMap<string, PlacedPort> {
  let of: Topology | undefined;
  let places: ReadonlyMap<string, PlacedPort> = new Map();
  return (topology) => {
    if (topology !== of) places = portsByIfaceId(topology);
    of = topology;
    return places;
  };
}

export interface Marking {
  readonly happened$: Observable<Happened>;
  readonly link: (host: string) => HostLink | undefined;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** A host whose marks could not be written: it is to be looked at again. */
export interface MarkFailure {
  readonly host: string;
  readonly error: string;
}

/** Keeps the marks true, and emits what failed. */
export const portMarks = ({ happened$, link: linkOf, now }: Marking): Observable<MarkFailure> =>
  defer(() => {
    const places = placesOf();
    // All that was collected since the last look; a look takes it, and leaves the hosts that wait.
    let hosts = new Set<string>();
    let last: State | undefined;
    // A host that has not answered is not written to again: it may be slow, or no longer there.
    const writing = new Set<string>();
    const postponed = new Set<string>();
    const again$ = new Subject<State>();
    const written = (name: string): void => {
      writing.delete(name);
      if (!postponed.delete(name) || last === undefined) return;
      hosts.add(name);
      again$.next(last);
    };
    const write = (link: HostLink, changes: readonly Change[]): Observable<MarkFailure> => {
      writing.add(link.name);
      return from(link.configure(changes, 'unheeded')).pipe(
        ignoreElements(),
        catchError((error: Error) => of({ host: link.name, error: error.message })),
        finalize(() => written(link.name)),
      );
    };
    let tookMs = 0;
    const look = (state: State): Observable<MarkFailure> => {
      const begun = now();
      const looked = hosts;
      hosts = new Set();
      return from(looked).pipe(
        mergeMap((name) => {
          if (writing.has(name)) postponed.add(name);
          const link = writing.has(name) ? undefined : linkOf(name);
          const rows = link?.rows();
          if (link === undefined || rows === undefined) return EMPTY;
          const { changes, waits } = feedbackChanges(state, name, rows, places(state.world.topology));
          if (waits) hosts.add(name);
          tookMs = now() - begun;
          return changes.length === 0 ? EMPTY : write(link, changes);
        }),
      );
    };
    const states$ = happened$.pipe(
      filter(matters),
      map((happened) => {
        for (const host of concerned(happened)) hosts.add(host);
        last = happened.state;
        return last;
      }),
    );
    return merge(states$, again$).pipe(
      audit(() => timer(Math.max(AFTER_MS, SHARE * tookMs))),
      mergeMap(look),
    );
  });
