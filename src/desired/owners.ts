/**
 * Owners: the objects that flows belong to, each with a stable id. The id gives the cookie; the words are for people.
 * The unit of computation is (host, owner): what one host needs because of one object.
 */
import { ownerCookie } from '../pipeline/index.js';

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

interface Names {
  readonly tenant?: string;
  readonly network?: string;
  readonly port?: string;
}

const owner = (id: string, names: Names = {}): Owner => ({ id, cookie: ownerCookie(id), ...names });

interface NetworkNames {
  readonly path: string;
  readonly tenant: string;
}
interface PortNames {
  readonly path: string;
  readonly name: string;
}
const ofNetwork = (n: NetworkNames): Names => ({ tenant: n.tenant, network: n.path });

export const hostOwner = (): Owner => owner('host');
export const tunnelOwner = (name: string): Owner => owner(`tunnel ${name}`);
export const vtepOwner = (tunnel: string, host: string): Owner => owner(`vtep ${tunnel} ${host}`);
export const networkOwner = (n: NetworkNames): Owner => owner(`network ${n.path}`, ofNetwork(n));
export const portOwner = (n: NetworkNames, p: PortNames): Owner =>
  owner(`port ${p.path}`, { ...ofNetwork(n), port: p.name });
export const remoteOwner = (n: NetworkNames, p: PortNames): Owner =>
  owner(`remote ${p.path}`, { ...ofNetwork(n), port: p.name });
export const addressOwner = (n: NetworkNames, p: PortNames, ip: string): Owner =>
  owner(`address ${n.path} ${ip}`, { ...ofNetwork(n), port: p.name });
export const peerOwner = (n: NetworkNames, host: string): Owner => owner(`peer ${n.path} ${host}`, ofNetwork(n));
