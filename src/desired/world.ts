/**
 * Everything the desired state is computed from, as one value: the intent (topology) and what the hosts were seen to be
 * (facts). Nothing here is remembered from what was sent.
 */
import type { Topology } from '../topology/index.js';
import type { PeerSlice } from './slices.js';

/** One Interface row of a host's br-int, joined with the switch's own port description. */
export interface InterfaceFact {
  readonly name: string;
  /** `external_ids:iface-id`; undefined for tunnels and ports nobody named. */
  readonly ifaceId?: string;
  /** Its number, as OVSDB and the switch agree, or as the switch says of a new row; undefined until then (facts.ts). */
  readonly ofport?: number;
  /** `external_ids:iface-status` = inactive: a standby port (Documentation/topics/integration.rst). */
  readonly inactive: boolean;
  /** What Kakuri wrote on the row (feedback.ts): the memory of a migration over a restart of the controller. */
  readonly mark?: {
    readonly installed: boolean;
    /** `from`: the destination, not taken over yet · `to`: the source, after that. */
    readonly migration?: 'from' | 'to';
    /** The host at the other end of that. */
    readonly other?: string;
  };
}

/** A tunnel port of ours that has a number and the options it should have. */
export interface TunnelFact {
  readonly name: string;
  readonly ofport: number;
}

/** What is known of one host. A host that never answered has no facts; one that went away keeps its last. */
export interface HostFacts {
  readonly interfaces: readonly InterfaceFact[];
  readonly tunnels: readonly TunnelFact[];
}

/** What a host does for ports elsewhere: by network's path, by the host where they are (`reaches` says which). */
export type Remotes = ReadonlyMap<string, { readonly peers: ReadonlyMap<string, PeerSlice> }>;

/** What a host's tables do for ports, by path, in enough detail to tell whether a port is reached (feedback.ts). */
export interface Held {
  /** Of the state it was computed from (counts topologies, from 1). */
  readonly generation: number;
  /** The ports on that host, each with its number. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly remotes: Remotes;
}

/** What a host has confirmed to be in its tables, by barrier and read-back. */
export interface Confirmed {
  /** Paths of the ports that receive on that host. */
  readonly ports: ReadonlySet<string>;
  /** By `peerKey`: that host is let in with that key of that network. */
  readonly peers: ReadonlySet<string>;
  /** By `sendKey`: that host is sent that network's packets by that way. */
  readonly sends: ReadonlySet<string>;
  /** Absent before the read-back: what was held before it counts until then. */
  readonly held?: Held;
}

/** Who has a port, and where it is on its way to. */
export interface Holder {
  readonly host: string;
  /** Of the Interface. */
  readonly name: string;
  readonly to?: string;
}

export interface World {
  readonly topology: Topology;
  readonly facts: ReadonlyMap<string, HostFacts>;
  readonly confirmed: ReadonlyMap<string, Confirmed>;
  /** Where each port (by path) was bound when the world was last looked at: the holder wins over a newcomer. */
  readonly holders: ReadonlyMap<string, Holder>;
  /** Hosts that lost a port (by path) to the destination of its migration, and still bear its row. */
  readonly left?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Ports (by path) that went from one host to another, until the other has confirmed them. */
  readonly moving: ReadonlySet<string>;
}
