/** `ofproto/trace` of the switches themselves beside a trace: does each let the packet out by the same ports? */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Topology } from '../topology/index.js';
import type { Trace, TraceHop } from '../verify/index.js';

export interface Confirmation {
  readonly host: string;
  /** Absent where the switch could not be asked; `note` says why. */
  readonly agrees?: boolean;
  readonly note: string;
}

const BRIDGE = 'br-int';

/** The control socket of the ovs-vswitchd whose database is at a unix socket of this machine. */
function controlSocket(ovsdb: string): string | undefined {
  if (!ovsdb.startsWith('unix:')) return undefined;
  const directory = dirname(ovsdb.slice('unix:'.length));
  const pidfile = join(directory, 'ovs-vswitchd.pid');
  if (!existsSync(pidfile)) return undefined;
  return join(directory, `ovs-vswitchd.${readFileSync(pidfile, 'utf8').trim()}.ctl`);
}

/** The ports in the text of a trace; an output that the switch skips is none. */
export function tracedPorts(text: string): readonly number[] {
  const lines = text.split('\n');
  return lines
    .flatMap((line, i) => {
      const port = /^\s+output:(\d+)$/.exec(line)?.[1];
      return port === undefined || /skipping output to input port/.test(lines[i + 1] ?? '') ? [] : [Number(port)];
    })
    .sort((a, b) => a - b);
}

function confirmHop(ovsdb: string, { host, packet, outputs }: TraceHop): Confirmation {
  const socket = controlSocket(ovsdb);
  if (socket === undefined) return { host, note: `not asked: the ovs-vswitchd of ${host} is not on this machine` };
  let text: string;
  try {
    const args = ['-t', socket, 'ofproto/trace', BRIDGE, packet];
    text = execFileSync('ovs-appctl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return { host, note: `not asked: ${(error as Error).message.split('\n').at(-1)}` };
  }
  const ports = tracedPorts(text);
  const expected = outputs.filter((port) => port < 0xffffff00);
  const agrees = ports.join() === expected.join();
  const said = ports.length === 0 ? 'it leaves by no port' : `it leaves by port ${ports.join(', ')}`;
  return { host, agrees, note: `ofproto/trace ${agrees ? 'agrees' : 'does not agree'}: ${said}` };
}

/** Asks the switch of each hop. */
export function confirmTrace({ hosts }: Topology, { hops }: Trace): readonly Confirmation[] {
  const ovsdb = new Map(hosts.map((host) => [host.name, host.ovsdb]));
  return hops.map((hop) => confirmHop(ovsdb.get(hop.host) ?? '', hop));
}
