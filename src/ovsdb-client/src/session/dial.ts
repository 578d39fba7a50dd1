/** Opens a stream to an active address: TCP, unix socket, or TLS with client certificates. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ActiveAddress } from '../address.js';

export interface TlsOptions {
  /** PEM text. Open vSwitch asks for a certificate on both sides (`ovs-pki`). */
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** The authority that signed the peer's certificate. */
  readonly ca: string | Buffer;
  /**
   * The name the peer's certificate must bear. Certificates of ovs-pki name a switch, not a host, so by default the authority's
   * signature is checked and the name is not, as Open vSwitch does.
   */
  readonly servername?: string;
}

/** What TLS checks of the peer, either way round: signed by `ca`, TLS 1.2 at least. */
export const tlsBasics = ({ key, cert, ca }: TlsOptions) => ({ key, cert, ca, minVersion: 'TLSv1.2' as const });

/** Starts to connect; `onOpen` is called when octets can be sent (after the handshake, for TLS). */
export function dial(address: ActiveAddress, tls: TlsOptions | undefined, onOpen: () => void): Socket {
  if (address.kind === 'unix') return connect({ path: address.path }, onOpen);
  const { host, port } = address;
  if (address.kind === 'tcp') return connect({ host, port, noDelay: true }, onOpen);
  return dialTls(host, port, tls, onOpen);
}

function dialTls(host: string, port: number, tls: TlsOptions | undefined, onOpen: () => void): TLSSocket {
  const named =
    tls?.servername === undefined ? { checkServerIdentity: () => undefined } : { servername: tls.servername };
  const socket = connectTls({ host, port, rejectUnauthorized: true, ...(tls ? tlsBasics(tls) : {}), ...named }, onOpen);
  socket.setNoDelay(true);
  return socket;
}
