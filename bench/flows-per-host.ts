/**
 * flows-per-host: OpenFlow flows on one host, for 1,000 networks of 10 ports over 20 hosts, beside OVN's for the same
 * ports. Both are counted in a real ovs-vswitchd, after its controller has nothing more to send. A count is the same in
 * every run, so one of each is taken.
 */
import { connect } from 'ts-openflow';
import { bindings, desiredState, desiredTunnels, type HostFacts, peerKey, type World } from '../src/desired/index.js';
import { difference } from '../src/diff/index.js';
import { sendPlan } from '../src/session/send-plan.js';
import { readTables } from '../src/session/switch-tables.js';
import { allocateKeys, parseTopology, type Topology } from '../src/topology/index.js';
import { startOvs } from '../test/ts-openflow/ovs.js';
import { type BenchOptions, type Figure, figure } from './figure.js';
import { ovnFlows } from './flows-per-host/ovn.js';
import { hostName, hostOf, ip, mac, networkName, portName, type Tenants, vtep } from './flows-per-host/tenants.js';
import { ovnMissing } from './one-port/ovn.js';

const TENANTS: Tenants = { networks: 1000, ports: 10, hosts: 20 };
/** The host whose flows are counted. */
const HERE = 0;

const say = (text: string): void => {
  process.stderr.write(`flows-per-host: ${text}\n`);
};

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** The intent as an operator writes it. */
function topologyOf(tenants: Tenants): Topology {
  const port = (n: number, p: number) => ({ mac: mac(p), ips: [ip(p)], hosts: [hostName(hostOf(tenants, n, p))] });
  const file = {
    hosts: Object.fromEntries(
      numbers(tenants.hosts).map((h) => [hostName(h), { ovsdb: `unix:/run/${hostName(h)}/db.sock`, vtep: vtep(h) }]),
    ),
    tenants: Object.fromEntries(
      numbers(tenants.networks).map((n) => [
        networkName(n),
        {
          networks: {
            web: {
              subnets: ['192.168.0.0/24'],
              ports: Object.fromEntries(numbers(tenants.ports).map((p) => [portName(n, p), port(n, p)])),
            },
          },
        },
      ]),
    ),
  };
  const { draft, problems } = parseTopology(JSON.stringify(file), 'tenants');
  const topology = draft && allocateKeys(draft).topology;
  if (topology === undefined) throw new Error(`the benchmark's topology: ${JSON.stringify(problems.slice(0, 3))}`);
  return topology;
}

/** What each host was seen to be: its tunnels and ports have numbers. */
function factsOf(topology: Topology, host: string): HostFacts {
  const here = topology.networks.flatMap((n) => n.ports).filter((port) => port.hosts?.[0] === host);
  const interfaces = here.map(({ ifaceId }, i) => ({ name: `tap${i}`, ifaceId, ofport: 100 + i, inactive: false }));
  return { interfaces, tunnels: desiredTunnels(topology, host).map(({ name }, i) => ({ name, ofport: 1 + i })) };
}

/** The world in which every host has its ports and lets every other in. */
function settled(topology: Topology): World {
  const hosts = topology.hosts.map((host) => host.name);
  const confirmed = hosts.map((host) => {
    const peers = topology.networks.flatMap((n) =>
      hosts.filter((other) => other !== host).map((other) => peerKey(n.path, other, n)),
    );
    return [host, { ports: new Set<string>(), peers: new Set(peers), sends: new Set<string>() }] as const;
  });
  return {
    topology,
    facts: new Map(hosts.map((host) => [host, factsOf(topology, host)])),
    confirmed: new Map(confirmed),
    holders: new Map(),
    moving: new Set(),
  };
}

/** Ours: the desired state of the host, sent to a real switch as the controller sends it, and counted there. */
async function kakuriFlows(tenants: Tenants): Promise<number> {
  const world = settled(topologyOf(tenants));
  const desired = desiredState(world, hostName(HERE), bindings(world));
  const ovs = await startOvs(0);
  try {
    const session = await connect(ovs.mgmt);
    const sent = await sendPlan(session, difference(desired, await readTables(session)).plan);
    if (!sent.committed) throw new Error(`refused: ${JSON.stringify(sent.refusals.slice(0, 3))}`);
    const [total] = await session.multipart('AGGREGATE', { match: {} });
    session.close();
    await session.closed;
    byTable(desired.flows);
    return total?.flow_count ?? 0;
  } finally {
    await ovs.stop();
  }
}

function byTable(flows: readonly { readonly table_id: number }[]): void {
  const counts = new Map<number, number>();
  for (const { table_id } of flows) counts.set(table_id, (counts.get(table_id) ?? 0) + 1);
  say(`Kakuri by table: ${[...counts].map(([table, count]) => `${table}: ${count}`).join(', ')}`);
}

export { ovnMissing as missing };

export async function run(_: BenchOptions): Promise<readonly Figure[]> {
  const { networks, ports, hosts } = TENANTS;
  say(`${networks} networks of ${ports} ports over ${hosts} hosts, on one of them`);
  const ours = await kakuriFlows(TENANTS);
  say(`Kakuri: ${ours} flows; now OVN`);
  const theirs = await ovnFlows(TENANTS, HERE);
  say(`OVN: ${theirs} flows`);
  return [
    figure({ bench: 'flows-per-host', figure: 'flows-vs-ovn', unit: 'flows', n: 1 }, ours, {
      name: 'OVN',
      value: theirs,
    }),
  ];
}
