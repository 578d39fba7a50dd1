/**
 * Every action: its number or numbers on the wire, and its arguments.
 *
 * The one place to add an action. Names are those of ovs-actions(7); the union of all actions, and the types of their
 * arguments, follow from this table. Numbers: OpenFlow 1.5.1, 7.2.6; Nicira subtypes: ovs-actions(7) and OVS 3.1.
 */

import { type Codec, opt, pad, struct, u8, u16, u32, u48, u64 } from '../wire/codec.js';
import { always, either, fieldPart, listOf, maybe, members, merged, octetsOf, settled } from '../wire/outline.js';
import { type FieldRef, fieldHeader, isNarrow, ofsNbitsRef, readOfsNbits, writeOfsNbits } from './fieldref.js';
import { action, type Form, nx, of, onf } from './form.js';
import {
  type Controller,
  type ControllerInput,
  controller,
  controller2,
  encapProperties,
  LEARN_WRITE_RESULT,
  type LearnSpec,
  type Load,
  learnSpecs,
  loadAsSetField,
  move,
  nat,
  regLoad,
  type SetField,
  setField,
  stackRef,
  zone,
} from './layouts.js';
import type { Action, DecodedAction } from './types.js';

const none = (gap: number) => struct({ _1: pad(gap) });
const byte = <N extends string>(name: N) =>
  struct({ [name]: u8, _1: pad(3) } as unknown as { readonly [K in N]: Codec<number> } & {
    readonly _1: ReturnType<typeof pad>;
  });
const half = <N extends string>(name: N) =>
  struct({ [name]: u16, _1: pad(2) } as unknown as { readonly [K in N]: Codec<number> } & {
    readonly _1: ReturnType<typeof pad>;
  });
const word = <N extends string>(name: N) => struct({ [name]: u32 } as unknown as { readonly [K in N]: Codec<number> });

/** Ports of 16 bits, as resubmit has them: 0xfff8 is 0xfffffff8. */
const port16: Codec<number> = {
  outline: either(
    { outline: { is: 'number', most: 0xfeff } },
    { outline: { is: 'number', least: 0xffffff00, most: 0xffffffff } },
  ),
  read: (r) => {
    const port = r.u16();
    return port >= 0xff00 ? 0xffff0000 + port : port;
  },
  write: (w, port) => w.u16(port >= 0xffffff00 ? port - 0xffff0000 : port),
};

const resubmitTable = struct({ in_port: opt(port16, 0xfffffff8), table: opt(u8, 255), _1: pad(3) });
type Resubmit = { readonly in_port: number; readonly table: number };
type ResubmitInput = { readonly in_port?: number | undefined; readonly table?: number | undefined };
const resubmitPort: Codec<Resubmit, ResubmitInput> = {
  outline: { is: 'members', members: { in_port: port16, table: always(255) } },
  read: (r) => {
    const in_port = port16.read(r);
    r.pad(4);
    return { in_port, table: 255 };
  },
  write: (w, { in_port = 0xfffffff8 }) => {
    port16.write(w, in_port);
    w.pad(4);
  },
};

type OutputReg = { readonly src: FieldRef; readonly max_len: number };
type OutputRegInput = { readonly src: FieldRef; readonly max_len?: number | undefined };
const outputReg: Codec<OutputReg, OutputRegInput> = struct({ src: ofsNbitsRef, max_len: opt(u16, 0xffff), _1: pad(6) });
const outputReg2: Codec<OutputReg, OutputRegInput> = {
  outline: { is: 'members', members: { src: { outline: fieldPart(64) }, max_len: u16 } },
  read: (r) => {
    const { start, bits } = readOfsNbits(r);
    const max_len = r.u16();
    const src = { ...fieldHeader.read(r), start, bits };
    r.pad(r.left);
    return { src, max_len };
  },
  write: (w, { src, max_len = 0xffff }) => {
    const at = w.at;
    writeOfsNbits(w, src.start, src.bits);
    w.u16(max_len);
    fieldHeader.write(w, src);
    w.pad(14 - (w.at - at));
  },
};

const tunnel = {
  id32: struct({
    _1: pad(2),
    tun_id: {
      outline: { is: 'bigint', bits: 32 },
      read: (r) => BigInt(r.u32()),
      write: (w, v) => w.u32(Number(v)),
    } as Codec<bigint>,
  }),
  id64: struct({ _1: pad(6), tun_id: u64 }),
};

const bundleHead = { algorithm: u16, fields: u16, basis: u16, member_type: opt(u32, 0x00000002) } as const;
type Bundle = {
  readonly algorithm: number;
  readonly fields: number;
  readonly basis: number;
  readonly member_type: number;
  readonly dst?: FieldRef;
  readonly members: readonly number[];
};
type BundleInput = Omit<Bundle, 'member_type'> & { readonly member_type?: number | undefined };
const head = struct(bundleHead);
/** NXAST_BUNDLE and NXAST_BUNDLE_LOAD: the latter says where to load the member. */
function bundle(loads: boolean): Codec<Bundle, BundleInput> {
  return {
    outline: merged(head, members({ ...(loads ? { dst: ofsNbitsRef } : {}), members: listOf(port16) })),
    read: (r) => {
      const fixed = head.read(r);
      const n = r.u16();
      const dst = loads ? { dst: ofsNbitsRef.read(r) } : {};
      if (!loads) r.pad(6);
      r.pad(4);
      if (n * 2 > r.left) throw r.error('OFPBAC_BAD_LEN');
      return { ...fixed, ...dst, members: Array.from({ length: n }, () => port16.read(r)) };
    },
    write: (w, b) => {
      head.write(w, b);
      w.u16(b.members.length);
      if (loads && b.dst !== undefined) ofsNbitsRef.write(w, b.dst);
      else w.pad(6);
      w.pad(4);
      for (const member of b.members) port16.write(w, member);
    },
  };
}

const learnHead = {
  idle_timeout: opt(u16, 0),
  hard_timeout: opt(u16, 0),
  priority: opt(u16, 0x8000),
  cookie: opt(u64, 0n),
  flags: opt(u16, 0),
  table: opt(u8, 1),
  _1: pad(1),
  fin_idle_timeout: opt(u16, 0),
  fin_hard_timeout: opt(u16, 0),
} as const;
const learnFixed = struct(learnHead);
type LearnFixed = ReturnType<typeof learnFixed.read>;
type Learn = LearnFixed & {
  readonly specs: readonly LearnSpec[];
  readonly limit: number;
  readonly result?: FieldRef | undefined;
};
type LearnInput = Partial<LearnFixed> & {
  readonly specs: readonly LearnSpec[];
  readonly limit?: number | undefined;
  readonly result?: FieldRef | undefined;
};
const learn: Codec<Learn, LearnInput> = {
  outline: merged(learnFixed, members({ limit: always(0), specs: learnSpecs })),
  read: (r) => ({ ...learnFixed.read(r), limit: 0, specs: learnSpecs.read(r) }),
  write: (w, l) => {
    learnFixed.write(w, l);
    learnSpecs.write(w, l.specs);
  },
};
const learn2: Codec<Learn, LearnInput> = {
  outline: settled(
    {
      outline: merged(learnFixed, members({ limit: u32, result: maybe({ outline: fieldPart(1) }), specs: learnSpecs })),
    },
    (l) => {
      const flags = (l.flags as number) & ~LEARN_WRITE_RESULT;
      return { ...l, flags: l.result === undefined ? flags : flags | LEARN_WRITE_RESULT };
    },
  ),
  read: (r) => {
    const fixed = learnFixed.read(r);
    const limit = r.u32();
    const start = r.u16();
    r.pad(2);
    const result = fixed.flags & LEARN_WRITE_RESULT ? { result: { ...fieldHeader.read(r), start, bits: 1 } } : {};
    if (result.result === undefined && start !== 0) throw r.error('OFPBAC_BAD_ARGUMENT');
    return { ...fixed, limit, ...result, specs: learnSpecs.read(r) };
  },
  write: (w, l) => {
    learnFixed.write(w, l);
    w.u32(l.limit ?? 0);
    w.u16(l.result?.start ?? 0);
    w.pad(2);
    if (l.result !== undefined) fieldHeader.write(w, l.result);
    learnSpecs.write(w, l.specs);
  },
};

const sampleHead = {
  probability: u16,
  collector_set_id: opt(u32, 0),
  obs_domain_id: opt(u32, 0),
  obs_point_id: opt(u32, 0),
} as const;
type Sample = {
  readonly probability: number;
  readonly collector_set_id: number;
  readonly obs_domain_id: number;
  readonly obs_point_id: number;
  readonly sampling_port: number;
  readonly direction: number;
};
type SampleInput = Partial<Omit<Sample, 'probability'>> & { readonly probability: number };
const sampleFixed = struct(sampleHead);
const sample1: Codec<Sample, SampleInput> = {
  outline: merged(sampleFixed, members({ sampling_port: always(0xffff), direction: always(0) })),
  read: (r) => ({ ...sampleFixed.read(r), sampling_port: 0xffff, direction: 0 }),
  write: (w, s) => sampleFixed.write(w, s),
};
const sample3: Codec<Sample, SampleInput> = struct({
  ...sampleHead,
  sampling_port: opt(port16, 0xffffffff),
  direction: opt(u8, 0),
  _1: pad(5),
});

const check = {
  outline: { is: 'members', members: { pkt_len: u16, dst: { outline: fieldPart(1) } } },
  read: (r) => {
    const pkt_len = r.u16();
    const start = r.u16();
    const dst = { ...fieldHeader.read(r), start, bits: 1 };
    r.pad(r.left);
    return { pkt_len, dst };
  },
  write: (w, { pkt_len, dst }) => {
    const at = w.at;
    w.u16(pkt_len);
    w.u16(dst.start);
    fieldHeader.write(w, dst);
    w.pad(14 - (w.at - at));
  },
} satisfies Codec<{ readonly pkt_len: number; readonly dst: FieldRef }>;

const deleteField: Codec<{ readonly field: FieldRef['field']; readonly header?: string | undefined }> = {
  outline: fieldHeader.outline,
  read: (r) => {
    const header = fieldHeader.read(r);
    r.pad(r.left);
    return header;
  },
  write: (w, ref) => {
    const at = w.at;
    fieldHeader.write(w, ref);
    w.pad(14 - (w.at - at));
  },
};

/** The octets after the header of a note, zeros at its end included. */
const note: Codec<{ readonly note: Buffer }> = {
  outline: { is: 'members', members: { note: { outline: octetsOf(6, 30, 8) } } },
  read: (r) => ({ note: r.rest() }),
  write: (w, { note }) => w.bytes(note),
};

/** ct sends packets through connection tracking. Flags: 1 commit, 2 force. */
export interface Ct {
  readonly flags: number;
  readonly zone: number | FieldRef;
  /** The table to continue in; 255 for none. */
  readonly table: number;
  /** The helper, by its port: 21 ftp, 69 tftp. */
  readonly alg: number;
  readonly actions: readonly DecodedAction[];
}
/** What must be given of Ct: nothing. */
export interface CtInput {
  readonly flags?: number | undefined;
  readonly zone?: number | FieldRef | undefined;
  readonly table?: number | undefined;
  readonly alg?: number | undefined;
  readonly actions?: readonly Action[] | undefined;
}
export interface Clone {
  readonly actions: readonly DecodedAction[];
}
export interface CloneInput {
  readonly actions: readonly Action[];
}

/** Actions within an action, given by the codec of actions, which also uses this table. */
export type NestedActions = Codec<readonly DecodedAction[], readonly Action[]>;

/** The actions that hold actions. Their types are written out, so that the type of the table does not depend on itself. */
export const nestingActions = (
  nested: NestedActions,
): { readonly ct: readonly Form<Ct, CtInput>[]; readonly clone: readonly Form<Clone, CloneInput>[] } => ({
  ct: action<Ct, CtInput>(
    nx(
      'ct',
      35,
      struct({
        flags: opt(u16, 0),
        zone: opt(zone, 0),
        table: opt(u8, 255),
        _1: pad(3),
        alg: opt(u16, 0),
        actions: opt(nested, []),
      }),
    ),
  ),
  clone: action<Clone, CloneInput>(nx('clone', 42, struct({ _1: pad(6), actions: nested }))),
});

const cntIds: Codec<{ readonly controllers: readonly number[] }> = {
  outline: { is: 'members', members: { controllers: listOf(u16) } },
  read: (r) => {
    const n = r.u16();
    r.pad(4);
    if (n * 2 > r.left) throw r.error('OFPBAC_BAD_LEN');
    return { controllers: Array.from({ length: n }, () => r.u16()) };
  },
  write: (w, { controllers }) => {
    w.u16(controllers.length);
    w.pad(4);
    for (const id of controllers) w.u16(id);
  },
};

const isPlainController = (c: ControllerInput): boolean =>
  c.userdata === undefined && c.pause !== true && c.meter_id === undefined && (c.unknown ?? []).length === 0;

/** All actions. */
export const ACTIONS = {
  output: action(of('output', 0, struct({ port: u32, max_len: opt(u16, 0), _1: pad(6) }))),
  set_vlan_vid: action(of('set_vlan_vid', 1, half('vlan_vid'))),
  set_vlan_pcp: action(of('set_vlan_pcp', 2, byte('vlan_pcp'))),
  set_eth_src: action(of('set_dl_src', 3, struct({ eth_src: u48, _1: pad(6) }))),
  set_eth_dst: action(of('set_dl_dst', 4, struct({ eth_dst: u48, _1: pad(6) }))),
  set_ip_src: action(of('set_nw_src', 5, word('ip_src'))),
  set_ip_dst: action(of('set_nw_dst', 6, word('ip_dst'))),
  set_nw_tos: action(of('set_nw_tos', 7, byte('nw_tos'))),
  set_nw_ecn: action(of('set_nw_ecn', 8, byte('nw_ecn'))),
  set_tp_src: action(of('set_tp_src', 9, half('tp_src'))),
  set_tp_dst: action(of('set_tp_dst', 10, half('tp_dst'))),
  copy_ttl_out: action(of('copy_ttl_out', 11, none(4))),
  copy_ttl_in: action(of('copy_ttl_in', 12, none(4))),
  set_mpls_label: action(of('set_mpls_label', 13, word('mpls_label'))),
  set_mpls_tc: action(of('set_mpls_tc', 14, byte('mpls_tc'))),
  set_mpls_ttl: action(of('set_mpls_ttl', 15, byte('mpls_ttl'))),
  dec_mpls_ttl: action(of('dec_mpls_ttl', 16, none(4))),
  push_vlan: action(of('push_vlan', 17, half('ethertype'))),
  pop_vlan: action(of('pop_vlan', 18, none(4))),
  push_mpls: action(of('push_mpls', 19, half('ethertype'))),
  pop_mpls: action(of('pop_mpls', 20, half('ethertype'))),
  set_queue: action(of('set_queue', 21, word('queue_id'))),
  group: action(of('group', 22, word('group_id'))),
  set_nw_ttl: action(of('set_nw_ttl', 23, byte('nw_ttl'))),
  dec_ttl: action(of('dec_nw_ttl', 24, none(4))),
  dec_ttl_cnt_ids: action(nx('dec_ttl_cnt_ids', 21, cntIds)),
  set_field: action<SetField, SetField>(
    of('set_field', 25, setField, { fits: (a, version) => a.mask === undefined || version >= 6 }),
    nx('reg_load2', 33, setField, { to: 5 }),
  ),
  load: action<Load, Load>(
    nx('reg_load', 7, regLoad, { to: 5, fits: (a, version) => isNarrow(a.dst, version) }),
    nx('reg_load2', 33, loadAsSetField, { to: 5 }),
    of('set_field', 25, loadAsSetField, { from: 6 }),
  ),
  move: action(
    nx('reg_move', 6, move(0, 0), { to: 5 }),
    of('copy_field', 28, move(0, 2), { from: 6 }),
    onf('copy_field', 3200, move(2, 2), { to: 5 }),
  ),
  push_pbb: action(of('push_pbb', 26, half('ethertype'))),
  pop_pbb: action(of('pop_pbb', 27, none(4))),
  meter: action(of('meter', 29, word('meter_id'), { from: 6 })),
  resubmit: action<Resubmit, ResubmitInput>(
    nx('resubmit_table', 14, resubmitTable),
    nx('resubmit', 1, resubmitPort, { fits: (a) => (a.table ?? 255) === 255 }),
  ),
  resubmit_ct: action(nx('resubmit_table_ct', 44, resubmitTable)),
  set_tunnel: action(
    nx('set_tunnel', 2, tunnel.id32, { fits: (a) => a.tun_id <= 0xffffffffn }),
    nx('set_tunnel64', 9, tunnel.id64),
  ),
  pop_queue: action(nx('pop_queue', 5, none(6))),
  note: action(nx('note', 8, note)),
  multipath: action(
    nx(
      'multipath',
      10,
      struct({
        fields: u16,
        basis: u16,
        _1: pad(2),
        algorithm: u16,
        max_link: u16,
        arg: opt(u32, 0),
        _2: pad(2),
        dst: ofsNbitsRef,
      }),
    ),
  ),
  bundle: action(nx('bundle', 12, bundle(false))),
  bundle_load: action(nx('bundle_load', 13, bundle(true))),
  output_reg: action<OutputReg, OutputRegInput>(
    nx('output_reg', 15, outputReg, { fits: (a, version) => isNarrow(a.src, version) }),
    nx('output_reg2', 32, outputReg2),
  ),
  learn: action<Learn, LearnInput>(
    nx('learn', 16, learn, {
      fits: (a) => (a.limit ?? 0) === 0 && a.result === undefined && !((a.flags ?? 0) & LEARN_WRITE_RESULT),
    }),
    nx('learn2', 45, learn2),
  ),
  exit: action(nx('exit', 17, none(6))),
  fin_timeout: action(
    nx('fin_timeout', 19, struct({ fin_idle_timeout: opt(u16, 0), fin_hard_timeout: opt(u16, 0), _1: pad(2) })),
  ),
  controller: action<Controller, ControllerInput>(
    nx('controller', 20, controller, { fits: isPlainController }),
    nx('controller2', 37, controller2),
  ),
  write_metadata: action(
    nx('write_metadata', 22, struct({ _1: pad(6), metadata: u64, metadata_mask: opt(u64, 0xffffffffffffffffn) })),
  ),
  push: action(nx('stack_push', 27, stackRef)),
  pop: action(nx('stack_pop', 28, stackRef)),
  sample: action<Sample, SampleInput>(
    nx('sample', 29, sample1, {
      fits: (a) =>
        (a.sampling_port ?? 0xffffffff) >= 0xffff && (a.direction ?? 0) === 0 && a.sampling_port !== 0xfffffffe,
    }),
    nx('sample2', 38, sample3, { fits: (a) => (a.direction ?? 0) === 0 }),
    nx('sample3', 41, sample3),
  ),
  conjunction: action(nx('conjunction', 34, struct({ clause: u8, n_clauses: u8, id: u32 }))),
  nat: action(nx('nat', 36, nat)),
  output_trunc: action(nx('output_trunc', 39, struct({ port: port16, max_len: u32 }))),
  ct_clear: action(nx('ct_clear', 43, none(6))),
  encap: action(
    nx('encap', 46, struct({ hdr_size: opt(u16, 0), packet_type: u32, properties: opt(encapProperties, []) })),
  ),
  decap: action(nx('decap', 47, struct({ _1: pad(2), packet_type: opt(u32, 0xfffe) }))),
  dec_nsh_ttl: action(nx('dec_nsh_ttl', 48, none(6))),
  check_pkt_larger: action(nx('check_pkt_larger', 49, check)),
  delete_field: action(nx('delete_field', 50, deleteField)),
  debug_slow: action(nx('debug_slow', 254, none(6))),
  debug_recirc: action(nx('debug_recirc', 255, none(6))),
} as const;
