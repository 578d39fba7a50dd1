/** Takes Kakuri off one host, over OVSDB alone. */
import type { TlsOptions } from 'ovsdb-client';
import { removePlan } from '../desired/index.js';
import type { Host } from '../topology/index.js';
import { carryOut } from './changes.js';
import { ovsdbOf } from './host-ovsdb.js';
import { type HostClient, RowReader } from './host-rows.js';

/** The host did not answer in time. */
export class UnreachableError extends Error {}

/** Removes, and says in words what was removed. Throws UnreachableError after `timeoutMs`. */
export async function removeHost(
  host: Host,
  keepBridge: boolean,
  timeoutMs: number,
  tls?: TlsOptions,
): Promise<readonly string[]> {
  const client = ovsdbOf(host, { tls });
  try {
    await synced(client, host, timeoutMs);
    const plan = removePlan(new RowReader().read(client), keepBridge);
    if (plan.changes.length > 0) await carryOut(client, plan.changes);
    return plan.done;
  } finally {
    client.close();
  }
}

/** Waits for the first rows. Rejects with UnreachableError after `timeoutMs`. */
export function synced(client: HostClient, host: Host, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason = 'no answer';
    const timeout = setTimeout(
      () => reject(new UnreachableError(`${host.name}: OVSDB ${host.ovsdb}: ${reason}`)),
      timeoutMs,
    );
    const look = (): void => {
      reason = client.status.reason;
      if (client.status.state !== 'synced') return;
      clearTimeout(timeout);
      resolve();
    };
    client.onStatus(look);
    client.start();
    look();
  });
}
