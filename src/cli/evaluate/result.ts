/** What an evaluation found, as values: the JSON output, and what every report is written from. */

/** Median, least and most of some measurements. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly n: number;
}

export interface Isolation {
  /** Pairs of VMs of one network, and how many of them reach each other. */
  readonly ownPairs: number;
  readonly ownReached: number;
  /** Pairs of VMs of different tenants, and the packets that arrived over all of them. */
  readonly foreignPairs: number;
  readonly foreignPackets: number;
  /** Forged by VMs (MAC, IP and ARP of others) and from outside (wrong VTEP, wrong key): sent, and arrived anywhere. */
  readonly forgedSent: number;
  readonly forgedArrived: number;
  readonly proof: { readonly verdict: string; readonly flows: number; readonly seconds: number };
}

export interface Flexibility {
  /** A VM went to every other host and back: how often, and the longest time without a reply each time, ms. */
  readonly moves: number;
  readonly gapMs: Spread;
  /** What had to change for it beside the host: nothing, or what. */
  readonly changed: readonly string[];
}

export interface Outage {
  readonly element: 'link' | 'spine' | 'uplink' | 'leaf';
  readonly cut: 'carrier' | 'silent';
  /** Longest times without a reply, milliseconds. */
  readonly gapMs: Spread;
  /** Each of them, in the order of the cuts. */
  readonly gapsMs: readonly number[];
  /** Sent by the controller because of it. */
  readonly flowMods: number;
}

/** What failed among the switches of a VLAN scheme, whose frames have no second way but one that is blocked. */
export interface SwitchOutage {
  /** The link in use between the two switches; a host's own link; a switch. */
  readonly element: 'link' | 'uplink' | 'switch';
  readonly cut: Outage['cut'];
  /** Longest times without a reply, milliseconds. Where it does not heal by itself, how long it was looked at. */
  readonly gapMs: Spread;
  readonly gapsMs: readonly number[];
  /** Traffic went on before the element was mended. */
  readonly heals: boolean;
  readonly flowMods: number;
}

/** Two switches with the hosts' trunks, and two links between them. */
export interface SwitchFaults {
  readonly links: number;
  /** How many of them carry nothing, because the spanning tree (RSTP) blocks them. */
  readonly blocked: number;
  readonly outages: readonly SwitchOutage[];
  /** Without a spanning tree: what came to a VM in so many milliseconds of broadcast frames that were sent once. */
  readonly loop: { readonly sent: number; readonly copies: number; readonly ms: number };
}

export interface Scalability {
  /** How many networks one installation can have, and what the next one is told. */
  readonly networks: number;
  readonly refusal: string;
  /** A switch filled with `filled` networks of two VMs each, one of them here: flows, and what they took of its memory. */
  readonly filled: number;
  readonly flowsPerNetwork: number;
  readonly kilobytesPerNetwork: number;
}

export interface Cost {
  /** What the backbone's switches must hold for `networks` networks with `vms` VMs on `hosts` hosts. */
  readonly backbone: {
    readonly networks: number;
    readonly vms: number;
    readonly hosts: number;
    readonly ids: number;
    readonly macs: number;
    readonly routes: number;
  };
  readonly features: string;
  /** To read for one tenant with two VMs: words to know, flows on one host, lines of the topology file. */
  readonly concepts: readonly string[];
  readonly flowsOfATenant: number;
  readonly linesOfATenant: number;
}

export interface Speed {
  /** Mbit/s of one TCP stream, and its ratio to the same without encapsulation in the same round. */
  readonly tcpMbits: Spread;
  readonly tcpVsBare: Spread;
  /** Echo requests of 64 octets and their replies a second. */
  readonly packets: Spread;
  readonly packetsVsBare: Spread;
  /** Of a ping on an idle path, microseconds. */
  readonly rttMicros: Spread;
  /** CPU seconds of both switches for one gigabit of TCP. */
  readonly cpuPerGigabit: Spread;
}

export interface SchemeResult {
  readonly scheme: string;
  readonly about: string;
  readonly isolation: Isolation;
  readonly flexibility: Flexibility;
  /** On the routed fabric; none of a scheme that does not go over it. */
  readonly outages: readonly Outage[];
  /** Of a scheme whose frames the switches carry. */
  readonly switchFaults?: SwitchFaults;
  readonly scalability: Scalability;
  readonly cost: Cost;
  readonly speed: Speed;
}

export interface Evaluation {
  readonly date: string;
  readonly quick: boolean;
  readonly machine: { readonly cpus: number; readonly openvswitch: string };
  /** Without encapsulation: the same VMs, bridged. */
  readonly bare: Pick<Speed, 'tcpMbits' | 'packets' | 'rttMicros' | 'cpuPerGigabit'>;
  /** The historical IP tunnel with a router VM beside each VM, without the controller; absent in results of before it. */
  readonly routerVm?: Speed;
  readonly schemes: readonly SchemeResult[];
}

/** Of at least one value. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) throw new Error('no values');
  const median = ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
  return { median, least, most, n: sorted.length };
}
