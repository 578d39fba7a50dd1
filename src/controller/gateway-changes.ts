/**
 * Which gateway a host uses for each of its networks that are joined to a VLAN, as the BFD of its tunnels says. The switch
 * changes over by itself; what it cannot do is to tell the switches of the VLAN that its VMs are behind another gateway
 * now, so that is said for them, once for each change.
 */
import type { DesiredState, HostRows, NetworkSlice } from '../desired/index.js';
import { networkNumber } from '../topology/index.js';

/** A MAC address that is behind another gateway than before. */
export interface Announcement {
  /** The network's number in the registers. */
  readonly network: number;
  readonly mac: string;
}

export class GatewayChanges {
  /** By network's path the name of the tunnel that was in use when last looked at. */
  readonly #used = new Map<string, string>();

  /** What is to be announced since the last call. */
  since(rows: HostRows, desired: DesiredState): readonly Announcement[] {
    const works = new Set(rows.interfaces.flatMap(({ name, bfdForwarding }) => (bfdForwarding ? [name] : [])));
    const found: Announcement[] = [];
    for (const [path, { network, head }] of desired.slices.networks) {
      const used = head.local.gateways?.tunnels.find(({ name }) => works.has(name))?.name;
      if (used === undefined || used === this.#used.get(path)) continue;
      this.#used.set(path, used);
      found.push(...portsOf(head).map(({ port: { mac } }) => ({ network: networkNumber(network), mac })));
    }
    return found;
  }
}

/** The ports that are here; one that is only arriving is still elsewhere. */
const portsOf = ({ local }: NetworkSlice['head']) => local.ports.filter(({ arriving }) => arriving !== true);
