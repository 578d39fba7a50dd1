/** Probes of the paths between hosts: sent into a flow-based tunnel port, and handed up by the host at the other end. */
import type { Session } from 'ts-openflow';
import { classify, isOurs, sendByTunnel, type TunnelPort } from '../pipeline/index.js';
import type { Encapsulation } from '../topology/index.js';

/** The flow-based tunnel port by which a probe leaves, and the host that it is for. */
export interface ProbeWay {
  readonly tunnel: TunnelPort;
  readonly encapsulation: Encapsulation;
  readonly vtep: string;
}

/** Sends one with key 0, which is no network's: whoever gets it can hand it to the controller or drop it. */
export function sendProbe(session: Session, { tunnel, encapsulation, vtep }: ProbeWay, frame: Buffer): void {
  session.send({ kind: 'PacketOut', actions: sendByTunnel(tunnel, vtep, { encapsulation, key: 0 }), data: frame });
}

/** Calls `listener` with each that comes back; returns what ends it. Only table `classify` hands up probes, and nothing else. */
export const followProbes = (session: Session, listener: (frame: Buffer) => void): (() => void) =>
  session.onMessage((message) => {
    if (message.kind === 'PacketIn' && message.table_id === classify.id && isOurs(message.cookie ?? 0n))
      listener(message.data);
  });
