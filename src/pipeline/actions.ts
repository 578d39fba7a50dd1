/** The few actions the tables share, by the names a reader of the pipeline thinks in. */
import { type Action, ETH_MULTICAST_BIT, ipv4, type MaskedValue } from './fields.js';
import { reg_out } from './registers.js';
import type { TunnelPort } from './view.js';

/** Matches every broadcast and multicast MAC address: the group bit of the first octet (IEEE 802, clause 8.2.2). */
export const MULTICAST: MaskedValue = { value: ETH_MULTICAST_BIT, mask: ETH_MULTICAST_BIT };

/** Remembers which VM port the packet shall leave by; the guard decides. */
export const deliverTo = (ofport: number): Action => ({ kind: 'set_field', field: reg_out, value: ofport });

/**
 * Leaves for another host. `tun_id` is always written: a packet whose key was never set would leave with key 0, and one
 * that came by tunnel would keep the key it came with (seen on OVS 3.1.0). A mesh port knows its peer by its options.
 */
export function sendByTunnel(tunnel: TunnelPort, vtep: string, key: number): readonly Action[] {
  const id: Action = { kind: 'set_field', field: 'tun_id', value: BigInt(key) };
  const to: readonly Action[] =
    tunnel.remoteVtep === undefined ? [{ kind: 'set_field', field: 'tun_dst', value: ipv4(vtep) }] : [];
  return [id, ...to, { kind: 'output', port: tunnel.ofport }];
}
