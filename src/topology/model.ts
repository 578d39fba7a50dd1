/**
 * What a topology file says, as values: hosts, tenants' networks and their ports. Everything after the file is read
 * computes from these and from nothing else of the file.
 *
 * Guarantees: every check of `check` has passed; addresses are canonical; lists are sorted (hosts by name, networks and
 * ports by path, in code unit order), so that files that mean the same give equal values.
 */

export type Encapsulation = 'geneve' | 'vxlan' | 'gre' | 'nvgre' | 'vlan' | 'ip-tunnel';

export interface Topology {
  readonly underlay: Underlay;
  readonly hosts: readonly Host[];
  readonly networks: readonly Network[];
}

export interface Underlay {
  /** The encapsulation of networks that name none. */
  readonly encapsulation: Encapsulation;
  /** `mesh`: a tunnel port per peer that shares a network, with BFD; `flow`: one flow-based port. */
  readonly tunnels: 'mesh' | 'flow';
  /** Octets of an IP packet that the underlay carries whole. */
  readonly mtu: number;
  /** Outer checksum: UDP's, or the optional one of GRE. Absent: as the VTEPs' family asks (see desired/tunnels). */
  readonly csum?: boolean;
  /** Outer TOS or traffic class octet, or that of the packet inside; absent: 0. */
  readonly tos?: number | 'inherit';
  /** Outer TTL or hop limit, or that of the packet inside; absent: 64. */
  readonly ttl?: number | 'inherit';
  /** Outer don't-fragment bit; absent: set. */
  readonly df?: boolean;
}

export interface Host {
  readonly name: string;
  /** Where its ovsdb-server listens, as OVS writes it: `unix:PATH`, `tcp:IP:PORT`, `ssl:IP:PORT`. */
  readonly ovsdb: string;
  /** The address of its tunnels, canonical. */
  readonly vtep: string;
  /** The interface that carries networks as VLANs (IEEE 802.1Q), all of whose traffic is Kakuri's; absent: none. */
  readonly trunk?: string;
  /** Where VLAN ids mean the same as on this host's trunk (zones.ts); absent: no host has one. */
  readonly zone?: string;
}

/** What tells a network's packets from others' on the underlay. */
export interface Wire {
  readonly encapsulation: Encapsulation;
  /** The network's key, not yet as the header has it: see `wireKey`. */
  readonly key: number;
}

/** How a network's packets travel: by which key, and by which kind of tunnel port. */
export interface Way extends Wire {
  readonly tunnels: 'mesh' | 'flow';
}

export interface Network extends Wire {
  /** `TENANT/NETWORK`, its name in the whole file. */
  readonly path: string;
  readonly tenant: string;
  readonly name: string;
  /** The tunnel key, one in the whole file; never 0. */
  readonly key: number;
  readonly encapsulation: Encapsulation;
  /** The zone whose hosts its ports may run on that name none; they do name them. Absent: not said. */
  readonly zone?: string;
  /** The half of the network that is a VLAN; absent: it is not joined to one. */
  readonly vlan?: VlanHalf;
  /** Ways of before a change of the file, by which some host may still send. The controller sets it, no file does. */
  readonly former?: readonly Way[];
  /** Canonical CIDR, sorted; they do not overlap. */
  readonly subnets: readonly string[];
  /** Octets of an IP packet of a VM: the underlay's MTU less the overhead of the encapsulation. */
  readonly mtu: number;
  /** DHCPv4 for ports with an IPv4 address; absent: none. */
  readonly dhcp?: Dhcp;
  /**
   * Router advertisements. `slaac`: VMs make their addresses of the prefixes (each port then has that address besides),
   * and DHCPv6 gives the rest; `managed`: DHCPv6 gives the addresses of the topology. Absent: neither.
   */
  readonly ra?: 'slaac' | 'managed';
  readonly ports: readonly Port[];
}

/**
 * The part of a tunnelled network that is a VLAN: hosts that have it on their trunk only, and hosts that carry frames between
 * it and the tunnels. No port of the network runs on a gateway.
 */
export interface VlanHalf {
  /** VLAN id on the trunks. */
  readonly id: number;
  /** Hosts whose ports of the network are on the VLAN, sorted; those on all other hosts are behind tunnels. */
  readonly hosts: readonly string[];
  /** In the order of the file: each host uses the first of them that it has a working tunnel to. */
  readonly gateways: readonly string[];
}

/** What VMs are told beside their addresses. Addresses are canonical; DNS servers of both families. */
export interface Dhcp {
  readonly dns: readonly string[];
  /** IPv4 routes, in the order of the file. */
  readonly routes: readonly { readonly to: string; readonly via: string }[];
  /** IPv4 default router. */
  readonly gateway?: string;
  /** Seconds. */
  readonly lease: number;
}

export interface Port {
  /** `TENANT/NETWORK/PORT`. */
  readonly path: string;
  readonly name: string;
  /** The `external_ids:iface-id` of the Interface row that is this port; one in the whole file. */
  readonly ifaceId: string;
  /** Lower case, colons; unicast. */
  readonly mac: string;
  /** Canonical, sorted; each inside a subnet of the network. */
  readonly ips: readonly string[];
  /** The hosts where it may run, sorted; absent: any. */
  readonly hosts?: readonly string[];
  /** Addresses and prefixes that it may use besides, and share with others; canonical, sorted, none another port's. */
  readonly allowed?: readonly string[];
  /** False: any IP address from it and to it. Its MAC address is checked all the same. */
  readonly ipChecks?: false;
  /** It receives what is for MAC addresses that its network does not have. */
  readonly unknown?: true;
  /** Broadcast and multicast packets a second that it may send; absent: as many as ports may that say nothing. */
  readonly broadcastRate?: number;
  readonly qos?: Qos;
}

/** What a port's traffic into the network gets. */
export interface Qos {
  /** kbit/s; absent: no limit. */
  readonly rate?: number;
  /** kbit at once above the rate; absent: a tenth of a second's, and 100 at least. */
  readonly burst?: number;
  /** Differentiated services code point that its IP packets are given (RFC 2474); absent: they keep their own. */
  readonly dscp?: number;
}

/** A checked file whose networks may still lack a key: the input of `allocateKeys`. */
export interface TopologyDraft {
  readonly file: string;
  readonly underlay: Underlay;
  readonly hosts: readonly Host[];
  readonly networks: readonly NetworkDraft[];
}

export interface NetworkDraft extends Omit<Network, 'key'> {
  /** As the file gives it; absent: to be allocated. */
  readonly key?: number;
  /** Where a problem with its key points: the key's value, or the network's name. */
  readonly keyAt: Position;
}

/** Both from 1; columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A mistake of a file. `code` is stable; `message` says what to do. */
export interface Problem extends Position {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}
