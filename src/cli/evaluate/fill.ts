/**
 * A switch filled with many networks, as the controller would fill it: what a network costs in flows and memory, and when
 * an installation has all the networks it can.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'ts-openflow';
import { bindings, type DesiredState, desiredState, desiredTunnels, peerKey, type World } from '../../desired/index.js';
import { difference } from '../../diff/index.js';
import { sendPlan } from '../../session/send-plan.js';
import { readTables } from '../../session/switch-tables.js';
import { allocateKeys, type Encapsulation, parseTopology, type Topology } from '../../topology/index.js';
import type { Scalability } from './result.js';
import { isSwitched, mostNetworks, type Scheme } from './schemes.js';
import { type Site, until } from './site.js';
import { TRUNK } from './topology.js';

const BRIDGE = 'br-fill';
const HOSTS = ['hv1', 'hv2'] as const;

/** A network of two VMs, one on each of two hosts; `key` where it must be that one. */
function fileOf(encapsulation: Encapsulation, networks: number, key?: number): string {
  const port = (n: number) => ({ mac: `02:00:00:00:01:0${n}`, ips: [`192.168.0.${n}`], hosts: [`hv${n}`] });
  const network = (i: number) => ({
    networks: {
      web: {
        ...(key === undefined ? {} : { key }),
        subnets: ['192.168.0.0/24'],
        ports: { [`t${i}-vm1`]: port(1), [`t${i}-vm2`]: port(2) },
      },
    },
  });
  return JSON.stringify({
    underlay: { encapsulation, tunnels: 'mesh', mtu: 1500 },
    hosts: Object.fromEntries(
      HOSTS.map((name, i) => [
        name,
        {
          ovsdb: `unix:/run/${name}/db.sock`,
          vtep: `10.99.0.${i + 1}`,
          ...(isSwitched({ encapsulation }) ? { trunk: TRUNK } : {}),
        },
      ]),
    ),
    tenants: Object.fromEntries(Array.from({ length: networks }, (_, i) => [`t${i}`, network(i)])),
  });
}

function topologyOf(encapsulation: Encapsulation, networks: number): Topology {
  const { draft, problems } = parseTopology(fileOf(encapsulation, networks), 'evaluation');
  const topology = draft && allocateKeys(draft).topology;
  if (topology === undefined) throw new Error(`the evaluation's topology: ${problems[0]?.message}`);
  return topology;
}

/** Both hosts have their VMs, and let each other in. */
function settled(topology: Topology): World {
  const facts = HOSTS.map((host, h) => {
    const ports = topology.networks.map(({ ports: [first, second] }) => (h === 0 ? first : second));
    const interfaces = ports.map((port, i) => ({
      name: `tap${i}`,
      ifaceId: port?.ifaceId ?? '',
      ofport: 100 + i,
      inactive: false,
    }));
    return [
      host,
      { interfaces, tunnels: desiredTunnels(topology, host).map(({ name }, i) => ({ name, ofport: 1 + i })) },
    ] as const;
  });
  const peersOf = (host: string) =>
    topology.networks.flatMap((n) => HOSTS.filter((other) => other !== host).map((other) => peerKey(n.path, other, n)));
  const confirmed = HOSTS.map(
    (host) => [host, { ports: new Set<string>(), peers: new Set(peersOf(host)), sends: new Set<string>() }] as const,
  );
  return {
    topology,
    facts: new Map(facts),
    confirmed: new Map(confirmed),
    holders: new Map(),
    moving: new Set(),
  };
}

function stateOf(encapsulation: Encapsulation, networks: number): DesiredState {
  const world = settled(topologyOf(encapsulation, networks));
  return desiredState(world, HOSTS[0], bindings(world));
}

/** What the file's reader says of the key after the largest. */
export function refusal(scheme: Scheme): string {
  const { problems } = parseTopology(fileOf(scheme.encapsulation, 1, mostNetworks(scheme) + 1), 'topology.yaml');
  return problems[0]?.message ?? 'it is not refused';
}

/** Flows of one network, one of whose two VMs is on the host. */
export function flowsOfANetwork(encapsulation: Encapsulation): number {
  return stateOf(encapsulation, 2).flows.length - stateOf(encapsulation, 1).flows.length;
}

/** Resident memory, kilobytes (proc(5), status, VmRSS). */
const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Fills a bridge of its own on the first host (with as many networks as there can be), and takes it away again. */
export async function fill({ lab }: Site, scheme: Scheme, wanted: number): Promise<Scalability> {
  const networks = Math.min(wanted, mostNetworks(scheme));
  const host = HOSTS[0];
  const vsctl = (...args: readonly string[]) => lab.request('vsctl', { host, args, timeout: 60 });
  await lab.request('restart', { host, save: false });
  await vsctl('add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, 'datapath_type=netdev', 'fail_mode=secure');
  await vsctl('set', 'Bridge', BRIDGE, 'protocols=OpenFlow13,OpenFlow14,OpenFlow15');
  const pid = (await lab.request<Record<string, Record<string, number>>>('processes'))[host]?.['ovs-vswitchd'] ?? 0;
  const session = await connect(`unix:${lab.ready.hosts[host]?.rundir}/${BRIDGE}.mgmt`);
  try {
    const desired = stateOf(scheme.encapsulation, networks);
    const before = resident(pid);
    const sent = await sendPlan(session, difference(desired, await readTables(session)).plan);
    if (!sent.committed) throw new Error(`refused: ${JSON.stringify(sent.refusals.slice(0, 3))}`);
    const [total] = await session.multipart('AGGREGATE', { match: {} });
    const flows = total?.flow_count ?? 0;
    if (flows !== desired.flows.length) throw new Error(`${flows} flows in the switch, not ${desired.flows.length}`);
    return {
      networks: mostNetworks(scheme),
      refusal: refusal(scheme),
      filled: networks,
      flowsPerNetwork: flowsOfANetwork(scheme.encapsulation),
      kilobytesPerNetwork: (resident(pid) - before) / networks,
    };
  } finally {
    session.close();
    await session.closed;
    await vsctl('del-br', BRIDGE);
    await until('the bridge to be gone', async () => {
      const { stdout } = await lab.request<{ stdout: string }>('vsctl', { host, args: ['list-br'] });
      return !stdout.split('\n').includes(BRIDGE);
    });
  }
}
