/** Sessions: everything that holds a socket or a file. One host = one OVSDB and one OpenFlow connection. */

export { ovsdbOf } from './host-ovsdb.js';
export * from './host-session.js';
export * from './key-store.js';
export * from './link.js';
export type { ProbeWay } from './probes.js';
export type { Punt } from './punts.js';
export { readHost } from './read-host.js';
export * from './refused-peers.js';
export { removeHost, UnreachableError } from './remove-host.js';
export * from './state-lock.js';
export * from './switch-hub.js';
