/** A TCP proxy in front of a server, that can be told to misbehave. */
import { connect, type Socket } from 'node:net';
import { parseActive } from 'ovsdb-client';
import { type RawServer, rawServer } from './raw.js';

export interface FaultyProxy extends RawServer {
  /** Passes on one octet a write, to the client. */
  oneByOne: boolean;
  /** Looks at each piece from the server; false drops the connection instead of passing it on. */
  onReply: (piece: Buffer) => boolean;
  /** Swallows everything in both directions from now on, with the connections left open. */
  swallow: boolean;
  /** Keeps back what the server sends, until it is set to false again. */
  hold: boolean;
  /** Breaks every connection there is. */
  dropAll: () => void;
}

export async function proxyTo(remote: string): Promise<FaultyProxy> {
  const address = parseActive(remote);
  const open = () => (address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host));
  let holding = false;
  const held: (() => void)[] = [];
  const state = {
    oneByOne: false,
    swallow: false,
    onReply: (_piece: Buffer) => true,
    get hold() {
      return holding;
    },
    set hold(wanted: boolean) {
      holding = wanted;
      if (!wanted) for (const pass of held.splice(0)) pass();
    },
  };
  const clients = new Set<Socket>();
  const server = await rawServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    const upstream = open();
    client.setNoDelay(true);
    client.on('data', (piece: Buffer) => state.swallow || upstream.write(piece));
    upstream.on('data', (piece: Buffer) => {
      if (state.swallow) return;
      if (holding) held.push(() => client.write(piece));
      else if (!state.onReply(piece)) {
        client.destroy();
        upstream.destroy();
      } else if (state.oneByOne) writeSlowly(client, piece);
      else client.write(piece);
    });
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  const dropAll = () => {
    for (const client of clients) client.destroy();
  };
  return Object.assign(state, { ...server, dropAll });
}

function writeSlowly(socket: Socket, piece: Buffer): void {
  for (let i = 0; i < piece.length; i++) socket.write(piece.subarray(i, i + 1));
}
