/**
 * Drives a lab (mininet/lab.py --serve) from a test: real Open vSwitch hypervisors and VMs, in a directory and on a
 * management network of its own, so that labs run side by side.
 *
 * `stop` returns when nothing of the lab is left. A lab that nobody stops ends with this process, whose end closes its
 * stdin. Every method rejects with the lab's message when the lab could not do it.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { LabProcess } from '../../src/cli/lab-process.js';
import type {
  CapturedFrame,
  CapturePoint,
  CrossfireReport,
  LabReady,
  LinkOf,
  LossOptions,
  MatrixResult,
  Outcome,
  PingOptions,
  PingResult,
  Place,
  Plugged,
  PlugOptions,
  SendPoint,
  TcpResult,
} from './types.js';

/** The repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const LAB_PY = join(ROOT, 'mininet/lab.py');

export interface LabOptions {
  readonly underlay?: 'switched' | 'routed' | 'leaf-spine' | 'leaf-pair';
  /** Plug every VM as soon as its host has a br-int. */
  readonly plug?: boolean;
}

/** Builds a lab from a topology: a file's path, or its text (anything with a newline). Rejects with the lab's stderr. */
export async function startLab(topology: string, options: LabOptions = {}): Promise<Lab> {
  const text = topology.includes('\n') ? topology : readFileSync(topology, 'utf8');
  const args = ['--private'];
  if (options.underlay !== undefined) args.push('--underlay', options.underlay);
  if (options.plug === true) args.push('--plug');
  return new Lab(await LabProcess.start<LabReady>(JSON.stringify(parse(text)), args));
}

/** A running lab. */
export class Lab {
  readonly ready: LabReady;
  readonly #process: LabProcess<LabReady>;

  constructor(process: LabProcess<LabReady>) {
    this.#process = process;
    this.ready = process.ready;
  }

  /** Any request of mininet/kakuri_lab/requests.py; requests run at the same time. */
  request<T>(name: string, parameters: object = {}): Promise<T> {
    return this.#process.request(name, parameters);
  }

  /** Ends the lab and waits until all of it is gone; may be called twice. Throws when it did not end cleanly. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** The pid of the lab's main process. */
  get pid(): number {
    return this.#process.pid;
  }

  plug = (vm: string, options: PlugOptions = {}) => this.request<Plugged>('plug', { vm, ...options });
  unplug = (vm: string) => this.request<null>('unplug', { vm });
  /** Migration: unplugged, its tap moved, plugged there, announced by RARP and gratuitous ARP unless told not to. */
  move = (vm: string, host: string, options: { announce?: boolean } = {}) =>
    this.request<Plugged>('move', { vm, host, ...options });
  /** Gives the VM the bridge by which it can migrate, before anything is started in it. */
  makeMobile = (vm: string) => this.request<null>('make_mobile', { vm });
  /** Live migration in steps: the port appears on the destination; the VM runs there and announces itself; a port goes. */
  plugLeg = (vm: string, host: string) => this.request<{ host: string; tap: string }>('plug_leg', { vm, host });
  cutOver = (vm: string, host: string, options: { announce?: boolean } = {}) =>
    this.request<null>('cut_over', { vm, host, ...options });
  unplugLeg = (vm: string, host: string) => this.request<null>('unplug_leg', { vm, host });
  /** Plugs all VMs of the topology at once. */
  plugAll = () => Promise.all(Object.keys(this.ready.vms).map((vm) => this.plug(vm)));

  exec = (place: Place, argv: readonly string[], options: { timeout?: number; stdin?: string } = {}) =>
    this.request<Outcome>('exec', { ...place, argv, ...options });
  shell = (place: Place, shell: string, options: { timeout?: number } = {}) =>
    this.request<Outcome>('exec', { ...place, shell, ...options });
  vsctl = (host: string, ...args: string[]) => this.request<Outcome>('vsctl', { host, args });
  ofctl = (host: string, args: readonly string[], stdin = '') => this.request<Outcome>('ofctl', { host, args, stdin });
  appctl = (host: string, ...args: string[]) => this.request<Outcome>('appctl', { host, args });
  /** The flow dump (OpenFlow 1.5, with names), one flow an element. */
  flows = (host: string, options: { bridge?: string; names?: boolean } = {}) =>
    this.request<string[]>('flows', { host, ...options });

  /** From a VM, a host or `rogue`; to a VM (its first IPv4 address), a host (its VTEP) or an address. */
  ping = (from: string, to: string, options: PingOptions = {}) =>
    this.request<PingResult>('ping', { from, to, ...options });
  /** All pairs at once; results in the order of the pairs. */
  pingMatrix = (pairs: readonly (readonly [string, string])[], options: PingOptions = {}) =>
    this.request<MatrixResult[]>('pingmatrix', { pairs, ...options });
  /** A ping that goes on (every 10 ms unless told) until the returned function is called; that gives the result. */
  startPing = async (from: string, to: string, options: { interval?: number; timeout?: number } = {}) => {
    const ping = await this.request<number>('start_ping', { from, to, ...options });
    return () => this.request<PingResult>('stop_ping', { ping });
  };
  /** TCP between two VMs, to the first address of `to` unless `ip` is given. */
  tcp = (from: string, to: string, options: { ip?: string; seconds?: number; bytes?: number; timeout?: number } = {}) =>
    this.request<TcpResult>('tcp', { from, to, ...options });

  sendFrames = (point: SendPoint, frames: readonly Uint8Array[], options: { count?: number; interval?: number } = {}) =>
    this.request<number>('frame_send', {
      ...point,
      frames: frames.map((frame) => Buffer.from(frame).toString('hex')),
      ...options,
    });
  /** Captures until the returned function is called, which gives the frames in order. */
  capture = async (point: CapturePoint) => {
    const capture = await this.request<number>('capture_start', point);
    return () => this.request<CapturedFrame[]>('capture_stop', { capture });
  };

  /** Every VM sends to every address all the time, until `crossfire({ stop: true })`. */
  startCrossfire = (options: { interval?: number } = {}) => this.request<null>('crossfire_start', options);
  crossfire = (options: { stop?: boolean } = {}) => this.request<CrossfireReport>('crossfire', options);

  stopVswitchd = (host: string, options: { kill?: boolean } = {}) =>
    this.request<null>('stop_vswitchd', { host, ...options });
  startVswitchd = (host: string) => this.request<null>('start_vswitchd', { host });
  stopOvsdb = (host: string, options: { kill?: boolean } = {}) =>
    this.request<null>('stop_ovsdb', { host, ...options });
  startOvsdb = (host: string) => this.request<null>('start_ovsdb', { host });
  restartOvsdb = (host: string, options: { kill?: boolean } = {}) =>
    this.request<null>('restart_ovsdb', { host, ...options });
  /**
   * Restarts ovs-vswitchd. `save` (default true): flows are saved and restored as `ovs-ctl restart` does. `between`:
   * ovs-vsctl commands run while it is down. `ovsdb`: ovsdb-server is restarted, too.
   */
  restart = (
    host: string,
    options: { save?: boolean; between?: readonly (readonly string[])[]; ovsdb?: boolean } = {},
  ) => this.request<{ seconds: number }>('restart', { host, ...options });
  /**
   * Sets the host's tunnel neighbours right again: Open vSwitch learns a VTEP's MAC from any tunnel packet that a port
   * accepts, so a forged one turns its answers towards the forger.
   */
  warm = (host: string) => this.request<null>('warm', { host });
  /** Pids of the daemons of every host, null when not running. */
  processes = () => this.request<Record<string, Record<'ovs-vswitchd' | 'ovsdb-server', number | null>>>('processes');

  /** Silently drops on a link: 100 % both ways unless told; `to` and `from` are seen from the host or VM. */
  loss = (link: LinkOf, options: LossOptions = {}) =>
    this.request<null>('fault', { kind: 'loss', ...link, ...options });
  /** Octets that each link (`hv1-leaf1`) of a leaf-spine fabric has carried. */
  carried = () => this.request<Record<string, number>>('carried');
  /** Whether the routing of a leaf-spine fabric is as after the start. */
  converged = () => this.request<boolean>('converged');

  /** Takes the carrier off a link. */
  cutCarrier = (link: LinkOf) => this.request<null>('fault', { kind: 'carrier', ...link });
  /** Takes all faults off a link. */
  heal = (link: LinkOf) => this.request<null>('heal', link);
}
