/**
 * A network that is half a VLAN and half behind tunnels: Kakuri's own tables come out isolated, and what a gateway must not do
 * is found with a packet: another network's id or key, and a way back to where a packet came from.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { bindings, type Confirmed, desiredState, desiredTunnels, type World } from '../../src/desired/index.js';
import { allocateKeys, parseTopology, type Topology } from '../../src/topology/index.js';
import { type HostDump, hostDump, kakuriSpec, verify } from '../../src/verify/index.js';
import { hostOf, port } from './flows.js';

function topologyOf(text: string): Topology {
  const { draft, problems } = parseTopology(text, 'joined.yaml');
  const topology = draft && allocateKeys(draft).topology;
  if (topology === undefined) throw new Error(JSON.stringify(problems));
  return topology;
}
const TOPOLOGY = topologyOf(readFileSync('topologies/joined.yaml', 'utf8'));
const AT: Readonly<Record<string, string>> = {
  'red-vm1': 'hv1',
  'red-vm2': 'hv2',
  'red-vm3': 'hv3',
  'red-vm4': 'hv4',
  'blue-vm1': 'hv1',
  'blue-vm2': 'hv2',
};

/** The world where the VMs are there, as it is when all hosts have confirmed what they know. */
function settled(at: Readonly<Record<string, string>>, topology = TOPOLOGY): World {
  const facts = new Map(
    topology.hosts.map(({ name }) => [
      name,
      {
        interfaces: Object.entries(at)
          .filter(([, host]) => host === name)
          .map(([vm], i) => ({ name: `t-${vm}`, ifaceId: vm, ofport: 20 + i, inactive: false })),
        tunnels: desiredTunnels(topology, name).map((tunnel, i) => ({ name: tunnel.name, ofport: 1 + i })),
      },
    ]),
  );
  let world: World = { topology, facts, confirmed: new Map(), holders: new Map(), moving: new Set() };
  for (let round = 0; round < 3; round++) {
    const bound = bindings(world);
    const told = topology.hosts.map(({ name }): [string, Confirmed] => {
      const { ports, peers, sends } = desiredState(world, name, bound);
      return [name, { ports, peers, sends }];
    });
    world = { ...world, confirmed: new Map(told) };
  }
  return world;
}

/** What the hosts' switches hold in that world. */
function dumpsOf(world: World): readonly HostDump[] {
  const bound = bindings(world);
  return world.topology.hosts.map(({ name }) => {
    const { flows, groups } = desiredState(world, name, bound);
    const tunnels = new Map(world.facts.get(name)?.tunnels.map((t) => [t.name, t.ofport]));
    return hostDump({
      host: name,
      flows: flows.map(({ table_id, priority, cookie, match, instructions }) => ({
        table_id,
        priority,
        cookie,
        match,
        instructions,
      })),
      groups: groups.map(({ group_id, buckets }) => ({ group_id, type: 'all', buckets })),
      ports: [
        ...desiredTunnels(world.topology, name).map(({ name: n, type, options }) =>
          port(tunnels.get(n) ?? 0, n, { type, options }),
        ),
        ...(world.facts.get(name)?.interfaces ?? []).map(({ name: n, ofport = 0, ifaceId = '' }) =>
          port(ofport, n, { ifaceId }),
        ),
      ],
    });
  });
}

const WORLD = settled(AT);
const verdictOf = (world: World): string => {
  const dumps = dumpsOf(world);
  const { verdict, leaks, unproven } = verify(dumps, kakuriSpec(world.topology, dumps));
  return verdict === 'isolated' ? verdict : JSON.stringify([leaks, unproven]);
};

/** The desired flows of a table on a host, as `owner: goto or number of actions`. */
const flowsIn = (host: string, table: number, world = WORLD) =>
  desiredState(world, host, bindings(world)).flows.filter(({ table_id }) => table_id === table);

describe('verify: a network that is joined to a VLAN', () => {
  it('is isolated as Kakuri’s own tables have it, wherever its VMs are', () => {
    expect(verdictOf(WORLD)).to.equal('isolated');
    expect(verdictOf(settled({ ...AT, 'red-vm1': 'hv3' }))).to.equal('isolated');
    expect(verdictOf(settled({ ...AT, 'red-vm1': 'hv3', 'red-vm2': 'hv4' }))).to.equal('isolated');
  });

  it('has tunnels between gateways and hosts behind them only, and trunks on the VLAN and the gateways only', () => {
    const names = (host: string) => desiredTunnels(TOPOLOGY, host).map(({ name }) => name);
    expect(names('hv1')).to.deep.equal(['eth1']);
    expect(names('hv3')).to.deep.equal(['kkg0a630001', 'kkg0a630002', 'kkg0a630006']);
    expect(names('gw1')).to.deep.equal(['eth1', 'kkg0a630002', 'kkg0a630005', 'kkg0a630006']);
  });

  it('is watched at the ends of gateways’ tunnels more often', () => {
    const bfd = Object.fromEntries(desiredTunnels(TOPOLOGY, 'hv3').map(({ name, bfd: b }) => [name, b.min_rx]));
    expect(bfd).to.deep.equal({ kkg0a630001: '300', kkg0a630002: '300', kkg0a630006: '1000' });
  });

  it('is taken from the trunk by a gateway only from MAC addresses that are on the VLAN', () => {
    const from = flowsIn('gw1', 0).flatMap(({ match, owner }) => (match.eth_src === undefined ? [] : [owner.id]));
    expect(from.sort()).to.deep.equal(['sender red/web/red-vm1', 'sender red/web/red-vm2']);
    const later = settled({ ...AT, 'red-vm1': 'hv3' });
    const then = flowsIn('gw1', 0, later).flatMap(({ match, owner }) =>
      match.eth_src === undefined ? [] : [owner.id],
    );
    expect(then).to.deep.equal(['sender red/web/red-vm2']);
  });

  it('does not give a VM back what it has sent itself, by whatever way it comes', () => {
    const own = flowsIn('hv3', 60).filter(({ match }) => match.eth_src !== undefined);
    expect(own.map(({ owner, drop, priority }) => [owner.id, drop, priority])).to.deep.equal([
      ['port red/web/red-vm3', 'guard', 120],
    ]);
  });

  it('goes one way through each of a gateway’s tables: to tunnels, or to the trunk', () => {
    const outputs = (table: number) =>
      flowsIn('gw1', table).flatMap(({ instructions }) =>
        instructions.flatMap((i) =>
          i.kind === 'apply_actions' ? (i.actions ?? []).flatMap((a) => (a.kind === 'output' ? [a.port] : [])) : [],
        ),
      );
    // port 1 is the trunk
    expect(new Set(outputs(38))).to.deep.equal(new Set([3, 4]));
    expect(new Set(outputs(39))).to.deep.equal(new Set([1]));
    const group = desiredState(WORLD, 'gw1', bindings(WORLD)).groups.find(({ owner }) => owner.network === 'red/web');
    expect(group?.buckets.map(({ host }) => host).sort()).to.deep.equal(['hv3', 'hv4']);
  });

  it('sends one copy of a broadcast to each host behind tunnels, and one to the gateway in use', () => {
    const [group] = desiredState(WORLD, 'hv3', bindings(WORLD)).groups;
    expect(group?.buckets.map(({ actions }) => actions.at(-1)?.kind).sort()).to.deep.equal(['output', 'resubmit']);
    const onVlan = desiredState(WORLD, 'hv1', bindings(WORLD)).groups.find(({ owner }) => owner.network === 'red/web');
    expect(onVlan?.buckets).to.have.length(1);
  });
});

const PORTS = [
  port(1, 'eth1'),
  port(2, 'kkg0a630005', { type: 'geneve', options: { remote_ip: '10.99.0.5', local_ip: '10.99.0.1', key: 'flow' } }),
];
const OTHERS = dumpsOf(WORLD).filter(({ host }) => host !== 'gw1');
function leaks(...flows: string[]): string[] {
  const gw1: HostDump = { ...hostOf(flows, PORTS), host: 'gw1' };
  const dumps: readonly HostDump[] = [gw1, ...OTHERS];
  const { leaks: found } = verify(dumps, kakuriSpec(TOPOLOGY, dumps));
  return found.filter(({ host }) => host === 'gw1').map(({ goal, to }) => `${goal} → ${to}`);
}
const tagged = (id: number): string => `push_vlan:0x8100,set_field:${0x1000 | id}->vlan_vid,output:1`;
const BY_TUNNEL = 'in_port=2,tun_src=10.99.0.5,tun_id=1120';

describe('verify: a gateway', () => {
  it('carries a network’s packets between its VLAN and its tunnels', () => {
    expect(leaks('in_port=1,dl_vlan=120,actions=pop_vlan,set_field:1120->tun_id,output:2')).to.deep.equal([]);
    expect(leaks(`${BY_TUNNEL},actions=${tagged(120)}`)).to.deep.equal([]);
  });

  it('G1: not with the id or key of another one', () => {
    expect(leaks('in_port=1,dl_vlan=130,actions=pop_vlan,set_field:1120->tun_id,output:2')).to.have.length(1);
    expect(leaks('in_port=1,dl_vlan=120,actions=pop_vlan,set_field:1121->tun_id,output:2')).to.have.length(1);
    expect(leaks(`${BY_TUNNEL},actions=${tagged(130)}`)).to.deep.equal(['G1 → trunk eth1']);
    expect(leaks(`${BY_TUNNEL},actions=output:1`)).to.have.length(1);
    expect(leaks('in_port=2,tun_src=10.99.0.5,tun_id=9,actions=set_field:1120->tun_id,output:1')).to.have.length(1);
  });

  it('G3: not back to where they came from (a loop)', () => {
    expect(leaks(`in_port=1,dl_vlan=120,actions=${tagged(120)}`), 'output to in_port is none').to.deep.equal([]);
    expect(leaks('in_port=1,dl_vlan=120,actions=IN_PORT')).to.deep.equal(['G3 → trunk eth1']);
    expect(leaks(`${BY_TUNNEL},actions=IN_PORT`)).to.deep.equal(['G3 → tunnel kkg0a630005']);
  });
});
