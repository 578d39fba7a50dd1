/**
 * Kakuri as an operator runs it: `kakuri run` on a topology file with all ports in it, OVSDB and OpenFlow over TCP. What
 * is plugged in later is found by its iface-id.
 */
import { join } from 'node:path';
import { type ControllerProcess, startController } from '../../src/cli/controller-process.js';
import { type Contestant, plugCommand, type Site, type SiteVm } from './site.js';
import { eventually } from './wait.js';

export async function kakuri(site: Site): Promise<Contestant> {
  const { topology, management, controller } = site.lab.ready;
  const process = await startController([
    topology,
    ...['--listen', `ptcp:6653:${management}`, '--advertise', controller, '--api', 'http://127.0.0.1:0'],
    ...['--state', join(site.dir, 'state'), '--log-level', 'warn'],
  ]);
  try {
    await ready(process);
    for (const vm of site.bases) await site.lab.request('plug', { vm: vm.ifaceId });
  } catch (error) {
    await process.stop();
    throw error;
  }
  return {
    name: 'kakuri',
    site,
    plugCommand: (vm: SiteVm) => plugCommand(site, vm),
    stop: () => process.stop(),
  };
}

const ready = ({ api }: ControllerProcess): Promise<void> =>
  eventually('every hypervisor to be ready', async () => {
    const response = await fetch(new URL('/status', api));
    const { hosts } = (await response.json()) as { readonly hosts: readonly { readonly state: string }[] };
    return hosts.every((host) => host.state === 'ready');
  });
