/** Connections that became sessions: dialled (`connect`) and taken (`listen`), over TCP, TLS and unix sockets. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { OpenFlowVersion } from '../version.js';
import { formatAddress, parseAddress } from './address.js';
import { greet } from './hello.js';
import { Session, type SessionOptions } from './session.js';
import { bind, dial, remoteOf, type TlsOptions } from './transport.js';

/** What to offer and how long to wait; all may be left out. */
export interface ConnectOptions extends Partial<SessionOptions> {
  /** Offered, in any order. Default: 1.5, 1.4 and 1.3. */
  readonly versions?: readonly OpenFlowVersion[];
  /** For `ssl:` and `pssl:`. */
  readonly tls?: TlsOptions;
}

/** As ConnectOptions, and who gets the sessions. */
export interface ListenOptions extends ConnectOptions {
  /** `certificate`: what the switch has shown over TLS, signed by the authority given; undefined without TLS. */
  readonly onSession: (session: Session, certificate: X509Certificate | undefined) => void;
  /** A connection that did not become a session. */
  readonly onFailure?: (error: Error, remote: string) => void;
}

/** An address at which switches are taken. */
export interface Listener {
  /** As given, with the port that was taken. */
  readonly address: string;
  /** Stops listening and ends the sessions taken here, and the connections that are not yet one. */
  close(): Promise<void>;
}

const ALL_VERSIONS: readonly OpenFlowVersion[] = [6, 5, 4];

/** Silence before a probe, and the longest wait for an answer, milliseconds. */
const DEFAULTS = { probeMs: 5000, timeoutMs: 30_000 } as const;

const sessionOptions = ({ probeMs, timeoutMs, onProblem }: ConnectOptions): SessionOptions => ({
  probeMs: probeMs ?? DEFAULTS.probeMs,
  timeoutMs: timeoutMs ?? DEFAULTS.timeoutMs,
  onProblem,
});

/** From a connected socket to a session that knows its features. */
function begin(socket: Socket, remote: string, options: ConnectOptions): Promise<Session> {
  socket.setNoDelay(true);
  return openSession(socket, remote, options);
}

/**
 * From a stream that leads to a switch (a tunnel, a pair in memory) to a session that knows its features; `remote` is
 * what to call the other end. The stream is the session's from then on. Rejects with HandshakeError.
 */
export async function openSession(socket: Duplex, remote: string, options: ConnectOptions = {}): Promise<Session> {
  // The close that follows an error says it again, with the reason.
  socket.on('error', () => undefined);
  try {
    const settings = sessionOptions(options);
    const { version, framer, early } = await greet(socket, options.versions ?? ALL_VERSIONS, settings.timeoutMs);
    const session = new Session(socket, remote, version, framer, settings);
    socket.resume();
    return await session.begin(early);
  } catch (error) {
    // What was said last, an error perhaps, still goes out.
    socket.end(() => socket.destroy());
    throw error;
  }
}

/** Dials a switch: `tcp:IP[:PORT]`, `ssl:IP[:PORT]` or `unix:PATH`. Rejects where nobody answers as a switch. */
export async function connect(text: string, options: ConnectOptions = {}): Promise<Session> {
  const address = parseAddress(text);
  const socket = await dial(address, options.tls, options.timeoutMs ?? DEFAULTS.timeoutMs);
  return begin(socket, formatAddress(address), options);
}

/** Takes switches that dial in: `ptcp:[PORT][:IP]`, `pssl:…` or `punix:PATH`. Rejects where the address is taken. */
export async function listen(text: string, options: ListenOptions): Promise<Listener> {
  const address = parseAddress(text);
  // Of a TLS session the socket beneath it, which is there before the handshake.
  const sockets = new Set<Socket>();
  let closed = false;
  const onFailure = (error: Error, remote: string): void => {
    if (!closed) options.onFailure?.(error, remote);
  };
  const onSocket = (socket: Socket): void => {
    const remote = remoteOf(socket, address);
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    begin(socket, remote, options).then(
      (session) => options.onSession(session, certificate),
      (error: Error) => onFailure(error, remote),
    );
  };
  const server = await bind(address, options.tls, { onSocket, onFailure });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const taken = server.address();
  const port = typeof taken === 'object' && taken !== null ? taken.port : 0;
  return {
    address: 'port' in address ? formatAddress({ ...address, port }) : formatAddress(address),
    close: () =>
      new Promise((resolve) => {
        closed = true;
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
