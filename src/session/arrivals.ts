/** The packets by which VMs tell that they have arrived: those of table `arrival`, and no others. */
import type { Session } from 'ts-openflow';
import { arrival, isOurs } from '../pipeline/index.js';

/** Calls `listener` with the port of each; returns what ends it. */
export const followArrivals = (session: Session, listener: (ofport: number) => void): (() => void) =>
  session.onMessage((message) => {
    if (message.kind !== 'PacketIn' || message.table_id !== arrival.id || !isOurs(message.cookie ?? 0n)) return;
    const ofport = message.match?.in_port?.value;
    if (ofport !== undefined) listener(ofport);
  });
