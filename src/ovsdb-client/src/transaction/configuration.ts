/**
 * "ovs-vswitchd has acted": a transaction that changes the configuration increments `next_cfg`, and ovs-vswitchd sets
 * `cur_cfg` to it once it has reconfigured itself (ovs-vswitchd.conf.db(5), Open_vSwitch, "Configuration").
 */
import { OvsdbError } from '../errors.js';
import { type DatabaseDeclaration, integer } from '../schema/columns.js';
import type { RequestOptions } from '../session/rpc-options.js';
import type { TransactionResult } from './result.js';
import { Transaction } from './transaction.js';

const CONFIGURATION = { Open_vSwitch: { next_cfg: integer, cur_cfg: integer } } as const satisfies DatabaseDeclaration;

/** What is needed of the client. */
export interface ConfigurationClient<D extends DatabaseDeclaration> {
  readonly tables: D;
  readonly transact: (transaction: Transaction<D>, options: RequestOptions) => Promise<TransactionResult>;
  readonly rows: (table: 'Open_vSwitch') => ReadonlyMap<string, unknown>;
  readonly onChange: (listener: () => void) => () => void;
}

/** As OvsdbClient.transactAndWait, which see. */
export async function waitForConfiguration<D extends DatabaseDeclaration>(
  client: ConfigurationClient<D>,
  transaction: Transaction<D>,
  timeoutMs: number,
  options: RequestOptions,
): Promise<TransactionResult> {
  if (!client.tables.Open_vSwitch?.cur_cfg)
    throw new OvsdbError('bad value', {
      details: 'transactAndWait needs Open_vSwitch.cur_cfg among the declared columns',
    });
  // Built on a transaction of its own, then appended: the caller's stays as it is.
  const extra = new Transaction(CONFIGURATION);
  extra.mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]]);
  const selected = extra.select('Open_vSwitch', [], ['next_cfg']);
  const before = transaction.operations.length;
  const whole = transaction.followedBy(extra.operations);
  const result = await client.transact(whole, options);
  const [row] = selected.read(result.raw[before + selected.index]);
  if (!row) throw new OvsdbError('bad reply', { details: 'Open_vSwitch has no row: is ovs-vswitchd set up?' });
  await reached(client, row.next_cfg, timeoutMs);
  return result;
}

function reached<D extends DatabaseDeclaration>(
  client: ConfigurationClient<D>,
  wanted: number,
  timeoutMs: number,
): Promise<void> {
  const current = () => {
    for (const row of client.rows('Open_vSwitch').values()) return Number((row as { cur_cfg?: unknown }).cur_cfg);
    return Number.NEGATIVE_INFINITY;
  };
  return new Promise((resolve, reject) => {
    if (current() >= wanted) return resolve();
    const timer = setTimeout(() => {
      stop();
      reject(
        new OvsdbError('request timed out', {
          details: `cur_cfg is ${current()}, not ${wanted}, after ${timeoutMs} ms; the change itself is committed`,
        }),
      );
    }, timeoutMs);
    const stop = client.onChange(() => {
      if (current() < wanted) return;
      clearTimeout(timer);
      stop();
      resolve();
    });
  });
}
