/** Two streams in memory: what is written into one is read from the other, and the end of one is the end of the other. */
import { Duplex } from 'node:stream';

/** A connection without sockets. A reader that is slow holds the writer up, as a socket would. */
export function duplexPair(): readonly [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const waiting: ((() => void) | undefined)[] = [undefined, undefined];
  const make = (mine: 0 | 1): Duplex => {
    const other = mine === 0 ? 1 : 0;
    return new Duplex({
      read: () => {
        const go = waiting[other];
        waiting[other] = undefined;
        go?.();
      },
      write: (chunk: Buffer, _, done) => {
        const peer = ends[other] as Duplex;
        if (peer.destroyed) done(new Error('the other end is closed'));
        else if (peer.push(chunk)) done();
        else waiting[mine] = done;
      },
      final: (done) => {
        (ends[other] as Duplex).push(null);
        done();
      },
      destroy: (error, done) => {
        done(error);
        const peer = ends[other] as Duplex;
        // As a reset: whoever is at the other end hears of it in its own turn.
        setImmediate(() => peer.destroy());
      },
    });
  };
  ends.push(make(0), make(1));
  return [ends[0] as Duplex, ends[1] as Duplex];
}
