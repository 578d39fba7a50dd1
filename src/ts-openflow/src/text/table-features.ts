/** Table features as ovs-ofctl prints them; a table whose features are those of the one before is "ditto". */
import { ACTIONS } from '../actions/table.js';
import { FIELD_NAMES, FIELDS, type FieldName } from '../fields.js';
import type { Property } from '../messages/property.js';
import type { ReplyBody } from '../multipart/table.js';
import { readHeader } from '../oxm.js';
import type { OpenFlowVersion } from '../version.js';
import { Reader } from '../wire/reader.js';
import { hex0 } from './common.js';
import { formatActionBits } from './group.js';
import { formatTable, type Names } from './names.js';

type Features = ReplyBody<'TABLE_FEATURES'>[number];

const INSTRUCTIONS: readonly (readonly [type: number, word: string])[] = [
  [6, 'meter'],
  [4, 'apply_actions'],
  [5, 'clear_actions'],
  [3, 'write_actions'],
  [2, 'write_metadata'],
  [1, 'goto_table'],
];

/** The types in a list of headers (type and length) without content. */
function typesOf(p: Property | undefined): readonly number[] {
  const types: number[] = [];
  const octets = p?.octets ?? Buffer.alloc(0);
  for (let at = 0; at + 4 <= octets.length; at += Math.max(4, octets.readUInt16BE(at + 2)))
    types.push(octets.readUInt16BE(at));
  return types;
}

function fieldsOf(p: Property | undefined, version: OpenFlowVersion): ReadonlySet<string> {
  const names = new Set<string>();
  if (p === undefined) return names;
  const octets = Buffer.from(p.octets);
  const r = new Reader(octets, version);
  while (r.left >= 4 && (r.left >= 8 || octets.readUInt16BE(r.at) !== 0xffff)) {
    names.add(readHeader(r).name);
  }
  return names;
}

/** The order ovs-ofctl lists fields in: that of their ids. */
const ID_ORDER: readonly string[] =
  'dp_hash recirc_id packet_type conj_id tun_id tun_src tun_dst tun_ipv6_src tun_ipv6_dst tun_flags tun_ttl tun_tos tun_gbp_id tun_gbp_flags tun_erspan_idx tun_erspan_ver tun_erspan_dir tun_erspan_hwid tun_gtpu_flags tun_gtpu_msgtype TUN_METADATA metadata in_port_nxm in_port skb_priority pkt_mark actset_output ct_state ct_zone ct_mark ct_label ct_nw_proto ct_nw_src ct_nw_dst ct_ipv6_src ct_ipv6_dst ct_tp_src ct_tp_dst REG XREG XXREG eth_src eth_dst eth_type vlan_tci vlan_vid vlan_pcp mpls_label mpls_tc mpls_bos mpls_ttl ip_src ip_dst ipv6_src ipv6_dst ipv6_label ip_proto nw_tos ip_dscp ip_ecn nw_ttl ip_frag arp_op arp_spa arp_tpa arp_sha arp_tha tcp_src tcp_dst tcp_flags udp_src udp_dst sctp_src sctp_dst icmp_type icmp_code icmpv6_type icmpv6_code nd_target nd_sll nd_tll nd_reserved nd_options_type nsh_flags nsh_mdtype nsh_np nsh_spi nsh_si nsh_c1 nsh_c2 nsh_c3 nsh_c4 nsh_ttl'
    .split(' ')
    .flatMap((word) => {
      const prefix = { TUN_METADATA: /^tun_metadata\d/, REG: /^reg\d/, XREG: /^xreg\d/, XXREG: /^xxreg\d/ }[word];
      return prefix === undefined ? [word] : FIELD_NAMES.filter((name) => prefix.test(name));
    });

interface Node {
  readonly word: string;
  readonly children: Node[];
}

/** Names as a tree of their words, neighbours with the same beginning together. */
function group(names: readonly (readonly string[])[]): readonly Node[] {
  const nodes: Node[] = [];
  const lists: string[][][] = [];
  for (const [word = '', ...rest] of names) {
    // A name that is the beginning of another (in_port, in_port_oxm) stands apart from it.
    if (nodes.at(-1)?.word !== word || rest.length === 0 || lists.at(-1)?.at(-1)?.length === 0) {
      nodes.push({ word, children: [] });
      lists.push([]);
    }
    lists.at(-1)?.push(rest);
  }
  nodes.forEach((node, i) => {
    node.children.push(...group((lists[i] ?? []).filter((l) => l.length > 0)));
  });
  return nodes;
}

function render(nodes: readonly Node[], separator: string): string {
  const parts: string[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node;
    const run = /^(.*?)(\d+)$/.exec(node.word);
    let last = i;
    if (run !== null && node.children.length === 0) {
      while (nodes[last + 1]?.word === `${run[1]}${Number(run[2]) + last + 1 - i}`) last++;
    }
    if (last > i) {
      parts.push(`${node.word}...${nodes[last]?.word}`);
      i = last;
    } else if (node.children.length === 0) parts.push(node.word);
    else if (node.children.length === 1) parts.push(`${node.word}_${render(node.children, ',')}`);
    else parts.push(`${node.word}_{${render(node.children, ',')}}`);
  }
  return parts.join(separator);
}

/** A set of fields in the short form of ovs-ofctl: `ip_{src,dst} reg0...reg7`. */
export function formatFieldSet(given: ReadonlySet<string>): string {
  // Who can do one form of in_port can do the other.
  const fields = new Set(
    given.has('in_port') || given.has('in_port_nxm') ? [...given, 'in_port', 'in_port_nxm'] : given,
  );
  const printed = ID_ORDER.filter((name) => fields.has(name)).map(
    (name) => (FIELDS[name as FieldName] as { printed?: string }).printed ?? name,
  );
  return render(group(printed.map((name) => name.split('_'))), ' ');
}

const TYPE = {
  instructions: 0,
  next: 2,
  write: 4,
  apply: 6,
  match: 8,
  wildcards: 10,
  writeSet: 12,
  applySet: 14,
} as const;

function tableIds(p: Property | undefined): string {
  const ids = [...(p?.octets ?? [])].sort((a, b) => a - b);
  const runs: string[] = [];
  for (let i = 0; i < ids.length; i++) {
    const first = ids[i] as number;
    let last = first;
    while (ids[i + 1] === last + 1) last = ids[++i] as number;
    runs.push(first === last ? String(first) : `${first}-${last}`);
  }
  return runs.join(',');
}

function actionFeatures(t: Features, set: number, fields: number, version: OpenFlowVersion, indent: string): string {
  const known = new Set(Object.values(ACTIONS).flatMap((forms) => forms.map((f) => f.type)));
  const bits = typesOf(t.properties.find((p) => p.type === set))
    .filter((type) => known.has(type) && type < 32)
    .reduce((all, type) => all | (1 << type), 0);
  return `${indent}actions: ${formatActionBits(bits)}\n${indent}supported on Set-Field: ${formatFieldSet(
    fieldsOf(
      t.properties.find((p) => p.type === fields),
      version,
    ),
  )}\n`;
}

const bothFeatures = (t: Features, miss: 0 | 1, version: OpenFlowVersion, indent: string) => ({
  write: actionFeatures(t, TYPE.write + miss, TYPE.writeSet + miss, version, indent),
  apply: actionFeatures(t, TYPE.apply + miss, TYPE.applySet + miss, version, indent),
});

/** Features of the table's instructions, of one kind (0: hits and, unless told apart, misses; 1: misses). */
function instructionFeatures(t: Features, miss: 0 | 1, version: OpenFlowVersion, before: Features | undefined): string {
  const of = (type: number): Property | undefined => t.properties.find((p) => p.type === type + miss);
  const types = typesOf(of(TYPE.instructions));
  const instructions = INSTRUCTIONS.filter(([type]) => types.includes(type)).map(([, word]) => word);
  const indent = '      ';
  const next = types.includes(1) ? `${indent}next tables: ${tableIds(of(TYPE.next))}\n` : '';
  const { write, apply } = bothFeatures(t, miss, version, `${indent}  `);
  const last = before === undefined ? undefined : bothFeatures(before, miss, version, `${indent}  `);
  const both =
    last !== undefined && last.write === write && last.apply === apply
      ? `${indent}(same actions)\n`
      : write === apply
        ? `${indent}Write-Actions and Apply-Actions features:\n${write}`
        : `${indent}Write-Actions features:\n${write}${indent}Apply-Actions features:\n${apply}`;
  return `${next}${indent}instructions: ${instructions.join(' ')}\n${both}`;
}

function matching(t: Features, version: OpenFlowVersion, before?: Features): string {
  const property = t.properties.find((p) => p.type === TYPE.match);
  const match = fieldsOf(property, version);
  const wildcards = fieldsOf(
    t.properties.find((p) => p.type === TYPE.wildcards),
    version,
  );
  const masked = maskedFields(property, version);
  const arbitrary = new Set([...match].filter((f) => masked.has(f)));
  const must = new Set([...match].filter((f) => !masked.has(f) && !wildcards.has(f)));
  const exact = new Set([...match].filter((f) => !masked.has(f) && wildcards.has(f)));
  const line = (label: string, set: ReadonlySet<string>): string =>
    set.size === 0 ? '' : `      ${label}: ${formatFieldSet(set)}\n`;
  const shown = `    matching:\n${line('arbitrary mask', arbitrary)}${line('exact match or wildcard', exact)}${line('must exact match', must)}`;
  return before !== undefined && matching(before, version) === shown ? '    (same matching)\n' : shown;
}

function maskedFields(p: Property | undefined, version: OpenFlowVersion): ReadonlySet<string> {
  const names = new Set<string>();
  const octets = Buffer.from(p?.octets ?? []);
  const r = new Reader(octets, version);
  while (r.left >= 4 && (r.left >= 8 || octets.readUInt16BE(r.at) !== 0xffff)) {
    const h = readHeader(r);
    if (h.hasMask) names.add(h.name);
  }
  return names;
}

/** `before` is the table printed before, of which what is the same is not repeated. */
function body(t: Features, version: OpenFlowVersion, before?: Features): string {
  const hits = instructionFeatures(t, 0, version, before);
  const misses = t.properties.some((p) => p.type === 1) ? instructionFeatures(t, 1, version, before) : hits;
  const has = t.properties.length > 0;
  const from14 =
    version < 5
      ? ''
      : `    eviction: ${t.capabilities & 4 ? 'supported' : 'not supported'}\n    vacancy events: ${t.capabilities & 8 ? 'supported' : 'not supported'}\n`;
  const instructions = !has
    ? ''
    : misses !== hits
      ? `    instructions (other than table miss):\n${hits}    instructions (table miss):\n${misses}`
      : `    instructions (table miss and others):\n${hits}`;
  return `    metadata: match=${hex0(t.metadata_match)} write=${hex0(t.metadata_write)}\n${from14}    max_entries=${t.max_entries}\n${instructions}${has ? matching(t, version, before) : ''}`;
}

/** What makes two tables alike: everything but number and name, and next tables taken relative to the table. */
function likeness(t: Features, version: OpenFlowVersion): string {
  return body(t, version).replace(
    /next tables: (\d+)(?:-(\d+))?(.*)/g,
    (all, first: string, last = first, rest = '') =>
      Number(first) === t.table_id + 1 ? `next tables: next-${last}${rest}` : all,
  );
}

const COMMANDS = ['replace', 'modify', 'enable', 'disable'] as const;

/** The features of tables. */
export function formatTableFeatures(
  tables: ReplyBody<'TABLE_FEATURES'>,
  version: OpenFlowVersion,
  names?: Names,
): string {
  const lines: string[] = [];
  let previous = '';
  let before: Features | undefined;
  let dittos: number[] = [];
  const flush = (): void => {
    const [first] = dittos;
    if (first !== undefined)
      lines.push(
        dittos.length === 1
          ? `  table ${formatTable(first, names)}: ditto\n`
          : `  tables ${first}...${dittos.at(-1)}: ditto\n`,
      );
    dittos = [];
  };
  for (const t of tables) {
    const like = likeness(t, version);
    const head = `  table ${t.table_id}${t.name === '' ? '' : ` ("${t.name}")`}:`;
    if (like === previous && t.name === '') dittos.push(t.table_id);
    else {
      flush();
      const command =
        version >= 6 && t.command !== 0 && lines.length === 0 ? `  command: ${COMMANDS[t.command] ?? t.command}\n` : '';
      lines.push(like === previous ? `${head} ditto\n` : `${command}${head}\n${body(t, version, before)}`);
    }
    previous = like;
    before = t;
  }
  flush();
  return `\n${lines.map((line, i) => `${i > 0 && isApart(lines[i - 1] ?? '', line) ? '\n' : ''}${line}`).join('')}`;
}

const isDitto = (line: string): boolean => line.endsWith(': ditto\n');

/** Whether an empty line stands between two tables: not between a ditto and the unnamed dittos after it. */
function isApart(before: string, line: string): boolean {
  return !isDitto(before) || !isDitto(line) || line.includes('("');
}
