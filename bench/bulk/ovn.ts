/** `bulk` for OVN: the same networks and ports on the same kind of hosts, each with an ovn-controller of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fillNorthbound, Ovn } from '../flows-per-host/ovn.js';
import { hostName, type Tenants, vtep } from '../flows-per-host/tenants.js';
import { ended, type Pair, startPairs } from '../scale/pair.js';
import { idsAt } from './tenants.js';

const LOOK_MS = 50;

function startController({ directory, env, socket }: Pair): ChildProcess {
  const files = [`--log-file=${directory}/ovn-controller.log`, '-vconsole:off', '-vsyslog:off', '-vfile:err'];
  return spawn('ovn-controller', [`unix:${socket}`, ...files], { env, stdio: 'ignore' });
}

/** The host's name, databases and encapsulation, before its ovn-controller starts. */
async function introduce(pair: Pair, ovn: Ovn, host: number): Promise<void> {
  const ids = [
    ['system-id', hostName(host)],
    ['ovn-remote', `unix:${ovn.socket('sb')}`],
    ['ovn-encap-type', 'geneve'],
    ['ovn-encap-ip', vtep(host)],
  ];
  await pair.transact([{ op: 'update', table: 'Open_vSwitch', where: [], row: { external_ids: ['map', ids] } }]);
}

/** An ovn-controller for a host, with the bridge that it makes. */
export async function startOvnController(pair: Pair, ovn: Ovn, host: number): Promise<ChildProcess> {
  await introduce(pair, ovn, host);
  const controller = startController(pair);
  while (!(await pair.hasBridge())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  return controller;
}

/** Seconds from the first row of the NB to all flows on all hosts (`ovn-nbctl --wait=hv sync`), and how many they are. */
export async function ovnBulk(tenants: Tenants): Promise<{ readonly seconds: number; readonly flows: number }> {
  const pairs = await startPairs(tenants.hosts);
  const ovn = new Ovn((pairs[0] as Pair).directory);
  const controllers: ChildProcess[] = [];
  try {
    await ovn.start();
    for (const [host, pair] of pairs.entries()) controllers.push(await startOvnController(pair, ovn, host));
    for (const [host, pair] of pairs.entries()) await pair.plug(idsAt(tenants, host));
    ovn.sync('hv');
    const begun = performance.now();
    await fillNorthbound(ovn, tenants);
    ovn.sync('hv');
    const seconds = (performance.now() - begun) / 1000;
    const counts = await Promise.all(pairs.map((pair) => pair.flowCount()));
    return { seconds, flows: counts.reduce((a, b) => a + b, 0) };
  } finally {
    for (const controller of controllers) await ended(controller);
    await ovn.stop();
    for (const pair of pairs) await pair.stop();
  }
}
