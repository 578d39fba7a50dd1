/** Flows and packets in ovs-ofctl's words, for people. A dump that was read from text gives its own lines. */
import { FIELDS, type FieldName, formatIpv4, formatIpv6, formatMac } from 'ts-openflow';
import type { HostDump } from './model.js';
import { fieldAt, pieces, readField, wordOf } from './words.js';

/** A value as ovs-ofctl writes it. */
export function valueText(field: string, value: bigint): string {
  const format = FIELDS[field as FieldName]?.format;
  if (format === 'ethernet') return formatMac(Number(value));
  if (format === 'ipv4') return formatIpv4(Number(value));
  if (format === 'ipv6') return formatIpv6(value);
  return format === 'decimal' || format === 'port' ? String(value) : `0x${value.toString(16)}`;
}

/** One flow; `cookie` and counters of text that was read are left out. */
export function flowText(dump: HostDump, flow: number): string {
  const line = dump.lines?.(flow);
  if (line !== undefined)
    return line.replace(/\b(?:cookie|duration|n_packets|n_bytes|idle_age|hard_age)=[^ ,]*,?\s*/g, '').trim();
  const { flows } = dump;
  const fields = new Map<string, [bigint, bigint]>();
  for (let at = flows.termsAt(flow); at < flows.codeAt(flow); at += 3) {
    const word = flows.body[at] as number;
    const field = fieldAt(word);
    const shift = BigInt(32 * (word - wordOf(field)));
    const [value, mask] = fields.get(field) ?? [0n, 0n];
    const widened = (n: number): bigint => BigInt(n >>> 0) << shift;
    fields.set(field, [value | widened(flows.body[at + 1] as number), mask | widened(flows.body[at + 2] as number)]);
  }
  const parts = [...fields].map(([field, [value, mask]]) => {
    const width = pieces(field)?.reduce((sum, piece) => sum + piece.width, 0) ?? 0;
    const whole = mask === (1n << BigInt(width)) - 1n;
    return `${field}=${valueText(field, value)}${whole ? '' : `/${valueText(field, mask)}`}`;
  });
  return [`table=${flows.table(flow)}`, `priority=${flows.priority(flow)}`, ...parts].join(',');
}

const SHOWN_ALWAYS = ['in_port', 'eth_src', 'eth_dst', 'eth_type'];
const SHOWN_IF_SET = ['tun_id', 'tun_src', 'tun_dst', 'tun_ipv6_src', 'tun_ipv6_dst', 'vlan_tci'];
const BY_TYPE: Readonly<Record<number, readonly string[]>> = {
  2048: ['ip_src', 'ip_dst', 'ip_proto'],
  2054: ['arp_op', 'arp_spa', 'arp_tpa', 'arp_sha', 'arp_tha'],
  34525: ['ipv6_src', 'ipv6_dst', 'ip_proto'],
};
const BY_PROTOCOL: Readonly<Record<number, readonly string[]>> = {
  1: ['icmp_type', 'icmp_code'],
  6: ['tcp_src', 'tcp_dst'],
  17: ['udp_src', 'udp_dst'],
  58: ['icmpv6_type', 'icmpv6_code'],
  132: ['sctp_src', 'sctp_dst'],
};

const NEIGHBOUR: Readonly<Record<number, readonly string[]>> = {
  135: ['nd_target', 'nd_sll'],
  136: ['nd_target', 'nd_tll'],
};
const IP_IF_SET = ['nw_ttl', 'nw_tos', 'ip_ecn'];

/** The fields above IP that a packet of that protocol has. */
function transportFields(words: Int32Array): readonly string[] {
  const protocol = Number(readField(words, 'ip_proto'));
  const fields = BY_PROTOCOL[protocol] ?? [];
  return protocol === 58 ? [...fields, ...(NEIGHBOUR[Number(readField(words, 'icmpv6_type'))] ?? [])] : fields;
}

/** A packet as `ofproto/trace` takes it. */
export function packetText(words: Int32Array): string {
  const type = Number(readField(words, 'eth_type'));
  const l3 = BY_TYPE[type] ?? [];
  const ip = l3.includes('ip_proto');
  const set = (fields: readonly string[]): readonly string[] =>
    fields.filter((field) => readField(words, field) !== 0n);
  const above = ip ? [...set(IP_IF_SET), ...transportFields(words)] : [];
  return [...SHOWN_ALWAYS, ...set(SHOWN_IF_SET), ...l3, ...above]
    .map((field) => `${field}=${valueText(field, readField(words, field))}`)
    .join(',');
}
