/**
 * Messages as `ovs-ofctl ofp-print` prints them.
 *
 * One row for each message that has more than a header. Whatever a row cannot say is printed in octets, never left out
 * silently.
 */
import { EXPERIMENTER, OFP_NO_BUFFER, OFPP } from '../constants.js';
import { DecodeError } from '../errors.js';
import type { Match } from '../match.js';
import { decodeMessage, encodeMessage, type Message, type MessageKind, type MessageOf } from '../message.js';
import { MESSAGES, NESTED_NUMBERS } from '../messages/all.js';
import { helloVersions } from '../messages/basic.js';
import type { OpenFlowVersion } from '../version.js';
import { formatActions } from './actions.js';
import { formatAsync } from './async.js';
import { formatBits, hexDump } from './common.js';
import { errorName } from './errors.js';
import { formatFlowMod, formatFlowRemoved } from './flow.js';
import { formatGroupMod } from './group.js';
import { formatMatch } from './match.js';
import { formatMeterMod } from './meter.js';
import { formatMultipartReply, formatMultipartRequest, multipartName } from './multipart.js';
import { formatPort, type Names } from './names.js';
import {
  formatCtFlush,
  formatPacketIn2,
  formatPacketInParts,
  formatTlvTableMod,
  formatTlvTableReply,
} from './nicira.js';
import { formatPacket } from './packet.js';
import { formatPortMod, formatPortStatus, formatQueueDesc } from './port.js';
import { formatTableMod, formatTableStatus } from './table.js';

type Formats = { readonly [K in MessageKind]?: (m: MessageOf<K>, names: Names | undefined) => string };

function packetOut(m: MessageOf<'PacketOut'>, names: Names | undefined): string {
  const match: Match = m.version >= 6 ? m.match : { in_port: { value: m.in_port } };
  const head = ` ${formatMatch(match, names)} actions=${formatActions(m.actions, names)}`;
  if (m.buffer_id !== OFP_NO_BUFFER) return `${head} buffer=0x${m.buffer_id.toString(16).padStart(8, '0')}\n`;
  return `${head} data_len=${m.data.length}\n${m.data.length === 0 ? '' : `${formatPacket(m.data)}\n`}`;
}

function packetIn(m: MessageOf<'PacketIn'> | MessageOf<'NxPacketIn'>, names: Names | undefined): string {
  return formatPacketInParts({ ...m, match: formatMatch(m.match, names) }, names);
}

const CAPABILITIES = [
  'FLOW_STATS',
  'TABLE_STATS',
  'PORT_STATS',
  'GROUP_STATS',
  'STP',
  'IP_REASM',
  'QUEUE_STATS',
  'ARP_MATCH_IP',
  'PORT_BLOCKED',
  'BUNDLES',
  'FLOW_MONITORING',
] as const;

function featuresReply(m: MessageOf<'FeaturesReply'>): string {
  // Bit 4 is not one of these versions'; ovs-ofctl leaves out what it does not know.
  const known = m.version >= 5 ? 0x76f : 0x16f;
  const aux = m.auxiliary_id === 0 ? '' : `, auxiliary_id:${m.auxiliary_id}`;
  return ` dpid:${m.datapath_id.toString(16).padStart(16, '0')}\nn_tables:${m.n_tables}, n_buffers:${m.n_buffers}${aux}\ncapabilities: ${formatBits(CAPABILITIES, m.capabilities & known)}\n`;
}

const FRAGMENTS = ['normal', 'drop', 'reassemble', 'nx-match'] as const;

function switchConfig(m: MessageOf<'SetConfig'> | MessageOf<'GetConfigReply'>): string {
  const ttl = m.flags & 4 ? ' invalid_ttl_to_controller' : '';
  return ` frags=${FRAGMENTS[m.flags & 3]}${ttl} miss_send_len=${m.miss_send_len}\n`;
}

function hello(m: MessageOf<'Hello'>): string {
  const named = helloVersions(m)?.filter((v) => v > 0);
  const versions = named !== undefined && named.length > 0 ? named : Array.from({ length: m.version }, (_, i) => i + 1);
  const odd = named?.length === 0 ? ` unknown data in hello:\n${hexDump(encodeMessage(m, m.version))}` : '';
  return `\n version bitmap: ${versions.map((v) => `0x${v.toString(16).padStart(2, '0')}`).join(', ')}\n${odd}`;
}

function echo(m: MessageOf<'EchoRequest'> | MessageOf<'EchoReply'>): string {
  return ` ${m.data.length} bytes of payload\n${hexDump(m.data)}`;
}

function error(m: MessageOf<'Error'>, names: Names | undefined): string {
  const name = errorName(m.type, m.code, m.experimenter);
  if (name === undefined) return ` type ${m.type}, code ${m.code}\n${hexDump(m.data)}`;
  if (m.type === 0) return ` ${name}\n${m.data.toString('latin1')}\n`;
  return ` ${name}\n${formatPart(m.data, names)}`;
}

const FIRST_TYPES = [
  'OFPT_HELLO',
  'OFPT_ERROR',
  'OFPT_ECHO_REQUEST',
  'OFPT_ECHO_REPLY',
  'OFPT_VENDOR',
  'OFPT_FEATURES_REQUEST',
  'OFPT_FEATURES_REPLY',
] as const;

/** A message that may be cut short, or of another version. */
function formatPart(octets: Buffer, names: Names | undefined): string {
  if (octets.length < 8) return octets.length === 0 ? '' : hexDump(octets);
  const [version, type, length, xid] = [
    octets.readUInt8(0),
    octets.readUInt8(1),
    octets.readUInt16BE(2),
    octets.readUInt32BE(4),
  ];
  if (octets.length >= length) return formatWhole(octets.subarray(0, Math.max(8, length)), names);
  const name =
    version >= 4 && version <= 6
      ? `${wireName(version as OpenFlowVersion, type)} (OF1.${version - 1})`
      : `${FIRST_TYPES[type] ?? `type ${type}`}${version === 1 ? '' : ` (OF1.${version - 1})`}`;
  return `${name} (xid=0x${xid.toString(16)}):\n(***truncated to ${octets.length} bytes from ${length}***)\n${hexDump(octets)}`;
}

function formatWhole(octets: Buffer, names: Names | undefined): string {
  const version = octets.readUInt8(0);
  if (version === 1 && (octets[1] === 2 || octets[1] === 3)) {
    return `${FIRST_TYPES[octets[1]]} (xid=0x${octets.readUInt32BE(4).toString(16)}): ${octets.length - 8} bytes of payload\n${hexDump(octets.subarray(8))}`;
  }
  try {
    return formatMessage(decodeMessage(octets), names);
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    return `(***decode error: ${e.what}***)\n${hexDump(octets)}`;
  }
}

function wireName(version: OpenFlowVersion, type: number): string {
  for (const [kind, row] of Object.entries(MESSAGES)) {
    if (row.numbers.some((n) => n.of === type && n.from <= version && version <= n.to))
      return messageName(kind as MessageKind, version);
  }
  return `OFPT_${type}`;
}

const ROLES = {
  nochange: 'nochange',
  equal: 'equal',
  primary: 'primary',
  secondary: 'secondary',
  other: 'other',
} as const;

/** A generation id of all ones is none; a request that does not claim a role has none. */
function role(m: MessageOf<'RoleRequest'> | MessageOf<'RoleReply'>): string {
  const claims = m.kind === 'RoleReply' || m.role === 'primary' || m.role === 'secondary';
  const generation = claims && m.generation_id !== 0xffffffffffffffffn ? ` generation_id=${m.generation_id}` : '';
  return ` role=${ROLES[m.role]}${generation}\n`;
}

const ROLE_REASONS = ['primary_request', 'configuration_changed', 'experimenter_data_changed'] as const;

function roleStatus(m: MessageOf<'RoleStatus'>): string {
  const generation = m.generation_id === 0xffffffffffffffffn ? '' : ` generation_id=${m.generation_id}`;
  return ` role=${ROLES[m.role]}${generation} reason=${ROLE_REASONS[m.reason] ?? '(unknown)'}\n`;
}

const BUNDLE_FLAGS = ['atomic', 'ordered'] as const;
const bundleFlags = (flags: number): string => formatBits(BUNDLE_FLAGS, flags);
/** As C's %#x. */
const bundleId = (id: number): string => (id === 0 ? '0' : `0x${id.toString(16)}`);

function requestForward(m: MessageOf<'RequestForward'>, names: Names | undefined): string {
  const inner = m.message;
  if (inner.kind === 'GroupMod') return ` reason=group_mod\n ${formatGroupMod(inner, inner.version, names)}\n`;
  if (inner.kind === 'MeterMod') return ` reason=meter_mod${formatMeterMod(inner)}\n`;
  return ` reason=unknown\n${formatMessage(inner, names)}`;
}

function queueConfig(m: MessageOf<'QueueGetConfigReply'>): string {
  return ` port=${formatPort(m.port)}\n${m.queues.map((q) => `${formatQueueDesc(q, 4)}\n`).join('')}`;
}

const FLOW_FORMATS: Readonly<Record<number, string>> = { 0: 'openflow10', 2: 'nxm' };
const PACKET_IN_FORMATS: readonly string[] = ['standard', 'nxt_packet_in', 'nxt_packet_in2'];

const FORMATS: Formats = {
  Hello: hello,
  Error: error,
  EchoRequest: echo,
  EchoReply: echo,
  Experimenter: (m) => `\n${hexDump(m.data)}`,
  FeaturesReply: featuresReply,
  GetConfigReply: switchConfig,
  SetConfig: switchConfig,
  PacketIn: packetIn,
  NxPacketIn: packetIn,
  NxPacketIn2: formatPacketIn2,
  NxResume: formatPacketIn2,
  PacketOut: packetOut,
  FlowRemoved: formatFlowRemoved,
  NxFlowRemoved: formatFlowRemoved,
  PortStatus: formatPortStatus,
  FlowMod: (m, names) => ` ${formatFlowMod(m, names)}`,
  GroupMod: (m, names) => `\n ${formatGroupMod(m, m.version, names)}`,
  MeterMod: formatMeterMod,
  PortMod: formatPortMod,
  TableMod: formatTableMod,
  TableStatus: formatTableStatus,
  MultipartRequest: formatMultipartRequest,
  MultipartReply: formatMultipartReply,
  QueueGetConfigRequest: (m) => ` port=${m.port === OFPP.ANY ? 'ANY' : m.port}`,
  QueueGetConfigReply: queueConfig,
  RoleRequest: role,
  RoleReply: role,
  NxRoleRequest: (m) => ` role=${ROLES[m.role]}\n`,
  NxRoleReply: (m) => ` role=${ROLES[m.role]}\n`,
  RoleStatus: roleStatus,
  GetAsyncReply: formatAsync,
  SetAsync: formatAsync,
  NxSetAsyncConfig: (m) => formatAsync({ masks: m }),
  NxSetAsyncConfig2: formatAsync,
  BundleControl: (m) => `\n bundle_id=${bundleId(m.bundle_id)} type=${m.type} flags=${bundleFlags(m.flags)}`,
  BundleAddMessage: (m, names) =>
    `\n bundle_id=${bundleId(m.bundle_id)} flags=${bundleFlags(m.flags)}\n${formatMessage(m.message, names)}`,
  RequestForward: requestForward,
  FlowMonitorCancel: (m) => ` id=${m.id}`,
  NxFlowMonitorCancel: (m) => ` id=${m.id}`,
  NxFlowModTableId: (m) => ` ${m.set ? 'enable' : 'disable'}\n`,
  NxSetFlowFormat: (m) => ` format=${FLOW_FORMATS[m.format] ?? String(m.format)}`,
  NxSetPacketInFormat: (m) => ` format=${PACKET_IN_FORMATS[m.format] ?? String(m.format)}\n`,
  NxSetControllerId: (m) => ` id=${m.controller_id}`,
  NxTlvTableMod: formatTlvTableMod,
  NxTlvTableReply: formatTlvTableReply,
  NxCtFlushZone: (m) => ` zone_id=${m.zone_id}\n`,
  NxCtFlush: formatCtFlush,
};

const IRREGULAR: Readonly<Record<string, string>> = {
  RequestForward: 'REQUESTFORWARD',
  NxTlvTableMod: 'NXT_TLV_TABLE_MOD',
  NxSetAsyncConfig2: 'NXT_SET_ASYNC_CONFIG2',
  NxPacketIn2: 'NXT_PACKET_IN2',
};

/** The name ovs-ofctl gives a message: OFPT_FLOW_MOD, NXT_PACKET_IN, ONFT_BUNDLE_CONTROL. */
export function messageName(kind: MessageKind, version: OpenFlowVersion): string {
  const known = IRREGULAR[kind];
  if (known?.startsWith('NXT_')) return known;
  const numbers =
    kind in NESTED_NUMBERS
      ? NESTED_NUMBERS[kind as keyof typeof NESTED_NUMBERS]
      : MESSAGES[kind as keyof typeof MESSAGES].numbers;
  const number = numbers.find((n) => n.from <= version && version <= n.to);
  const words =
    known ??
    kind
      .replace(/^Nx/, '')
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase();
  return `${number?.nx !== undefined ? 'NXT' : number?.onf !== undefined ? 'ONFT' : 'OFPT'}_${words}`;
}

// The row and the message belong together by `kind`, which the compiler cannot follow through the lookup.
const LOOSE = FORMATS as Readonly<Record<string, ((m: Message, names: Names | undefined) => string) | undefined>>;

/** A body; one whose properties are kept as octets and cannot be read is shown in octets, as ovs-ofctl shows it. */
function formatBody(message: Message, names: Names | undefined): string {
  try {
    return LOOSE[message.kind]?.(message, names) ?? '';
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    return `***decode error: ${e.what}***\n${hexDump(encodeMessage(message, message.version))}`;
  }
}

/** A message as `ovs-ofctl ofp-print` prints it, ending in a newline. */
export function formatMessage(message: Message, names?: Names): string {
  const name =
    message.kind === 'MultipartRequest' || message.kind === 'MultipartReply'
      ? multipartName(message)
      : message.kind === 'Experimenter'
        ? experimenterName(message)
        : messageName(message.kind, message.version);
  const head = `${name} (OF1.${message.version - 1}) (xid=0x${message.xid.toString(16)}):`;
  const body = formatBody(message, names);
  return `${head}${body}${body.endsWith('\n') ? '' : '\n'}`;
}

function experimenterName(m: MessageOf<'Experimenter'>): string {
  const prefix =
    m.experimenter === EXPERIMENTER.NICIRA ? 'NXT' : m.experimenter === EXPERIMENTER.ONF ? 'ONFT' : 'OFPT_EXPERIMENTER';
  return `${prefix}_${m.experimenter.toString(16)}_${m.exp_type}`;
}
