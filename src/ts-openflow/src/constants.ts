/**
 * The reserved numbers of OpenFlow, under the names of openflow.h (without their prefix, which is the object's name).
 * Ports are the 32-bit ones of OpenFlow 1.1 and later.
 */

/** Reserved ports (ofp_port_no). */
export const OFPP = {
  MAX: 0xffffff00,
  UNSET: 0xfffffff7,
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const;

/** Reserved groups (ofp_group). */
export const OFPG = { MAX: 0xffffff00, ALL: 0xfffffffc, ANY: 0xffffffff } as const;

/** Reserved tables (ofp_table). */
export const OFPTT = { MAX: 254, ALL: 255 } as const;

/** Reserved meters (ofp_meter). */
export const OFPM = { MAX: 0xffff0000, SLOWPATH: 0xfffffffd, CONTROLLER: 0xfffffffe, ALL: 0xffffffff } as const;

/** Reserved queue. */
export const OFPQ_ALL = 0xffffffff;

/** No buffered packet. */
export const OFP_NO_BUFFER = 0xffffffff;

/** max_len that asks for the whole packet. */
export const OFPCML_NO_BUFFER = 0xffff;

/** No bucket, and the reserved ones of INSERT_BUCKET and REMOVE_BUCKET (OpenFlow 1.5). */
export const OFPG_BUCKET = { MAX: 0xffffff00, FIRST: 0xfffffffd, LAST: 0xfffffffe, ALL: 0xffffffff } as const;

/** Flags of FLOW_MOD (ofp_flow_mod_flags). */
export const OFPFF = {
  SEND_FLOW_REM: 1,
  CHECK_OVERLAP: 2,
  RESET_COUNTS: 4,
  NO_PKT_COUNTS: 8,
  NO_BYT_COUNTS: 16,
} as const;

/** Multipart flag: more parts follow. */
export const OFPMPF_MORE = 1;

/** Flags of bundles (ofp_bundle_flags). */
export const OFPBF = { ATOMIC: 1, ORDERED: 2 } as const;

/** Flags of SET_CONFIG: what to do with IP fragments. */
export const OFPC_FRAG = { NORMAL: 0, DROP: 1, REASM: 2, MASK: 3 } as const;

/** Port configuration (ofp_port_config). */
export const OFPPC = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 } as const;

/** Port state (ofp_port_state). */
export const OFPPS = { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 } as const;

/** Capabilities of FEATURES_REPLY (ofp_capabilities). */
export const OFPC = {
  FLOW_STATS: 1,
  TABLE_STATS: 2,
  PORT_STATS: 4,
  GROUP_STATS: 8,
  IP_REASM: 32,
  QUEUE_STATS: 64,
  PORT_BLOCKED: 256,
} as const;

/** Experimenter ids (OUIs). */
export const EXPERIMENTER = { NICIRA: 0x00002320, ONF: 0x4f4e4600, NSH: 0x005ad650 } as const;
