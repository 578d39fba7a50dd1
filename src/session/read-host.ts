/**
 * Reads one host without a controller: rows over OVSDB, tables by the bridge's management socket, which ovs-vswitchd
 * opens beside its other sockets (`br-int.mgmt`, as ovs-ofctl uses it). That socket is local: a host whose OVSDB is
 * reached over the network has to be read by its controller, or by `kakuri dump` on the host itself.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from 'ts-openflow';
import { BRIDGE } from '../desired/index.js';
import type { Host } from '../topology/index.js';
import type { DumpTexts } from '../verify/index.js';
import { readDumpTexts } from './dump-texts.js';
import { ovsdbOf } from './host-ovsdb.js';
import { RowReader } from './host-rows.js';
import { synced, UnreachableError } from './remove-host.js';

/** Where the bridge listens. Throws UnreachableError where that cannot be known. */
function managementSocket({ name, ovsdb }: Host): string {
  if (!ovsdb.startsWith('unix:'))
    throw new UnreachableError(
      `${name}: OVSDB ${ovsdb} is not a local socket: without a controller only ${BRIDGE}.mgmt beside one can be read; run it on the host`,
    );
  const path = join(dirname(ovsdb.slice('unix:'.length)), `${BRIDGE}.mgmt`);
  if (!existsSync(path)) throw new UnreachableError(`${name}: there is no ${path}: is ${BRIDGE} there?`);
  return path;
}

/** Everything that the host holds. Throws UnreachableError, after `timeoutMs` at the latest. */
export async function readHost(host: Host, timeoutMs: number): Promise<DumpTexts> {
  const path = managementSocket(host);
  const client = ovsdbOf(host);
  try {
    await synced(client, host, timeoutMs);
    const { interfaces } = new RowReader().read(client);
    const session = await connect(`unix:${path}`, { timeoutMs }).catch((error: Error) => {
      throw new UnreachableError(`${host.name}: ${path}: ${error.message}`);
    });
    try {
      return await readDumpTexts(session, interfaces);
    } finally {
      session.close();
      await session.closed;
    }
  } finally {
    client.close();
  }
}
