/** Passive connections: hosts whose Manager row dials in. Each becomes a client of its own, which ends with its connection. */
import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { formatAddress, type PassiveAddress, parsePassive } from '../address.js';
import { OvsdbClient, type OvsdbClientOptions } from '../client.js';
import type { DatabaseDeclaration } from '../schema/columns.js';
import { tlsBasics } from './dial.js';
import { STOPS_AT_ONCE } from './pace.js';

export interface ListenOptions<D extends DatabaseDeclaration> extends Omit<OvsdbClientOptions<D>, 'remotes'> {
  /** Called with each host that has dialled in, before anything is said; the client is started already. */
  readonly onClient: (client: OvsdbClient<D>, peer: string) => void;
  /** Called with errors of the listening socket and of handshakes that failed. */
  readonly onError?: (error: Error) => void;
}
export interface OvsdbListener {
  /** The address listened on, the port as the system chose it. */
  readonly address: string;
  /** Stops listening and closes the clients. */
  readonly close: () => Promise<void>;
}

/** Listens on a passive address. Rejects with OvsdbError `bad address`, or with the system's error. */
export async function listenOvsdb<D extends DatabaseDeclaration>(
  text: string,
  options: ListenOptions<D>,
): Promise<OvsdbListener> {
  const address = parsePassive(text);
  const clients = new Set<OvsdbClient<D>>();
  const accept = (socket: Socket) => {
    socket.setNoDelay(true);
    const client = new OvsdbClient({ ...options, remotes: [] }, socket);
    clients.add(client);
    socket.once('close', () => clients.delete(client));
    options.onClient(client, socket.remoteAddress ?? 'unix');
    client.start();
  };
  const server = serverFor(address, options, accept);
  // Of a TLS session the socket beneath it, which is there before the handshake.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listening(server, address);
  if (options.onError) server.on('error', options.onError);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const client of clients) client.close();
      for (const socket of sockets) socket.destroy(); // a handshake may be under way
    });
  return { address: formatAddress(bound(server, address)), close };
}

function serverFor<D extends DatabaseDeclaration>(
  { kind }: PassiveAddress,
  { tls, onError }: ListenOptions<D>,
  accept: (socket: Socket) => void,
): Server {
  if (kind !== 'pssl') return createServer({ highWaterMark: STOPS_AT_ONCE.readableHighWaterMark }, accept);
  const server = createTlsServer(
    { ...(tls ? tlsBasics(tls) : {}), requestCert: true, rejectUnauthorized: true },
    accept,
  );
  server.on('tlsClientError', (error) => onError?.(error));
  return server;
}

function listening(server: Server, address: PassiveAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const done = () => {
      server.off('error', reject);
      // As Open vSwitch: only the owner and its group.
      if (address.kind === 'punix') chmodSync(address.path, 0o770);
      resolve();
    };
    if (address.kind !== 'punix') server.listen(address.port, address.host, done);
    else {
      if (existsSync(address.path) && lstatSync(address.path).isSocket()) unlinkSync(address.path);
      server.listen(address.path, done);
    }
  });
}

function bound(server: Server, address: PassiveAddress): PassiveAddress {
  const actual = server.address();
  return address.kind === 'punix' || actual === null || typeof actual === 'string'
    ? address
    : { ...address, port: actual.port };
}
