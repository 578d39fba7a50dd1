/**
 * Every message: its number on the wire and its body. The one place to add a message.
 *
 * A number is that of OpenFlow (`of`), or of an experimenter (`nx`, `onf`) whose messages have a subtype. The union of
 * all messages, in `message.ts`, follows from this table.
 */

import type { Message, MessageInput } from '../message.js';
import { multipartReply, multipartRequest } from '../multipart/codec.js';
import type {
  MultipartReply,
  MultipartReplyInput,
  MultipartRequest,
  MultipartRequestInput,
} from '../multipart/table.js';
import type { OpenFlowVersion } from '../version.js';
import { type Codec, struct, u32 } from '../wire/codec.js';
import { asyncConfig, asyncMasks, controllerStatus, nxRoleRequest, roleRequest, roleStatus } from './async.js';
import { echo, empty, error, featuresReply, hello, payload, switchConfig } from './basic.js';
import { type BundleAddMessage, type BundleAddMessageInput, bundleControl } from './bundle.js';
import { flowMod, flowRemoved } from './flow.js';
import { groupMod } from './group.js';
import { meterMod } from './meter.js';
import {
  controllerId,
  ctFlush,
  ctFlushZone,
  flowModTableId,
  format,
  monitorId,
  nxFlowRemoved,
  tlvTableMod,
  tlvTableReply,
} from './nicira.js';
import { nxPacketIn, nxPacketIn2, packetIn, packetOut } from './packet.js';
import { portMod, portStatus, queueConfigReply, queueConfigRequest } from './port.js';
import { propertyList } from './property.js';
import { tableMod, tableStatus } from './table.js';

/** Where a message's number is defined, and in which versions. */
export interface MessageNumber {
  readonly of?: number;
  readonly nx?: number;
  readonly onf?: number;
  readonly from: OpenFlowVersion;
  readonly to: OpenFlowVersion;
}

/** One message. */
export interface MessageRow<T, I> {
  readonly numbers: readonly MessageNumber[];
  readonly codec: Codec<T, I>;
}

function message<T, I>(
  codec: Codec<T, I>,
  ...numbers: readonly (Partial<MessageNumber> & Omit<MessageNumber, 'from' | 'to'>)[]
): MessageRow<T, I> {
  return { codec, numbers: numbers.map((n) => ({ from: 4, to: 6, ...n })) };
}

/** A codec that the message codec itself provides, because it nests messages. */
export interface Nested {
  readonly BundleAddMessage: MessageRow<BundleAddMessage, BundleAddMessageInput>;
  readonly RequestForward: MessageRow<{ readonly message: Message }, { readonly message: MessageInput }>;
}

/** The numbers of the messages that nest messages. */
export const NESTED_NUMBERS: Readonly<Record<keyof Nested, readonly MessageNumber[]>> = {
  BundleAddMessage: [
    { of: 34, from: 5, to: 6 },
    { onf: 2301, from: 4, to: 4 },
  ],
  RequestForward: [
    { of: 32, from: 5, to: 6 },
    { onf: 2350, from: 4, to: 4 },
  ],
};

// Written out, so that their types are lists of multiparts and not worked out again for every message.
const request: Codec<MultipartRequest, MultipartRequestInput> = multipartRequest;
const reply: Codec<MultipartReply, MultipartReplyInput> = multipartReply;

/** All messages but those that nest messages. */
export const MESSAGES = {
  Hello: message(hello, { of: 0 }),
  Error: message(error, { of: 1 }),
  EchoRequest: message(echo, { of: 2 }),
  EchoReply: message(echo, { of: 3 }),
  Experimenter: message(struct({ experimenter: u32, exp_type: u32, data: payload }), { of: 4 }),
  FeaturesRequest: message(empty, { of: 5 }),
  FeaturesReply: message(featuresReply, { of: 6 }),
  GetConfigRequest: message(empty, { of: 7 }),
  GetConfigReply: message(switchConfig, { of: 8 }),
  SetConfig: message(switchConfig, { of: 9 }),
  PacketIn: message(packetIn, { of: 10 }),
  FlowRemoved: message(flowRemoved, { of: 11 }),
  PortStatus: message(portStatus, { of: 12 }),
  PacketOut: message(packetOut, { of: 13 }),
  FlowMod: message(flowMod, { of: 14 }),
  GroupMod: message(groupMod, { of: 15 }),
  PortMod: message(portMod, { of: 16 }),
  TableMod: message(tableMod, { of: 17 }),
  MultipartRequest: message(request, { of: 18 }),
  MultipartReply: message(reply, { of: 19 }),
  BarrierRequest: message(empty, { of: 20 }),
  BarrierReply: message(empty, { of: 21 }),
  QueueGetConfigRequest: message(queueConfigRequest, { of: 22, to: 4 }),
  QueueGetConfigReply: message(queueConfigReply, { of: 23, to: 4 }),
  RoleRequest: message(roleRequest, { of: 24 }),
  RoleReply: message(roleRequest, { of: 25 }),
  GetAsyncRequest: message(empty, { of: 26 }),
  GetAsyncReply: message(asyncConfig, { of: 27 }),
  SetAsync: message(asyncConfig, { of: 28 }),
  MeterMod: message(meterMod, { of: 29 }),
  RoleStatus: message(roleStatus, { of: 30, from: 5 }, { onf: 1911, to: 4 }),
  TableStatus: message(tableStatus, { of: 31, from: 5 }),
  BundleControl: message(bundleControl, { of: 33, from: 5 }, { onf: 2300, to: 4 }),
  ControllerStatus: message(struct({ status: controllerStatus }), { of: 35, from: 6 }),
  FlowMonitorCancel: message(monitorId, { onf: 1870, to: 4 }),
  FlowMonitorPaused: message(empty, { onf: 1871, to: 4 }),
  FlowMonitorResumed: message(empty, { onf: 1872, to: 4 }),
  NxRoleRequest: message(nxRoleRequest, { nx: 10 }),
  NxRoleReply: message(nxRoleRequest, { nx: 11 }),
  NxSetFlowFormat: message(format, { nx: 12 }),
  NxFlowRemoved: message(nxFlowRemoved, { nx: 14 }),
  NxFlowModTableId: message(flowModTableId, { nx: 15 }),
  NxSetPacketInFormat: message(format, { nx: 16 }),
  NxPacketIn: message(nxPacketIn, { nx: 17 }),
  NxFlowAge: message(empty, { nx: 18 }),
  NxSetAsyncConfig: message(asyncMasks, { nx: 19 }),
  NxSetControllerId: message(controllerId, { nx: 20 }),
  NxFlowMonitorCancel: message(monitorId, { nx: 21 }),
  NxFlowMonitorPaused: message(empty, { nx: 22 }),
  NxFlowMonitorResumed: message(empty, { nx: 23 }),
  NxTlvTableMod: message(tlvTableMod, { nx: 24 }),
  NxTlvTableRequest: message(empty, { nx: 25 }),
  NxTlvTableReply: message(tlvTableReply, { nx: 26 }),
  NxSetAsyncConfig2: message(struct({ properties: propertyList }), { nx: 27 }),
  NxResume: message(nxPacketIn2, { nx: 28 }),
  NxCtFlushZone: message(ctFlushZone, { nx: 29 }),
  NxPacketIn2: message(nxPacketIn2, { nx: 30 }),
  NxCtFlush: message(ctFlush, { nx: 32 }),
} as const;
