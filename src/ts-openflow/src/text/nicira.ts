/** Open vSwitch's own messages as ovs-ofctl prints them. */

import { actionList } from '../actions/codec.js';
import { readOxmFields } from '../match.js';
import type { MessageOf } from '../message.js';
import type { Property } from '../messages/property.js';
import type { OpenFlowVersion } from '../version.js';
import { Reader } from '../wire/reader.js';
import { formatDotted, formatReason } from './action-words.js';
import { formatActions } from './actions.js';
import { formatIpv4, formatIpv6 } from './address.js';
import { hex0 } from './common.js';
import { formatMatch } from './match.js';
import type { Names } from './names.js';
import { formatPacket } from './packet.js';

interface Mapping {
  readonly option_class: number;
  readonly option_type: number;
  readonly option_len: number;
  readonly index: number;
}

/** As C's %#x in a width. */
const alt = (v: number): string => (v === 0 ? '0' : `0x${v.toString(16)}`);

function mappings(list: readonly Mapping[]): string {
  const head = ' mapping table:\n  class  type  length  match field\n ------  ----  ------  --------------\n';
  return (
    head +
    list
      .map(
        (m) =>
          ` ${alt(m.option_class).padStart(6)}  ${alt(m.option_type).padStart(4)}  ${String(m.option_len).padStart(6)}  tun_metadata${m.index}`,
      )
      .join('\n')
  );
}

/** NXT_TLV_TABLE_MOD. */
export function formatTlvTableMod(m: MessageOf<'NxTlvTableMod'>): string {
  const command = ['ADD', 'DEL', 'CLEAR'][m.command] ?? String(m.command);
  return m.command === 2 ? `\n ${command}` : `\n ${command}${mappings(m.mappings)}`;
}

/** NXT_TLV_TABLE_REPLY. */
export function formatTlvTableReply(m: MessageOf<'NxTlvTableReply'>): string {
  const used = m.mappings.reduce((sum, x) => sum + x.option_len, 0);
  return `\n max option space=${m.max_option_space} max fields=${m.max_fields}\n allocated option space=${used}\n\n${mappings(m.mappings)}`;
}

/** The number that a property starts with. Throws DecodeError where it is cut short. */
function number(octets: Buffer | undefined, width: 2 | 4, absent = 0): number {
  if (octets === undefined) return absent;
  const r = new Reader(octets, 6);
  return width === 2 ? r.u16() : r.u32();
}

/** A cookie: eight octets, after four of padding where it is sent as all properties of 64 bits are. */
function cookieOf(octets: Buffer | undefined): bigint | undefined {
  return octets === undefined ? undefined : new Reader(octets, 6, octets.length === 12 ? 4 : 0).u64();
}

/** The properties in a property's content; what is cut short ends the list. */
function properties(octets: Buffer): readonly Property[] {
  const found: Property[] = [];
  let at = 0;
  while (at + 4 <= octets.length) {
    const length = octets.readUInt16BE(at + 2);
    if (length < 4 || at + length > octets.length) break;
    found.push({ type: octets.readUInt16BE(at), octets: octets.subarray(at + 4, at + length) });
    at += (length + 7) & ~7;
  }
  return found;
}

function address(octets: Buffer | undefined): { readonly text: string; readonly v4: boolean } {
  if (octets === undefined || octets.length < 16) return { text: '::', v4: false };
  const value = BigInt(`0x${octets.toString('hex', 0, 16)}`);
  return value >> 32n === 0xffffn
    ? { text: formatIpv4(Number(value & 0xffffffffn)), v4: true }
    : { text: formatIpv6(value), v4: false };
}

const ICMP: readonly number[] = [1, 58];

/** Whether a tuple has an IPv4 address. */
function isIpv4(octets: Buffer): boolean {
  return properties(octets).some((p) => p.type <= 1 && address(p.octets).v4);
}

/** A tuple; one address in IPv4, in either tuple, makes both print as IPv4's. */
function tuple(octets: Buffer, proto: number, v4: boolean): string {
  const list = properties(octets);
  const of = (type: number): Buffer | undefined => list.find((p) => p.type === type)?.octets;
  const src = address(of(0));
  const dst = address(of(1));
  const prefix = v4 ? 'ct_nw' : 'ct_ipv6';
  const port = (type: number): number => number(of(type), 2);
  const octet = (type: number): number => of(type)?.[0] ?? 0;
  const addresses = `${prefix}_src=${src.text},${prefix}_dst=${dst.text}`;
  return ICMP.includes(proto)
    ? `${addresses},icmp_id=${port(4)},icmp_type=${octet(5)},icmp_code=${octet(6)}`
    : `${addresses},ct_tp_src=${port(2)},ct_tp_dst=${port(3)}`;
}

/** NXT_CT_FLUSH. */
export function formatCtFlush(m: MessageOf<'NxCtFlush'>): string {
  const of = (type: number): Buffer | undefined => m.properties.find((p) => p.type === type)?.octets;
  const nested = (type: number): Buffer => of(type)?.subarray(4) ?? Buffer.alloc(0);
  const zone = number(of(2), 2);
  const v4 = isIpv4(nested(0)) || isIpv4(nested(1));
  return ` zone=${zone} '${tuple(nested(0), m.ip_proto, v4)},ct_nw_proto=${m.ip_proto}' '${tuple(nested(1), m.ip_proto, v4)}'`;
}

const PACKET = 0;
const FULL_LEN = 1;
const BUFFER_ID = 2;
const TABLE_ID = 3;
const COOKIE = 4;
const REASON = 5;
const METADATA = 6;
const USERDATA = 7;
const CONTINUATION = 8;

/** NXT_PACKET_IN2 and NXT_RESUME. */
export function formatPacketIn2(m: MessageOf<'NxPacketIn2'> | MessageOf<'NxResume'>, names?: Names): string {
  const of = (type: number): Buffer | undefined => m.properties.find((p) => p.type === type)?.octets;
  const octets = of(PACKET) ?? Buffer.alloc(0);
  const metadata = of(METADATA);
  return formatPacketInParts(
    {
      table_id: of(TABLE_ID)?.[0] ?? 0,
      cookie: cookieOf(of(COOKIE)),
      total_len: number(of(FULL_LEN), 4, octets.length),
      match: metadata === undefined ? '' : formatMatch(readOxmFields(new Reader(metadata, m.version)), names),
      reason: of(REASON)?.[0] ?? 0,
      buffer_id: number(of(BUFFER_ID), 4, 0xffffffff),
      data: octets,
      userdata: of(USERDATA),
      continuation: of(CONTINUATION),
      version: m.version,
    },
    names,
  );
}

/** What is printed of a packet-in, whatever message it came in. */
export interface PacketInParts {
  readonly table_id: number;
  readonly cookie: bigint | undefined;
  readonly total_len: number;
  readonly match: string;
  readonly reason: number;
  readonly buffer_id: number;
  readonly data: Buffer;
  readonly userdata?: Buffer | undefined;
  readonly continuation?: Buffer | undefined;
  readonly version?: OpenFlowVersion | undefined;
}

const BRIDGE = 0x8000;
const MIRRORS = 0x8002;
const CONNTRACKED = 0x8003;
const ACTIONS = 0x8006;
const ACTION_SET = 0x8007;
const ODP_PORT = 0x8008;

/** A UUID of four words in the byte order of the machine that sent it: little-endian, as on all that we know. */
function uuid(octets: Buffer): string {
  const words = [0, 4, 8, 12].map((at) => octets.readUInt32LE(at).toString(16).padStart(8, '0')).join('');
  return [words.slice(0, 8), words.slice(8, 12), words.slice(12, 16), words.slice(16, 20), words.slice(20)].join('-');
}

/** What a paused packet goes on with: the parts that Open vSwitch keeps in it (nicira-ext.h calls them private). */
function formatContinuation(octets: Buffer, version: OpenFlowVersion): string {
  const actions = (content: Buffer): string => formatActions(actionList.read(new Reader(content, version, 4)));
  return properties(octets.subarray(4))
    .map(({ type, octets: content }) => {
      if (type === BRIDGE && content.length >= 16) return ` continuation.bridge=${uuid(content)}\n`;
      if (type === MIRRORS) return ` continuation.mirrors=0x${number(content, 4).toString(16)}\n`;
      if (type === CONNTRACKED) return ' continuation.conntracked=true\n';
      if (type === ACTIONS) return ` continuation.actions=${actions(content)}\n`;
      if (type === ACTION_SET) return ` continuation.action_set=${actions(content)}\n`;
      if (type === ODP_PORT) return ` continuation.odp_port=${number(content, 4)}\n`;
      return ` continuation.0x${type.toString(16)}=${content.toString('hex')}\n`;
    })
    .join('');
}

/** A packet-in without its header. */
export function formatPacketInParts(p: PacketInParts, _names?: Names): string {
  const buffered =
    p.buffer_id === 0xffffffff ? ' (unbuffered)' : ` buffer=0x${p.buffer_id.toString(16).padStart(8, '0')}`;
  const odd =
    p.buffer_id === 0xffffffff
      ? p.total_len === p.data.length
        ? ''
        : ' (***total_len != data_len***)'
      : p.total_len < p.data.length
        ? ' (***total_len < data_len***)'
        : '';
  const userdata = p.userdata === undefined || p.userdata.length === 0 ? '' : ` userdata=${formatDotted(p.userdata)}\n`;
  const cookie = p.cookie === undefined || p.cookie === 0xffffffffffffffffn ? '' : ` cookie=${hex0(p.cookie)}`;
  const continuation = p.continuation === undefined ? '' : formatContinuation(p.continuation, p.version ?? 6);
  const head = `${p.table_id === 0 ? '' : ` table_id=${p.table_id}`}${cookie} total_len=${p.total_len} ${p.match} (via ${formatReason(p.reason)}) data_len=${p.data.length}`;
  return `${head}${buffered}${odd}\n${userdata}${continuation}${p.data.length === 0 ? '' : `${formatPacket(p.data)}\n`}`;
}
