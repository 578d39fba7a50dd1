/** Typed rows from the recorded octets of a monitor's answer: the way of a snapshot without a socket. For tools and measurements. */

import { OvsdbError } from '../errors.js';
import { Window } from '../json/window.js';
import type { DatabaseDeclaration } from '../schema/columns.js';
import type { NameOf, StoredRow } from '../schema/row.js';
import type { DatabaseSchema } from '../schema/server-schema.js';
import { bindDeclaration } from '../schema/table.js';
import { Replica } from './replica.js';
import { readSnapshot } from './snapshot-reader.js';

/** The rows of every declared table, by uuid. */
export type Tables<D extends DatabaseDeclaration> = {
  readonly [N in NameOf<D>]: ReadonlyMap<string, StoredRow<D[N]>>;
};

/**
 * Reads the answer to monitor, monitor_cond or monitor_cond_since, in whatever pieces. Throws OvsdbError for a schema that does not
 * fit, and an error where the answer is not whole, or not in the compact form that ovsdb-server writes.
 */
export function rowsOfSnapshot<D extends DatabaseDeclaration>(
  pieces: Iterable<Buffer>,
  tables: D,
  schema: DatabaseSchema,
): Tables<D> {
  const bound = bindDeclaration(tables, schema);
  const window = new Window();
  const reading = readSnapshot(window, bound);
  const replica = new Replica(Object.keys(tables));
  replica.bind(bound);
  for (const piece of pieces) {
    window.push(piece);
    let step = reading.next();
    while (!step.done && step.value !== 'hungry') step = reading.next();
    if (!step.done) continue;
    replica.load(step.value.snapshot);
    return Object.fromEntries(Object.keys(tables).map((name) => [name, replica.rows(name)])) as unknown as Tables<D>;
  }
  throw new OvsdbError('bad reply', { details: 'the answer is cut off' });
}
