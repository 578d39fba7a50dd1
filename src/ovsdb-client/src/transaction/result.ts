/**
 * A transact answer paired with its operations (RFC 7047 section 4.1.3): the list has one result for each operation, up to
 * and including the first error, then nulls; an error found at commit stands one place after the last operation.
 */
import { errorFromReply, OvsdbError } from '../errors.js';
import type { OperationHandle } from './transaction.js';

export class TransactionResult {
  readonly #results: readonly unknown[];

  constructor(results: readonly unknown[]) {
    this.#results = results;
  }

  /** The result of an operation: an insert's uuid, a select's rows, a count. */
  get<R>(handle: OperationHandle<R>): R {
    return handle.read(this.#results[handle.index]);
  }

  /** The results as the server gave them. */
  get raw(): readonly unknown[] {
    return this.#results;
  }
}

type Operation = { readonly op?: unknown; readonly table?: unknown };

const operationText = ({ op, table }: Operation) => (table === undefined ? String(op) : `${op} ${table}`);

/** The results, or the error of the operation that failed. Throws OvsdbError. */
export function transactionResult(operations: readonly Operation[], answer: unknown): TransactionResult {
  if (!Array.isArray(answer))
    throw new OvsdbError('bad reply', { details: 'transact answered by no list', outcome: 'unknown' });
  const index = answer.findIndex((result) => typeof result === 'object' && result !== null && 'error' in result);
  if (index < 0) {
    if (answer.length === operations.length) return new TransactionResult(answer);
    throw new OvsdbError('bad reply', {
      details: `${answer.length} results for ${operations.length} operations`,
      outcome: 'unknown',
    });
  }
  const operation = operations[index];
  throw errorFromReply(answer[index], {
    operation: index,
    operationText: operation ? operationText(operation) : 'commit',
  });
}
