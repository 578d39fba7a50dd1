/** The octets of one JSON-RPC message to its members. */
import { isAscii, isUtf8 } from 'node:buffer';
import { OvsdbError } from '../errors.js';
import { parseJson } from '../json/text.js';

export type Message = { readonly [member: string]: unknown };

/** Parses a message that the framer has found. Throws OvsdbError `malformed stream`. */
export function parseMessage(octets: Buffer): Message {
  if (!isUtf8(octets))
    throw new OvsdbError('malformed stream', { details: `no UTF-8: ${octets.subarray(0, 100).toString('latin1')}` });
  try {
    return parseJson(octets.toString()) as Message;
  } catch (cause) {
    const details = `${(cause as Error).message}: ${octets.subarray(0, 100).toString('latin1')}`;
    throw new OvsdbError('malformed stream', { details, cause });
  }
}

/**
 * The one message that a few octets are, if they are one, as most answers come: no need to look for its end. Undefined where it takes
 * a closer look.
 */
export function wholeMessage(octets: Buffer): Message | undefined {
  if (octets[0] !== 0x7b || octets[octets.length - 1] !== 0x7d || !isAscii(octets)) return undefined;
  const text = octets.toString('latin1');
  if (text.includes('}{')) return undefined;
  try {
    return parseJson(text) as Message;
  } catch {
    return undefined; // more than one, or wrong: the framer finds out which
  }
}
