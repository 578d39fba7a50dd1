/**
 * Groups: GROUP_MOD, and the requests and entries of the group multiparts (OpenFlow 1.5.1, 7.3.4.3, 7.3.5.8 to .10).
 *
 * OpenFlow 1.5 gave buckets ids and moved weight and watch into properties; they are decoded to the same members.
 */

import { actionList } from '../actions/codec.js';
import type { Action, DecodedAction } from '../actions/types.js';
import { OFPG, OFPG_BUCKET, OFPP } from '../constants.js';
import {
  type Codec,
  type Defaulted,
  enumeration,
  type In,
  lengthPrefixed,
  list,
  type Out,
  opt,
  pad,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '../wire/codec.js';
import { always, from, listOf, maybe, members, merged, settled } from '../wire/outline.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import { preserved } from './preserved.js';
import { type Property, propertiesAbove, propertyList } from './property.js';
import { counts, duration } from './stats.js';

/** A bucket. Without ids before 1.5, where bucket_id is its position. */
export interface Bucket {
  readonly bucket_id: number;
  readonly weight: number;
  readonly watch_port: number;
  readonly watch_group: number;
  readonly actions: readonly DecodedAction[];
  /** Properties we do not know (1.5). */
  readonly properties?: readonly Property[] | undefined;
}
/** A bucket to encode: every member may be left out. */
export interface BucketInput {
  readonly bucket_id?: number | undefined;
  readonly weight?: number | undefined;
  readonly watch_port?: number | undefined;
  readonly watch_group?: number | undefined;
  readonly actions?: readonly Action[] | undefined;
  readonly properties?: readonly Property[] | undefined;
}

const bucket13 = struct({
  weight: opt(u16, 0),
  watch_port: opt(u32, OFPP.ANY),
  watch_group: opt(u32, OFPG.ANY),
  _1: pad(4),
  actions: actionList,
});

const WEIGHT = 0;
const WATCH_PORT = 1;
const WATCH_GROUP = 2;

interface BucketProperties {
  readonly weight: number;
  readonly watch_port: number;
  readonly watch_group: number;
  readonly properties?: readonly Property[] | undefined;
}

function word(v: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(v);
  return octets;
}

type BucketPropertiesInput = { readonly [K in keyof BucketProperties]?: BucketProperties[K] | undefined };

const bucketProperties: Codec<BucketProperties, BucketPropertiesInput> = preserved({
  outline: {
    is: 'members',
    members: { weight: u16, watch_port: u32, watch_group: u32, properties: maybe(propertiesAbove(WATCH_GROUP)) },
  },
  read: (r: Reader): BucketProperties => {
    const found = { weight: 0, watch_port: OFPP.ANY as number, watch_group: OFPG.ANY as number };
    const unknown: Property[] = [];
    for (const p of propertyList.read(r)) {
      if (p.type <= WATCH_GROUP && p.octets.length !== 4) throw r.error('OFPBPC_BAD_LEN');
      if (p.type === WEIGHT) found.weight = p.octets.readUInt16BE(0);
      else if (p.type === WATCH_PORT) found.watch_port = p.octets.readUInt32BE(0);
      else if (p.type === WATCH_GROUP) found.watch_group = p.octets.readUInt32BE(0);
      else unknown.push(p);
    }
    return unknown.length === 0 ? found : { ...found, properties: unknown };
  },
  write: (w: Writer, b: BucketPropertiesInput) => {
    const known: Property[] = [];
    if ((b.weight ?? 0) !== 0) known.push({ type: WEIGHT, octets: word((b.weight ?? 0) * 0x10000) });
    if ((b.watch_port ?? OFPP.ANY) !== OFPP.ANY)
      known.push({ type: WATCH_PORT, octets: word(b.watch_port ?? OFPP.ANY) });
    if ((b.watch_group ?? OFPG.ANY) !== OFPG.ANY)
      known.push({ type: WATCH_GROUP, octets: word(b.watch_group ?? OFPG.ANY) });
    propertyList.write(w, [...known, ...(b.properties ?? [])]);
  },
});

const bucket15: Codec<Bucket, BucketInput> = {
  outline: merged(members({ bucket_id: u32, actions: actionList }), bucketProperties),
  read: (r) => {
    const at = r.at;
    const length = r.u16();
    const bucket_id = r.u32();
    const outer = r.enter(length, 'OFPBAC_BAD_LEN');
    const actions = actionList.read(r);
    r.leave(outer, 'OFPBAC_BAD_LEN');
    if ((r.end - at + 2) % 8 !== 0) throw r.error('OFPGMFC_BAD_BUCKET', at);
    return { bucket_id, ...bucketProperties.read(r), actions };
  },
  write: (w, b) => {
    const at = w.reserve(2);
    w.u32(b.bucket_id ?? 0);
    const start = w.at;
    actionList.write(w, b.actions ?? []);
    w.patchU16(at, w.at - start);
    bucketProperties.write(w, b);
  },
};

/** One bucket, in the layout of the version. */
export const bucket: Codec<Bucket, BucketInput> = lengthPrefixed(
  {
    outline: from(6, bucket15, { outline: merged(members({ bucket_id: always(0) }), bucket13) }),
    read: (r): Bucket => (r.version >= 6 ? bucket15.read(r) : { bucket_id: 0, ...bucket13.read(r) }),
    write: (w, b: BucketInput) => (w.version >= 6 ? bucket15.write(w, b) : bucket13.write(w, b)),
  },
  'OFPGMFC_BAD_BUCKET',
);

/** Buckets to the end of the structure; before 1.5 they are numbered as they come. */
const buckets: Codec<readonly Bucket[], readonly BucketInput[]> = {
  outline: from(6, listOf(bucket), {
    outline: settled(listOf(bucket), (list) =>
      (list as unknown as Bucket[]).map((b, bucket_id) => ({ ...b, bucket_id })),
    ),
  }),
  read: (r) => {
    const found: Bucket[] = [];
    while (r.at < r.end) {
      const b = bucket.read(r);
      found.push(r.version >= 6 ? b : { ...b, bucket_id: found.length });
    }
    return found;
  },
  write: (w, v) => {
    for (const b of v) bucket.write(w, b);
  },
};

/** How buckets are chosen. */
export const groupType = enumeration(u8, { all: 0, select: 1, indirect: 2, ff: 3 }, 'OFPGMFC_BAD_TYPE');
/** ADD_OR_MOD is Open vSwitch's own: `ovs-ofctl --may-create mod-group`. */
const command = enumeration(
  u16,
  { ADD: 0, MODIFY: 1, DELETE: 2, INSERT_BUCKET: 3, REMOVE_BUCKET: 5, ADD_OR_MOD: 0x8000 },
  'OFPGMFC_BAD_COMMAND',
);

export interface Buckets {
  readonly command_bucket_id: number;
  readonly buckets: readonly Bucket[];
  /** Properties of the group (1.5), such as its selection method. */
  readonly properties: readonly Property[];
}
export interface BucketsInput {
  readonly command_bucket_id?: number | undefined;
  readonly buckets?: readonly BucketInput[] | undefined;
  readonly properties?: readonly Property[] | undefined;
}

/** Buckets and, from 1.5 on, what stands around them. `mod` has a command bucket, a description has not. */
function bucketArea(mod: boolean): Codec<Buckets, BucketsInput> {
  return {
    outline: from(
      6,
      members({ command_bucket_id: mod ? u32 : always(OFPG_BUCKET.ALL), buckets, properties: propertyList }),
      members({ command_bucket_id: always(OFPG_BUCKET.ALL), buckets, properties: always([]) }),
    ),
    read: (r) => {
      if (r.version < 6) return { command_bucket_id: OFPG_BUCKET.ALL, buckets: buckets.read(r), properties: [] };
      const length = r.u16();
      r.pad(mod ? 2 : 6);
      const command_bucket_id = mod ? r.u32() : OFPG_BUCKET.ALL;
      const outer = r.enter(length, 'OFPGMFC_BAD_BUCKET');
      const found = buckets.read(r);
      r.leave(outer, 'OFPGMFC_BAD_BUCKET');
      return { command_bucket_id, buckets: found, properties: propertyList.read(r) };
    },
    write: (w, v) => {
      if (w.version < 6) {
        buckets.write(w, v.buckets ?? []);
        return;
      }
      const at = w.reserve(2);
      w.pad(mod ? 2 : 6);
      if (mod) w.u32(v.command_bucket_id ?? OFPG_BUCKET.ALL);
      const start = w.at;
      buckets.write(w, v.buckets ?? []);
      w.patchU16(at, w.at - start);
      propertyList.write(w, v.properties ?? []);
    },
  };
}

const modHead = struct({ command, type: opt(groupType, 'all'), _1: pad(1), group_id: u32 });
const modArea = bucketArea(true);
/** OFPT_GROUP_MOD. */
export const groupMod: Codec<Out<typeof modHead> & Buckets, In<typeof modHead> & BucketsInput> = {
  outline: merged(modHead, modArea),
  read: (r) => ({ ...modHead.read(r), ...modArea.read(r) }),
  write: (w, v) => {
    modHead.write(w, v);
    modArea.write(w, v);
  },
};

const descHead = struct({ type: opt(groupType, 'all'), _1: pad(1), group_id: u32 });
const descArea = bucketArea(false);
/** One group of OFPMP_GROUP_DESC. */
export const groupDesc: Codec<Out<typeof descHead> & Buckets, In<typeof descHead> & BucketsInput> = lengthPrefixed(
  {
    outline: merged(descHead, descArea),
    read: (r) => ({ ...descHead.read(r), ...descArea.read(r) }),
    write: (w, v: In<typeof descHead> & BucketsInput) => {
      descHead.write(w, v);
      descArea.write(w, v);
    },
  },
  'OFPBRC_BAD_LEN',
);

/** A request about one group or all; OFPMP_GROUP_DESC takes it only from 1.5 on. */
export const groupRequest = struct({ group_id: opt(u32, OFPG.ALL), _1: pad(4) });
/** The request of OFPMP_GROUP_DESC. */
export const groupDescRequest: Defaulted<{ readonly group_id: number }, { readonly group_id?: number | undefined }> = {
  outline: from(6, groupRequest, members({ group_id: always(OFPG.ALL) })),
  fallback: {},
  read: (r) => (r.version >= 6 ? groupRequest.read(r) : { group_id: OFPG.ALL }),
  write: (w, v) => {
    if (w.version >= 6) groupRequest.write(w, v);
  },
};

/** One group of OFPMP_GROUP. */
export const groupStats = lengthPrefixed(
  struct({
    _1: pad(2),
    group_id: u32,
    ref_count: opt(u32, 0),
    _2: pad(4),
    ...counts,
    ...duration,
    buckets: list(struct({ packet_count: u64, byte_count: u64 })),
  }),
  'OFPBRC_BAD_LEN',
);

const four = <N extends 'max_groups' | 'actions'>(_: N): Codec<readonly number[]> => ({
  outline: { is: 'tuple', items: [u32, u32, u32, u32] },
  read: (r) => [r.u32(), r.u32(), r.u32(), r.u32()],
  write: (w, v) => {
    for (let i = 0; i < 4; i++) w.u32(v[i] ?? 0);
  },
});
/** OFPMP_GROUP_FEATURES: by type, from `all` to `ff`. */
export const groupFeatures = struct({
  types: u32,
  capabilities: u32,
  max_groups: four('max_groups'),
  actions: four('actions'),
});
