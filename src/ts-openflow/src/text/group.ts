/** Groups as ovs-ofctl prints them. */
import { OFPG, OFPG_BUCKET, OFPP } from '../constants.js';
import { type Match, readOxmFields } from '../match.js';
import type { MessageInputOf } from '../message.js';
import type { BucketInput } from '../messages/group.js';
import type { Property } from '../messages/property.js';
import type { ReplyBody } from '../multipart/table.js';
import { fieldEntry } from '../oxm.js';
import type { OpenFlowVersion } from '../version.js';
import { Reader } from '../wire/reader.js';
import { formatActions } from './actions.js';
import { formatDuration } from './common.js';
import { flowFieldsOf } from './flow-fields.js';
import { formatPort, type Names } from './names.js';
import { fieldName } from './subfield.js';
import { formatValue } from './value.js';

/** A group's number, or ALL. */
export function formatGroupId(id: number): string {
  return id === OFPG.ALL ? 'ALL' : id === OFPG.ANY ? 'ANY' : String(id);
}

function bucketId(id: number): string {
  if (id === OFPG_BUCKET.FIRST) return 'first';
  if (id === OFPG_BUCKET.LAST) return 'last';
  return id === OFPG_BUCKET.ALL ? 'all' : String(id);
}

function bucket(b: BucketInput, type: string, version: OpenFlowVersion, names: Names | undefined): string {
  const { watch_port = OFPP.ANY, watch_group = OFPG.ANY, weight = 0, actions = [] } = b;
  const head = [
    ...(version >= 6 ? [`bucket_id:${b.bucket_id ?? 0}`] : []),
    ...(type === 'select'
      ? weight === 1
        ? []
        : [`weight:${weight}`]
      : weight !== 0 && version >= 6
        ? [`weight:${weight}`]
        : []),
    ...(watch_port === OFPP.ANY ? [] : [`watch_port:${formatPort(watch_port, names)}`]),
    ...(watch_group === OFPG.ANY ? [] : [`watch_group:${watch_group}`]),
    `actions=${formatActions(actions, names)}`,
  ];
  return `,bucket=${head.join(',')}`;
}

const NTR = 0x154d;

/** Fields to hash: each with its mask where that is not all of it. */
function hashFields(match: Match): readonly string[] {
  return [...flowFieldsOf(match)].map(([name, { value, mask }]) => {
    const field = fieldEntry(name)?.field;
    return field === undefined || value === mask
      ? fieldName(name)
      : `${fieldName(name)}=${formatValue(field, field.kind === 'bigint' ? value : Number(value), undefined)}`;
  });
}

/** The selection method (a property of Netronome's that OVS speaks). */
function properties(list: readonly Property[], version: OpenFlowVersion): string {
  return list
    .filter((p) => p.type === 0xffff && p.octets.length >= 32 + 4 && p.octets.readUInt32BE(0) === NTR)
    .map((p) => {
      const zero = p.octets.indexOf(0, 12);
      const method = p.octets.toString('latin1', 12, Math.min(zero < 0 ? 28 : zero, 28));
      const param = p.octets.readBigUInt64BE(28);
      const fields = new Reader(p.octets, version, 36);
      const names = hashFields(readOxmFields(fields));
      const list = names.length === 0 ? '' : names.length === 1 ? `,fields=${names[0]}` : `,fields(${names.join(',')})`;
      return `,selection_method=${method}${param === 0n ? '' : `,selection_method_param=${param}`}${list}`;
    })
    .join('');
}

interface PrintableGroup {
  readonly group_id: number;
  readonly type?: string | undefined;
  readonly buckets?: readonly BucketInput[] | undefined;
  readonly properties?: readonly Property[] | undefined;
}

/** A group with its buckets. */
export function formatGroup(g: PrintableGroup, version: OpenFlowVersion, names?: Names): string {
  const type = g.type ?? 'all';
  const buckets = (g.buckets ?? []).map((b) => bucket(b, type, version, names));
  return `group_id=${g.group_id},type=${type}${properties(g.properties ?? [], version)}${buckets.join('')}`;
}

const COMMANDS = {
  ADD: 'ADD',
  MODIFY: 'MOD',
  DELETE: 'DEL',
  ADD_OR_MOD: 'ADD_OR_MOD',
  INSERT_BUCKET: 'INSERT_BUCKET',
  REMOVE_BUCKET: 'REMOVE_BUCKET',
} as const;

/** A GROUP_MOD without its header. */
export function formatGroupMod(m: MessageInputOf<'GroupMod'>, version: OpenFlowVersion, names?: Names): string {
  const bucketCommand = m.command === 'INSERT_BUCKET' || m.command === 'REMOVE_BUCKET';
  const command =
    bucketCommand && m.command_bucket_id !== undefined ? `command_bucket_id:${bucketId(m.command_bucket_id)},` : '';
  const text = formatGroup(m, version, names);
  return `${COMMANDS[m.command]} ${command}${bucketCommand ? text.replace(`,type=${m.type ?? 'all'}`, '') : text}`;
}

/** One line of group statistics. */
export function formatGroupStats(s: ReplyBody<'GROUP'>[number]): string {
  const totals = [
    `group_id=${formatGroupId(s.group_id)},`,
    s.duration_sec === 0xffffffff ? '' : `duration=${formatDuration(s.duration_sec, s.duration_nsec)},`,
    `ref_count=${s.ref_count},packet_count=${s.packet_count},byte_count=${s.byte_count}`,
  ].join('');
  const buckets = s.buckets.map((b, i) =>
    b.packet_count === 0xffffffffffffffffn
      ? ''
      : `,bucket${i}:packet_count=${b.packet_count},byte_count=${b.byte_count}`,
  );
  return `${totals}${buckets.join('')}`;
}

const TYPES = ['all', 'select', 'indirect', 'fast failover'] as const;
/** The words for the bits of supported actions (ofpact names by OpenFlow 1.1+ number). */
const ACTION_BITS: readonly (readonly [bit: number, word: string])[] = [
  [0, 'output'],
  [22, 'group'],
  [25, 'set_field'],
  [18, 'strip_vlan'],
  [17, 'push_vlan'],
  [23, 'mod_nw_ttl'],
  [24, 'dec_ttl'],
  [15, 'set_mpls_ttl'],
  [16, 'dec_mpls_ttl'],
  [19, 'push_mpls'],
  [20, 'pop_mpls'],
  [21, 'set_queue'],
];

/** Supported actions by their bits. */
export function formatActionBits(bits: number): string {
  return ACTION_BITS.filter(([bit]) => (bits >>> bit) & 1)
    .map(([, word]) => word)
    .join(' ');
}

/** What a switch's groups can do. */
export function formatGroupFeatures(f: ReplyBody<'GROUP_FEATURES'>): string {
  const rows = TYPES.map((name, i) =>
    (f.types >>> i) & 1
      ? `    ${name} group:\n       max_groups=${`0x${(f.max_groups[i] ?? 0).toString(16)}`}\n       actions: ${formatActionBits(f.actions[i] ?? 0)}\n`
      : '',
  );
  return `\n Group table:\n    Types:  0x${f.types.toString(16)}\n    Capabilities:  0x${f.capabilities.toString(16)}\n${rows.join('')}`;
}
