/** A topology written as a file reads back as the same topology. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { allocateKeys, EMPTY_MEMORY, formatTopology, parseTopology, type Topology } from '../../src/topology/index.js';
import { ROOT } from '../golden/root.js';

function read(text: string, file: string): Topology {
  const { draft, problems } = parseTopology(text, file);
  expect(problems).to.deep.equal([]);
  const allocated = draft === undefined ? undefined : allocateKeys(draft, EMPTY_MEMORY, 0);
  return allocated?.topology as Topology;
}

describe('topology: format', () => {
  for (const file of readdirSync(join(ROOT, 'topologies')).filter((f) => f.endsWith('.yaml')))
    it(`writes ${file} so that it reads back equal, keys included`, () => {
      const topology = read(readFileSync(join(ROOT, 'topologies', file), 'utf8'), file);
      expect(read(formatTopology(topology), 'written.yaml')).to.deep.equal(topology);
    });

  it('writes every option of a port', () => {
    const text = [
      'hosts: { hv1: { ovsdb: "tcp:10.0.0.1:6640", vtep: 10.99.0.1 } }',
      'tenants: { red: { networks: { web: { key: 9, subnets: [192.168.0.0/24], ports: { vm1: {',
      '  mac: "02:00:00:00:01:01", ips: [192.168.0.1], iface-id: x1, hosts: [hv1], allowed: [192.168.0.240/28],',
      '  ip-checks: false, unknown: true, broadcast-rate: 10, qos: { rate: 1000, burst: 200, dscp: 10 } } } } } } }',
    ].join('\n');
    const topology = read(text, 'given.yaml');
    expect(topology.networks[0]?.ports[0]).to.include({ ipChecks: false, unknown: true, broadcastRate: 10 });
    expect(read(formatTopology(topology), 'written.yaml')).to.deep.equal(topology);
  });
});
