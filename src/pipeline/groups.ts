/**
 * The group of a network on a host: one copy of a broadcast for each other host that has a port of it. Buckets are named
 * by host, so that one more host is one INSERT_BUCKET; what is on this host goes by table `flood` instead, because what
 * came by tunnel must reach the ports here and no bucket.
 *
 * Group numbers end at OFPG_MAX (0xffffff00, OpenFlow 1.5.1 clause 7.3.4.3) while GRE keys have all 32 bits: the last 256
 * keys take the numbers 256 lower. `topology/` refuses a file that uses both of such a pair.
 */
import { createHash } from 'node:crypto';

const FIRST_RESERVED = 0xffffff00;

/** The group number of the network with this key, the same on every host. */
export const groupId = (key: number): number => (key < FIRST_RESERVED ? key : key - 0x100);

/** Bucket numbers end below OFPG_BUCKET_MAX 0xffffff00: 31 bits of the host name's SHA-256. */
export const bucketId = (host: string): number =>
  createHash('sha256').update(`bucket ${host}`).digest().readUInt32BE(0) >>> 1;
