/** The few actions the tables share, by the names a reader of the pipeline thinks in. */
import { type Network, type Wire, wireKey } from '../topology/index.js';
import { type Action, ETH_MULTICAST_BIT, ipv4, ipv6, type MaskedValue } from './fields.js';
import { reg_gateway, reg_in, reg_out } from './registers.js';
import type { TunnelPort } from './view.js';

/** Matches every broadcast and multicast MAC address: the group bit of the first octet (IEEE 802, clause 8.2.2). */
export const MULTICAST: MaskedValue = { value: ETH_MULTICAST_BIT, mask: ETH_MULTICAST_BIT };

/** Remembers which VM port the packet shall leave by; the guard decides. */
export const deliverTo = (ofport: number): Action => ({ kind: 'set_field', field: reg_out, value: ofport });

/** Copies one field whole to another. */
export const copyField = (from: string, to: string, bits: number): Action =>
  ({ kind: 'move', src: { field: from, start: 0, bits }, dst: { field: to, start: 0, bits } }) as Action;

/**
 * An answer goes to the port that asked. in_port is set to 0 because Open vSwitch does not send a packet out of the port it
 * came in by (in its 16-bit form: 3.1.0 refuses 0 for the 32-bit one with BAD_SET_ARGUMENT).
 */
export const BACK_TO_SENDER: readonly Action[] = [
  copyField(reg_in, reg_out, 32),
  { kind: 'set_field', field: 'in_port_nxm', value: 0 },
];

/**
 * Leaves for another host. `tun_id` is always written: a packet whose key was never set would leave with key 0, and one
 * that came by tunnel would keep the key it came with (seen on OVS 3.1.0). A mesh port knows its peer by its options.
 */
export function sendByTunnel(tunnel: TunnelPort, vtep: string, wire: Wire): readonly Action[] {
  if (tunnel.gateways) return [{ kind: 'resubmit', table: TO_GATEWAY }];
  if (tunnel.trunk) return sendTagged(tunnel, wire);
  const id: Action = { kind: 'set_field', field: 'tun_id', value: BigInt(wireKey(wire).value) };
  const to: readonly Action[] = tunnel.remoteVtep === undefined ? [tunnelDestination(vtep)] : [];
  return [id, ...to, { kind: 'output', port: tunnel.ofport }];
}

/** The number of table `to_gateway`. */
export const TO_GATEWAY = 62;

/**
 * Finds the gateway in use: the first whose tunnel works as BFD says (none: OFPP_NONE, which is no tunnel's number). The
 * algorithm is active-backup, so the fields to hash say nothing.
 */
export const findGateway = (gateways: readonly TunnelPort[]): Action => ({
  kind: 'bundle_load',
  algorithm: 0,
  fields: 0,
  basis: 0,
  members: gateways.map(({ ofport }) => ofport),
  dst: { field: reg_gateway, start: 0, bits: 32 },
});

/** True for what travels as IP packets without Ethernet: Open vSwitch takes it off and puts an empty one on. */
export const isRouted = ({ encapsulation }: Pick<Wire, 'encapsulation'>): boolean => encapsulation === 'ip-tunnel';

/** IEEE 802.1Q: the EtherType of a tag, and the bit by which a match says that there is one. */
const ETH_TYPE_VLAN = 0x8100;
export const VLAN_PRESENT = 0x1000;

/** By the trunk, with the tag of the network; what is done after it is done to the frame without. */
export const sendTagged = (trunk: TunnelPort, wire: Wire): readonly Action[] => [
  { kind: 'push_vlan', ethertype: ETH_TYPE_VLAN },
  { kind: 'set_field', field: 'vlan_vid', value: VLAN_PRESENT | wireKey(wire).value },
  { kind: 'output', port: trunk.ofport },
  { kind: 'pop_vlan' },
];

const tunnelDestination = (vtep: string): Action =>
  isIpv6(vtep)
    ? { kind: 'set_field', field: 'tun_ipv6_dst', value: ipv6(vtep) }
    : { kind: 'set_field', field: 'tun_dst', value: ipv4(vtep) };

/** The match on the VTEP that a tunnel packet came from. */
export const fromVtep = (vtep: string) =>
  isIpv6(vtep) ? ({ tun_ipv6_src: { value: ipv6(vtep) } } as const) : ({ tun_src: { value: ipv4(vtep) } } as const);

/** The match on a network's key in a tunnel packet. */
export function withKey(wire: Wire): { readonly tun_id: { readonly value: bigint; readonly mask?: bigint } } {
  const { value, mask } = wireKey(wire);
  return { tun_id: { value: BigInt(value), ...(mask === undefined ? {} : { mask: BigInt(mask) }) } };
}

/** What becomes of the broadcasts of a network that is too large for them. */
export const noFlood = ({ path }: Network) =>
  ({ drop: 'no_flood', why: `${path} has more hosts or ports than a broadcast can reach` }) as const;

const isIpv6 = (address: string): boolean => address.includes(':');
