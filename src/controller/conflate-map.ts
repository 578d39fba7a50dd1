/**
 * conflateMap: runs `project` to its end for one value at a time; values that arrive meanwhile replace one another, and
 * the newest runs next. It neither abandons what was begun (switchMap), nor replays what is stale (concatMap), nor loses
 * the last (exhaustMap): a host that is being written to hears next what is true then.
 *
 *     source   -a-b-c-----d----|
 *     project    ----s|
 *     result   -----a----c----d|
 */
import { from, Observable, type ObservableInput, type OperatorFunction, type Subscription } from 'rxjs';

export function conflateMap<T, R>(project: (value: T) => ObservableInput<R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      let waiting: { readonly value: T } | undefined;
      let running = false;
      let inner: Subscription | undefined;
      let sourceEnded = false;

      const run = (value: T): void => {
        running = true;
        let stream: Observable<R>;
        try {
          stream = from(project(value));
        } catch (error) {
          subscriber.error(error);
          return;
        }
        inner = stream.subscribe({
          next: (result) => subscriber.next(result),
          error: (error) => subscriber.error(error),
          complete: ended,
        });
      };
      const ended = (): void => {
        running = false;
        if (waiting !== undefined) {
          const { value } = waiting;
          waiting = undefined;
          run(value);
        } else if (sourceEnded) subscriber.complete();
      };

      const outer = source.subscribe({
        next: (value) => {
          if (running) waiting = { value };
          else run(value);
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          sourceEnded = true;
          if (!running) subscriber.complete();
        },
      });
      return () => {
        outer.unsubscribe();
        inner?.unsubscribe();
      };
    });
}
