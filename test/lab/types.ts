/**
 * What the lab (mininet/lab.py --serve) says and answers, as types. Times are seconds unless a name says ms; a `vm` is
 * named by its iface-id.
 */

/** The first line of a lab that is ready. */
export interface LabReady {
  readonly ready: true;
  readonly id: string;
  readonly dir: string;
  /** Where the hosts reach a controller that listens on the management network: `tcp:IP:6653`. */
  readonly controller: string;
  /** The controller's address on the management network, for `--listen ptcp:6653:IP` and `--advertise IP`. */
  readonly management: string;
  readonly underlay: 'switched' | 'routed' | 'leaf-spine' | 'leaf-pair';
  /** Path of the topology file with the addresses that this lab serves. */
  readonly topology: string;
  readonly hosts: Readonly<Record<string, LabHost>>;
  readonly vms: Readonly<Record<string, LabVm>>;
  readonly rogue: { readonly ip: string; readonly mac: string; readonly pid: number };
}

export interface LabHost {
  readonly ovsdb: string;
  readonly rundir: string;
  readonly netns_pid: number;
  readonly vtep: string;
  /** MAC of br-phy: the outer eth_dst of a tunnel packet to this host (switched underlay). */
  readonly mac: string;
  /** Next hops of this host's tunnels: IP to MAC. */
  readonly nextHops: Readonly<Record<string, string>>;
  /** At the start; `plug` and `move` may change it. */
  readonly vms: readonly string[];
}

export interface LabVm {
  readonly host: string;
  readonly tenant: string;
  readonly network: string;
  readonly port: string;
  readonly tap: string;
  readonly mac: string;
  readonly ips: readonly string[];
  readonly mtu: number;
  readonly pid: number;
  readonly ifaceId: string;
}

export interface Outcome {
  /** -1 when killed at its timeout. */
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
  readonly errors: number;
  /** Milliseconds, in the order of sending. */
  readonly rtts: readonly number[];
  /** Includes the wait before the first reply and after the last. Below some 60 ms it is the machine's noise. */
  readonly longestGapMs: number;
}

/** One pair of a matrix. Tenants may share addresses, so a reply does not say who gave it: `arrived` does. */
export interface MatrixResult {
  readonly sent: number;
  readonly received: number;
  /** Requests that came to the very VM that the pair names. */
  readonly arrived: number;
  readonly rtts: readonly number[];
}

export interface PingOptions {
  readonly count?: number;
  readonly interval?: number;
  /** How long to wait for replies after the last request. */
  readonly timeout?: number;
}

export interface TcpResult {
  readonly connected: boolean;
  readonly error?: string;
  readonly connectMs?: number;
  readonly sent?: number;
  /** Octets that arrived. */
  readonly bytes: number;
  readonly seconds: number;
}

export interface CapturedFrame {
  /** Unix time, seconds. */
  readonly t: number;
  readonly hex: string;
  /** `in`: the interface received it; `out`: it was sent from it. */
  readonly dir: 'in' | 'out';
}

/** Where a capture listens: a VM's eth0, the underlay's port towards a host (`in`: that host sent it), the rogue, or any interface of a host. */
export type CapturePoint =
  | { readonly vm: string }
  | { readonly underlay: string }
  | { readonly rogue: true; readonly interface?: string }
  | { readonly host: string; readonly interface?: string };

/** What a crossfire has come to: frames that reached another tenant, and when what arrived last was sent, by pair. */
export interface CrossfireReport {
  readonly rounds: number;
  readonly sent: number;
  readonly strayCount: number;
  /** Frames that came to a VM twice, and frames that came back to their sender. */
  readonly repeatCount: number;
  readonly repeats: readonly {
    readonly from: string;
    readonly to: string;
    readonly at: number;
    readonly hex: string;
  }[];
  readonly returned: number;
  readonly strays: readonly { readonly from: string; readonly to: string; readonly at: number; readonly hex: string }[];
  /** `unicast` and `broadcast` in milliseconds since 1970; 0: none yet. */
  readonly pairs: readonly {
    readonly from: string;
    readonly to: string;
    readonly frames: number;
    readonly unicast: number;
    readonly broadcast: number;
  }[];
  readonly now: number;
}

/** Where frames leave from: a VM's eth0, a host's uplink, or the rogue on the underlay. */
export type SendPoint =
  | { readonly vm: string }
  | { readonly host: string; readonly interface?: string }
  | { readonly rogue: true; readonly interface?: string };

export interface PlugOptions {
  readonly host?: string;
  readonly ofport_request?: number;
  readonly iface_id?: string;
  readonly mac?: string;
  /** How long to wait for br-int. */
  readonly timeout?: number;
}

export interface Plugged {
  readonly host: string;
  readonly tap: string;
  readonly ofport: number;
}

export type Place =
  | { readonly vm: string }
  | { readonly host: string }
  | { readonly node: 'fabric' | 'rogue' | 'mgmt' };
/** A VM's link, a host's uplinks, or a node (`spine1`) or link (`hv1-leaf1`) of a leaf-spine fabric. */
export type LinkOf = { readonly vm: string } | { readonly host: string } | { readonly element: string };

export interface LossOptions {
  readonly percent?: number;
  readonly direction?: 'to' | 'from' | 'both';
}
