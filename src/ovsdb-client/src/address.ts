/**
 * Addresses as Open vSwitch writes them (ovsdb(7), "Connection Methods"):
 * active `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]`, `unix:FILE`; passive `ptcp:[PORT][:HOST]`, `pssl:[PORT][:HOST]`, `punix:FILE`.
 * IPv6 addresses stand in brackets. The port is 6640 unless given. Pure: nothing is resolved or opened here.
 */
import { OvsdbError } from './errors.js';

export type ActiveAddress =
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };
export type PassiveAddress =
  | { readonly kind: 'ptcp' | 'pssl'; readonly host: string; readonly port: number }
  | { readonly kind: 'punix'; readonly path: string };

/** The port IANA gave OVSDB. */
export const OVSDB_PORT = 6640;

function bad(text: string, why: string): OvsdbError {
  return new OvsdbError('bad address', { details: `${JSON.stringify(text)}: ${why}` });
}

function splitMethod(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  if (colon < 0) throw bad(text, 'expected METHOD:…, such as tcp:127.0.0.1:6640 or unix:/run/openvswitch/db.sock');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function portOf(text: string, digits: string, least: number): number {
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port < least || port > 65535)
    throw bad(text, `${JSON.stringify(digits)} is no port (${least} to 65535)`);
  return port;
}

function pathOf(text: string, path: string): string {
  if (path === '') throw bad(text, 'the path of the socket is missing');
  return path;
}

/** Parses an address to connect to. Throws OvsdbError `bad address`. */
export function parseActive(text: string): ActiveAddress {
  const [kind, rest] = splitMethod(text);
  if (kind === 'unix') return { kind, path: pathOf(text, rest) };
  if (kind !== 'tcp' && kind !== 'ssl') throw bad(text, `${JSON.stringify(kind)} is not one of tcp, ssl, unix`);
  const found = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(.*))?$/.exec(rest);
  if (!found) throw bad(text, 'expected HOST[:PORT], an IPv6 address in brackets');
  const host = (found[1] ?? found[2]) as string;
  return { kind, host, port: found[3] === undefined ? OVSDB_PORT : portOf(text, found[3], 1) };
}

/** Parses an address to listen on; port 0 lets the system choose. Without HOST: all IPv4 addresses, as in Open vSwitch. */
export function parsePassive(text: string): PassiveAddress {
  const [kind, rest] = splitMethod(text);
  if (kind === 'punix') return { kind, path: pathOf(text, rest) };
  if (kind !== 'ptcp' && kind !== 'pssl') throw bad(text, `${JSON.stringify(kind)} is not one of ptcp, pssl, punix`);
  const found = /^([^:]*)(?::(?:\[([^\]]+)\]|([^:[\]]+)))?$/.exec(rest);
  if (!found) throw bad(text, 'expected [PORT][:HOST], an IPv6 address in brackets');
  const digits = found[1] as string;
  return { kind, host: found[2] ?? found[3] ?? '0.0.0.0', port: digits === '' ? OVSDB_PORT : portOf(text, digits, 0) };
}

/** The address as Open vSwitch writes it. */
export function formatAddress(address: ActiveAddress | PassiveAddress): string {
  if ('path' in address) return `${address.kind}:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return address.kind === 'tcp' || address.kind === 'ssl'
    ? `${address.kind}:${host}:${address.port}`
    : `${address.kind}:${address.port}:${host}`;
}
