/**
 * Cookies lead from any flow in a switch to its owner, and tell our flows from everybody else's:
 *
 *     63      56 55      48 47                                    0
 *     |  'K'    |  drop    |  first 48 bits of SHA-256(owner id)   |
 *
 * They are functions of names alone: a restarted controller computes the same ones. `drop` is 0 for a flow that does not
 * drop. Two owners of one installation share a 48-bit hash with probability 2·10⁻⁵ at 100,000 owners; a clash makes
 * only `explain` ambiguous, for no decision rests on the hash alone (the diff compares table, priority and match).
 */
import { hash } from 'node:crypto';

/** Top octet of every cookie of ours: "K". */
export const COOKIE_MAGIC = 0x4bn;
export const OWNER_MASK = 0xff00ffffffffffffn;

/** 48 bits of the owner's id, in the place where a cookie holds them, with the magic. */
export function ownerCookie(ownerId: string): bigint {
  const digest = hash('sha256', ownerId, 'buffer');
  return (COOKIE_MAGIC << 56n) | (digest.readBigUInt64BE(0) >> 16n);
}

/** The owner's cookie with a drop reason's code (1…255) in it. */
export const dropCookie = (owner: bigint, code: number): bigint => owner | (BigInt(code) << 48n);

/** True when a flow with this cookie was installed by Kakuri. */
export const isOurs = (cookie: bigint): boolean => cookie >> 56n === COOKIE_MAGIC;

/** The owner part of any cookie of ours. */
export const ownerOf = (cookie: bigint): bigint => cookie & OWNER_MASK;

/** The drop code of a cookie, 0 where the flow is no drop. */
export const dropCodeOf = (cookie: bigint): number => Number((cookie >> 48n) & 0xffn);
