/**
 * Where switches dial in: each says by its datapath-id which host it is, and over TLS its certificate must say the same. A
 * datapath-id of no host of the topology, one of another host than the certificate's, and a second switch that claims a
 * host whose first is still there, get no flows and are reported.
 */
import type { X509Certificate } from 'node:crypto';
import { type Listener, listen, type Session, type TlsOptions } from 'ts-openflow';
import { namesHost, namesIn } from './host-certificate.js';
import type { HostSession } from './host-session.js';

export interface SwitchHubOptions {
  /** Where to listen, as OVS writes it: `ptcp:6653`, `pssl:6653`, `punix:PATH`. */
  readonly address: string;
  /** For `pssl:`. */
  readonly tls?: TlsOptions;
  /** Silence after which a switch is probed, milliseconds. */
  readonly probeMs: number;
  /** The host with this datapath-id (16 hexadecimal digits), if any. */
  readonly hostOf: (datapathId: string) => Pick<HostSession, 'name' | 'hasSwitch' | 'attach'> | undefined;
  /** Something an operator should see: a stranger, a double, a connection that failed. */
  readonly onRefused: (remote: string, reason: string) => void;
}

/** OpenFlow 1.5, 1.4 and 1.3 by their numbers on the wire, best first. */
const VERSIONS = [6, 5, 4] as const;

function admit(session: Session, certificate: X509Certificate | undefined, options: SwitchHubOptions): void {
  const id = session.features.datapath_id.toString(16).padStart(16, '0');
  const host = options.hostOf(id);
  const refuse = (reason: string): void => {
    options.onRefused(session.remote, reason);
    session.close();
  };
  if (host === undefined) refuse(`datapath-id ${id} is no host of the topology`);
  else if (certificate !== undefined && !namesHost(certificate, host.name))
    refuse(`datapath-id ${id} is host ${host.name}, but the certificate is for ${namesIn(certificate)}`);
  else if (host.hasSwitch) refuse(`datapath-id ${id} is host ${host.name}, which is connected already`);
  else host.attach(session);
}

/** Listens for switches until closed. */
export const openSwitchHub = (options: SwitchHubOptions): Promise<Listener> =>
  listen(options.address, {
    versions: VERSIONS,
    probeMs: options.probeMs,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    onSession: (session, certificate) => admit(session, certificate, options),
    onFailure: (error: Error, remote: string) => options.onRefused(remote, error.message),
  });
