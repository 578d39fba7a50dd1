/**
 * The proof over VLANs: the id on the trunk is the key. Kakuri's own tables come out isolated, and each defect planted in them
 * is found with a packet. (A frame's source MAC address is not what the proof goes by: that it is checked is a test with packets.)
 */
import { expect } from 'chai';
import { bindings, desiredState, type World } from '../../src/desired/index.js';
import type { Topology } from '../../src/topology/index.js';
import { type HostDump, hostDump, kakuriSpec, verify } from '../../src/verify/index.js';
import { worldOf } from '../world.js';
import { hostOf, port } from './flows.js';

const network = (tenant: string, key: number): Topology['networks'][number] => ({
  path: `${tenant}/web`,
  tenant,
  name: 'web',
  key,
  encapsulation: 'vlan',
  subnets: [],
  mtu: 1500,
  ports: [1, 2].map((n) => ({
    path: `${tenant}/web/vm${n}`,
    name: `vm${n}`,
    ifaceId: `${tenant}-vm${n}`,
    mac: `02:00:00:00:00:0${n}`,
    ips: [],
  })),
});
const TOPOLOGY: Topology = {
  underlay: { encapsulation: 'vlan', tunnels: 'flow', mtu: 1500 },
  hosts: ['hv1', 'hv2'].map((name, i) => ({ name, ovsdb: 'unix:/x', vtep: `10.0.0.${i + 1}`, trunk: 'eth1' })),
  networks: [network('red', 5), network('blue', 6)],
};
const PORTS = [port(1, 'eth1'), port(10, 'r1', { ifaceId: 'red-vm1' }), port(11, 'b1', { ifaceId: 'blue-vm1' })];
const OTHER = hostDump({
  host: 'hv2',
  flows: [],
  ports: [port(1, 'eth1'), port(10, 'r2', { ifaceId: 'red-vm2' }), port(11, 'b2', { ifaceId: 'blue-vm2' })],
});

/** Goal, from, to and the first frame's tag of each leak. */
function leaks(...flows: string[]): string[] {
  const dumps: readonly HostDump[] = [hostOf(flows, PORTS), OTHER];
  const { verdict, leaks: found } = verify(dumps, kakuriSpec(TOPOLOGY, dumps));
  expect(verdict).to.equal(found.length === 0 ? 'isolated' : 'leak');
  return found.map(({ goal, from, to }) => `${goal} ${from} → ${to}`);
}
const send = (id: number): string => `push_vlan:0x8100,set_field:${0x1000 | id}->vlan_vid,output:1`;

describe('verify: VLANs', () => {
  it('G1: a frame leaves by the trunk with the id of its own network', () => {
    expect(leaks(`in_port=10,actions=${send(5)},pop_vlan`)).to.deep.equal([]);
    expect(leaks(`in_port=10,actions=${send(6)}`)).to.deep.equal(['G1 red/web/vm1 → trunk eth1']);
    expect(leaks(`in_port=10,actions=${send(7)}`)).to.have.length(1);
    expect(leaks('in_port=10,actions=push_vlan:0x8100,output:1'), 'id 0').to.have.length(1);
    expect(leaks('in_port=10,vlan_tci=0/0x1000,actions=output:1'), 'no tag').to.deep.equal([
      'G1 red/web/vm1 → trunk eth1',
    ]);
  });

  it('G1: a tag that the VM sent itself is known only where a flow matches it', () => {
    expect(leaks('in_port=10,actions=output:1')).to.have.length.greaterThan(0);
    expect(leaks('in_port=10,dl_vlan=5,actions=output:1')).to.deep.equal([]);
    expect(leaks('in_port=10,dl_vlan=6,actions=output:1')).to.have.length(1);
  });

  it('G1: a tag set in one table and sent in another, and one that is popped too early', () => {
    const later = 'table=5,actions=output:1';
    const tagged = (id: number) =>
      `in_port=10,actions=push_vlan:0x8100,set_field:${0x1000 | id}->vlan_vid,resubmit(,5)`;
    expect(leaks(tagged(5), later)).to.deep.equal([]);
    expect(leaks(tagged(6), later)).to.have.length(1);
    expect(leaks(`in_port=10,actions=${send(5)},pop_vlan,output:1`)).to.have.length.greaterThan(0);
  });

  it('G3: what comes with a network’s id reaches its ports only, and no trunk', () => {
    expect(leaks('in_port=1,dl_vlan=5,actions=pop_vlan,output:10')).to.deep.equal([]);
    expect(leaks('in_port=1,dl_vlan=5,actions=pop_vlan,output:11')).to.deep.equal(['G3 eth1 → blue/web/vm1']);
    expect(leaks('in_port=1,dl_vlan=5,actions=pop_vlan,resubmit(,5)', 'table=5,actions=output:11')).to.have.length(1);
    expect(leaks('in_port=1,dl_vlan=5,actions=IN_PORT')).to.have.length(1);
  });

  it('G4: an unknown id, or none, reaches nobody', () => {
    expect(leaks('in_port=1,dl_vlan=7,actions=pop_vlan,output:10')).to.deep.equal(['G4 eth1 → red/web/vm1']);
    expect(leaks('in_port=1,vlan_tci=0,actions=output:10')).to.deep.equal(['G4 eth1 → red/web/vm1']);
    expect(leaks('in_port=1,actions=output:10')).to.have.length.greaterThan(0);
  });
});

describe('verify: VLANs of two zones', () => {
  const [red, blue] = TOPOLOGY.networks as [Topology['networks'][number], Topology['networks'][number]];
  const only = (n: typeof red, ...hosts: readonly string[]) => ({
    ...n,
    key: 5,
    ports: n.ports.map((p) => ({ ...p, hosts })),
  });
  const zoned: Topology = {
    ...TOPOLOGY,
    hosts: ['west', 'east', 'west', 'east'].map((zone, i) => ({
      name: `hv${i + 1}`,
      ovsdb: `unix:/${i}`,
      vtep: `10.0.0.${i + 1}`,
      trunk: 'eth1',
      zone,
    })),
    networks: [only(red, 'hv1', 'hv3'), only(blue, 'hv2', 'hv4')],
  };
  const others = [
    ['hv2', 'blue-vm1'],
    ['hv3', 'red-vm2'],
    ['hv4', 'blue-vm2'],
  ].map(([host = '', ifaceId = '']) =>
    hostDump({ host, flows: [], ports: [port(1, 'eth1'), port(12, 'vm', { ifaceId })] }),
  );
  const verdicts = (topology: Topology, ...flows: string[]) => {
    const ports = [port(1, 'eth1'), port(10, 'r1', { ifaceId: 'red-vm1' })];
    const dumps = [hostOf(flows, ports), ...others];
    return verify(dumps, kakuriSpec(topology, dumps)).leaks.map(({ goal, from, to }) => `${goal} ${from} → ${to}`);
  };

  it('an id is the network’s that may be in the zone of the trunk', () => {
    expect(verdicts(zoned, `in_port=10,actions=${send(5)},pop_vlan`)).to.deep.equal([]);
    expect(verdicts(zoned, 'in_port=1,dl_vlan=5,actions=pop_vlan,output:10')).to.deep.equal([]);
    expect(verdicts(zoned, `in_port=10,actions=${send(6)}`)).to.deep.equal(['G1 red/web/vm1 → trunk eth1']);
    const turned = { ...zoned, networks: [only(red, 'hv2', 'hv4'), only(blue, 'hv1', 'hv3')] };
    expect(verdicts(turned, `in_port=10,actions=${send(5)}`)).to.deep.equal(['G1 red/web/vm1 → trunk eth1']);
    expect(verdicts(turned, 'in_port=1,dl_vlan=5,actions=pop_vlan,output:10')).to.deep.equal(['G3 eth1 → red/web/vm1']);
  });

  it('a former id is another’s where that has it', () => {
    const former = {
      ...only(red, 'hv1'),
      key: 9,
      former: [{ encapsulation: 'vlan', key: 5, tunnels: 'flow' }] as const,
    };
    expect(
      verdicts({ ...zoned, networks: [former, only(blue, 'hv2', 'hv4')] }, `in_port=10,actions=${send(5)}`),
    ).to.deep.equal([]);
    const there = { ...zoned, networks: [former, only(blue, 'hv1', 'hv3')] };
    expect(verdicts(there, `in_port=10,actions=${send(5)}`)).to.deep.equal(['G1 red/web/vm1 → trunk eth1']);
  });
});

describe('verify: Kakuri’s own tables for VLANs', () => {
  const base = worldOf({ hosts: 3, ports: 3, encapsulation: 'vlan' });
  const topology = { ...base.topology, hosts: base.topology.hosts.map((host) => ({ ...host, trunk: 'eth1' })) };
  const facts = new Map(
    [...base.facts].map(([name, fact]) => [name, { ...fact, tunnels: [{ name: 'eth1', ofport: 1 }] }]),
  );
  const world: World = { ...base, topology, facts };
  const bound = bindings(world);
  const told = topology.hosts.map(({ name }) => {
    const { ports, peers, sends } = desiredState(world, name, bound);
    return [name, { ports, peers, sends }] as const;
  });
  const desired = (host: string) => desiredState({ ...world, confirmed: new Map(told) }, host, bound);
  const dumps = topology.hosts.map(({ name }) =>
    hostDump({
      host: name,
      flows: desired(name).flows.map(({ table_id, priority, cookie, match, instructions }) => ({
        table_id,
        priority,
        cookie,
        match,
        instructions,
      })),
      groups: desired(name).groups.map(({ group_id, buckets }) => ({ group_id, type: 'all', buckets })),
      ports: [
        port(1, 'eth1'),
        ...(facts.get(name)?.interfaces ?? []).map(({ name: n, ofport = 0, ifaceId = '' }) =>
          port(ofport, n, { ifaceId }),
        ),
      ],
    }),
  );

  it('are isolated', () => {
    expect(verify(dumps, kakuriSpec(topology, dumps)).verdict).to.equal('isolated');
  });

  it('send one frame on the trunk for all hosts, with the tag of the network', () => {
    const { groups } = desired('hv1');
    expect(groups.map(({ buckets }) => buckets.length)).to.deep.equal([1, 1]);
    expect(groups.map(({ buckets }) => buckets[0]?.actions[1])).to.deep.equal(
      topology.networks.map(({ key }) => ({ kind: 'set_field', field: 'vlan_vid', value: 0x1000 | key })),
    );
  });

  it('take frames of ports on other hosts only', () => {
    const sources = desired('hv1').flows.filter(
      ({ match }) => match.eth_src !== undefined && match.in_port?.value === 1,
    );
    // ports 2 and 3 of both networks are on hv2 and hv3
    expect(sources.map(({ owner }) => owner.id).sort()).to.deep.equal(
      ['blue', 'red'].flatMap((t) => [2, 3].map((n) => `sender ${t}/web/${t}-vm${n}`)),
    );
  });
});
