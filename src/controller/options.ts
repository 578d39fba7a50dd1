/** What the controller is given, and what it tells of each host. */
import type { HostLink, RefusedPeer } from '../session/index.js';
import type { Host, Topology } from '../topology/index.js';
import type { PassResult } from './reconcile.js';

/** What the controller tells its log; the CLI gives it a pino logger. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ControllerOptions {
  readonly topology: Topology;
  /**
   * Opens the connection to a host; `onChange` is called whenever anything about it changed, `onArrival` when the VM
   * behind a port says that it has arrived.
   */
  readonly openLink: (host: Host, onChange: () => void, onArrival: (ofport: number) => void) => HostLink;
  /** What the host is told to connect to (Controller.target). */
  readonly controllerTarget: (link: HostLink) => string;
  /** Who was refused, for `status`. */
  readonly refused?: () => readonly RefusedPeer[];
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** How old the last read of a switch's tables may be, milliseconds. */
  readonly readEveryMs: number;
  /** How often each path of flow-based tunnels is probed, milliseconds; absent or 0: never. */
  readonly probeEveryMs?: number;
  /** Plans are proved before they are sent, and refused where they would leak. */
  readonly enforce?: boolean;
}

/** What is known of one host, for `status`. */
export interface HostReport {
  readonly result: PassResult | undefined;
  readonly flowModsSent: number;
  /** Message of the last pass that failed, until one succeeds. */
  readonly failure?: string;
}
