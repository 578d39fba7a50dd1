/**
 * Flows that text can say, with values as `parseFlow` gives them, so that parse(format(flow)) must be the same flow.
 *
 * Fields come from the library's table: a field that is added is generated here, unless OTHERWISE names the field that
 * says the same bits. Actions have a row each, or the reason why text has none; the compiler holds that none is missing.
 */
import fc from 'fast-check';
import { type Action, type ActionKind, type Instruction, type Match, type MessageInputOf, OFPP } from 'ts-openflow';
import { type DeclaredField, declarations } from 'ts-openflow/testing';

type Version = 4 | 5 | 6;
type Flow = MessageInputOf<'FlowMod'>;
type Loose = Record<string, { value: number | bigint; mask?: number | bigint; octets?: number }>;

const u = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
const big = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
const port = fc.oneof(fc.integer({ min: 1, max: 0xfeff }), fc.constantFrom(OFPP.LOCAL, OFPP.IN_PORT));

const FIELDS = { 4: declarations(4).fields, 5: declarations(5).fields, 6: declarations(6).fields } as const;
const fieldsOf = (version: Version): readonly DeclaredField[] => FIELDS[version];

/** What is known of the packets of a flow: the match that says so, and the prerequisites it satisfies. */
interface Base {
  readonly match: Loose;
  readonly has: readonly string[];
}
const eth = (type: number): Loose => ({ eth_type: { value: type } });
const ip = (type: number, proto: number): Loose => ({ ...eth(type), ip_proto: { value: proto } });
const nd = (type: number): Loose => ({ ...ip(0x86dd, 58), icmpv6_type: { value: type } });
const BASES: readonly Base[] = [
  { match: {}, has: [] },
  { match: eth(0x88cc), has: [] },
  { match: eth(0x800), has: ['ipv4', 'ip', 'proto'] },
  { match: eth(0x86dd), has: ['ipv6', 'ip', 'proto'] },
  { match: ip(0x800, 6), has: ['ipv4', 'ip', 'tcp'] },
  { match: ip(0x86dd, 17), has: ['ipv6', 'ip', 'udp'] },
  { match: ip(0x86dd, 132), has: ['ipv6', 'ip', 'sctp'] },
  { match: ip(0x800, 1), has: ['ipv4', 'ip', 'icmpv4'] },
  { match: ip(0x86dd, 58), has: ['ipv6', 'ip', 'icmpv6'] },
  { match: nd(135), has: ['ipv6', 'ip', 'nd', 'nd_ns'] },
  { match: nd(136), has: ['ipv6', 'ip', 'nd', 'nd_na'] },
  { match: eth(0x806), has: ['arp'] },
  { match: eth(0x8035), has: ['arp'] },
  { match: eth(0x8847), has: ['mpls'] },
  { match: eth(0x894f), has: ['nsh'] },
];

/** Fields that a base gives, or whose bits another field says (as which they are parsed), and those without a text. */
const OTHERWISE: Readonly<Record<string, string>> = {
  eth_type: 'the bases',
  in_port_nxm: 'in_port',
  nw_tos: 'ip_dscp and ip_ecn',
  vlan_tci: 'vlan_vid and vlan_pcp',
  packet_type: 'PACKET_TYPES',
  vlan_vid: 'VLANS',
  vlan_pcp: 'VLANS',
  ip_frag: 'FRAGMENTS',
  tun_erspan_ver: 'ERSPAN: ovs-ofctl 3.1 sends its value as its mask',
  tun_erspan_dir: 'ERSPAN, and is printed in version 2 only',
  tun_erspan_hwid: 'ERSPAN, and is printed in version 2 only',
  tun_gtpu_flags: 'ovs-ofctl 3.1 sends its value as its mask',
  tun_gtpu_msgtype: 'ovs-ofctl 3.1 sends its value as its mask',
};

const VLANS: fc.Arbitrary<Loose> = fc
  .oneof(
    fc.constant({ vlan_vid: { value: 0 } }),
    u(12).map((vid) => ({ vlan_vid: { value: vid | 0x1000 } })),
    fc.tuple(u(12), u(3)).map(([vid, pcp]) => ({ vlan_vid: { value: vid | 0x1000 }, vlan_pcp: { value: pcp } })),
    fc.tuple(u(12), u(12)).map(([vid, m]) => ({ vlan_vid: { value: (vid & m) | 0x1000, mask: m | 0x1000 } })),
    u(3).map((pcp) => ({ vlan_vid: { value: 0x1000, mask: 0x1000 }, vlan_pcp: { value: pcp } })),
  )
  .map((vlan) => {
    const { vlan_vid, ...rest } = vlan as Loose & { vlan_vid: { value: number; mask?: number } };
    return { vlan_vid: vlan_vid.mask === 0x1fff ? { value: vlan_vid.value } : vlan_vid, ...rest };
  });
const FRAGMENTS = [{ value: 0 }, { value: 1, mask: 1 }, { value: 1 }, { value: 3 }, { value: 0, mask: 2 }];
/** Bits that have names, where the others are not printed. */
const NAMED_BITS: Readonly<Record<string, bigint>> = { ct_state: 0xffn, tcp_flags: 0xfffn, tun_flags: 1n };
/** Fields whose masks ovs-ofctl does not print. */
const UNMASKED: readonly string[] = ['tun_gbp_flags'];
/** Registers are packet registers from 1.5 on, and only there. */
const isAnotherVersions = (name: string, version: Version): boolean =>
  /^xxreg/.test(name) || (version >= 6 ? /^reg/ : /^xreg/).test(name);

function inMemory({ field }: DeclaredField, v: bigint): number | bigint {
  return field.kind === 'bigint' ? v : Number(v);
}

/** A value, masked where the field may be: never by no bits or by all, which text says otherwise. */
function valueIn(f: DeclaredField): fc.Arbitrary<{ value: number | bigint; mask?: number | bigint; octets?: number }> {
  const { field, name } = f;
  if (field.octets === 0) return metadataValue;
  if (name === 'in_port' || name === 'actset_output') return port.map((value) => ({ value }));
  if (name === 'arp_op') return u(8).map((value) => ({ value }));
  const named = NAMED_BITS[name];
  const wide = named === undefined ? ones(field.octets * 8) : named;
  const all = field.bits === field.octets * 8 ? wide : ones(field.bits);
  const exact = big(field.bits).map((v) => ({ value: inMemory(f, v & all) }));
  const masked = fc
    .tuple(big(field.bits), big(field.bits))
    .map(([v, m]) => [v, m & all] as const)
    .filter(([, m]) => m !== 0n && (m !== all || (named !== undefined && name !== 'tcp_flags')))
    .map(([v, m]) => ({ value: inMemory(f, v & m), mask: inMemory(f, m) }));
  // ovs-ofctl prints tcp_flags under a mask of all twelve bits as it prints them without one: only the latter is said.
  if (named !== undefined) return name === 'tcp_flags' ? fc.oneof(exact, masked) : masked;
  return field.maskable && !UNMASKED.includes(name) ? fc.oneof(exact, masked) : exact;
}

const octetsFor = (v: bigint): number => Math.ceil(v.toString(16).length / 2);
/** Tunnel metadata of as many octets as its digits say. */
const metadataValue = fc.oneof(
  big(96)
    .filter((v) => v > 0n)
    .map((value) => ({ value, octets: octetsFor(value) })),
  fc
    .tuple(big(96), big(96))
    .filter(([, m]) => m > 0n && m !== ones(8 * octetsFor(m)))
    .map(([v, mask]) => ({ value: v & mask, mask, octets: octetsFor(mask) })),
);

/** Fields that may be matched beside a base. */
function fieldsBeside(base: Base, version: Version): readonly DeclaredField[] {
  return fieldsOf(version).filter(({ name, field }) => {
    if (name in OTHERWISE || isAnotherVersions(name, version) || name in base.match) return false;
    if (name === 'ip_proto') return base.has.includes('proto');
    return ['none', 'eth', 'ct', ...base.has].includes(field.prerequisite);
  });
}

function anyMatch(base: Base, version: Version): fc.Arbitrary<Match> {
  const one = fc.constantFrom(...fieldsBeside(base, version)).chain((f) => valueIn(f).map((v) => [f.name, v] as const));
  const fields = fc
    .uniqueArray(one, { maxLength: 5, selector: ([name]) => name })
    .filter((list) => list.filter(([name]) => name.startsWith('tun_metadata')).length < 5);
  const frag = base.has.includes('proto') ? fc.option(fc.constantFrom(...FRAGMENTS)) : fc.constant(null);
  const tags = base.match.eth_type?.value === 0x894f ? fc.constant(null) : fc.option(VLANS);
  return fc.tuple(fields, frag, tags).map(([list, ip_frag, vlan]) => ({
    ...Object.fromEntries(list),
    ...base.match,
    ...vlan,
    ...(ip_frag === null ? {} : { ip_frag }),
  })) as fc.Arbitrary<Match>;
}

/** What an action's arbitrary needs to know. */
interface Place {
  readonly version: Version;
  readonly match: Loose;
  readonly has: readonly string[];
  readonly depth: number;
}

/** The oldest header of a field, which Nicira's actions name. */
function oldestOf({ canonical, field }: DeclaredField): DeclaredField['canonical'] {
  return field.headers.find((h) => h.class <= 1) ?? field.headers.find((h) => h.name.startsWith('ONF')) ?? canonical;
}
/** That header, where it is not the one written anyway. */
function oldHeader(f: DeclaredField): { readonly header?: string } {
  const oldest = oldestOf(f);
  return oldest === f.canonical ? {} : { header: oldest.name };
}

interface PartOptions {
  readonly writes?: boolean;
  readonly least?: number;
  readonly most?: number;
  readonly narrow?: boolean;
  readonly canonical?: boolean;
}

/** Fields that an action may name here. */
function fieldsFor(at: Place, writes: boolean): readonly DeclaredField[] {
  const has = ['none', 'eth', ...(isTagged(at) ? ['vlan'] : []), ...at.has];
  return fieldsOf(at.version).filter(
    ({ name, field }) =>
      (has.includes(field.prerequisite) || (name === 'ip_proto' && at.has.includes('ip'))) &&
      (!writes || (field.writable && name !== 'ct_mark' && name !== 'ct_label')) &&
      !/^(pbb_|ipv6_exthdr|in_phy_port|vlan_vid)/.test(name),
  );
}

function part(at: Place, o: PartOptions = {}): fc.Arbitrary<{ field: string; start: number; bits: number }> {
  const { writes = false, least = 1, most = 992, narrow = true, canonical = false } = o;
  const usable = fieldsFor(at, writes).filter(
    (f) => f.field.bits >= least && (!narrow || oldestOf(f).experimenter === undefined) && f.name !== 'nw_tos',
  );
  return fc.constantFrom(...usable).chain((f) =>
    fc.integer({ min: least, max: Math.min(most, f.field.bits) }).chain((bits) =>
      fc.nat(f.field.bits - bits).map((start) => ({
        field: f.name,
        ...(canonical ? {} : oldHeader(f)),
        start,
        bits,
      })),
    ),
  );
}

/** Two parts of the same width. */
function parts(at: Place, canonical: boolean): fc.Arbitrary<readonly [object, object]> {
  const o = { narrow: false, canonical };
  return fc.tuple(part(at, o), part(at, { ...o, writes: true })).map(([src, dst]) => {
    const bits = Math.min(src.bits, dst.bits);
    return [
      { ...src, bits },
      { ...dst, bits },
    ];
  });
}

type Row = ((at: Place) => fc.Arbitrary<object> | undefined) | string;
const OF10 = 'ovs-ofctl sends the set_field that it became in OpenFlow 1.2';
const NOT_OVS = 'Open vSwitch does not have it';
const needs =
  (prerequisite: string, make: (at: Place) => fc.Arbitrary<object>): Row =>
  (at) =>
    at.has.includes(prerequisite) ? make(at) : undefined;
const isTagged = (at: Place): boolean => ((at.match.vlan_vid?.value as number | undefined) ?? 0) >= 0x1000;
const always =
  (value: object): Row =>
  () =>
    fc.constant(value);

function setField(at: Place): fc.Arbitrary<object> {
  const usable = fieldsFor(at, true).filter(
    (f) => !/^(in_port|nw_tos|tun_erspan|tun_gtpu|vlan_tci|tun_flags)/.test(f.name),
  );
  return fc.constantFrom(...usable).chain((f) => {
    const { field, name } = f;
    if (field.octets === 0) {
      // Below 1.5 what covers a part of a field is loaded, bit by bit, but for fields of variable length.
      return metadataValue.map((v) => ({ field: name, ...v }));
    }
    const isExact = at.version < 6 && f.canonical.experimenter === undefined;
    const exact = big(field.bits).map((v) => ({ field: name, value: inMemory(f, v) }));
    return isExact || field.bits !== field.octets * 8 ? exact : valueIn(f).map((v) => ({ field: name, ...v }));
  });
}

const multipath = (at: Place): fc.Arbitrary<object> =>
  fc.record({
    fields: fc.nat(6),
    basis: u(16),
    algorithm: fc.nat(3),
    max_link: u(10),
    arg: u(32),
    dst: part(at, { writes: true, least: 16, most: 64 }),
  });

function learn(at: Place): fc.Arbitrary<object> {
  const registers = fc.constantFrom('reg0', 'reg5', 'metadata', 'tun_id');
  const header = (name: string): object => {
    const field = fieldsOf(at.version).find((f) => f.name === name);
    return field === undefined ? {} : oldHeader(field);
  };
  const ref = (name: string, bits: number, start = 0): object => ({ field: name, ...header(name), start, bits });
  const spec = fc.oneof(
    fc.record({ name: registers, value: u(16) }).map(({ name, value }) => ({
      dst: 'match',
      bits: 16,
      value: BigInt(value),
      field: ref(name, 16),
    })),
    fc.tuple(registers, registers, u(4)).map(([a, b, start]) => ({
      dst: 'match',
      bits: 16,
      src: ref(a, 16, start),
      field: ref(b, 16),
    })),
    fc.tuple(registers, registers).map(([a, b]) => ({ dst: 'load', bits: 8, src: ref(a, 8), field: ref(b, 8, 8) })),
    fc.tuple(registers, u(8)).map(([a, v]) => ({ dst: 'load', bits: 8, value: BigInt(v), field: ref(a, 8) })),
    registers.map((a) => ({ dst: 'output', bits: 16, src: ref(a, 16) })),
  );
  return fc
    .record({
      idle_timeout: u(16),
      hard_timeout: u(16),
      priority: u(16),
      cookie: big(64),
      flags: fc.nat(3),
      table: fc.integer({ min: 0, max: 254 }),
      fin_idle_timeout: u(16),
      fin_hard_timeout: u(16),
      limit: fc.oneof(fc.constant(0), u(32)),
      specs: fc.array(spec, { maxLength: 4 }),
      result: fc.option(part(at, { writes: true, most: 1, narrow: false }), { nil: undefined }),
    })
    .map(({ result, ...l }) => (result === undefined ? l : { ...l, result, flags: l.flags | 4 }));
}

/** Ranges that end after they start, which is how text says them. */
function nat(at: Place): fc.Arbitrary<object> {
  const v4 = at.has.includes('ipv4');
  const range = v4
    ? fc
        .tuple(u(32), u(32))
        .map(([a, b]) => ({ ipv4_min: Math.min(a, b), ...(a === b ? {} : { ipv4_max: Math.max(a, b) }) }))
    : fc.tuple(big(128), big(128)).map(([a, b]) => ({
        ipv6_min: a < b ? a : b,
        ...(a === b ? {} : { ipv6_max: a < b ? b : a }),
      }));
  const ports = fc
    .tuple(fc.integer({ min: 1, max: 0x7fff }), fc.option(fc.integer({ min: 0x8000, max: 0xffff })))
    .map(([low, high]) => ({ proto_min: low, ...(high === null ? {} : { proto_max: high }) }));
  const side = fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(0, 4), fc.constantFrom(0, 8, 16));
  return fc.oneof(
    fc.constant({ flags: 0 }),
    fc
      .tuple(side, fc.option(fc.tuple(range, fc.option(ports))))
      .map(([[a, b, c], given]) => ({ flags: a | b | c, ...given?.[0], ...given?.[1] })),
  );
}

function ct(at: Place): fc.Arbitrary<object> {
  const mark = (field: string, bits: number): fc.Arbitrary<object> =>
    big(bits).map((v) => ({ kind: 'set_field', field, value: bits > 48 ? v : Number(v) }));
  const inside = fc.oneof(mark('ct_mark', 32), mark('ct_label', 128));
  const actions = fc
    .tuple(fc.option(nat(at)), fc.array(inside, { maxLength: 2 }))
    .map(([first, rest]) => [...(first === null ? [] : [{ kind: 'nat', ...first }]), ...rest]);
  const zone = fc.oneof(
    fc.integer({ min: 1, max: 0xffff }),
    part(at, { least: 16, most: 16 }).filter((p) => p.bits === 16),
  );
  const alg = at.has.includes('tcp') ? [0, 21] : at.has.includes('udp') ? [0, 69] : [0];
  return fc.record({
    flags: fc.constantFrom(0, 1, 3),
    zone: fc.oneof(fc.constant(0), zone),
    table: u(8),
    alg: fc.constantFrom(...alg),
    actions,
  });
}

function controller(): fc.Arbitrary<object> {
  const octets = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((o) => Buffer.from(o));
  return fc
    .record(
      {
        max_len: u(16),
        controller_id: fc.integer({ min: 1, max: 0xffff }),
        reason: fc.constantFrom(0, 2, 3, 4, 5),
        userdata: octets,
        pause: fc.constant(true),
        meter_id: u(32),
      },
      { requiredKeys: [] },
    )
    .filter((c) => Object.keys(c).some((key) => key !== 'max_len'));
}

const trafficPort = fc.integer({ min: 1, max: 0xfeff });
const sampled = fc
  .record({
    probability: fc.integer({ min: 1, max: 0xffff }),
    collector_set_id: u(32),
    obs_domain_id: u(32),
    obs_point_id: u(32),
    sampling_port: fc.option(trafficPort, { nil: undefined }),
    direction: fc.constantFrom(0, 1, 2),
  })
  .map(({ sampling_port, ...s }) => (sampling_port === undefined ? s : { ...s, sampling_port }));

const bundled = fc.record({
  fields: fc.nat(6),
  basis: u(16),
  algorithm: fc.nat(1),
  members: fc.array(trafficPort, { minLength: 1, maxLength: 4 }),
});

/** Every action: an arbitrary where the place allows one, or why text cannot say it. */
export const SAYABLE: { readonly [K in ActionKind]: Row } = {
  output: () =>
    fc.oneof(
      port.map((p) => ({ port: p, max_len: 0 })),
      u(16).map((max_len) => ({ port: OFPP.CONTROLLER, max_len })),
    ),
  set_vlan_vid: OF10,
  set_vlan_pcp: OF10,
  set_eth_src: OF10,
  set_eth_dst: OF10,
  set_ip_src: OF10,
  set_ip_dst: OF10,
  set_nw_tos: OF10,
  set_nw_ecn: OF10,
  set_tp_src: OF10,
  set_tp_dst: OF10,
  set_mpls_label: OF10,
  set_mpls_tc: OF10,
  copy_ttl_out: NOT_OVS,
  copy_ttl_in: NOT_OVS,
  push_pbb: NOT_OVS,
  pop_pbb: NOT_OVS,
  debug_slow: always({}),
  debug_recirc: always({}),
  set_mpls_ttl: needs('mpls', () => u(8).map((mpls_ttl) => ({ mpls_ttl }))),
  dec_mpls_ttl: needs('mpls', () => fc.constant({})),
  push_vlan: () => fc.constantFrom(0x8100, 0x88a8).map((ethertype) => ({ ethertype })),
  pop_vlan: (at) => (isTagged(at) ? fc.constant({}) : undefined),
  push_mpls: () => fc.constantFrom(0x8847, 0x8848).map((ethertype) => ({ ethertype })),
  pop_mpls: needs('mpls', () => u(16).map((ethertype) => ({ ethertype }))),
  set_queue: () => u(32).map((queue_id) => ({ queue_id })),
  group: () => u(32).map((group_id) => ({ group_id })),
  set_nw_ttl: needs('ip', () => u(8).map((nw_ttl) => ({ nw_ttl }))),
  dec_ttl: needs('ip', () => fc.constant({})),
  dec_ttl_cnt_ids: needs('ip', () =>
    fc.array(u(16), { minLength: 1, maxLength: 4 }).map((controllers) => ({ controllers })),
  ),
  set_field: setField,
  load: (at) =>
    at.version >= 6
      ? undefined
      : part(at, { writes: true, most: 64 })
          .filter((p) => !p.field.startsWith('tun_metadata'))
          .chain((dst) => big(dst.bits).map((value) => ({ dst, value }))),
  move: (at) => parts(at, at.version >= 6).map(([src, dst]) => ({ src, dst })),
  meter: (at) => (at.version >= 6 && at.depth === 0 ? u(32).map((meter_id) => ({ meter_id })) : undefined),
  resubmit: () =>
    fc.oneof(
      port.filter((p) => p !== OFPP.IN_PORT).map((in_port) => ({ in_port, table: 255 })),
      fc.record({ in_port: port, table: fc.integer({ min: 0, max: 254 }) }),
    ),
  resubmit_ct: (at) =>
    'ct_state' in at.match && ((at.match.ct_state?.value as number) & 0x20) !== 0
      ? fc.record({ in_port: port, table: fc.integer({ min: 0, max: 254 }) })
      : undefined,
  set_tunnel: 'ovs-ofctl sends a set_field of tun_id',
  pop_queue: always({}),
  note: () =>
    fc
      .nat(2)
      .chain((n) =>
        fc.uint8Array({ minLength: 6 + 8 * n, maxLength: 6 + 8 * n }).map((o) => ({ note: Buffer.from(o) })),
      ),
  multipath,
  bundle: () => bundled,
  bundle_load: (at) =>
    fc.tuple(bundled, part(at, { writes: true, least: 16, most: 64 })).map(([b, dst]) => ({ ...b, dst })),
  output_reg: (at) => part(at, { most: 64, narrow: false }).map((src) => ({ src, max_len: 0xffff })),
  learn,
  exit: always({}),
  fin_timeout: needs('tcp', () => fc.record({ fin_idle_timeout: u(16), fin_hard_timeout: u(16) })),
  controller,
  write_metadata: 'its text is that of the instruction',
  push: (at) => part(at, { narrow: false }).map((ref) => ({ ref })),
  pop: (at) => part(at, { narrow: false, writes: true }).map((ref) => ({ ref })),
  sample: () => sampled,
  conjunction: 'stands alone: CONJUNCTIONS',
  nat: 'stands in ct only',
  ct: needs('ip', ct),
  output_trunc: () =>
    fc.record({
      port: fc.oneof(trafficPort, fc.constant(OFPP.LOCAL)),
      max_len: fc.integer({ min: 14, max: 0xffffffff }),
    }),
  clone: (at) => (at.depth > 1 ? undefined : actionsAt({ ...at, depth: at.depth + 1 }).map((actions) => ({ actions }))),
  ct_clear: always({}),
  encap: () =>
    fc.oneof(
      fc.constant({ packet_type: 0, properties: [] }),
      fc.constantFrom(1, 2).map((type) => ({
        packet_type: 0x1894f,
        properties: [{ class: 4, type: 1, octets: Buffer.from([type]) }],
      })),
    ),
  decap: () => fc.constantFrom(0xfffe, 0, 0x1894f).map((packet_type) => ({ packet_type })),
  dec_nsh_ttl: needs('nsh', () => fc.constant({})),
  check_pkt_larger: (at) => fc.record({ pkt_len: u(16), dst: part(at, { writes: true, most: 1, narrow: false }) }),
  delete_field: () => fc.nat(63).map((i) => ({ field: `tun_metadata${i}` })),
};

/** Actions after which the packet is another, so that the prerequisites of the base no longer tell. */
const LAST: readonly ActionKind[] = ['push_vlan', 'pop_vlan', 'push_mpls', 'pop_mpls', 'encap', 'decap'];

function actionsAt(at: Place): fc.Arbitrary<readonly Action[]> {
  const rows = (Object.entries(SAYABLE) as [ActionKind, Row][]).flatMap(([kind, row]) => {
    const made = typeof row === 'string' ? undefined : row(at);
    return made === undefined || kind === 'meter' ? [] : [[kind, made.map((v) => ({ kind, ...v }))] as const];
  });
  const first = rows.filter(([kind]) => !LAST.includes(kind)).map(([, made]) => made);
  const last = rows.filter(([kind]) => LAST.includes(kind)).map(([, made]) => made);
  return fc
    .tuple(fc.array(fc.oneof(...first), { maxLength: 4 }), fc.option(fc.oneof(...last), { freq: 3 }))
    .map(([list, end]) => (end === null ? list : [...list, end])) as unknown as fc.Arbitrary<readonly Action[]>;
}

const CONJUNCTIONS = fc.array(
  fc
    .tuple(u(32), fc.integer({ min: 2, max: 64 }))
    .chain(([id, n_clauses]) =>
      fc.nat(n_clauses - 1).map((clause) => ({ kind: 'conjunction' as const, id, clause, n_clauses })),
    ),
  { minLength: 1, maxLength: 3 },
);

/** Instructions in the order in which text has them. */
function instructionsAt(at: Place, table: number): fc.Arbitrary<readonly Instruction[]> {
  const meter = u(32).map((meter_id) => ({ kind: 'meter' as const, meter_id }));
  const apply = fc
    .tuple(at.version >= 6 ? fc.option(meter) : fc.constant(null), actionsAt(at))
    .map(([m, list]) => (m === null ? list : [m as Action, ...list]));
  const write = actionsAt({ ...at, depth: 1 }).filter((list) => list.length > 0);
  const metadata = fc.record({ metadata: big(64), metadata_mask: big(64) });
  return fc
    .record({
      meter: at.version < 6 ? fc.option(meter) : fc.constant(null),
      apply: fc.oneof({ weight: 9, arbitrary: apply }, { weight: 1, arbitrary: CONJUNCTIONS }),
      clear: fc.boolean(),
      write: fc.option(write),
      metadata: fc.option(metadata),
      goto: table === 254 ? fc.constant(null) : fc.option(fc.integer({ min: table + 1, max: 254 })),
    })
    .map((v): readonly Instruction[] => [
      ...(v.meter === null ? [] : [v.meter]),
      ...(v.apply.length === 0 ? [] : [{ kind: 'apply_actions' as const, actions: v.apply }]),
      ...(v.clear ? [{ kind: 'clear_actions' as const }] : []),
      ...(v.write === null || LAST.includes(v.apply.at(-1)?.kind as ActionKind)
        ? []
        : [{ kind: 'write_actions' as const, actions: v.write }]),
      ...(v.metadata === null ? [] : [{ kind: 'write_metadata' as const, ...v.metadata }]),
      ...(v.goto === null ? [] : [{ kind: 'goto_table' as const, table_id: v.goto }]),
    ]);
}

/** A flow that text can say, as `parseFlow` gives it. */
export function sayableFlow(version: Version): fc.Arbitrary<Flow> {
  return fc.constantFrom(...BASES).chain((base) =>
    anyMatch(base, version).chain((match) =>
      fc.integer({ min: 0, max: 254 }).chain((table_id) =>
        fc.record({
          kind: fc.constant('FlowMod' as const),
          table_id: fc.constant(table_id),
          priority: u(16),
          cookie: big(64),
          idle_timeout: u(16),
          hard_timeout: u(16),
          importance: version >= 5 ? u(16) : fc.constant(0),
          flags: u(5),
          match: fc.constant(match),
          instructions: instructionsAt(
            { version, match: match as unknown as Loose, has: base.has, depth: 0 },
            table_id,
          ),
        }),
      ),
    ),
  ) as fc.Arbitrary<Flow>;
}
