/**
 * The abstract state of the linear pass as one array: table, source, flags, then values and known bits of the tracked words,
 * with the tunnel's words and the tag a second time, as the packet came in with them: a flow that overwrites tun_id must not
 * make us forget with which key the packet came.
 */
import { TRACKED, wordOf } from './words.js';

export const TUN_ID = wordOf('tun_id');
export const TUN_SRC = wordOf('tun_src');
export const TUN6_SRC = wordOf('tun_ipv6_src');
export const IN_PORT = wordOf('in_port');
/** The outer tag, and the one below it. */
export const TCI = wordOf('vlan_tci');
export const TCI1 = wordOf('vlan_tci1');

/** The words kept twice. */
export const TUNNEL_WORDS: readonly number[] = [
  TUN_ID,
  TUN_ID + 1,
  TUN_SRC,
  TUN6_SRC,
  TUN6_SRC + 1,
  TUN6_SRC + 2,
  TUN6_SRC + 3,
  TCI,
];

/** Words of a state: the tracked ones and the second copies. */
export const SLOTS = TRACKED + TUNNEL_WORDS.length;
/**
 * The in_port under which the table's flow is looked up, where a resubmit names another one (its actions, and tables
 * after it, have the packet's own again); exclusive-or OFPP_IN_PORT, so that 0 is the packet's own.
 */
export const AT_LOOKUP = 3;
/** Where values and known bits begin. */
export const VALUES = 4;
export const KNOWN = VALUES + SLOTS;
export const LENGTH = KNOWN + SLOTS;

export const AT_TABLE = 0;
export const AT_SOURCE = 1;
/** What is not as the packet came with it. */
export const AT_DIRTY = 2;
export const DIRTY = { tunnel: 1, tag: 2 } as const;
