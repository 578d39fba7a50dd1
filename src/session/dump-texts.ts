/** Reads everything a bridge holds and prints it as ovs-ofctl and ovs-vsctl do, numbers instead of names. */
import { dirname, join } from 'node:path';
import { connect, formatMessage, type Message, type MultipartType, OFPM, OFPTT, type Session } from 'ts-openflow';
import type { InterfaceRow } from '../desired/index.js';
import { type DumpTexts, interfacesText } from '../verify/index.js';

/** A reply whose parts are put together. */
const reply = (session: Session, type: MultipartType, body: readonly unknown[]): string =>
  formatMessage({
    kind: 'MultipartReply',
    version: session.version,
    xid: 0,
    flags: 0,
    type,
    body,
  } as unknown as Message);

/** The texts of a host's dump. Rejects when the switch goes away. */
export async function readDumpTexts(session: Session, interfaces: readonly InterfaceRow[]): Promise<DumpTexts> {
  const [flows, groups, meters, ports] = await Promise.all([
    session.multipart('FLOW', { table_id: OFPTT.ALL, match: {}, cookie: 0n, cookie_mask: 0n }),
    session.multipart('GROUP_DESC'),
    session.multipart('METER_CONFIG', { meter_id: OFPM.ALL }),
    session.multipart('PORT_DESC'),
  ]);
  return {
    flows: reply(session, 'FLOW', flows),
    groups: reply(session, 'GROUP_DESC', groups),
    meters: reply(session, 'METER_CONFIG', meters),
    ports: reply(session, 'PORT_DESC', ports),
    interfaces: interfacesText(interfaces),
  };
}

/** For a bridge whose switch does not answer. */
const TIMEOUT_MS = 5000;
/** All that Kakuri reads; a bridge may be set to any of them. */
const VERSIONS = [6, 5, 4] as const;

/**
 * The texts of a bridge that is not ours. Its configuration is its owner's, so no controller is set there: it is read by
 * its management socket, which stands beside that of OVSDB. Rejects where OVSDB is on another machine.
 */
export async function readBridgeTexts(
  ovsdb: string,
  bridge: string,
  interfaces: readonly InterfaceRow[],
): Promise<DumpTexts> {
  if (!ovsdb.startsWith('unix:'))
    throw new Error(
      'its flows can be read on the host alone, by ovs-ofctl: Kakuri sets no controller on others’ bridges',
    );
  const path = join(dirname(ovsdb.slice('unix:'.length)), `${bridge}.mgmt`);
  const session = await connect(`unix:${path}`, { versions: VERSIONS, timeoutMs: TIMEOUT_MS });
  try {
    return await readDumpTexts(session, interfaces);
  } finally {
    session.close();
  }
}
