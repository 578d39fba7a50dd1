/** The options of the commands whose work is loaded only when they run, as commander gives them. */
import type { Encapsulation } from '../topology/index.js';
import type { TlsFiles } from './tls.js';

export interface DemoOptions {
  readonly hosts: number;
  readonly encapsulation: Encapsulation;
  readonly tunnels: 'mesh' | 'flow';
  readonly json?: boolean;
}

export interface RunOptions extends TlsFiles {
  readonly listen: string;
  readonly api: string;
  readonly advertise?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly timeout: string;
  readonly state?: string;
  readonly apiTokenFile?: string;
  readonly verify?: 'enforce';
  readonly probeEvery: number;
  readonly logLevel: string;
}

export interface RemoveOptions extends TlsFiles {
  readonly keepBridge?: boolean;
  readonly state?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

export interface SimulateOptions {
  readonly hosts: number;
  readonly networks: number;
  readonly ports: number;
  readonly tunnels: 'mesh' | 'flow';
  readonly encapsulation: Encapsulation;
  readonly changes: number;
  readonly json?: boolean;
}
