/** Conversion of a schema, run against ovsdb-server and the fake server; the real one is the oracle. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Step } from './support/cases.js';
import { alike, DB, insert, listen, remove, transact } from './support/scripts.js';
import { FIXTURES } from './support/server.js';

const schema = JSON.parse(readFileSync(join(FIXTURES, 'conformance.ovsschema'), 'utf8'));
/** The schema after `change`. */
function changed(
  change: (schema: { tables: Record<string, { columns: Record<string, unknown> }> }) => unknown,
): unknown {
  const copy = structuredClone(schema);
  change(copy);
  return copy;
}
const wider = changed(({ tables }) => {
  const blob = tables.blob?.columns ?? {};
  blob.more = { type: 'integer' };
  blob.seq = { type: { key: 'integer', min: 0, max: 'unlimited' } };
  delete tables.lone;
});
const convert = (session: string, ...params: unknown[]): Step => [session, 'convert', params];
const rows = (columns: readonly string[]) => ({ op: 'select', table: 'blob', where: [], columns });

alike('convert', {
  'monitors are cancelled, who is not aware is disconnected, rows stay': [
    ['A', 'set_db_change_aware', [true]],
    ['B', 'set_db_change_aware', [true]],
    transact('A', insert('blob', { data: 'kept', seq: 3 })),
    ['A', 'monitor', [DB, 'm', { blob: { columns: ['data'] } }]],
    ['B', 'monitor_cond', [DB, 'n', { blob: [{ columns: ['data'] }] }]],
    convert('A', DB, wider),
    listen('A'),
    listen('B'),
    transact('A', rows(['data', 'seq', 'more'])),
    transact('A', insert('lone', {})),
    ['A', 'monitor_cancel', ['m']],
    ['C', 'echo', []],
    convert('C', DB, schema),
    transact('A', rows(['data', 'seq'])),
    transact('A', insert('lone', {})),
    transact('A', remove('blob'), remove('lone')),
  ],
  refused: [
    ['A', 'set_db_change_aware', [true]],
    convert('A', DB, { ...schema, name: 'other' }),
    convert(
      'A',
      DB,
      changed(({ tables }) => delete tables.child),
    ),
    convert('A', DB, { name: DB, version: '1.0.0' }),
    convert('A', DB, { ...schema, tables: { x: { columns: {} } } }),
    convert('A', DB, 5),
    convert('A', DB),
    convert('A', 'nope', schema),
    transact('A', insert('blob', { data: 'as before' }), rows(['data', 'seq']), remove('blob')),
  ],
});
