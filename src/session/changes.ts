/**
 * Changes as one OVSDB transaction, done only when ovs-vswitchd has acted on it (next_cfg and cur_cfg). The typed builder
 * wants to know each table by name; here the table is data, so this file bridges the two, and the server checks the rest.
 */

import { byUuid } from 'ovsdb-client';
import type { Change, ColumnValue, Ref } from '../desired/index.js';
import type { HostClient } from './host-rows.js';

type Transaction = ReturnType<HostClient['transaction']>;
/** What the builder offers, with table and columns as data. */
interface AnyTransaction {
  insert(table: string, row: object, uuidName: string): { readonly namedUuid: string };
  update(table: string, where: object, row: object): unknown;
  mutate(table: string, where: object, mutations: readonly unknown[]): unknown;
}

const isRef = (value: unknown): value is Ref =>
  typeof value === 'object' && value !== null && ('uuid' in value || 'inserted' in value);

/** A name as RFC 7047 section 3.1 allows it for a named-uuid: letters, digits and underscores. */
const uuidName = (name: string): string => name.replace(/\W/g, '_');

const reference = (ref: Ref): unknown => ('uuid' in ref ? ref.uuid : { namedUuid: uuidName(ref.inserted) });

/** The value in the builder's terms: sets, maps, uuids and named uuids. */
function value(column: ColumnValue): unknown {
  if (isRef(column)) return reference(column);
  if (Array.isArray(column)) return new Set(column.map((v) => (isRef(v) ? reference(v) : v)));
  if (column instanceof Map) return new Map([...column].map(([k, v]) => [k, reference(v as Ref)]));
  if (typeof column === 'object') return new Map(Object.entries(column));
  return column;
}

const row = (columns: Readonly<Record<string, ColumnValue>>): object =>
  Object.fromEntries(Object.entries(columns).map(([name, v]) => [name, value(v)]));

function add(transaction: AnyTransaction, change: Change): void {
  switch (change.op) {
    case 'insert':
      transaction.insert(change.table, row(change.row), uuidName(change.name));
      return;
    case 'update':
      transaction.update(change.table, byUuid(change.uuid), row(change.row));
      return;
    case 'mutate': {
      const at = 'uuid' in change.at ? change.at.uuid : change.at.inserted;
      transaction.mutate(change.table, byUuid(at), [[change.column, change.mutator, value(change.value)]]);
      return;
    }
    default:
      change satisfies never;
  }
}

/** Carries out the changes in one transaction, and if asked to, waits until ovs-vswitchd has acted on them. */
export async function carryOut(client: HostClient, changes: readonly Change[], wait = true): Promise<void> {
  const transaction: Transaction = client.transaction();
  for (const change of changes) add(transaction as unknown as AnyTransaction, change);
  await (wait ? client.transactAndWait(transaction) : client.transact(transaction));
}
