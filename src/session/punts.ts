/**
 * Questions of guests that a switch hands up, and the answers it is given. A question is known by what the switch says of
 * it: the table and the cookie of the flow that sent it, the port and the registers; the packet itself is only the question.
 */
import type { Match, Message, Session } from 'ts-openflow';
import { inject, isOurs, reg_network, reg_out, services } from '../pipeline/index.js';
import { rarpRequest } from '../services/index.js';

/** A guest's question. */
export interface Punt {
  readonly ofport: number;
  /** The network's key, from its register. */
  readonly network: number;
  readonly frame: Buffer;
}

/**
 * The registers of table 0, reg_network and reg_in: reg0 and reg1, which OpenFlow 1.5 has as the two halves of one packet
 * register (clause 7.2.3.10; seen on 3.1.0).
 */
function identity({ reg0, reg1, xreg0 }: Match): { readonly network: number; readonly port: number } | undefined {
  if (reg0 !== undefined && reg1 !== undefined) return { network: reg0.value, port: reg1.value };
  if (xreg0 === undefined) return undefined;
  return { network: Number(xreg0.value >> 32n), port: Number(xreg0.value & 0xffffffffn) };
}

function puntOf(message: Message): Punt | undefined {
  if (message.kind !== 'PacketIn' || message.table_id !== services.id || !isOurs(message.cookie)) return undefined;
  const { in_port } = message.match;
  const from = identity(message.match);
  // Cut short, or from another port than table 0 saw: no question.
  if (in_port === undefined || from === undefined || in_port.value !== from.port) return undefined;
  if (message.data.length !== message.total_len) return undefined;
  return { ofport: in_port.value, network: from.network, frame: message.data };
}

/** Calls `listener` with each question; returns what ends it. */
export const followPunts = (session: Session, listener: (punt: Punt) => void): (() => void) =>
  session.onMessage((message) => {
    const punt = puntOf(message);
    if (punt !== undefined) listener(punt);
  });

/** Says to the switches of a network's VLAN where a MAC address is now: a RARP request, by the gateway in use. */
export function sendAnnouncement(session: Session, network: number, mac: string): void {
  session.send({
    kind: 'PacketOut',
    actions: [
      { kind: 'set_field', field: reg_network, value: network },
      { kind: 'resubmit', table: inject.id },
    ],
    data: rarpRequest(mac),
  });
}

/** Sends a frame to the port that asked: by table `inject`, with that port's registers, and so by the guard. */
export function sendAnswer(session: Session, { ofport, network }: Punt, frame: Buffer): void {
  session.send({
    kind: 'PacketOut',
    actions: [
      { kind: 'set_field', field: reg_network, value: network },
      { kind: 'set_field', field: reg_out, value: ofport },
      { kind: 'resubmit', table: inject.id },
    ],
    data: frame,
  });
}
