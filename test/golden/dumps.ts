/**
 * The golden dumps: what real Open vSwitch holds for a topology once every port is plugged in, as `ovs-ofctl --names
 * --no-stats dump-flows` prints it, sorted, with the numbers of the lab's own choosing (ofports) fixed by request.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startInstallation } from '../e2e/installation.js';
import { ROOT } from './root.js';

/** First number given to a VM port, so that dumps do not depend on the order in which ports come. */
const FIRST_OFPORT = 101;

/** Names of the shipped topologies. */
export const topologies = (): readonly string[] =>
  readdirSync(join(ROOT, 'topologies'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .sort();

/** The dump of a host without what changes from run to run, sorted by table, then text. */
export function normalised(lines: readonly string[]): string {
  const tables = lines
    .map((line) =>
      line.replace(/ duration=[^,]*,| n_packets=\d+,| n_bytes=\d+,| idle_age=\d+,| hard_age=\d+,/g, '').trim(),
    )
    .sort();
  return `${tables.join('\n')}\n`;
}

/** The dumps of every host of a topology, by host, from a lab of its own. */
export async function dumpsOf(topology: string): Promise<ReadonlyMap<string, string>> {
  const net = await startInstallation(join(ROOT, 'topologies', `${topology}.yaml`));
  try {
    const vms = Object.keys(net.lab.ready.vms).sort();
    await Promise.all(vms.map((vm, i) => net.lab.plug(vm, { ofport_request: FIRST_OFPORT + i })));
    await net.ready(vms);
    const dumps = new Map<string, string>();
    for (const host of Object.keys(net.lab.ready.hosts)) dumps.set(host, normalised(await net.lab.flows(host)));
    return dumps;
  } finally {
    await net.stop();
  }
}
