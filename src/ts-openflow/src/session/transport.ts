/**
 * Sockets: TCP, TLS and unix, dialled or taken. Over TLS both sides show a certificate that the authority given signed;
 * names in it are not compared, as Open vSwitch does not either (ovs-vswitchd.conf.db(5), table SSL).
 */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, connect as dialPlain, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, connect as dialTls, type TLSSocket } from 'node:tls';
import { type Address, AddressError, formatAddress } from './address.js';

/** Private key, certificate and the authority that peers must be signed by, all as PEM. */
export interface TlsOptions {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  readonly ca: string | Buffer;
}

const NO_TLS = 'TLS needs the option tls: { key, cert, ca }';
const tlsOptions = ({ key, cert, ca }: TlsOptions) =>
  ({ key, cert, ca, rejectUnauthorized: true, minVersion: 'TLSv1.2' }) as const;

function begin(address: Address, tls: TlsOptions | undefined): readonly [Socket, 'connect' | 'secureConnect'] {
  switch (address.kind) {
    case 'unix':
      return [dialPlain(address.path), 'connect'];
    case 'tcp':
      return [dialPlain(address.port, address.host), 'connect'];
    case 'ssl': {
      if (tls === undefined) throw new AddressError(`${formatAddress(address)}: ${NO_TLS}`);
      const { host, port } = address;
      return [dialTls({ ...tlsOptions(tls), host, port, checkServerIdentity: () => undefined }), 'secureConnect'];
    }
    default:
      throw new AddressError(`${formatAddress(address)}: this is an address to listen on`);
  }
}

/** A connected socket. Rejects with the system's error, with AddressError for an address to listen on, or after `timeoutMs`. */
export async function dial(address: Address, tls: TlsOptions | undefined, timeoutMs: number): Promise<Socket> {
  const [socket, event] = begin(address, tls);
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, () => resolve());
      socket.once('error', reject);
      timer = setTimeout(
        () => reject(new Error(`no connection to ${formatAddress(address)} in ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    socket.removeAllListeners('error');
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A socket file that a killed process left behind would refuse the new one; anything else is left alone. */
function removeLeftSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}

function open(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const ready = (): void => {
      server.off('error', reject);
      if (address.kind === 'punix') chmodSync(address.path, 0o660);
      resolve();
    };
    if (address.kind === 'punix') {
      removeLeftSocket(address.path);
      server.listen(address.path, ready);
    } else if (address.kind === 'ptcp' || address.kind === 'pssl')
      server.listen(address.port, address.host ?? '0.0.0.0', BACKLOG, ready);
  });
}

/** What OpenSSL says of octets that are no TLS (OpenFlow's HELLO among them), in words. */
const NO_TLS_SPOKEN = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_BAD_RECORD_TYPE',
]);

/** Node ends a connection with a bad certificate as "socket hang up"; the socket knows better. */
function refusal(error: NodeJS.ErrnoException & { reason?: string }, { authorizationError }: TLSSocket): Error {
  const why = authorizationError as Error | string | null | undefined; // a code, whatever the type says
  if (why) return new Error(`certificate refused: ${why}`);
  if (NO_TLS_SPOKEN.has(error.code ?? '')) return new Error('it does not speak TLS, and this port takes nothing else');
  // What the peer did not like, in OpenSSL's short words.
  if (error.reason !== undefined) return new Error(`the TLS handshake failed: ${error.reason}`);
  return error;
}

/** Connections that wait to be taken; the system cuts it to its own limit. A whole site may dial at one moment. */
const BACKLOG = 4096;
/** A connection that has not finished its TLS handshake by then is ended, milliseconds. */
const HANDSHAKE_MS = 30_000;

/** What comes of a server: sockets that are ready to be read, and connections that failed before. */
export interface Taken {
  readonly onSocket: (socket: Socket) => void;
  readonly onFailure: (error: Error, remote: string) => void;
}

/** A server of TLS. Whoever fails its handshake is gone when that is told, so where each came from is noted before. */
function tlsServer(address: Address, tls: TlsOptions, taken: Taken): Server {
  const remotes = new WeakMap<Socket, string>();
  const options = { ...tlsOptions(tls), requestCert: true, handshakeTimeout: HANDSHAKE_MS };
  const server = createTlsServer(options, taken.onSocket);
  server.on('connection', (socket: Socket) => remotes.set(socket, remoteOf(socket, address)));
  server.on('tlsClientError', (error: Error, socket: TLSSocket & { readonly _parent?: Socket }) => {
    const remote = socket._parent === undefined ? undefined : remotes.get(socket._parent);
    taken.onFailure(refusal(error, socket), remote ?? remoteOf(socket, address));
  });
  return server;
}

/** Listens. Rejects with AddressError for an address to dial, or the system's error where the address is taken. */
export async function bind(address: Address, tls: TlsOptions | undefined, taken: Taken): Promise<Server> {
  if (address.kind !== 'ptcp' && address.kind !== 'pssl' && address.kind !== 'punix')
    throw new AddressError(`${formatAddress(address)}: this is an address to dial`);
  if (address.kind === 'pssl' && tls === undefined) throw new AddressError(`${formatAddress(address)}: ${NO_TLS}`);
  const server =
    address.kind === 'pssl' && tls !== undefined ? tlsServer(address, tls, taken) : createServer(taken.onSocket);
  await open(server, address);
  return server;
}

/** The peer of a socket, in the syntax of addresses; of a unix socket, where it was taken. */
export function remoteOf(socket: Socket, taken: Address): string {
  const { remoteAddress: host, remotePort: port } = socket;
  if (host === undefined || port === undefined) return formatAddress(taken);
  return formatAddress({ kind: taken.kind === 'pssl' ? 'ssl' : 'tcp', host, port });
}
