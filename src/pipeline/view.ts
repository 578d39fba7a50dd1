/**
 * What one host must know, as values: the objects for which the tables have flows. `desired/` fills them in from the
 * topology and the facts; the tables read them and nothing else.
 */
import type { Network, Port, Wire } from '../topology/index.js';

/** A tunnel port of this host that is really there. */
export interface TunnelPort {
  readonly name: string;
  readonly ofport: number;
  /** The peer's VTEP of a mesh port; undefined for the one flow-based port. */
  readonly remoteVtep?: string;
  /** It is no tunnel but the interface whose frames carry a VLAN id, the network's key. */
  readonly trunk?: true;
  /** It stands for the tunnels to the network's gateways: table `to_gateway` finds the one that works. */
  readonly gateways?: true;
}

/** The way of a network to the half of it that is a VLAN: tunnels to its gateways, the one to be used first at first. */
export interface Gateways {
  readonly tunnels: readonly TunnelPort[];
  readonly wire: Wire;
}

/** A network's VLAN on the trunk of this host. */
export interface Segment {
  readonly tunnel: TunnelPort;
  readonly wire: Wire;
}

/** Where packets for a port on another host are sent. */
export interface SendTo {
  readonly host: string;
  readonly vtep: string;
  readonly tunnel: TunnelPort;
  /** What it is sent with: the network's own encapsulation and key, or former ones during a change. */
  readonly wire: Wire;
}

/** A VM port on this host, bound to an OpenFlow port number. */
export interface LocalPort {
  readonly network: Network;
  readonly port: Port;
  readonly ofport: number;
  /** The other end of a migration: what is sent to the port on this host goes there, too. */
  readonly copies?: SendTo;
  /** It is the destination of a migration, and has not taken over yet. */
  readonly arriving?: true;
  /** Where it arrives on a VLAN: the switches there must learn where it is. */
  readonly segments?: readonly Segment[];
}

/** A VM port of one of this host's networks, on another host. */
export interface RemotePort extends SendTo {
  readonly network: Network;
  readonly port: Port;
  /** The destination of its migration. */
  readonly copies?: SendTo;
  /** This host is a gateway of the network. */
  readonly joins?: true;
}

/** Another host that has a port of one of this host's networks. */
export interface Peer {
  readonly network: Network;
  readonly host: string;
  readonly vtep: string;
  readonly tunnel: TunnelPort;
  /** What it may send with. */
  readonly wire: Wire;
  /** It is a gateway: the tunnels to all of the network's gateways, of which one is in use. */
  readonly gateways?: readonly TunnelPort[];
  /** This host is a gateway of the network. */
  readonly joins?: true;
}

/**
 * A port elsewhere that packets may come from which do not say it by a whole tunnelled frame: on a VLAN its MAC address (the
 * frame does not say which host sent it), by an IP tunnel its IP addresses.
 */
export interface Sender extends Segment {
  readonly network: Network;
  readonly port: Port;
  readonly host: string;
  readonly vtep: string;
  /** This host is a gateway of the network. */
  readonly joins?: true;
}

/** A network with at least one port on this host. Those with `unknown` receive what is for unknown MAC addresses. */
export interface LocalNetwork {
  readonly network: Network;
  readonly ports: readonly LocalPort[];
  /** False: it is too large for broadcasts, which are dropped here. */
  readonly floods: boolean;
  /** Its VLANs here: its own, or former ones during a change. */
  readonly segments?: readonly Segment[];
  /** Where the network is joined to a VLAN that is not here. */
  readonly gateways?: Gateways;
  /** The VLAN that this host joins the network to, as a gateway; no port of the network is here then. */
  readonly joins?: Segment;
}

/** An address of the topology that this host answers for: IPv4 by ARP, IPv6 by neighbour discovery. */
export interface Address {
  readonly network: Network;
  readonly port: Port;
  readonly ip: string;
}
