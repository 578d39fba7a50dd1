/** The options of TLS, named as Open vSwitch's tools name them, and the files that they name. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Command } from 'commander';
import type { TlsOptions } from 'ovsdb-client';
import type { Topology } from '../topology/index.js';
import { CliError } from './errors.js';

export interface TlsFiles {
  readonly privateKey?: string;
  readonly certificate?: string;
  readonly caCert?: string;
}

/** Adds the three options. */
export const withTls = (command: Command): Command =>
  command
    .option('--private-key <file>', 'for ssl: and pssl: addresses: the private key (PEM)')
    .option('--certificate <file>', 'the certificate that hosts are shown (PEM)')
    .option('--ca-cert <file>', "the authority that has signed the hosts' certificates (PEM)");

/** Given all three, or none. Throws CliError 2. */
export function readTls(files: TlsFiles): TlsOptions | undefined {
  const { privateKey, certificate, caCert } = files;
  if (privateKey === undefined && certificate === undefined && caCert === undefined) return undefined;
  const read = (option: string, file: string | undefined): Buffer => {
    if (file === undefined)
      throw new CliError(`--${option} is missing: TLS needs --private-key, --certificate and --ca-cert`, 2);
    try {
      return readFileSync(file);
    } catch (error) {
      throw new CliError(`--${option} ${file}: ${(error as Error).message}`, 2);
    }
  };
  const tls = {
    key: read('private-key', privateKey),
    cert: read('certificate', certificate),
    ca: read('ca-cert', caCert),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new CliError(`--private-key, --certificate, --ca-cert: ${(error as Error).message}`, 2);
  }
  return tls;
}

/** Throws CliError 2 where an address asks for TLS and there are no certificates. */
export function needTls(tls: TlsOptions | undefined, topology: Topology, listen = ''): void {
  if (tls !== undefined) return;
  const host = topology.hosts.find(({ ovsdb }) => ovsdb.startsWith('ssl:'));
  const what = host === undefined ? (listen.startsWith('pssl:') ? `--listen ${listen}` : undefined) : host.ovsdb;
  if (what !== undefined) throw new CliError(`${what}: TLS needs --private-key, --certificate and --ca-cert`, 2);
}
