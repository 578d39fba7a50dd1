/**
 * The one error class of this library. Decide on `code` (and `outcome`), never on the text.
 *
 * `code` is either one of OVSDB's own error strings (RFC 7047 section 3.1 and 5.1, e.g. "constraint violation", "timed
 * out", "aborted"), kept as the server wrote it, or one of `ClientErrorCode`, which the client itself produces.
 */

/** Codes the client produces itself. */
export type ClientErrorCode =
  | 'not connected' // nothing was sent
  | 'connection lost' // sent, and the answer will never come
  | 'request timed out' // sent, and no answer within the time allowed
  | 'canceled' // the caller withdrew it
  | 'overloaded' // nothing was sent: too much waits to be sent already
  | 'bad value' // a value the column's type cannot carry, or that the wire cannot
  | 'bad reply' // the server answered something the protocol does not know
  | 'malformed stream' // the octets are no JSON-RPC
  | 'schema mismatch' // a declared table or column is missing or of another type
  | 'bad address';

/** What is known of a request's effect. `unknown`: it may or may not have been carried out; never retried by the client. */
export type Outcome = 'none' | 'unknown';

export interface OvsdbErrorFields {
  /** The server's `details`, or more about the client's error. */
  readonly details?: string;
  /** Index of the operation that failed; the number of operations where the commit failed; absent where no operation is to blame. */
  readonly operation?: number;
  /** The failed operation as text, e.g. `insert Bridge`; `commit` for errors found at commit. */
  readonly operationText?: string;
  /** The server's `syntax` member: the JSON it objects to. */
  readonly syntax?: string;
  readonly outcome?: Outcome;
  readonly cause?: unknown;
}

export class OvsdbError extends Error {
  override readonly name = 'OvsdbError';
  readonly code: string;
  readonly details: string | undefined;
  readonly operation: number | undefined;
  readonly operationText: string | undefined;
  readonly syntax: string | undefined;
  readonly outcome: Outcome;

  constructor(code: ClientErrorCode | (string & {}), fields: OvsdbErrorFields = {}) {
    super(messageOf(code, fields), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.details = fields.details;
    this.operation = fields.operation;
    this.operationText = fields.operationText;
    this.syntax = fields.syntax;
    this.outcome = fields.outcome ?? 'none';
  }
}

function messageOf(code: string, { details, operation, operationText, outcome }: OvsdbErrorFields): string {
  const where = operation === undefined ? '' : `operation ${operation}${operationText ? ` (${operationText})` : ''}: `;
  const unknown = outcome === 'unknown' ? ' (outcome unknown: it may have been carried out)' : '';
  return `${where}${code}${details === undefined ? '' : `: ${details}`}${unknown}`;
}

/** The OvsdbError an `error` member (an object or a bare string) stands for. */
export function errorFromReply(error: unknown, fields: OvsdbErrorFields = {}): OvsdbError {
  if (typeof error === 'string') return new OvsdbError(error, fields);
  if (typeof error !== 'object' || error === null)
    return new OvsdbError('bad reply', { ...fields, details: `error member is ${JSON.stringify(error)}` });
  const { error: code, details, syntax } = error as { error?: unknown; details?: unknown; syntax?: unknown };
  return new OvsdbError(typeof code === 'string' ? code : 'bad reply', {
    ...fields,
    // The server has lost its cluster while the transaction was under way: it may yet be committed.
    ...(code === 'cluster error' ? { outcome: 'unknown' as const } : {}),
    ...(typeof details === 'string' ? { details } : { details: JSON.stringify(error) }),
    ...(typeof syntax === 'string' ? { syntax } : {}),
  });
}
