/**
 * What ovsdb-server takes for a request or a notification (RFC 7047 section 4, its lib/jsonrpc.c): anything else, an answer included,
 * ends the session, and so does text that is JSON to others but not to it.
 */
import { parseJson } from '../json/text.js';
import { fault } from './datum.js';

export interface Request {
  readonly method: string;
  readonly params: readonly unknown[];
  /** Null for a notification, also where it was left out. */
  readonly id: unknown;
}

const MEMBERS = ['method', 'params', 'id', 'result', 'error'];
/** Strings that ovsdb-server's parser refuses: U+0000, and half a pair of surrogates. */
const REFUSED = /\0|\p{Surrogate}/u;

/** Throws `malformed stream` for a value that ovsdb-server cannot read. */
function checkReadable(value: unknown): void {
  if (typeof value === 'string' && REFUSED.test(value)) throw fault('malformed stream', 'no string of OVSDB');
  if (typeof value === 'number' && !Number.isFinite(value)) throw fault('malformed stream', 'number out of range');
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    checkReadable(name);
    checkReadable(member);
  }
}

/** Reads one message. Throws `malformed stream` or SyntaxError, upon which the session ends. */
export function parseRequest(text: string): Request {
  const json = parseJson(text);
  checkReadable(json);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw fault('malformed stream', 'no object');
  const { method, params, id, result, error } = json as { readonly [member: string]: unknown };
  const known = Object.keys(json).every((name) => MEMBERS.includes(name));
  if (!known || typeof method !== 'string' || !Array.isArray(params) || (result ?? error ?? null) !== null)
    throw fault('malformed stream', 'neither a request nor a notification');
  return { method, params, id: id ?? null };
}
