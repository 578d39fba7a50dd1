import { expect } from 'chai';
import fc from 'fast-check';
import { map, type Observable, of, Subject, tap } from 'rxjs';
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

  it('never begins what is stale, never two at once, and ends with the newest, whenever values come and work ends', () => {
    // Each step: a value comes, or the work that runs is done.
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (steps) => {
        const source = new Subject<number>();
        let newest = 0;
        let running: Subject<number> | undefined;
        const begun: number[] = [];
        const ended: number[] = [];
        const work = (value: number): Observable<number> => {
          expect(running, 'two at once').to.equal(undefined);
          expect(value, 'stale').to.equal(newest);
          begun.push(value);
          running = new Subject<number>();
          return running.pipe(map(() => value));
        };
        const done = (): void => {
          const of = running;
          running = undefined;
          of?.next(0);
          of?.complete();
        };
        source.pipe(conflateMap(work)).subscribe((value) => ended.push(value));
        for (const comes of steps) {
          if (!comes) done();
          else {
            newest += 1;
            source.next(newest);
          }
        }
        while (running !== undefined) done();
        expect(ended).to.deep.equal(begun);
        expect(ended.at(-1) ?? 0).to.equal(newest);
        expect(begun.every((value, i) => i === 0 || value > (begun[i - 1] as number))).to.equal(true);
      }),
    );
  });
});
