import { expect } from 'chai';
import { bindings, type HostFacts, type World } from '../../src/desired/index.js';
import { factsOf, topologyOf, worldOf } from '../world.js';

const PORT = 'red/web/red-vm1';

function worldWith(facts: Readonly<Record<string, HostFacts>>, hosts?: readonly string[], holder?: string): World {
  const topology = topologyOf();
  const limited = {
    ...topology,
    networks: topology.networks.map((n) => ({
      ...n,
      ports: n.ports.map((p) => (p.path === PORT && hosts !== undefined ? { ...p, hosts } : p)),
    })),
  };
  return {
    topology: limited,
    facts: new Map(Object.entries(facts)),
    confirmed: new Map(),
    holders: new Map(holder === undefined ? [] : [[PORT, { host: holder, name: 'tap0' }]]),
    moving: new Set(),
  };
}

const topology = topologyOf();
const having = (host: string, ...ids: string[]) => factsOf(topology, host, ids);
const row = (over: object) => ({
  interfaces: [{ name: 'tap0', ifaceId: 'red-vm1', ofport: 10, inactive: false, ...over }],
  tunnels: [],
});

/** hv1 is in zone west with red's VLAN 5, hv2 in zone east with blue's. */
function zoned(facts: Readonly<Record<string, HostFacts>>): World {
  const world = worldWith(facts);
  const hosts = world.topology.hosts.map((host, i) => ({ ...host, trunk: 'eth1', zone: i === 0 ? 'west' : 'east' }));
  const networks = world.topology.networks.map((n) => ({
    ...n,
    encapsulation: 'vlan' as const,
    key: 5,
    ports: n.ports.map((p) => ({ ...p, hosts: [n.tenant === 'red' ? 'hv1' : 'hv2'] })),
  }));
  return { ...world, topology: { ...world.topology, hosts, networks } };
}

describe('bindings', () => {
  const rows: [string, World, object][] = [
    [
      'bound where its row is',
      worldWith({ hv1: having('hv1', 'red-vm1'), hv2: having('hv2') }),
      { state: 'bound', host: 'hv1', name: 'tap0', ofport: 10 },
    ],
    [
      'pending without a number',
      worldWith({ hv1: row({ ofport: undefined }), hv2: having('hv2') }),
      { state: 'pending', host: 'hv1', name: 'tap0' },
    ],
    ['unbound when all were heard', worldWith({ hv1: having('hv1'), hv2: having('hv2') }), { state: 'unbound' }],
    ['unknown while a host is not heard', worldWith({ hv1: having('hv1') }), { state: 'unknown' }],
    [
      'unbound when only a host where it may not run is not heard',
      worldWith({ hv1: having('hv1') }, ['hv1']),
      { state: 'unbound', expected: 'hv1' },
    ],
    [
      'a standby row does not count',
      worldWith({ hv1: row({ inactive: true }), hv2: having('hv2') }),
      { state: 'unbound' },
    ],
    [
      'twice on one host: nobody',
      worldWith({ hv1: having('hv1', 'red-vm1', 'red-vm1'), hv2: having('hv2') }),
      { state: 'conflict', reason: 'iface-id on two interfaces of hv1: tap0, tap1' },
    ],
    [
      'on two hosts with no holder: nobody',
      worldWith({ hv1: having('hv1', 'red-vm1'), hv2: having('hv2', 'red-vm1') }),
      { state: 'conflict', reason: 'iface-id on several hosts: hv1, hv2' },
    ],
    [
      'on two hosts: the holder keeps it, and it is migrating to the other',
      worldWith({ hv1: having('hv1', 'red-vm1'), hv2: having('hv2', 'red-vm1') }, undefined, 'hv2'),
      { state: 'bound', host: 'hv2', name: 'tap0', ofport: 10, to: { host: 'hv1', name: 'tap0', ofport: 10 } },
    ],
    [
      'twice on one host: the holder keeps it',
      worldWith({ hv1: having('hv1', 'red-vm1', 'red-vm1'), hv2: having('hv2') }, undefined, 'hv1'),
      {
        ...{ state: 'bound', host: 'hv1', name: 'tap0', ofport: 10 },
        conflict: 'iface-id on two interfaces of hv1: tap0, tap1; tap0 had it first',
      },
    ],
    [
      'twice on the destination: the holder keeps it, and nobody else gets anything',
      worldWith({ hv1: having('hv1', 'red-vm1'), hv2: having('hv2', 'red-vm1', 'red-vm1') }, undefined, 'hv1'),
      {
        ...{ state: 'bound', host: 'hv1', name: 'tap0', ofport: 10 },
        conflict: 'iface-id on two interfaces of hv2: tap0, tap1',
      },
    ],
    [
      'on two hosts after a restart: the row that is marked as the source keeps it',
      worldWith({
        hv1: row({ mark: { installed: true, migration: 'from' } }),
        hv2: row({ mark: { installed: true } }),
      }),
      { state: 'bound', host: 'hv2', name: 'tap0', ofport: 10, to: { host: 'hv1', name: 'tap0', ofport: 10 } },
    ],
    [
      'on the destination after a restart: nobody knows, until the source has been heard',
      worldWith({ hv1: row({ mark: { installed: true, migration: 'from', other: 'hv2' } }) }),
      { state: 'unknown' },
    ],
    [
      'on what was left, after a restart: nobody knows, until the destination has been heard',
      worldWith({ hv1: row({ mark: { installed: true, migration: 'to', other: 'hv2' } }) }),
      { state: 'unknown' },
    ],
    [
      'on the destination after a restart: it is there when the source has been heard and has it no more',
      worldWith({ hv1: row({ mark: { installed: true, migration: 'from', other: 'hv2' } }), hv2: having('hv2') }),
      { state: 'bound', host: 'hv1', name: 'tap0', ofport: 10 },
    ],
    [
      'on two hosts after a restart: the row that is marked as left gets nothing',
      worldWith({
        hv1: row({ mark: { installed: true, migration: 'to' } }),
        hv2: row({ mark: { installed: true } }),
      }),
      {
        ...{ state: 'bound', host: 'hv2', name: 'tap0', ofport: 10 },
        conflict: 'still on hv1, which it has left for hv2',
      },
    ],
    [
      'on a host that is not allowed: nobody',
      worldWith({ hv1: having('hv1'), hv2: having('hv2', 'red-vm1') }, ['hv1']),
      { state: 'conflict', reason: 'also seen on hv2, where the topology does not allow it' },
    ],
    [
      'a stranger on a host that is not allowed takes nothing',
      worldWith({ hv1: having('hv1', 'red-vm1'), hv2: having('hv2', 'red-vm1') }, ['hv1']),
      {
        state: 'bound',
        host: 'hv1',
        name: 'tap0',
        ofport: 10,
        conflict: 'also seen on hv2, where the topology does not allow it',
      },
    ],
    [
      'a stranger in a zone where its VLAN id is another network’s: it is said whose',
      zoned({ hv1: having('hv1', 'red-vm1'), hv2: having('hv2', 'red-vm1') }),
      {
        state: 'bound',
        host: 'hv1',
        name: 'tap0',
        ofport: 10,
        conflict:
          'also seen on hv2, where the topology does not allow it; VLAN id 5 is that of network blue/web in zone east',
      },
    ],
  ];
  for (const [title, world, expected] of rows)
    it(title, () => {
      expect(bindings(world).get(PORT)).to.deep.equal(expected);
    });

  it('binds every port of a plain world', () => {
    const world = worldOf({ hosts: 3, ports: 6 });
    expect([...bindings(world)].every(([, b]) => b.state === 'bound')).to.equal(true);
  });
});
