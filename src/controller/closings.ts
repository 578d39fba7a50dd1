/**
 * When the former ways of a network (its encapsulation, key or tunnels before a change) are closed: a while after every
 * host has confirmed that it sends by the present one, so that what was sent before has arrived; and at last in any case,
 * well before another network may get the key. Whoever was away until then is let in again when it has changed.
 */
import { defer, endWith, filter, finalize, map, mergeMap, type Observable, skipWhile, takeUntil, timer } from 'rxjs';
import { finishedChanges, type WayChange, type World } from '../desired/index.js';
import { type Network, QUARANTINE_MS, type Topology } from '../topology/index.js';
import type { Event, State } from './state.js';

/** Milliseconds: flows in the datapath follow the tables "usually within one second" (ovs-ofctl(8), "bundles"). */
const AFTER_THE_LAST_MS = 2000;
const AT_LAST_MS = QUARANTINE_MS / 2;

/** The networks that are in the middle of a change; asked for the same topology again, it does not search again. */
function changingOf(): (topology: Topology) => readonly Network[] {
  let last: Topology | undefined;
  let changing: readonly Network[] = [];
  return (topology) => {
    if (topology !== last) changing = topology.networks.filter(({ former }) => former !== undefined);
    last = topology;
    return changing;
  };
}

interface Closing {
  readonly change: WayChange;
  readonly delayMs: number;
  readonly key: string;
}

const closing = (change: WayChange, delayMs: number): Closing => ({
  change,
  delayMs,
  key: `${delayMs} ${JSON.stringify(change)}`,
});

const due = (world: World, bound: State['bound'], changing: readonly Network[]): readonly Closing[] => [
  ...finishedChanges(world, bound, changing).map((change) => closing(change, AFTER_THE_LAST_MS)),
  ...changing.map(({ path, former = [] }) => closing({ network: path, former }, AT_LAST_MS)),
];

/** The events that close former ways; ends with the states. */
export const closings = (state$: Observable<State>): Observable<Event> =>
  defer(() => {
    const changing = changingOf();
    const waiting = new Set<string>();
    const later = ({ change, delayMs, key }: Closing) => {
      const isOpen = ({ world }: State) =>
        changing(world.topology).some(
          ({ path, former = [] }) => closing({ network: path, former }, delayMs).key === key,
        );
      waiting.add(key);
      return timer(delayMs).pipe(
        map((): Event => ({ kind: 'closed', change })),
        takeUntil(state$.pipe(skipWhile(isOpen), endWith(undefined))),
        finalize(() => waiting.delete(key)),
      );
    };
    return state$.pipe(
      mergeMap(({ world, bound }) => due(world, bound, changing(world.topology))),
      filter(({ key }) => !waiting.has(key)),
      mergeMap(later),
    );
  });
