/** Opens a stream to an active address: TCP, unix socket, or TLS with client certificates. */
import type { X509Certificate } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ActiveAddress } from '../address.js';
import { STOPS_AT_ONCE } from './pace.js';

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
  /** Looks at the peer's certificate, which `ca` has signed, when this end has dialled; an error refuses the connection. */
  readonly checkPeer?: (certificate: X509Certificate) => Error | undefined;
}

/** What TLS checks of the peer, either way round: signed by `ca`, TLS 1.2 at least. */
/** What a TLS server has given to begin the next connection with; kept by whoever dials it again. */
export interface Resumable {
  session?: Buffer;
}

export const tlsBasics = ({ key, cert, ca }: TlsOptions) => ({ key, cert, ca, minVersion: 'TLSv1.2' as const });

/** Starts to connect; `onOpen` is called when octets can be sent (after the handshake, for TLS). */
export function dial(
  address: ActiveAddress,
  tls: TlsOptions | undefined,
  onOpen: () => void,
  resumable: Resumable = {},
): Socket {
  if (address.kind === 'unix') return connect({ ...STOPS_AT_ONCE, path: address.path }, onOpen);
  const { host, port } = address;
  if (address.kind === 'tcp') return connect({ ...STOPS_AT_ONCE, host, port, noDelay: true }, onOpen);
  return dialTls(host, port, tls, onOpen, resumable);
}

function dialTls(
  host: string,
  port: number,
  tls: TlsOptions | undefined,
  onOpen: () => void,
  resumable: Resumable,
): TLSSocket {
  const named =
    tls?.servername === undefined ? { checkServerIdentity: () => undefined } : { servername: tls.servername };
  const { session } = resumable;
  const options = { host, port, rejectUnauthorized: true, ...(tls ? tlsBasics(tls) : {}), ...named };
  const socket = connectTls({ ...options, ...(session ? { session } : {}) }, () => {
    // Node asks for no name where a session is resumed, so this is asked here.
    const certificate = socket.getPeerX509Certificate();
    const wrong = certificate === undefined ? new Error('no certificate was shown') : tls?.checkPeer?.(certificate);
    if (wrong === undefined) onOpen();
    else socket.destroy(wrong);
  });
  socket.on('session', (given) => {
    resumable.session = given;
  });
  // One that the server did not like is not tried again.
  socket.once('error', () => {
    delete resumable.session;
  });
  socket.setNoDelay(true);
  return socket;
}
