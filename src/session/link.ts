/**
 * The connection to one host, as the reconciler sees it: what the host is now, as values, and the few things that can be
 * done to it. HostSession is the real one; a simulation brings its own.
 */
import type { Change, HostRows, Owner, SwitchPorts } from '../desired/index.js';
import type { ActualFlow, ActualState, Digest, FlowPlan, PreparedPort, TablesRead } from '../diff/index.js';
import type { DumpTexts } from '../verify/index.js';
import type { ProbeWay } from './probes.js';
import type { Punt } from './punts.js';

/** A message the switch refused, with what it was about. */
export interface Refusal {
  readonly about: string;
  readonly error: string;
  /** Whose flow it is. */
  readonly owner?: Owner;
}

export interface SendResult {
  /** False: the switch is as it was before. */
  readonly committed: boolean;
  readonly refusals: readonly Refusal[];
  /** Of the flows that the plan added or put in the place of others, where their octets were at hand. */
  readonly added?: Digest;
}

/** One flow with its counters, as OFPMP_FLOW gives it. */
export interface CountedFlow extends ActualFlow {
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly durationSeconds: number;
  /** As `ovs-ofctl dump-flows` prints it, counters included. */
  readonly text: string;
}

export interface HostLink {
  readonly name: string;
  /** The rows of OVSDB; undefined until the first snapshot. */
  rows(): HostRows | undefined;
  /** Number of the OpenFlow connection, counted from 1; 0 while there is none. A new one knows nothing of the old. */
  epoch(): number;
  /** Name → ofport, from the switch itself; undefined while it is not connected. */
  switchPorts(): SwitchPorts | undefined;
  /** Why the host cannot be worked with now, in words; empty when it can. */
  troubles(): readonly string[];
  /** Carries out one transaction, and waits until ovs-vswitchd has acted on it unless it need not know (`unheeded`). */
  configure(changes: readonly Change[], unheeded?: 'unheeded'): Promise<void>;
  /** Reads all flows, groups and meters. */
  read(): Promise<ActualState>;
  /** The same with the flows as octets. Absent where a link has none: then all is read as values. */
  readTables?(): Promise<TablesRead>;
  /** Reads the flows with these cookies (whole cookies are compared under OWNER_MASK). */
  readOwners(owners: readonly bigint[]): Promise<readonly ActualFlow[]>;
  /** Reads the groups of these numbers, or all; others may be among them. One that is not there is left out. */
  readGroups(ids?: readonly number[]): Promise<ActualState['groups']>;
  /** The same of meters. */
  readMeters(ids?: readonly number[]): Promise<ActualState['meters']>;
  /** Packets that each meter has dropped, by its number. */
  meterDrops(): Promise<ReadonlyMap<number, bigint>>;
  /**
   * Sends a plan: meters, then one bundle, all errors collected before COMMIT; nothing on any error. A plan that only opens
   * (diff/opening.ts) needs no bundle.
   */
  send(plan: FlowPlan): Promise<SendResult>;
  /**
   * Asks `find`, from now on, what was prepared for each port that the switch says is new, and sends it at once
   * (early-ports.ts). Absent where nothing is sent early.
   */
  preparedFor?(find: (name: string, ofport: number) => PreparedPort | undefined): void;
  /** Ports for which something was sent so. */
  openedEarly?(): number;
  /** Takes back what was sent early for ports that should not have that number. */
  keepEarly?(numbers: ReadonlyMap<string, number>): Promise<void>;
  /** Calls `listener` with each question of a guest, from now on. */
  onPunt(listener: (punt: Punt) => void): void;
  /** Answers a question with a frame for the port that asked; nothing where the switch is gone. */
  answer(punt: Punt, frame: Buffer): void;
  /** Sends a probe of the path to another host; absent where nothing is sent, as `onProbe`. */
  probe?(way: ProbeWay, frame: Buffer): void;
  /** Calls `listener` with each probe of another host that comes, from now on. */
  onProbe?(listener: (frame: Buffer) => void): void;
  /** Tells the VLAN of a network (by its number) behind which gateway a MAC address is; absent where nothing is sent. */
  announce?(network: number, mac: string): void;
  /** All flows with counters. */
  counted(): Promise<readonly CountedFlow[]>;
  /** Everything the bridge holds, as `ovs-ofctl` and `ovs-vsctl` print it. */
  dump(): Promise<DumpTexts>;
  /** The same of another bridge of the host. Rejects where it cannot be reached: only on the machine of the controller. */
  dumpBridge(bridge: string): Promise<DumpTexts>;
  /** Connections made again since the first; absent where nobody counts. */
  reconnects?(): { readonly openflow: number; readonly ovsdb: number };
  close(): Promise<void>;
}
