/**
 * A network that is joined to a VLAN: on which half of it a host is, and which ways lead between two hosts. Pure.
 *
 *   VLAN host ── trunk ── VLAN host, gateway        VLAN host ┄ trunk, gateway, tunnel ┄ any other host
 *   gateway ── tunnel ── any other host             gateways do not speak with each other
 *
 * A host that is neither on the VLAN nor a gateway reaches the VLAN by the gateways, whichever it uses just then: to it they
 * are one way (VIA_GATEWAYS). Networks that are not joined have one half, whatever their encapsulation.
 */
import type { TunnelPort } from '../pipeline/index.js';
import type { Network, Topology, VlanHalf, Way } from '../topology/index.js';
import { waysOf } from './ways.js';

export type Half = 'vlan' | 'gateway' | 'tunnels';

/** Where a host is in the network. */
export function halfOf({ vlan }: Network, host: string): Half {
  if (vlan === undefined) return 'tunnels';
  if (vlan.hosts.includes(host)) return 'vlan';
  return vlan.gateways.includes(host) ? 'gateway' : 'tunnels';
}

/** Stands for the tunnels to a network's gateways. */
export const VIA_GATEWAYS: TunnelPort = { name: 'gateways', ofport: 0, gateways: true };

/** How a network travels on its VLAN half. */
export const vlanWay = ({ id }: VlanHalf): Way => ({ encapsulation: 'vlan', key: id, tunnels: 'flow' });

/** True where the way from one host to the other leads by the network's gateways, and neither is one. */
export const isAcross = (network: Network, here: string, there: string): boolean =>
  network.vlan !== undefined && halfOf(network, here) === 'tunnels' && halfOf(network, there) === 'vlan';

/** The ways by which packets go between two hosts: the present one first. */
export function waysBetween(topology: Topology, network: Network, here: string, there: string): readonly Way[] {
  const { vlan } = network;
  if (vlan === undefined) return waysOf(topology, network);
  const [a, b] = [halfOf(network, here), halfOf(network, there)];
  if (a === 'gateway' && b === 'gateway') return [];
  if (a === 'vlan') return b === 'vlan' ? [vlanWay(vlan), ...(network.former ?? [])] : [vlanWay(vlan)];
  if (b === 'vlan' && a === 'gateway') return [vlanWay(vlan)];
  const ways = waysOf(topology, network);
  return b === 'vlan' ? ways.filter(({ encapsulation }) => encapsulation !== 'vlan') : ways;
}

/** The hosts that must have confirmed to let this one in before anything is sent that way; none: it is open. */
export function openedBy(network: Network, here: string, there: string): readonly string[] | undefined {
  if (network.vlan === undefined) return [there];
  const [a, b] = [halfOf(network, here), halfOf(network, there)];
  if (a === 'gateway' && b === 'vlan') return undefined;
  const across = (a === 'vlan' && b === 'tunnels') || (a === 'tunnels' && b === 'vlan');
  return across ? network.vlan.gateways : [there];
}
