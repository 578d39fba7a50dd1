/** The OVSDB of a host, dialled; over TLS (`ssl:`) only where its certificate is that host's. */
import { OvsdbClient, type TlsOptions } from 'ovsdb-client';
import type { Host } from '../topology/index.js';
import { namesHost, namesIn } from './host-certificate.js';
import { type HostClient, MONITORED } from './host-rows.js';

export interface HostOvsdbOptions {
  /** Needed for `ssl:`. */
  readonly tls?: TlsOptions | undefined;
  /** Who answered was not the host. */
  readonly onRefused?: ((remote: string, reason: string) => void) | undefined;
}

/** A client for the host's OVSDB, not started yet. */
export function ovsdbOf(host: Host, { tls, onRefused }: HostOvsdbOptions = {}): HostClient {
  const client = { remotes: [host.ovsdb], database: 'Open_vSwitch', tables: MONITORED };
  if (!host.ovsdb.startsWith('ssl:')) return new OvsdbClient(client);
  const checked: TlsOptions = {
    ...(tls ?? { key: '', cert: '', ca: '' }),
    checkPeer: (certificate) => {
      // Without an authority of ours Node asks the system's: none of them may vouch for a host.
      if (tls === undefined) return new Error('TLS needs --private-key, --certificate and --ca-cert');
      if (namesHost(certificate, host.name)) return undefined;
      const reason = `this is to be host ${host.name}, but the certificate is for ${namesIn(certificate)}`;
      onRefused?.(host.ovsdb, reason);
      return new Error(reason);
    },
  };
  return new OvsdbClient({ ...client, tls: checked });
}
