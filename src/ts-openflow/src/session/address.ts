/**
 * Connection addresses as Open vSwitch writes them (ovs-vswitchd.conf.db(5), Controller.target; ovsdb(7), "Connection
 * Methods"): `tcp:IP[:PORT]`, `ssl:IP[:PORT]`, `unix:PATH`, and to listen `ptcp:[PORT][:IP]`, `pssl:…`, `punix:PATH`.
 * IPv6 addresses stand in brackets. The default port is 6653 (OpenFlow 1.5.1 clause 6.3.2).
 */
import { isIP } from 'node:net';

/** The port of OpenFlow (IANA), where none is given. */
export const OFP_PORT = 6653;

/** A place to dial or to listen at, as Open vSwitch writes it. */
export type Address =
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** `host` undefined: every address of this machine. */
  | { readonly kind: 'ptcp' | 'pssl'; readonly host?: string; readonly port: number }
  | { readonly kind: 'punix'; readonly path: string };

/** The text is no address; the message says what was expected. */
export class AddressError extends Error {}

const FORMS = 'tcp:IP[:PORT], ssl:IP[:PORT], unix:PATH, ptcp:[PORT][:IP], pssl:[PORT][:IP] or punix:PATH';

function portOf(text: string, whole: string, least: number): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= least && port <= 65535)) throw new AddressError(`${whole}: port ${text} is not ${least} to 65535`);
  return port;
}

function hostOf(text: string, whole: string): string {
  const host = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  if (host === '' || (isIP(host) === 6) !== text.startsWith('['))
    throw new AddressError(`${whole}: expected an address, IPv6 in brackets`);
  return host;
}

function active(kind: 'tcp' | 'ssl', rest: string, whole: string): Address {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(rest);
  if (parts === null) throw new AddressError(`${whole}: expected ${kind}:IP[:PORT], IPv6 in brackets`);
  const port = parts[2] === undefined ? OFP_PORT : portOf(parts[2], whole, 1);
  return { kind, host: hostOf(parts[1] as string, whole), port };
}

function passive(kind: 'ptcp' | 'pssl', rest: string, whole: string): Address {
  const parts = /^([^:]*)(?::(.*))?$/.exec(rest);
  if (parts === null) throw new AddressError(`${whole}: expected ${kind}:[PORT][:IP]`);
  const port = parts[1] === '' ? OFP_PORT : portOf(parts[1] as string, whole, 0);
  return parts[2] === undefined ? { kind, port } : { kind, port, host: hostOf(parts[2], whole) };
}

/** The address in a text. Throws AddressError. */
export function parseAddress(text: string): Address {
  const [, kind, rest = ''] = /^([a-z]+):(.*)$/.exec(text) ?? [];
  switch (kind) {
    case 'tcp':
    case 'ssl':
      return active(kind, rest, text);
    case 'ptcp':
    case 'pssl':
      return passive(kind, rest, text);
    case 'unix':
    case 'punix':
      if (rest === '') throw new AddressError(`${text}: expected ${kind}:PATH`);
      return { kind, path: rest };
    default:
      throw new AddressError(`${text}: expected ${FORMS}`);
  }
}

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** The address as Open vSwitch writes it. */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'tcp':
    case 'ssl':
      return `${address.kind}:${bracketed(address.host)}:${address.port}`;
    case 'ptcp':
    case 'pssl':
      return `${address.kind}:${address.port}${address.host === undefined ? '' : `:${bracketed(address.host)}`}`;
    case 'unix':
    case 'punix':
      return `${address.kind}:${address.path}`;
    default:
      return address satisfies never;
  }
}
