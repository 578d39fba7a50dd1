/**
 * Owners: the objects that flows belong to, each with a stable id. The id gives the cookie; the words are for people.
 * The unit of computation is (host, owner): what one host needs because of one object.
 */
import { type ObjectKind, type ObjectValues, ownerCookie } from '../pipeline/index.js';

export interface Owner {
  /** Stable over restarts and edits, unique in an installation: `port red/web/red-vm1`, `peer red/web hv2`. */
  readonly id: string;
  readonly cookie: bigint;
  readonly tenant?: string;
  /** Path of the network, `tenant/network`. */
  readonly network?: string;
  /** Name of the port. */
  readonly port?: string;
}

/** Gives the cookie of an owner's id: ownerCookie, or one that remembers. */
export type CookieOf = (id: string) => bigint;

interface NetworkNames {
  readonly path: string;
  readonly tenant: string;
}
interface PortNames {
  readonly path: string;
  readonly name: string;
}

function ofNetwork(id: string, { tenant, path }: NetworkNames, cookieOf: CookieOf): Owner {
  return { id, cookie: cookieOf(id), tenant, network: path };
}
function ofPort(id: string, { tenant, path }: NetworkNames, port: PortNames, cookieOf: CookieOf): Owner {
  return { id, cookie: cookieOf(id), tenant, network: path, port: port.name };
}
const ofHost = (id: string, cookieOf: CookieOf): Owner => ({ id, cookie: cookieOf(id) });

export const hostOwner = (of: CookieOf = ownerCookie): Owner => ofHost('host', of);
export const tunnelOwner = (name: string, of: CookieOf = ownerCookie): Owner => ofHost(`tunnel ${name}`, of);
export const vtepOwner = (tunnel: string, host: string, of: CookieOf = ownerCookie): Owner =>
  ofHost(`vtep ${tunnel} ${host}`, of);
export const networkOwner = (n: NetworkNames, of: CookieOf = ownerCookie): Owner =>
  ofNetwork(`network ${n.path}`, n, of);
export const portOwner = (n: NetworkNames, p: PortNames, of: CookieOf = ownerCookie): Owner =>
  ofPort(`port ${p.path}`, n, p, of);
export const remoteOwner = (n: NetworkNames, p: PortNames, of: CookieOf = ownerCookie): Owner =>
  ofPort(`remote ${p.path}`, n, p, of);
export const addressOwner = (n: NetworkNames, p: PortNames, ip: string, of: CookieOf = ownerCookie): Owner =>
  ofPort(`address ${n.path} ${ip}`, n, p, of);
export const peerOwner = (n: NetworkNames, host: string, of: CookieOf = ownerCookie): Owner =>
  ofNetwork(`peer ${n.path} ${host}`, n, of);
export const senderOwner = (n: NetworkNames, p: PortNames, of: CookieOf = ownerCookie): Owner =>
  ofPort(`sender ${p.path}`, n, p, of);

const OWNERS: { readonly [K in ObjectKind]: (object: ObjectValues[K], of: CookieOf) => Owner } = {
  host: (_, of) => hostOwner(of),
  tunnel: ({ name }, of) => tunnelOwner(name, of),
  vtep: ({ tunnel, host }, of) => vtepOwner(tunnel.name, host, of),
  network: ({ network }, of) => networkOwner(network, of),
  port: ({ network, port }, of) => portOwner(network, port, of),
  address: ({ network, port, ip }, of) => addressOwner(network, port, ip, of),
  remote: ({ network, port }, of) => remoteOwner(network, port, of),
  peer: ({ network, host }, of) => peerOwner(network, host, of),
  sender: ({ network, port }, of) => senderOwner(network, port, of),
};

/** The owner of the flows that an object of this kind needs. */
export const ownerOfObject = <K extends ObjectKind>(
  kind: K,
  object: ObjectValues[K],
  of: CookieOf = ownerCookie,
): Owner => OWNERS[kind](object, of);
