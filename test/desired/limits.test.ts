/** Limits reckoned before anything is sent: the numbers against the encoder, and what a network beyond them still has. */
import { expect } from 'chai';
import { encodeMessage } from 'ts-openflow';
import { initialState, reduce } from '../../src/controller/state.js';
import {
  bindings,
  bucketOctets,
  type DesiredState,
  desiredState,
  type HostFacts,
  LIMITS,
  type World,
} from '../../src/desired/index.js';
import { DROPS, dropCodeOf, sendByTunnel } from '../../src/pipeline/index.js';
import type { Encapsulation, Topology } from '../../src/topology/index.js';
import { factsOf, topologyOf, type WorldOptions, worldOf } from '../world.js';

/** hv1 of a world in which every other host lets it in. */
function hv1(world: World): DesiredState {
  const bound = bindings(world);
  const confirmed = new Map(
    world.topology.hosts.map(({ name }) => {
      const peers = new Set(world.topology.networks.map((n) => `${n.path} hv1 ${n.encapsulation}:${n.key}`));
      return [name, { ports: new Set<string>(), peers, sends: new Set<string>() }] as const;
    }),
  );
  return desiredState({ ...world, confirmed }, 'hv1', bound);
}
const large = (hosts: number, more: WorldOptions = {}): DesiredState =>
  hv1(worldOf({ hosts, ports: hosts, tenants: ['red'], tunnels: 'flow', ...more }));

/** A network with all its ports on hv1. */
function crowded(ports: number): DesiredState {
  const topology = topologyOf({ hosts: 2, ports, tenants: ['red'] });
  const facts: HostFacts = factsOf(
    topology,
    'hv1',
    topology.networks.flatMap((n) => n.ports.map((p) => p.ifaceId)),
  );
  return hv1({ ...worldOf({ hosts: 2, ports, tenants: ['red'] }), topology, facts: new Map([['hv1', facts]]) });
}

describe('limits', () => {
  it('reckons buckets as they are encoded', () => {
    const kinds: readonly Encapsulation[] = ['geneve', 'nvgre'];
    for (const encapsulation of kinds)
      for (const tunnels of ['mesh', 'flow'] as const)
        for (const [vtep, family] of [['10.0.0.1', 'ipv4'] as const, ['fd00::1', 'ipv6'] as const]) {
          const way = { encapsulation, key: 5, tunnels };
          const tunnel = { name: 't', ofport: 1, ...(tunnels === 'mesh' ? { remoteVtep: vtep } : {}) };
          const message = (n: number) =>
            encodeMessage(
              {
                kind: 'GroupMod',
                command: 'ADD',
                type: 'all',
                group_id: 1,
                buckets: Array.from({ length: n }, (_, i) => ({
                  bucket_id: i,
                  actions: [...sendByTunnel(tunnel, vtep, way)],
                })),
              },
              6,
            ).length;
          expect(message(2) - message(1), `${encapsulation} ${tunnels} ${vtep}`).to.equal(bucketOctets(way, family));
        }
  });

  it('lets a network flood over 700 hosts, and refuses it by name over 1,000, while all else of it goes on', () => {
    const small = large(700);
    expect(small.warnings).to.deep.equal([]);
    expect(small.groups.map((g) => g.buckets.length)).to.deep.equal([699]);
    const big = large(1000);
    expect(big.warnings).to.deep.equal([
      'network red/web: no broadcast and multicast: copies to 999 hosts and 1 ports here take 83924 octets of datapath ' +
        'actions for one packet, the limit is 60000; unicast, ARP and ND go on',
    ]);
    expect(big.excesses).to.deep.equal([]);
    expect(big.groups.map((g) => g.buckets)).to.deep.equal([[]]);
    const dropped = big.flows.filter((f) => dropCodeOf(f.cookie) === DROPS.no_flood.code);
    expect(dropped.map((f) => f.table_id)).to.deep.equal([50]);
    const per = (state: DesiredState, table: number) => state.flows.filter((f) => f.table_id === table).length;
    expect(per(big, 30) - per(small, 30)).to.equal(300);
    expect(per(big, 20) - per(small, 20)).to.equal(300);
  });

  const most: readonly (readonly [Encapsulation, 'ipv4' | 'ipv6', number])[] = [
    ['geneve', 'ipv4', 714],
    ['gre', 'ipv4', 789],
    ['vxlan', 'ipv6', 576],
    ['nvgre', 'ipv6', 624],
  ];
  for (const [encapsulation, family, hosts] of most)
    it(`draws the line where the copies of ${encapsulation} over ${family} end`, () => {
      const refused = (n: number) => large(n + 1, { encapsulation, family }).warnings.length;
      expect([refused(hosts), refused(hosts + 1)]).to.deep.equal([0, 1]);
    });

  it('refuses flooding where the ports on one host are too many for one flow_mod', () => {
    expect(crowded(2000).warnings).to.deep.equal([]);
    const [warning = ''] = crowded(2100).warnings;
    expect(warning).to.match(
      /^network red\/web: .* 2100 ports here take 67400 octets of one flow_mod, the limit is 65000/,
    );
    expect(crowded(2100).excesses).to.deep.equal([]);
  });

  it('says which table would hold too many flows, and which network has a key that is too wide', () => {
    const topology = topologyOf({ tenants: ['red'] });
    const wide: Topology = { ...topology, networks: topology.networks.map((n) => ({ ...n, key: 0x1000000 })) };
    let state = initialState(wide);
    for (const host of ['hv1', 'hv2'])
      state = reduce(state, { kind: 'facts', host, facts: factsOf(wide, host, [`red-vm${host.slice(2)}`]) });
    expect(desiredState(state.world, 'hv1', state.bound).excesses).to.deep.equal([
      'network red/web: tunnel key 16777216 is not within 1 to 16777215 (geneve)',
    ]);
    expect(LIMITS.flowsPerTable).to.equal(1_000_000);
  });
});
