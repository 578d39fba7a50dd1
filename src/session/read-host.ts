/**
 * Reads one host without a controller: rows over OVSDB, tables by the bridge's management socket, which ovs-vswitchd
 * opens beside its other sockets (`br-int.mgmt`, as ovs-ofctl uses it). That socket is local: a host whose OVSDB is
 * reached over the network has to be read by its controller, or by `kakuri dump` on the host itself.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from 'ts-openflow';
import { BRIDGE, hiddenFlows, strayBridges } from '../desired/index.js';
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

/** What a host holds, and why it may hold more than that. */
export interface HostReading {
  readonly texts: DumpTexts;
  readonly hidden?: string;
  readonly bridges?: readonly { readonly bridge: string; readonly texts: DumpTexts; readonly hidden?: string }[];
}

/**
 * Everything that the host holds in br-int and in bridges where one of these ports, by iface-id, stands. Throws
 * UnreachableError, after `timeoutMs` at the latest.
 */
export async function readHost(host: Host, timeoutMs: number, ifaceIds: ReadonlySet<string>): Promise<HostReading> {
  const path = managementSocket(host);
  const client = ovsdbOf(host);
  try {
    await synced(client, host, timeoutMs);
    const rows = new RowReader().read(client);
    const read = async (bridge: string) => {
      const socket = join(dirname(path), `${bridge}.mgmt`);
      const session = await connect(`unix:${socket}`, { timeoutMs }).catch((error: Error) => {
        throw new UnreachableError(`${host.name}: ${socket}: ${error.message}`);
      });
      try {
        const hidden = hiddenFlows(rows, bridge);
        return { texts: await readDumpTexts(session, rows.interfaces), ...(hidden === undefined ? {} : { hidden }) };
      } finally {
        session.close();
        await session.closed;
      }
    };
    const others = strayBridges(rows, ifaceIds).map(async (bridge) => ({ bridge, ...(await read(bridge)) }));
    const [reading, bridges] = await Promise.all([read(BRIDGE), Promise.all(others)]);
    return { ...reading, ...(bridges.length === 0 ? {} : { bridges }) };
  } finally {
    client.close();
  }
}
