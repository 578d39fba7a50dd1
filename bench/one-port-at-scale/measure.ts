/** One more port on a real hypervisor of an installation that is complete otherwise, once for Kakuri and once for OVN. */
import type { ChildProcess } from 'node:child_process';
import { startOvnController } from '../bulk/ovn.js';
import { fillNorthbound, fillSouthbound, Ovn } from '../flows-per-host/ovn.js';
import { allPorts, hostName, hostOf, portName, type Tenants } from '../flows-per-host/tenants.js';
import { PeersProcess } from '../peers-process.js';
import { Kakuri } from '../scale/kakuri.js';
import { ended, Pair } from '../scale/pair.js';
import { RightHost } from './right-host.js';
import { topologyOf } from './topology.js';

/** After so many seconds without another flow, all have come. */
const REST_SECONDS = 0.3;

/** iface-ids by host, without those that come later. */
function idsByHost(tenants: Tenants): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>();
  for (const [n, p] of allPorts(tenants)) {
    if (p === tenants.ports) continue;
    const host = hostName(hostOf(tenants, n, p));
    const list = ids.get(host);
    if (list === undefined) ids.set(host, [portName(n, p)]);
    else list.push(portName(n, p));
  }
  return ids;
}

export interface Additions {
  /** Milliseconds from the plug to the last flow. */
  readonly times: readonly number[];
  /** Flows that one addition changed, of the last one. */
  readonly flows: number;
}

/** Plugs one port after the other into the first host. */
async function additions({ mgmt, socket }: Pair, { ports, local }: Tenants): Promise<Additions> {
  const peers = new PeersProcess('plug_to_flows.py');
  try {
    await peers.answer({ op: 'watch', bridge: `unix:${mgmt}` });
    const times: number[] = [];
    let flows = 0;
    for (let n = 0; n < (local?.more ?? 0); n++) {
      const request = { op: 'plug', db: socket, name: `more${n}`, iface: portName(n, ports), rest: REST_SECONDS };
      const answer = await peers.answer<{ readonly ms: number; readonly flows: number }>(request);
      times.push(answer.ms);
      flows = answer.flows;
    }
    return { times, flows };
  } finally {
    peers.stop();
  }
}

export async function kakuriAdditions(tenants: Tenants): Promise<Additions> {
  const pair = await Pair.start();
  try {
    const topology = topologyOf(tenants, pair.socket);
    const ids = idsByHost(tenants);
    const kakuri = await Kakuri.start(topology, (host, controller, target) => {
      const ifaceIds = ids.get(host) ?? [];
      const state = () => controller().state;
      return host === hostName(0) ? undefined : new RightHost({ topology, host, ifaceIds, target, state });
    });
    try {
      await kakuri.until('bridge', () => kakuri.controller.state.world.facts.has(hostName(0)));
      await pair.plug(ids.get(hostName(0)) ?? []);
      const there = topology.networks.flatMap(({ ports }) => ports.slice(0, tenants.ports));
      await kakuri.settled(there.map(({ path }) => path));
      return await additions(pair, tenants);
    } finally {
      await kakuri.stop();
    }
  } finally {
    await pair.stop();
  }
}

export async function ovnAdditions(tenants: Tenants): Promise<Additions> {
  const pair = await Pair.start();
  const ovn = new Ovn(pair.directory);
  let controller: ChildProcess | undefined;
  try {
    await ovn.start();
    controller = await startOvnController(pair, ovn, 0);
    await pair.plug(idsByHost(tenants).get(hostName(0)) ?? []);
    await fillNorthbound(ovn, tenants);
    ovn.sync('sb');
    await fillSouthbound(ovn, tenants, 0);
    ovn.sync('hv');
    return await additions(pair, tenants);
  } finally {
    if (controller !== undefined) await ended(controller);
    await ovn.stop();
    await pair.stop();
  }
}
