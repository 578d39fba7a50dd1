import { expect } from 'chai';
import { map, of, Subject, tap } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { conflateMap } from '../../src/controller/conflate-map.js';

const scheduler = () =>
  new TestScheduler((actual, expected) => {
    expect(actual).to.deep.equal(expected);
  });

describe('conflateMap', () => {
  it('finishes what it began, then takes the newest', () => {
    scheduler().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const desired = hot(' -a-b-c-----d----|');
      const send = cold('    ----(s|)        ');
      const subscriptions = ['-^---!', '-----^---!', '-----------^---!'];
      const expected = '    -----a---c-----d|';
      expectObservable(desired.pipe(conflateMap((v) => send.pipe(map(() => v))))).toBe(expected);
      expectSubscriptions(send.subscriptions).toBe(subscriptions);
    });
  });

  it('runs a value that arrives while nothing runs at once', () => {
    scheduler().run(({ hot, expectObservable }) => {
      expectObservable(hot('a-b-|').pipe(conflateMap((v) => [v]))).toBe('a-b-|');
    });
  });

  it('does not run twice at once when a value arrives from within', () => {
    const seen: number[] = [];
    let running = 0;
    const source = new Subject<number>();
    source
      .pipe(
        conflateMap((n) => {
          running += 1;
          expect(running).to.equal(1);
          if (n < 3) source.next(n + 1);
          seen.push(n);
          return of(n).pipe(
            tap(() => {
              running -= 1;
            }),
          );
        }),
      )
      .subscribe();
    source.next(1);
    expect(seen).to.deep.equal([1, 2, 3]);
  });

  it('passes errors on and ends what runs when it is unsubscribed', () => {
    scheduler().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const failing = cold('--#');
      expectObservable(hot('-a---').pipe(conflateMap(() => failing))).toBe('---#');
      const long = cold('--------x');
      expectObservable(hot('-a-------').pipe(conflateMap(() => long)), '^---!').toBe('----');
      expectSubscriptions(long.subscriptions).toBe('-^--!');
    });
  });
});
