/**
 * 64 bits as a bigint, from and to two halves.
 *
 * JavaScript has no other cheap way: `BigInt(n)`, shifts and `readBigUInt64BE` each call into the engine. Here the
 * engine's own view of 8 octets as one bigint converts, which compiles to a few machine instructions. The 8 octets
 * hold nothing from one call to the next.
 */

const whole = new BigUint64Array(1);
const halves = new Uint32Array(whole.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const HIGH = isLittleEndian ? 1 : 0;
const LOW = isLittleEndian ? 0 : 1;

/** The bigint of two halves, each given as any 32-bit integer, signed or not. */
export function joinU64(high: number, low: number): bigint {
  halves[HIGH] = high;
  halves[LOW] = low;
  return whole[0] as bigint;
}

/** Writes 8 octets, big-endian; false, and nothing is written, where the value is no bigint of 64 bits. */
export function putU64(b: Uint8Array, at: number, v: bigint): boolean {
  if (typeof v !== 'bigint') return false;
  whole[0] = v;
  if (whole[0] !== v) return false;
  const high = halves[HIGH] as number;
  const low = halves[LOW] as number;
  b[at] = high >>> 24;
  b[at + 1] = high >>> 16;
  b[at + 2] = high >>> 8;
  b[at + 3] = high;
  b[at + 4] = low >>> 24;
  b[at + 5] = low >>> 16;
  b[at + 6] = low >>> 8;
  b[at + 7] = low;
  return true;
}
