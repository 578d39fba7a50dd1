/**
 * The groups of a network on a host: one copy of a broadcast for each other host that has a port of it. Buckets are named
 * by host, so that one more host is one INSERT_BUCKET; what is on this host goes by table `flood` instead, because what
 * came by tunnel must reach the ports here and no bucket. A network of which some port receives unknown unicast has a
 * second one, for that.
 * `topology/` refuses a file in which two networks would have one group number.
 */
import { hash } from 'node:crypto';
import { groupNumber, type Network, networkNumber, type Wire } from '../topology/index.js';

/** The group number of a network, the same on every host. */
export const groupId = (wire: Wire): number => groupNumber(networkNumber(wire));

/**
 * The group of the hosts with a port that receives unknown unicast (topology/port-checks.ts keeps wide keys from a file
 * with such a port, so that the upper half of the numbers is free).
 */
export const unknownGroupId = (wire: Wire): number => 2 ** 31 + networkNumber(wire);

/** True when some port of the network receives unknown unicast, wherever it is. */
export const wantsUnknown = (network: Network): boolean => network.ports.some((port) => port.unknown === true);

/** Bucket numbers end below OFPG_BUCKET_MAX 0xffffff00: 31 bits of the host name's SHA-256. */
export const bucketId = (host: string): number => hash('sha256', `bucket ${host}`, 'buffer').readUInt32BE(0) >>> 1;
