/** Tunnel ports of a host: their options in every family and as the topology asks, and which networks share one. */
import { expect } from 'chai';
import { desiredTunnels } from '../../src/desired/index.js';
import type { Topology, Underlay } from '../../src/topology/index.js';
import { topologyOf } from '../world.js';

const DEFAULTS = { key: 'flow', df_default: 'true', packet_type: 'legacy_l2', tos: '0', ttl: '64' };
const onlyTunnel = (topology: Topology) => {
  const [tunnel, ...more] = desiredTunnels(topology, 'hv1');
  if (tunnel === undefined || more.length > 0) throw new Error('one tunnel port was expected');
  return tunnel;
};
const withUnderlay = (topology: Topology, more: Partial<Underlay>): Topology => ({
  ...topology,
  underlay: { ...topology.underlay, ...more },
});

describe('desiredTunnels', () => {
  it('writes every option out, with a checksum where UDP over IPv6 needs one', () => {
    const options = (encapsulation: 'geneve' | 'nvgre', family: 'ipv4' | 'ipv6') =>
      onlyTunnel(topologyOf({ encapsulation, family })).options;
    const ends4 = { local_ip: '10.99.0.1', remote_ip: '10.99.0.2' };
    const ends6 = { local_ip: 'fd00:99::1', remote_ip: 'fd00:99::2' };
    expect(options('geneve', 'ipv4')).to.deep.equal({ ...DEFAULTS, ...ends4, csum: 'false', dst_port: '6081' });
    expect(options('geneve', 'ipv6')).to.deep.equal({ ...DEFAULTS, ...ends6, csum: 'true', dst_port: '6081' });
    expect(options('nvgre', 'ipv4')).to.deep.equal({ ...DEFAULTS, ...ends4, csum: 'false' });
    expect(options('nvgre', 'ipv6')).to.deep.equal({ ...DEFAULTS, ...ends6, csum: 'false' });
  });

  it('writes out what the topology asks', () => {
    const topology = withUnderlay(topologyOf(), { csum: true, tos: 'inherit', ttl: 7, df: false });
    expect(onlyTunnel(topology).options).to.include({ csum: 'true', tos: 'inherit', ttl: '7', df_default: 'false' });
  });

  it("has one port for gre and nvgre, and one for each other encapsulation of a host's networks", () => {
    const kinds = ['geneve', 'vxlan', 'gre', 'nvgre'] as const;
    const topology = topologyOf({ tenants: ['a', 'b', 'c', 'd'], hosts: 3 });
    const networks = topology.networks.map((n, i) => ({ ...n, encapsulation: kinds[i] ?? 'geneve' }));
    const names = (tunnels: 'mesh' | 'flow') =>
      desiredTunnels(withUnderlay({ ...topology, networks }, { tunnels }), 'hv1').map((t) => `${t.type} ${t.name}`);
    expect(names('flow')).to.deep.equal(['geneve kkgflow', 'gre kkrflow', 'vxlan kkvflow']);
    expect(names('mesh')).to.deep.equal([
      'geneve kkg0a630002',
      'geneve kkg0a630003',
      'gre kkr0a630002',
      'gre kkr0a630003',
      'vxlan kkv0a630002',
      'vxlan kkv0a630003',
    ]);
  });

  it('names IPv6 peers by a hash that fits an interface name', () => {
    const names = desiredTunnels(topologyOf({ family: 'ipv6', hosts: 40 }), 'hv1').map((t) => t.name);
    expect(new Set(names).size).to.equal(39);
    for (const name of names) expect(name).to.match(/^kkg[0-9a-f]{8}$/);
  });
});
