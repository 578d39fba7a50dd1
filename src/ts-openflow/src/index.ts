/** ts-openflow: OpenFlow 1.3, 1.4 and 1.5 with Open vSwitch's extensions. The one door of the library. */
export type { FieldHeader, FieldRef } from './actions/fieldref.js';
export type { Action, ActionKind, ActionOf, DecodedAction, UnknownAction } from './actions/types.js';
export * from './constants.js';
export { DecodeError, EncodeError, TextError } from './errors.js';
export { FIELD_NAMES, FIELDS, type Field, type FieldName, type UnknownFieldName, type ValueOf } from './fields.js';
export type { DecodedInstruction, Instruction } from './instructions.js';
export { type Masked, type Match, type UnknownField, WIRE_ORDER } from './match.js';
export {
  decodeMessage,
  encodeInto,
  encodeMessage,
  encodeMessages,
  HEADER_LENGTH,
  type Message,
  type MessageHeader,
  type MessageInput,
  type MessageInputOf,
  type MessageKind,
  type MessageOf,
  messageLength,
  peekHeader,
} from './message.js';
export { helloElements, helloVersions } from './messages/basic.js';
export type { FlowEntry, FlowEntryInput } from './messages/flow.js';
export type { Bucket, BucketInput } from './messages/group.js';
export type { Band, BandInput } from './messages/meter.js';
export type { Property } from './messages/property.js';
export type { MultipartReply, MultipartRequest, MultipartType, ReplyBody } from './multipart/table.js';
export * from './session/index.js';
export { formatAction, formatActions, formatInstructions } from './text/actions.js';
export { formatIpv4, formatIpv6, formatMac, ipv4, ipv6, mac } from './text/address.js';
export { errorName } from './text/errors.js';
export { formatFlow, formatFlowEntry, formatFlowMod, type PrintableFlow } from './text/flow.js';
export { formatGroup } from './text/group.js';
export { formatMatch } from './text/match.js';
export { formatMessage, messageName } from './text/message.js';
export type { Names } from './text/names.js';
export { parseActions, parseInstructions } from './text/parse/actions.js';
export { type ParseFlowOptions, parseFlow } from './text/parse/flow.js';
export { type ParseGroupOptions, parseGroup } from './text/parse/group.js';
export { parseMatch } from './text/parse/match.js';
export { parseMeter } from './text/parse/meter.js';
export { formatVersion, isOpenFlowVersion, OPENFLOW_VERSIONS, type OpenFlowVersion } from './version.js';
export { Writer } from './wire/writer.js';
