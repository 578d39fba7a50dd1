/** Random messages, and random damage to recorded ones. */
import fc from 'fast-check';
import type { Action, Bucket, Instruction, Match, MessageInput } from 'ts-openflow';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u48 = fc.integer({ min: 0, max: 0xffffffffffff });
const u64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const u128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
const exact = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<{ value: T }> => value.map((v) => ({ value: v }));
const masked = u64.chain((mask) => u64.map((v) => ({ value: v & mask, mask })));

const match: fc.Arbitrary<Match> = fc.record(
  {
    in_port: exact(u32),
    eth_dst: exact(u48),
    eth_type: exact(u16),
    vlan_vid: exact(u16),
    ip_src: exact(u32),
    ipv6_dst: exact(u128),
    tcp_dst: exact(u16),
    tun_id: masked,
    metadata: masked,
    reg3: exact(u32),
    xreg2: exact(u64),
    ct_label: exact(u128),
    nsh_spi: exact(u32),
    tun_metadata7: u32.map((v) => ({ value: BigInt(v), octets: 4 })),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Match>;

const ref = fc.record({
  field: fc.constantFrom('reg0' as const, 'eth_src' as const, 'tun_id' as const),
  start: fc.integer({ min: 0, max: 15 }),
  bits: fc.constant(16),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('output' as const), port: u32, max_len: u16 }),
  fc.record({ kind: fc.constant('group' as const), group_id: u32 }),
  fc.record({ kind: fc.constant('set_field' as const), field: fc.constant('tun_id' as const), value: u64 }),
  fc.record({ kind: fc.constant('move' as const), src: ref, dst: ref }),
  fc.record({ kind: fc.constant('resubmit' as const), in_port: fc.integer({ min: 0, max: 0xfeff }), table: u8 }),
  fc.record({ kind: fc.constant('conjunction' as const), id: u32, clause: u8, n_clauses: u8 }),
  fc.record({
    kind: fc.constant('ct' as const),
    flags: u16,
    zone: u16,
    table: u8,
    alg: u16,
    actions: fc.constant([{ kind: 'nat' as const, flags: 1, ipv4_min: 1 }]),
  }),
  fc.record({
    kind: fc.constant('note' as const),
    note: fc.uint8Array({ minLength: 6, maxLength: 6 }).map((o) => Buffer.from(o)),
  }),
  fc.constant({ kind: 'dec_ttl' as const }),
);

const actions = fc.array(action, { maxLength: 6 });
const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  actions.map((list) => ({ kind: 'apply_actions' as const, actions: list })),
  actions.map((list) => ({ kind: 'write_actions' as const, actions: list })),
  fc.record({ kind: fc.constant('goto_table' as const), table_id: u8 }),
  fc.record({ kind: fc.constant('write_metadata' as const), metadata: u64, metadata_mask: u64 }),
);
const instructions = fc.array(instruction, { maxLength: 4 });

const bucket = fc.record({
  bucket_id: fc.integer({ min: 0, max: 1000 }),
  weight: u16,
  watch_port: u32,
  watch_group: u32,
  actions,
}) as fc.Arbitrary<Bucket>;
const data = fc.uint8Array({ maxLength: 60 }).map((o) => Buffer.from(o));

/** Messages of many kinds, with every member given. */
export const anyMessage: fc.Arbitrary<MessageInput> = fc.oneof(
  fc.record({
    kind: fc.constant('FlowMod' as const),
    xid: u32,
    command: fc.constantFrom(
      'ADD' as const,
      'MODIFY' as const,
      'MODIFY_STRICT' as const,
      'DELETE' as const,
      'DELETE_STRICT' as const,
    ),
    table_id: u8,
    cookie: u64,
    cookie_mask: u64,
    priority: u16,
    idle_timeout: u16,
    hard_timeout: u16,
    importance: fc.constant(0),
    buffer_id: u32,
    out_port: u32,
    out_group: u32,
    flags: u16,
    match,
    instructions,
  }),
  fc.record({
    kind: fc.constant('PacketIn' as const),
    xid: u32,
    buffer_id: u32,
    total_len: u16,
    reason: u8,
    table_id: u8,
    cookie: u64,
    match,
    data,
  }),
  fc.record({
    kind: fc.constant('GroupMod' as const),
    xid: u32,
    command: fc.constant('ADD' as const),
    type: fc.constantFrom('all' as const, 'select' as const, 'ff' as const),
    group_id: u32,
    buckets: fc.array(bucket, { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('EchoRequest' as const), xid: u32, data }),
  fc.record({
    kind: fc.constant('MeterMod' as const),
    xid: u32,
    command: fc.constant('ADD' as const),
    flags: u16,
    meter_id: u32,
    bands: fc.array(fc.record({ type: fc.constant('drop' as const), rate: u32, burst_size: u32 }), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('Experimenter' as const),
    xid: u32,
    experimenter: fc.constant(0x12345678),
    exp_type: u32,
    data,
  }),
);

/** Octets of a recorded message with some of them changed, cut off or added. */
export function damaged(recorded: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      fc.constantFrom(...recorded),
      fc.array(fc.tuple(fc.nat(2000), u8), { maxLength: 6 }),
      fc.nat(2000),
      fc.boolean(),
    )
    .map(([octets, changes, cut, cuts]) => {
      const copy = Buffer.from(cuts ? octets.subarray(0, Math.max(8, cut % (octets.length + 1))) : octets);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      if (cuts) copy.writeUInt16BE(copy.length, 2);
      return copy;
    });
}
