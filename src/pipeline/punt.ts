/**
 * The one way by which a packet comes to the controller: its port's strict meter, then the whole packet. It is plain
 * OpenFlow, and so the same in 1.3, 1.4 and 1.5 (tried on 3.1.0, whose userspace datapath applies the meter before the
 * packet is handed up). `userdata` of Nicira's controller2 action is not needed: PACKET_IN bears the table, the cookie of
 * the flow that sent it, in_port and the registers, all of the switch's own making, and what the packet is its flow's
 * match has said.
 */
import { OFPP } from 'ts-openflow';
import type { Action } from './fields.js';
import { puntMeter } from './meters.js';

/** OFPCML_NO_BUFFER: the whole packet. */
const WHOLE = 0xffff;

/** The whole packet, to the controller. */
export const TO_CONTROLLER: readonly Action[] = [{ kind: 'output', port: OFPP.CONTROLLER, max_len: WHOLE }];

/** The part of a flow that sends what a VM port says to the controller. */
export const punt = (ofport: number) =>
  ({
    meter: puntMeter(ofport),
    actions: TO_CONTROLLER,
  }) as const;
