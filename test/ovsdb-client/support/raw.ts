/** Plain sockets, and a server of canned octets, for what a real ovsdb-server does not do on request. */
import { connect, createServer, type Socket } from 'node:net';
import { parseActive } from 'ovsdb-client';

export function openSocket(remote: string): Promise<Socket> {
  const address = parseActive(remote);
  return new Promise((resolve, reject) => {
    const socket = address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export interface RawServer {
  readonly remote: string;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** A listener whose every connection is handled by `handle`. */
export async function rawServer(handle: (socket: Socket) => void): Promise<RawServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    handle(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return {
    remote: `tcp:127.0.0.1:${port}`,
    connections: () => connections,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of open) socket.destroy();
      }),
  };
}
