/** Tables: TABLE_MOD, TABLE_STATUS and their multiparts (OpenFlow 1.5.1, 7.3.3, 7.3.5.4, .17, .18). */

import { type Codec, lengthPrefixed, opt, orPad, pad, struct, text, u8, u32, u64 } from '../wire/codec.js';
import { always, from } from '../wire/outline.js';
import { type Property, propertyList } from './property.js';

/** Properties exist from 1.4 on. */
const properties14: Codec<readonly Property[]> & { readonly fallback: readonly Property[] } = {
  outline: from(5, propertyList, always([])),
  fallback: [],
  read: (r) => (r.version < 5 ? [] : propertyList.read(r)),
  write: (w, v) => {
    if (w.version >= 5) propertyList.write(w, v);
  },
};

/** OFPT_TABLE_MOD. Properties: 2 eviction, 3 vacancy. */
export const tableMod = struct({ table_id: u8, _1: pad(3), config: opt(u32, 0), properties: properties14 });

/** One table of OFPMP_TABLE (OFPMP_TABLE_STATS). */
export const tableStats = struct({
  table_id: u8,
  _1: pad(3),
  active_count: opt(u32, 0),
  lookup_count: opt(u64, 0n),
  matched_count: opt(u64, 0n),
});

/** One table of OFPMP_TABLE_DESC (1.4). */
export const tableDesc = lengthPrefixed(
  struct({ table_id: u8, _1: pad(1), config: opt(u32, 0), properties: propertyList }),
  'OFPBRC_BAD_LEN',
);

/** OFPT_TABLE_STATUS: 3 vacancy down, 4 vacancy up. */
export const tableStatus = struct({ reason: u8, _1: pad(7), table: tableDesc });

/** One table of OFPMP_TABLE_FEATURES. Its properties are lists whose content `features.ts` of the text side names. */
export const tableFeatures = lengthPrefixed(
  struct({
    table_id: u8,
    command: orPad(6, u8, 1, 0),
    features: orPad(6, u32, 4, 0),
    name: text(32),
    metadata_match: opt(u64, 0xffffffffffffffffn),
    metadata_write: opt(u64, 0xffffffffffffffffn),
    /** config in 1.3, capabilities from 1.4 on. */
    capabilities: opt(u32, 0),
    max_entries: opt(u32, 0),
    properties: propertyList,
  }),
  'OFPTFFC_BAD_LEN',
);
