/** Which asynchronous messages a controller gets (OpenFlow 1.5.1, 7.3.10), and its role (7.3.9). */

import { type Codec, enumeration, lengthPrefixed, opt, orPad, pad, struct, u8, u16, u32, u64 } from '../wire/codec.js';
import { from, members } from '../wire/outline.js';
import { type Property, propertyList } from './property.js';

const role = enumeration(u32, { nochange: 0, equal: 1, primary: 2, secondary: 3 }, 'OFPRRFC_BAD_ROLE');

/** OFPT_ROLE_REQUEST and OFPT_ROLE_REPLY. */
export const roleRequest = struct({
  role,
  short_id: orPad(6, u16, 2, 0xffff),
  _1: pad(2),
  generation_id: opt(u64, 0n),
});

/** OFPT_ROLE_STATUS: 0 a controller asked, 1 configuration, 2 experimenter data. */
export const roleStatus = struct({ role, reason: u8, _1: pad(3), generation_id: u64, properties: propertyList });

/**
 * A controller's status: its role, why it is told (0 request, 1 channel status, 2 role, 3 added, 4 short id, 5 removed,
 * 6 experimenter), and whether its channel is up (0) or down (1). Property 0 is its URI.
 */
export const controllerStatus = lengthPrefixed(
  struct({ short_id: u16, role, reason: u8, channel_status: u8, _1: pad(6), properties: propertyList }),
  'OFPBRC_BAD_LEN',
);

const nxRole = enumeration(u32, { other: 0, primary: 1, secondary: 2 }, 'OFPRRFC_BAD_ROLE');
/** NXT_ROLE_REQUEST and NXT_ROLE_REPLY. */
export const nxRoleRequest = struct({ role: nxRole });

const two = (): Codec<readonly [number, number]> => ({
  outline: { is: 'tuple', items: [u32, u32] },
  read: (r) => [r.u32(), r.u32()],
  write: (w, v) => {
    w.u32(v[0]);
    w.u32(v[1]);
  },
});

/** Masks for [primary and equal, secondary] (1.3, and NXT_SET_ASYNC_CONFIG). */
export const asyncMasks = struct({ packet_in_mask: two(), port_status_mask: two(), flow_removed_mask: two() });
type Masks = ReturnType<typeof asyncMasks.read>;

/** The configuration: masks in 1.3, properties from 1.4 on. */
export interface AsyncConfig {
  readonly masks?: Masks | undefined;
  readonly properties?: readonly Property[] | undefined;
}

/** OFPT_GET_ASYNC_REPLY and OFPT_SET_ASYNC. */
export const asyncConfig: Codec<AsyncConfig> = {
  outline: from(5, members({ properties: propertyList }), members({ masks: asyncMasks })),
  read: (r) => (r.version < 5 ? { masks: asyncMasks.read(r) } : { properties: propertyList.read(r) }),
  write: (w, v) => {
    if (w.version >= 5) propertyList.write(w, v.properties ?? []);
    else
      asyncMasks.write(w, v.masks ?? { packet_in_mask: [0, 0], port_status_mask: [0, 0], flow_removed_mask: [0, 0] });
  },
};
