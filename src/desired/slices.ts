/**
 * The pieces of a host's desired state, as values: what they were made of, and nothing that follows from it. What is the
 * same as before is the same value (network-slice.ts makes them).
 */
import type { LocalNetwork, SendTo, TunnelPort } from '../pipeline/index.js';
import type { Host, Network, Port, Topology, Way } from '../topology/index.js';
import type { Bound } from './bound.js';
import type { FlowsOf } from './remember.js';
import type { DesiredGroup } from './state.js';
import type { TopologyIndex } from './topology-index.js';
import type { World } from './world.js';

/** What all networks on a host are computed from beside the world. */
export interface Ground {
  readonly topology: Topology;
  readonly index: TopologyIndex;
  readonly here: string;
  /** Makes the flows, when they are asked for. */
  readonly flowsOf: FlowsOf;
  /** The tunnel ports that are really there, by name. */
  readonly tunnels: ReadonlyMap<string, TunnelPort>;
}

/** What is asked for with every slice. */
export interface SliceContext {
  readonly world: World;
  readonly bound: Bound;
  readonly ground: Ground;
}

/** A way to one other host, and the tunnel port here that it leads by. */
export interface OpenWay {
  readonly way: Way;
  readonly tunnel: TunnelPort;
  /** The host there is a gateway: the tunnels to all gateways of the network, the one to be used first at first. */
  readonly gateways?: readonly TunnelPort[];
}

/** What follows from the network and its ports on this host. */
export interface HeadSlice {
  /** The network's ports here, pending ones too: of which the rest is made. */
  readonly here: readonly Port[];
  /** Hosts with a port of the network. */
  readonly members: number;
  /** Of the ports here that migrate, where copies go: of which the rest is made, too. */
  readonly migrating: readonly string[];
  /** Which way the gateways have opened: of which the rest is made, too. */
  readonly through: string;
  readonly local: LocalNetwork;
  readonly warnings: readonly string[];
  readonly excesses: readonly string[];
}

/** What is sent to a port that migrates, where it is this peer's to have the flow, and whether it is sent at all. */
export interface Move {
  readonly port: Port;
  readonly sent: boolean;
  readonly to?: SendTo;
  readonly copies?: SendTo;
}

/** What follows from one other host: causes only, of which the flows are made when they are asked for. */
export interface PeerSlice {
  readonly network: Network;
  readonly peer: Host;
  /** The network's ports there. */
  readonly there: readonly Port[];
  /** This host is a gateway of the network. */
  readonly joins: boolean;
  /** Those of them that may send on a VLAN, where one leads there. */
  readonly senders: readonly Port[];
  /** The present way first, then former ones; those for which this host has the tunnel port. At least one. */
  readonly ways: readonly OpenWay[];
  readonly open: OpenWay | undefined;
  /** Paths of the ports there that are not sent to yet. */
  readonly waiting: readonly string[];
  /** Of the ports there that migrate, to which ends they are sent; as text, to be compared. */
  readonly migrating: readonly string[];
  readonly moves: readonly Move[];
  /** What the host confirms of it (Confirmed.peers): each way by which the other host is let in. */
  readonly lets: readonly string[];
  /** And by which it is sent to (Confirmed.sends). */
  readonly sends: string | undefined;
}

export interface NetworkSlice {
  readonly ground: Ground;
  readonly network: Network;
  readonly head: HeadSlice;
  /** By name of the host. */
  readonly peers: ReadonlyMap<string, PeerSlice>;
  readonly groups: readonly DesiredGroup[];
}
