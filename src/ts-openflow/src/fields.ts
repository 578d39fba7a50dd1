/**
 * Every match field we know, in the names of ovs-fields(7). The one place to add a field.
 *
 * Row order is the canonical order on the wire: ovs-ofctl's own, in which every prerequisite comes before the field
 * that needs it (OpenFlow 1.5.1, 7.2.3.6). The first header of a row that the OpenFlow version has is the one written;
 * the others are understood, and kept when a message is written again.
 */
import { EXPERIMENTER } from './constants.js';
import type { OpenFlowVersion } from './version.js';

/** How a value looks in text (ovs-fields(7), "Format"). */
export type FieldFormat =
  | 'decimal'
  | 'hexadecimal'
  | 'ethernet'
  | 'ipv4'
  | 'ipv6'
  | 'port'
  | 'port16'
  | 'frag'
  | 'ct_state'
  | 'tunnel_flags'
  | 'tcp_flags'
  | 'packet_type';

/** One way to name a field on the wire. */
export interface OxmHeader {
  readonly name: string;
  readonly class: number;
  readonly field: number;
  /** Present when the class is 0xffff. */
  readonly experimenter?: number;
  /** The first version that writes this header; it is read in every version. */
  readonly since: OpenFlowVersion;
}

/** What must be matched before a field may be (ovs-fields(7), "Prerequisites"). */
export type Prerequisite =
  | 'none'
  | 'eth'
  | 'vlan'
  | 'mpls'
  | 'ipv4'
  | 'ipv6'
  | 'ip'
  | 'arp'
  | 'nsh'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmpv4'
  | 'icmpv6'
  | 'nd'
  | 'nd_ns'
  | 'nd_na'
  | 'ct';

/** A row of the table. `bits` is the width that may be nonzero; `octets` that on the wire (0: any length). */
export interface Field<Kind extends 'number' | 'bigint' = 'number' | 'bigint'> {
  readonly kind: Kind;
  readonly octets: number;
  readonly bits: number;
  readonly format: FieldFormat;
  readonly headers: readonly OxmHeader[];
  readonly maskable: boolean;
  readonly writable: boolean;
  readonly prerequisite: Prerequisite;
  /** Other names that text may use. */
  readonly aliases: readonly string[];
  /** The name ovs-ofctl prints for it in actions, where that differs from ours. */
  readonly printed?: string;
}

const NXM_OF = 0x0000;
const NXM_NX = 0x0001;
const ERICSSON = 0x1000;
const OXM_OF = 0x8000;
const PKT_REG = 0x8001;
const EXP = 0xffff;

const plain =
  (cls: number, prefix: string) =>
  (name: string, field: number, since: OpenFlowVersion = 4): OxmHeader => ({
    name: prefix + name,
    class: cls,
    field,
    since,
  });
const vendor =
  (experimenter: number, prefix: string) =>
  (name: string, field: number, since: OpenFlowVersion = 4): OxmHeader => ({
    name: prefix + name,
    class: EXP,
    field,
    experimenter,
    since,
  });

const oxm = plain(OXM_OF, 'OXM_OF_');
const nxm = plain(NXM_OF, 'NXM_OF_');
const nx = plain(NXM_NX, 'NXM_NX_');
const eric = plain(ERICSSON, 'ERICOXM_OF_');
const pkt = plain(PKT_REG, 'OXM_OF_PKT_');
const et = vendor(EXPERIMENTER.NICIRA, 'NXOXM_ET_');
const onf = vendor(EXPERIMENTER.ONF, 'ONFOXM_ET_');
const nsh = vendor(EXPERIMENTER.NSH, 'NXOXM_NSH_');

interface Options {
  readonly bits?: number;
  /** m: maskable, r: read-only. */
  readonly is?: 'm' | 'r' | 'mr' | '';
  readonly pre?: Prerequisite;
  readonly aka?: readonly string[];
  readonly printed?: string;
}

function row<Kind extends 'number' | 'bigint'>(
  kind: Kind,
  octets: number,
  format: FieldFormat,
  headers: readonly OxmHeader[],
  o: Options,
): Field<Kind> {
  const is = o.is ?? '';
  return {
    kind,
    octets,
    bits: o.bits ?? octets * 8,
    format,
    headers,
    maskable: is.includes('m'),
    writable: !is.includes('r'),
    prerequisite: o.pre ?? 'none',
    aliases: o.aka ?? [],
    ...(o.printed === undefined ? {} : { printed: o.printed }),
  };
}
type Headers = OxmHeader | readonly OxmHeader[];
const all = (h: Headers): readonly OxmHeader[] => (Array.isArray(h) ? h : [h as OxmHeader]);
const n1 = (f: FieldFormat, h: Headers, o: Options = {}) => row('number', 1, f, all(h), o);
const n2 = (f: FieldFormat, h: Headers, o: Options = {}) => row('number', 2, f, all(h), o);
const n4 = (f: FieldFormat, h: Headers, o: Options = {}) => row('number', 4, f, all(h), o);
const n6 = (h: Headers, o: Options = {}) => row('number', 6, 'ethernet', all(h), o);
const n8 = (h: Headers, o: Options = {}) => row('bigint', 8, 'hexadecimal', all(h), o);
const n16 = (f: FieldFormat, h: Headers, o: Options = {}) => row('bigint', 16, f, all(h), o);

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
type Below4 = '0' | '1' | '2' | '3';
type Below8 = Below4 | '4' | '5' | '6' | '7';
type Below16 = Digit | '10' | '11' | '12' | '13' | '14' | '15';
type Below64 = Digit | `${'1' | '2' | '3' | '4' | '5'}${Digit}` | `6${Below4}`;

function numbered<P extends string, I extends string, F>(
  prefix: P,
  count: number,
  make: (i: number) => F,
): Record<`${P}${I}`, F> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, make(i)])) as Record<
    `${P}${I}`,
    F
  >;
}

/** The fields, in canonical wire order. */
export const FIELDS = {
  packet_type: n4('packet_type', oxm('PACKET_TYPE', 44), { is: 'r' }),
  dp_hash: n4('hexadecimal', nx('DP_HASH', 35), { is: 'mr' }),
  recirc_id: n4('decimal', nx('RECIRC_ID', 36), { is: 'r' }),
  conj_id: n4('decimal', nx('CONJ_ID', 37), { is: 'r' }),
  in_port: n4('port', oxm('IN_PORT', 0), { aka: ['in_port_oxm'], printed: 'in_port_oxm' }),
  in_port_nxm: n2('port16', nxm('IN_PORT', 0), { printed: 'in_port' }),
  in_phy_port: n4('decimal', oxm('IN_PHY_PORT', 1), { is: 'r' }),
  actset_output: n4('port', [onf('ACTSET_OUTPUT', 43), oxm('ACTSET_OUTPUT', 43, 6)], { is: 'r' }),
  eth_src: n6([oxm('ETH_SRC', 4), nxm('ETH_SRC', 2)], { is: 'm', pre: 'eth', aka: ['dl_src'] }),
  eth_dst: n6([oxm('ETH_DST', 3), nxm('ETH_DST', 1)], { is: 'm', pre: 'eth', aka: ['dl_dst'] }),
  eth_type: n2('hexadecimal', [oxm('ETH_TYPE', 5), nxm('ETH_TYPE', 3)], { is: 'r', pre: 'eth', aka: ['dl_type'] }),
  vlan_tci: n2('hexadecimal', nxm('VLAN_TCI', 4), { is: 'm', pre: 'eth' }),
  vlan_vid: n2('decimal', oxm('VLAN_VID', 6), { bits: 12, is: 'm', pre: 'eth' }),
  vlan_pcp: n1('decimal', oxm('VLAN_PCP', 7), { bits: 3, pre: 'vlan' }),
  mpls_tc: n1('decimal', oxm('MPLS_TC', 35), { bits: 3, pre: 'mpls' }),
  mpls_bos: n1('decimal', oxm('MPLS_BOS', 36), { bits: 1, is: 'r', pre: 'mpls' }),
  mpls_ttl: n1('decimal', nx('MPLS_TTL', 30), { pre: 'mpls' }),
  mpls_label: n4('decimal', oxm('MPLS_LABEL', 34), { bits: 20, pre: 'mpls' }),
  pbb_isid: row('number', 3, 'hexadecimal', [oxm('PBB_ISID', 37)], { is: 'm' }),
  pbb_uca: n1('decimal', oxm('PBB_UCA', 41), { bits: 1 }),
  ip_src: n4('ipv4', [oxm('IPV4_SRC', 11), nxm('IP_SRC', 7)], { is: 'm', pre: 'ipv4', aka: ['nw_src', 'ipv4_src'] }),
  ip_dst: n4('ipv4', [oxm('IPV4_DST', 12), nxm('IP_DST', 8)], { is: 'm', pre: 'ipv4', aka: ['nw_dst', 'ipv4_dst'] }),
  ipv6_src: n16('ipv6', [oxm('IPV6_SRC', 26), nx('IPV6_SRC', 19)], { is: 'm', pre: 'ipv6' }),
  ipv6_dst: n16('ipv6', [oxm('IPV6_DST', 27), nx('IPV6_DST', 20)], { is: 'm', pre: 'ipv6' }),
  ip_frag: n1('frag', nx('IP_FRAG', 26), { bits: 2, is: 'mr', pre: 'ip', aka: ['nw_frag'] }),
  ip_dscp: n1('decimal', oxm('IP_DSCP', 8), { bits: 6, pre: 'ip' }),
  nw_tos: n1('decimal', nxm('IP_TOS', 5), { pre: 'ip' }),
  ip_ecn: n1('decimal', [oxm('IP_ECN', 9), nx('IP_ECN', 28)], {
    bits: 2,
    pre: 'ip',
    aka: ['nw_ecn'],
    printed: 'nw_ecn',
  }),
  nw_ttl: n1('decimal', nx('IP_TTL', 29), { pre: 'ip' }),
  ipv6_label: n4('hexadecimal', [oxm('IPV6_FLABEL', 28), nx('IPV6_LABEL', 27)], { bits: 20, is: 'm', pre: 'ipv6' }),
  ip_proto: n1('decimal', [oxm('IP_PROTO', 10), nxm('IP_PROTO', 6)], {
    is: 'r',
    pre: 'ip',
    aka: ['nw_proto'],
    printed: 'nw_proto',
  }),
  ipv6_exthdr: n2('hexadecimal', oxm('IPV6_EXTHDR', 39), { bits: 9, is: 'mr', pre: 'ipv6' }),
  tcp_src: n2('decimal', [oxm('TCP_SRC', 13), nxm('TCP_SRC', 9)], { is: 'm', pre: 'tcp' }),
  tcp_dst: n2('decimal', [oxm('TCP_DST', 14), nxm('TCP_DST', 10)], { is: 'm', pre: 'tcp' }),
  tcp_flags: n2('tcp_flags', [onf('TCP_FLAGS', 42), oxm('TCP_FLAGS', 42, 6), nx('TCP_FLAGS', 34)], {
    bits: 12,
    is: 'mr',
    pre: 'tcp',
  }),
  udp_src: n2('decimal', [oxm('UDP_SRC', 15), nxm('UDP_SRC', 11)], { is: 'm', pre: 'udp' }),
  udp_dst: n2('decimal', [oxm('UDP_DST', 16), nxm('UDP_DST', 12)], { is: 'm', pre: 'udp' }),
  sctp_src: n2('decimal', oxm('SCTP_SRC', 17), { is: 'm', pre: 'sctp' }),
  sctp_dst: n2('decimal', oxm('SCTP_DST', 18), { is: 'm', pre: 'sctp' }),
  icmp_type: n1('decimal', [oxm('ICMPV4_TYPE', 19), nxm('ICMP_TYPE', 13)], { pre: 'icmpv4', aka: ['icmpv4_type'] }),
  icmp_code: n1('decimal', [oxm('ICMPV4_CODE', 20), nxm('ICMP_CODE', 14)], { pre: 'icmpv4', aka: ['icmpv4_code'] }),
  icmpv6_type: n1('decimal', [oxm('ICMPV6_TYPE', 29), nx('ICMPV6_TYPE', 21)], { pre: 'icmpv6' }),
  icmpv6_code: n1('decimal', [oxm('ICMPV6_CODE', 30), nx('ICMPV6_CODE', 22)], { pre: 'icmpv6' }),
  nd_reserved: n4('decimal', eric('ICMPV6_ND_RESERVED', 1), { pre: 'nd' }),
  nd_target: n16('ipv6', [oxm('IPV6_ND_TARGET', 31), nx('ND_TARGET', 23)], { is: 'm', pre: 'nd' }),
  nd_options_type: n1('decimal', eric('ICMPV6_ND_OPTIONS_TYPE', 2), { pre: 'nd' }),
  nd_sll: n6([oxm('IPV6_ND_SLL', 32), nx('ND_SLL', 24)], { is: 'm', pre: 'nd_ns' }),
  nd_tll: n6([oxm('IPV6_ND_TLL', 33), nx('ND_TLL', 25)], { is: 'm', pre: 'nd_na' }),
  arp_op: n2('decimal', [oxm('ARP_OP', 21), nxm('ARP_OP', 15)], { pre: 'arp' }),
  arp_spa: n4('ipv4', [oxm('ARP_SPA', 22), nxm('ARP_SPA', 16)], { is: 'm', pre: 'arp' }),
  arp_tpa: n4('ipv4', [oxm('ARP_TPA', 23), nxm('ARP_TPA', 17)], { is: 'm', pre: 'arp' }),
  arp_sha: n6([oxm('ARP_SHA', 24), nx('ARP_SHA', 17)], { is: 'm', pre: 'arp' }),
  arp_tha: n6([oxm('ARP_THA', 25), nx('ARP_THA', 18)], { is: 'm', pre: 'arp' }),
  tun_id: n8([oxm('TUNNEL_ID', 38), nx('TUN_ID', 16)], { is: 'm', aka: ['tunnel_id'] }),
  tun_flags: n2('tunnel_flags', nx('TUN_FLAGS', 104), { bits: 1, is: 'm' }),
  tun_src: n4('ipv4', nx('TUN_IPV4_SRC', 31), { is: 'm' }),
  tun_dst: n4('ipv4', nx('TUN_IPV4_DST', 32), { is: 'm' }),
  tun_ipv6_src: n16('ipv6', nx('TUN_IPV6_SRC', 109), { is: 'm' }),
  tun_ipv6_dst: n16('ipv6', nx('TUN_IPV6_DST', 110), { is: 'm' }),
  tun_gbp_id: n2('decimal', nx('TUN_GBP_ID', 38), { is: 'm' }),
  tun_gbp_flags: n1('hexadecimal', nx('TUN_GBP_FLAGS', 39), { is: 'm' }),
  ...numbered<'tun_metadata', Below64, Field<'bigint'>>('tun_metadata', 64, (i) =>
    row('bigint', 0, 'hexadecimal', [nx(`TUN_METADATA${i}`, 40 + i)], { bits: 992, is: 'm' }),
  ),
  tun_erspan_idx: n4('hexadecimal', et('ERSPAN_IDX', 11), { bits: 20, is: 'm' }),
  tun_erspan_ver: n1('decimal', et('ERSPAN_VER', 12), { bits: 4, is: 'm' }),
  tun_erspan_dir: n1('decimal', et('ERSPAN_DIR', 13), { bits: 1, is: 'm' }),
  tun_erspan_hwid: n1('hexadecimal', et('ERSPAN_HWID', 14), { bits: 6, is: 'm' }),
  tun_gtpu_flags: n1('hexadecimal', et('GTPU_FLAGS', 15), { is: 'mr' }),
  tun_gtpu_msgtype: n1('decimal', et('GTPU_MSGTYPE', 16), { is: 'mr' }),
  nsh_flags: n1('decimal', nsh('FLAGS', 1), { is: 'm', pre: 'nsh' }),
  nsh_ttl: n1('decimal', nsh('TTL', 10), { pre: 'nsh' }),
  nsh_mdtype: n1('decimal', nsh('MDTYPE', 2), { is: 'r', pre: 'nsh' }),
  nsh_np: n1('decimal', nsh('NP', 3), { is: 'r', pre: 'nsh' }),
  nsh_spi: n4('hexadecimal', nsh('SPI', 4), { bits: 24, pre: 'nsh', aka: ['nsp'] }),
  nsh_si: n1('decimal', nsh('SI', 5), { pre: 'nsh', aka: ['nsi'] }),
  nsh_c1: n4('hexadecimal', nsh('C1', 6), { is: 'm', pre: 'nsh', aka: ['nshc1'] }),
  nsh_c2: n4('hexadecimal', nsh('C2', 7), { is: 'm', pre: 'nsh', aka: ['nshc2'] }),
  nsh_c3: n4('hexadecimal', nsh('C3', 8), { is: 'm', pre: 'nsh', aka: ['nshc3'] }),
  nsh_c4: n4('hexadecimal', nsh('C4', 9), { is: 'm', pre: 'nsh', aka: ['nshc4'] }),
  ...numbered<'reg', Below16, Field<'number'>>('reg', 16, (i) => n4('hexadecimal', nx(`REG${i}`, i), { is: 'm' })),
  ...numbered<'xreg', Below8, Field<'bigint'>>('xreg', 8, (i) => n8(pkt(`REG${i}`, i), { is: 'm' })),
  ...numbered<'xxreg', Below4, Field<'bigint'>>('xxreg', 4, (i) =>
    n16('hexadecimal', nx(`XXREG${i}`, 111 + i), { is: 'm' }),
  ),
  pkt_mark: n4('hexadecimal', nx('PKT_MARK', 33), { is: 'm' }),
  ct_state: n4('ct_state', nx('CT_STATE', 105), { is: 'mr' }),
  ct_zone: n2('hexadecimal', nx('CT_ZONE', 106), { is: 'r' }),
  ct_mark: n4('hexadecimal', nx('CT_MARK', 107), { is: 'm' }),
  ct_label: n16('hexadecimal', nx('CT_LABEL', 108), { is: 'm' }),
  ct_nw_src: n4('ipv4', nx('CT_NW_SRC', 120), { is: 'mr', pre: 'ct' }),
  ct_nw_dst: n4('ipv4', nx('CT_NW_DST', 121), { is: 'mr', pre: 'ct' }),
  ct_ipv6_src: n16('ipv6', nx('CT_IPV6_SRC', 122), { is: 'mr', pre: 'ct' }),
  ct_ipv6_dst: n16('ipv6', nx('CT_IPV6_DST', 123), { is: 'mr', pre: 'ct' }),
  ct_nw_proto: n1('decimal', nx('CT_NW_PROTO', 119), { is: 'r', pre: 'ct' }),
  ct_tp_src: n2('decimal', nx('CT_TP_SRC', 124), { is: 'mr', pre: 'ct' }),
  ct_tp_dst: n2('decimal', nx('CT_TP_DST', 125), { is: 'mr', pre: 'ct' }),
  metadata: n8(oxm('METADATA', 2), { is: 'm' }),
} as const satisfies Record<string, Field>;

/** The name of a known field. */
export type FieldName = keyof typeof FIELDS;

/** The type of a field's value in memory: number up to 48 bits, bigint above. */
export type ValueOf<N extends FieldName> =
  (typeof FIELDS)[N] extends Field<infer K> ? (K extends 'bigint' ? bigint : number) : never;

/** A field we do not know, named by the header it came with: `oxm_` and 8 or, for an experimenter, 16 hex digits. */
export type UnknownFieldName = `oxm_${string}`;

/** All names, in canonical wire order. */
export const FIELD_NAMES = Object.keys(FIELDS) as readonly FieldName[];
