/** Connections: dialled (`connect`) and taken (`listen`), over TCP and unix sockets. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { OpenFlowVersion } from '../version.js';
import { type Address, AddressError, formatAddress, parseAddress } from './address.js';
import { greet } from './hello.js';
import { Session, type SessionOptions } from './session.js';

export interface ConnectOptions extends Partial<SessionOptions> {
  /** Offered, in any order. Default: 1.5, 1.4 and 1.3. */
  readonly versions?: readonly OpenFlowVersion[];
}

export interface ListenOptions extends ConnectOptions {
  readonly onSession: (session: Session) => void;
  /** A connection that did not become a session. */
  readonly onFailure?: (error: Error, remote: string) => void;
}

export interface Listener {
  /** As given, with the port that was taken. */
  readonly address: string;
  /** Stops listening; sessions go on. */
  close(): Promise<void>;
}

const ALL_VERSIONS: readonly OpenFlowVersion[] = [6, 5, 4];
const DEFAULTS: SessionOptions = { probeMs: 5000, timeoutMs: 30_000 };

const sessionOptions = ({ probeMs, timeoutMs }: ConnectOptions): SessionOptions => ({
  probeMs: probeMs ?? DEFAULTS.probeMs,
  timeoutMs: timeoutMs ?? DEFAULTS.timeoutMs,
});

/** From a connected socket to a session that knows its features. */
async function begin(socket: Socket, remote: string, options: ConnectOptions): Promise<Session> {
  socket.setNoDelay(true);
  const failed = (): void => undefined;
  socket.on('error', failed);
  try {
    const settings = sessionOptions(options);
    const { version, framer, early } = await greet(socket, options.versions ?? ALL_VERSIONS, settings.timeoutMs);
    const session = new Session(socket, remote, version, framer, settings);
    socket.resume();
    return await session.begin(early);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function refuseTls(address: Address, text: string): void {
  if (address.kind === 'ssl' || address.kind === 'pssl') throw new AddressError(`${text}: TLS is not served yet`);
}

/** Dials a switch: `tcp:IP[:PORT]` or `unix:PATH`. Rejects where nobody answers as a switch. */
export async function connect(text: string, options: ConnectOptions = {}): Promise<Session> {
  const address = parseAddress(text);
  refuseTls(address, text);
  if (address.kind !== 'tcp' && address.kind !== 'unix')
    throw new AddressError(`${text}: this is an address to listen on`);
  const socket = address.kind === 'unix' ? dial(address.path) : dial(address.port, address.host);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return begin(socket, formatAddress(address), options);
}

function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const ready = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (address.kind === 'punix') {
      // A socket file that a killed process left behind would refuse the new one.
      rmSync(address.path, { force: true });
      server.listen(address.path, () => {
        chmodSync(address.path, 0o660);
        ready();
      });
    } else if (address.kind === 'ptcp') server.listen(address.port, address.host ?? '0.0.0.0', ready);
  });
}

/** Takes switches that dial in: `ptcp:[PORT][:IP]` or `punix:PATH`. Rejects where the address is taken. */
export async function listen(text: string, options: ListenOptions): Promise<Listener> {
  const address = parseAddress(text);
  refuseTls(address, text);
  if (address.kind !== 'ptcp' && address.kind !== 'punix')
    throw new AddressError(`${text}: this is an address to dial`);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const remote = socket.remoteAddress === undefined ? text : `tcp:${socket.remoteAddress}:${socket.remotePort}`;
    begin(socket, remote, options).then(options.onSession, (error: Error) => options.onFailure?.(error, remote));
  });
  await bind(server, address);
  const taken = server.address();
  const port = typeof taken === 'object' && taken !== null ? taken.port : 0;
  return {
    address: address.kind === 'ptcp' ? formatAddress({ ...address, port }) : formatAddress(address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
