/**
 * The group of a network on a host: one copy of a broadcast for each other host that has a port of it. Buckets are named
 * by host, so that one more host is one INSERT_BUCKET; what is on this host goes by table `flood` instead, because what
 * came by tunnel must reach the ports here and no bucket.
 * `topology/` refuses a file in which two networks would have one group number.
 */
import { createHash } from 'node:crypto';
import { groupNumber } from '../topology/index.js';

/** The group number of the network with this key, the same on every host. */
export const groupId = groupNumber;

/** Bucket numbers end below OFPG_BUCKET_MAX 0xffffff00: 31 bits of the host name's SHA-256. */
export const bucketId = (host: string): number =>
  createHash('sha256').update(`bucket ${host}`).digest().readUInt32BE(0) >>> 1;
