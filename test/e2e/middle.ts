/**
 * A proxy between hosts and the controller that a test tells to misbehave: it swallows what is said (half-open), stops taking what is
 * sent to one side (a peer that does not read), or says something of its own. Connections made later are in order.
 */
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Neither way anything is passed on. */
  swallow: boolean;
}

export interface Middle {
  /** The port it listens on; 0 for a path. */
  readonly port: number;
  /** Swallows everything on the present connections, with both ends left open. */
  halfOpen(from?: string): void;
  /** Packets go through again: who still believes in a half-open connection is told. */
  mend(): void;
  /** Takes nothing more from the upstream, or goes on. */
  stopReading(stopped: boolean, from?: string): void;
  /** Says this to the upstream in the client's name (`client`: the other way round), in the midst of what is said. */
  say(octets: Buffer, to: 'upstream' | 'client', from?: string): void;
  close(): Promise<void>;
}

/** Listens where `listen` says (a path, or an address with any port) and passes connections on. `from`: clients of that address. */
export async function startMiddle(
  listen: { path: string } | { host: string; port: number },
  to: NetConnectOpts,
): Promise<Middle> {
  const pairs = new Set<Pair>();
  const server = createServer((client) => {
    const upstream = connect(to);
    const pair: Pair = { client, upstream, swallow: false };
    pairs.add(pair);
    const pass = (a: Socket, b: Socket) => {
      a.on('data', (piece: Buffer) => {
        if (pair.swallow) return;
        if (!b.write(piece)) {
          a.pause();
          b.once('drain', () => a.resume());
        }
      });
      a.on('error', () => a.destroy());
      a.on('close', () => {
        // Of a half-open connection neither end learns of the other's.
        if (!pair.swallow) b.destroy();
        if (!pair.swallow || a === client) pairs.delete(pair);
      });
    };
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((done) => server.listen(listen, done));
  const of = (from?: string) => [...pairs].filter((p) => from === undefined || p.client.remoteAddress === from);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    halfOpen: (from) => {
      for (const pair of of(from)) pair.swallow = true;
    },
    mend: () => {
      for (const { client, swallow } of pairs) if (swallow) client.destroy();
    },
    stopReading: (stopped, from) => {
      for (const { upstream } of of(from)) {
        if (stopped) upstream.pause();
        else upstream.resume();
      }
    },
    say: (octets, side, from) => {
      for (const pair of of(from)) pair[side].write(octets);
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const { client, upstream } of pairs) {
          client.destroy();
          upstream.destroy();
        }
      }),
  };
}
